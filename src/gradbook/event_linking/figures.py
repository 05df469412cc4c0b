"""The still figures of chapter 6 that are not comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from gradbook.event_linking.fine_print import noise_score, sharing_events
from gradbook.explore import COLOURS, new_figure

_COLOURS = ("blue", "green", "vermilion")


def survival(arguments: int, missing: float) -> float:
    """Return the chance that no edge of an event is missing, if each is with probability ``missing`` by itself."""
    return float((1 - missing) ** (arguments * (arguments - 1) // 2))


def survival_figure(sizes: Sequence[int] = (2, 4, 8), rounds: int = 300) -> Figure:
    """Draw the chance that an event keeps all its edges over the chance that one goes missing; dots: counted.

    Counted are two events that share their trigger, decoded from ``rounds`` disturbed graphs a dot.
    """
    figure, ax = new_figure(6.5, 3.4)
    chances = [k / 100 for k in range(31)]
    for size, colour in zip(sizes, _COLOURS, strict=False):
        events = sharing_events(2, size)
        ax.plot(chances, [survival(size, p) for p in chances], color=COLOURS[colour], label=f"{size} arguments")
        recalls = [noise_score(events, p, 0.0, rounds, seed).recall for seed, p in enumerate(chances[::5])]
        ax.plot(chances[::5], recalls, "o", color=COLOURS[colour], markersize=5)
    ax.set(xlabel="chance that an edge is missing", ylabel="events that come back", ylim=(-0.03, 1.03))
    ax.legend(fontsize=9)
    return figure
