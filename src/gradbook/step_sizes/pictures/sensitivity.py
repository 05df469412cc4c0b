"""Final loss against the base rate, from the stored runs on real digits."""

from __future__ import annotations

from typing import Any

from gradbook.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider
from gradbook.step_sizes.sensitivity import COLOUR_OF, curve, dots, good_decades, stored_table

_PLACES = ("smallest", "second", "third", "largest")


def sensitivity_state(moment: float, gammas: str, highlighted: str) -> dict[str, Any]:
    """One curve an optimizer, and every seed of the highlighted one."""
    table = stored_table()
    place = _PLACES.index(gammas)
    state: dict[str, Any] = {name: curve(table, name, place, str(round(moment))) for name in COLOUR_OF}
    state["seeds"] = dots(table, highlighted, place, str(round(moment)))
    wide = {name: good_decades(table, name, place, str(round(moment))) for name in COLOUR_OF}
    state["wide"] = "; ".join(f"{name} {width:.1f}" for name, width in wide.items())
    return state


def sensitivity() -> Picture:
    """Figure 7.6: how much the base rate matters to each optimizer."""
    table = stored_table()
    rates = table["rates"]

    return Picture(
        title=f"Real digits: mean training loss of {table['seeds']} seeds against the base rate",
        controls=[
            Slider("moment", "after so many steps", 50, 400, 400, at=(50, 100, 200, 400)),
            Choice("gammas", "second rate γ of those that have one", _PLACES, "third"),
            Choice("highlighted", "show every seed of", tuple(COLOUR_OF), "meta"),
        ],
        compute=sensitivity_state,
        panels=[
            Panel(
                "A line ends where a seed diverged",
                (rates[0], rates[-1]),
                (0.01, 10),
                [
                    *(
                        Path(name, name, COLOURS[colour], 2.5, dashed=dashed)
                        for name, (colour, dashed) in COLOUR_OF.items()
                    ),
                    Dots("seeds", "every seed", COLOURS["ink"], 18),
                ],
                x_label="base rate η",
                y_label="training loss",
                width=620,
                height=360,
                log_x=True,
                log_y=True,
            ),
        ],
        readout=[Number("wide", "decades of η with a loss below 0.5")],
        presets={
            "Early": {"moment": 50},
            "The smallest γ": {"gammas": "smallest"},
            "The largest γ": {"gammas": "largest"},
        },
        caption="Figure 7.6. The honest comparison: the whole curve instead of the best point. The flatter and wider a "
        "curve, the less the base rate has to be tuned; where it ends, training diverged with at least one of five "
        "seeds.",
        alt="Seven curves of the training loss against the base rate, both axes logarithmic. Most fall from 2.3, the "
        "loss of guessing. Adam's is farthest to the left and rises again from 0.05 on; SGD's is farthest to the right "
        "and ends at 1. Between 0.0002 and 0.02 the meta rules lie between these two; that of Amid et al. starts "
        "lowest, at 1.5, the red line has a gap around 0.01 and the purple one begins at 0.005.",
    )
