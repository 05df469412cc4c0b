"""Tables of measured numbers, as they lie under ``chapters/stored``: JSON, every list of numbers on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor


def rounded(values: Tensor) -> list[float]:
    """Return the entries of a vector (n,) with four decimals: a network's score has no more that mean something."""
    return [round(value, 4) for value in values.tolist()]


def write_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write ``table`` to ``path`` as JSON, indented by one space, every list of numbers on one line.

    The text is ASCII: other characters are escaped. Raises ValueError for a NaN or infinite number and TypeError for
    what JSON doesn't know, both before the file is touched.
    """
    try:
        text = json.dumps(table, indent=1, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"table for {path.name} must hold finite numbers: {error}") from error
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", text)
    path.write_text(text + "\n", encoding="utf-8")
