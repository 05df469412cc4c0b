"""How many scores a text asks for: one for every quintuple, or four kinds of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.book.explore import COLOURS, Dots, Number, Panel, Path, Picture, Slider
from gradbook.checks import check_sizes


def quintuple_count(length: int, predicates: int) -> int:
    """Return n · (l(l + 1)/2)²: all (s_h, s_t, p, o_h, o_t) with s_h ≤ s_t and o_h ≤ o_t in l tokens, exactly.

    Su, "GPLinker" (2022). Raises ValueError for numbers that aren't whole and ≥ 1.
    """
    check_sizes(length=length, predicates=predicates)
    return predicates * (length * (length + 1) // 2) ** 2


def factor_count(length: int, predicates: int) -> int:
    """Return 2 · l(l + 1)/2 + 2 n l²: the scores of subjects, objects, head pairs and tail pairs, exactly."""
    check_sizes(length=length, predicates=predicates)
    return length * (length + 1) + 2 * predicates * length**2


LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
PREDICATES = (1, 2, 3, 5, 10, 20, 30, 40, 50, 70, 100, 150, 170, 200)
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_TOP = 1e13


def memory(scores: int) -> str:
    """Return what so many float32 numbers take, in three digits: "27.1 MB" of 10⁶ bytes."""
    size, unit = 4.0 * scores, 0
    while size >= 999.5:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}"


def candidates_state(length: float, predicates: float) -> dict[str, Any]:
    """Both curves over the length for this number of predicates, and where the reader is on them."""
    here, kinds = int(length), int(predicates)
    whole, parts = quintuple_count(here, kinds), factor_count(here, kinds)
    return {
        "quintuples": np.array([[n, quintuple_count(n, kinds)] for n in LENGTHS], dtype=float),
        "factors": np.array([[n, factor_count(n, kinds)] for n in LENGTHS], dtype=float),
        "quintuples here": np.array([[here, whole]], dtype=float),
        "factors here": np.array([[here, parts]], dtype=float),
        "between": np.array([[here, whole], [here, parts]], dtype=float),
        "quintuple words": f"{whole:,} ({memory(whole)} in float32)",
        "factor words": f"{parts:,} ({memory(parts)})",
        "ratio": f"{whole / parts:,.1f}" if whole < 1000 * parts else f"{whole / parts:,.0f}",
    }


def candidates() -> Picture:
    """Figure 5.3: the fourth power against the square."""
    return Picture(
        title="How many candidates does a text have?",
        controls=[
            Slider("length", "tokens l", 1, 512, 128, at=LENGTHS),
            Slider("predicates", "predicates n", 1, 200, 50, at=PREDICATES),
        ],
        compute=candidates_state,
        panels=[
            Panel(
                "Scores for one text",
                (0.9, 600),
                (1, _TOP),
                [
                    Path("between", "", COLOURS["light"], 5),
                    Path("quintuples", "quintuples, n (l(l+1)/2)²", COLOURS["vermilion"], 3),
                    Path("factors", "four pieces, l(l+1) + 2nl²", COLOURS["blue"], 3),
                    Dots("quintuples here", "", COLOURS["vermilion"], 90),
                    Dots("factors here", "", COLOURS["blue"], 90),
                ],
                x_label="tokens l",
                y_label="scores",
                size=(480, 280),
                log_x=True,
                log_y=True,
            )
        ],
        readout=[
            Number("quintuple words", "quintuples"),
            Number("factor words", "scores in four pieces"),
            Number("ratio", "quintuples a score"),
        ],
        presets={
            "One token": {"length": 1, "predicates": 1},
            "A tweet": {"length": 48},
            "A page": {"length": 512},
            "All of it": {"length": 512, "predicates": 200},
        },
        caption="Figure 5.3. The number of scores for one text of l tokens and n predicates. Every quintuple (both "
        "ends of the subject, the predicate, both ends of the object) asks for a number that grows with the fourth "
        "power of l; the four pieces grow with its square. Twice as long a text has 16 times the quintuples and four "
        "times the pieces. Only for a text of one or two tokens are the pieces more.",
        alt="One panel with logarithmic axes: tokens from 1 to 512 against scores from 1 to ten million millions. Two "
        "rising lines, the quintuples' twice as steep as that of the four pieces; they cross near two tokens. For 50 "
        "predicates, at 128 tokens, a grey bar joins them: 3.4 thousand million quintuples above, 1.7 million scores "
        "in four pieces below.",
    )
