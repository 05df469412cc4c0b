"""How the learning rate moves during a run."""

from __future__ import annotations

import math

RISE = 0.3  # part of the steps in which the rate rises
START, END = 25.0, 25.0 * 1e4  # the peak is so many times the first and the last rate
MOMENTUM = (0.85, 0.95)  # AdamW's first beta where the rate is highest and where it is lowest


def one_cycle(step: int, steps: int) -> tuple[float, float]:
    """Return the factor on the learning rate and AdamW's first beta at ``step`` of ``steps``.

    The rate rises from 1/25 to 1 along half a cosine, then falls to almost 0; the beta moves the other way. The same
    numbers as torch's OneCycleLR. Smith and Topin, "Super-Convergence" (arXiv 1708.07120).
    """
    top = max(RISE * steps - 1, 0.0)
    if step <= top:
        part = step / top if top else 1.0
        return _along(1 / START, 1.0, part), _along(MOMENTUM[1], MOMENTUM[0], part)
    part = (step - top) / (steps - 1 - top)
    return _along(1.0, 1 / END, part), _along(MOMENTUM[0], MOMENTUM[1], part)


def constant(step: int, steps: int) -> tuple[float, float]:
    """Return factor 1 and AdamW's usual first beta, whatever the step."""
    return 1.0, 0.9


def _along(first: float, last: float, part: float) -> float:
    """Half a cosine from ``first`` (part 0) to ``last`` (part 1)."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2


SCHEDULES = {"one_cycle": one_cycle, "constant": constant}
