"""Two groups of gradients as the rows of one matrix, checked and scaled so that no square leaves float64."""

from __future__ import annotations

import torch
from torch import Tensor


def as_rows(**groups: Tensor) -> Tensor:
    """Return the named groups, each (d,) or (n, d), as the rows of one matrix.

    Raises TypeError for what is no floating point tensor or for two dtypes, ValueError for other shapes, different d,
    two devices, or a NaN or infinite entry; the message names the group and the row.
    """
    found: list[Tensor] = []
    first = next(iter(groups))
    for name, group in groups.items():
        if not isinstance(group, Tensor) or not group.is_floating_point():
            kind = group.dtype if isinstance(group, Tensor) else type(group).__name__
            raise TypeError(f"{name} must be a floating point tensor, got {kind}")
        rows = group.detach()[None] if group.ndim == 1 and name == first else group.detach()
        if rows.ndim != 2 or not rows.shape[1]:
            raise ValueError(f"{name} must have shape (n, d) with d ≥ 1, got {tuple(group.shape)}")
        if found and rows.shape[1] != found[0].shape[1]:
            raise ValueError(f"{name} has {rows.shape[1]} columns, {first} has {found[0].shape[1]} entries")
        if found and rows.dtype != found[0].dtype:
            raise TypeError(f"{name} is {rows.dtype}, {first} is {found[0].dtype}: they must be the same")
        if found and rows.device != found[0].device:
            raise ValueError(f"{name} is on {rows.device}, {first} is on {found[0].device}")
        _require_finite(rows, name, single=group.ndim == 1)
        found.append(rows)
    if not len(found[0]):
        raise ValueError(f"{first} must hold at least one gradient, got none")
    return torch.cat(found)


def _require_finite(rows: Tensor, name: str, single: bool) -> None:
    """Say which row is broken as :func:`gradbook.checks.require` says which task; a ``single`` one has no number."""
    broken = torch.nonzero(~torch.isfinite(rows).all(1)).flatten()
    if len(broken):
        i = int(broken[0])
        index, place = ("", "") if single else (f"[{i}]", f" ({name.removesuffix('ies')}y {i + 1} of {len(rows)})")
        raise ValueError(f"{name}{index} must be finite, got NaN or an infinite entry{place}")


def unit_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows in float64, each divided by its largest entry, and these entries (1 for a zero row)."""
    wide = rows.to(torch.float64)
    sizes = wide.abs().amax(1)
    sizes = torch.where(sizes > 0, sizes, 1.0)
    return wide / sizes[:, None], sizes
