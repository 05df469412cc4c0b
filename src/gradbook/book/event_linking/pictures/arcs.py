"""A sentence of the reader's own, its arguments in boxes, its events as arcs between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.book.event_linking.models import ENGLISH, EXAMPLES, load_model
from gradbook.book.event_linking.pictures.graph import EVENT_COLOURS
from gradbook.book.explore import COLOURS, HeatMap, Labels, Number, Panel, Path, Picture, Slider, Text, join_paths
from gradbook.book.global_pointer.pictures.sentence import ENDS, colour_scale, known_characters
from gradbook.checks import evaluating
from gradbook.event_linking import Argument, Event, Node, TooManySubgraphs, decode_events
from gradbook.event_linking.events import node_key

Array = NDArray[np.float64]
MOST_NODES, MOST_EVENTS = 14, 8


class Scores(NamedTuple):
    """The scores of one text: arguments (C, L, L), heads and tails (L, L), −inf where masked."""

    arguments: Array
    heads: Array
    tails: Array


class Found(NamedTuple):
    """The nodes above a threshold in the order of the text, the lower of each two nodes' link scores, the events.

    ``links`` is (n, n), symmetric; nodes of different types aren't linked, and their cells and the diagonal are NaN.
    ``more`` counts the nodes that scored lower than the highest ``MOST_NODES``.
    """

    nodes: tuple[Node, ...]
    links: Array
    events: tuple[Event, ...]
    more: int


@lru_cache(maxsize=128)
def scores_of(text: str) -> Scores:
    """Return what the stored model scores for a text."""
    linker = load_model().linker
    with torch.no_grad(), evaluating(linker):
        arguments, heads, tails = linker([text])
    return Scores(arguments[0].numpy(), heads[0, 0].numpy(), tails[0, 0].numpy())


@lru_cache(maxsize=512)
def found(text: str, threshold: float) -> Found:
    """Return the nodes, links and events of a text above a threshold."""
    scores = scores_of(text)
    classes = load_model().linker.classes
    places = np.argwhere(scores.arguments > threshold)
    strongest = sorted(places.tolist(), key=lambda place: -scores.arguments[tuple(place)])[:MOST_NODES]
    nodes = tuple(sorted((Node(i, j, *classes[kind]) for kind, i, j in strongest), key=node_key))
    links = _links(nodes, scores)
    linked = torch.from_numpy(np.nan_to_num(links, nan=-np.inf) > threshold)
    try:
        events = decode_events(nodes, linked, limit=1000)
    except TooManySubgraphs:
        events = []
    return Found(nodes, links, tuple(events), len(places) - len(nodes))


def _links(nodes: Sequence[Node], scores: Scores) -> Array:
    table = np.full((len(nodes), len(nodes)), np.nan)
    for i, a in enumerate(nodes):
        for j, b in enumerate(nodes[:i]):
            if a.type == b.type:
                head = scores.heads[min(a.start, b.start), max(a.start, b.start)]
                tail = scores.tails[min(a.end, b.end), max(a.end, b.end)]
                table[i, j] = table[j, i] = min(head, tail)
    return table


LONGEST = 36
_COLOURS = [EVENT_COLOURS[k % len(EVENT_COLOURS)] for k in range(MOST_EVENTS)]
WIDTH, HEIGHT = 560, 280  # pixels; x and y count them
_LINE, _FLOOR = 95.0, 112.0  # the heights of the sentence and of the arcs' feet
_LEVELS = (66.0, 48.0, 30.0, 12.0)  # of the roles' names under the sentence
_ENGLISH = {example.text: example.english for example in EXAMPLES}


def arcs_state(text: str, threshold: float) -> dict[str, Any]:
    """The sentence with boxes and arcs, and the argument graph as a table."""
    answer = found(text, threshold)
    step, shown = WIDTH / len(text), answer.events[:MOST_EVENTS]
    state: dict[str, Any] = {
        "line": [((i + 0.5) * step, _LINE, c) for i, c in enumerate(text)],
        "boxes": join_paths(boxes({(n.start, n.end) for n in answer.nodes}, step)),
        "roles": role_words(answer.nodes, step),
        "events": listed(text, shown) or "none",
        "english": _ENGLISH.get(text, "(a sentence of your own)"),
        "note": _note(text, answer),
        **graph_state(text, answer),
    }
    for k in range(MOST_EVENTS):
        state[f"arcs {k}"] = event_arcs_path(shown[k], step, k) if k < len(shown) else np.empty((0, 2))
    return state


def boxes(spans: set[tuple[int, int]], step: float) -> list[Array]:
    """Return a box round each span, higher for each span that lies inside it."""
    found = []
    for start, end in sorted(spans):
        inside = sum(start <= a and b <= end for a, b in spans) - 1
        left, right = start * step + 1, (end + 1) * step - 1
        low, high = _LINE - 14 - min(3 * inside, 12), _FLOOR + min(3 * inside, 12)
        found.append(np.array([[left, low], [right, low], [right, high], [left, high], [left, low]]))
    return found


def role_words(nodes: Iterable[Node], step: float) -> list[tuple[float, float, str]]:
    """Return the roles under their arguments, each on the first level where it touches no other."""
    ends = [-1e9] * len(_LEVELS)
    words = []
    for node in nodes:
        word = ENGLISH.get(str(node.role), str(node.role))
        half = 3.6 * len(word) + 3
        x = min(max((node.start + node.end + 1) * step / 2, half), WIDTH - half)
        level = next((k for k, end in enumerate(ends) if x - half > end), len(_LEVELS) - 1)
        ends[level] = x + half
        words.append((x, _LEVELS[level], word))
    return words


def event_arcs_path(event: Event, step: float, number: int) -> Array:
    """Return arcs from the trigger, or from the first argument, to the others; a single argument gets a short line."""
    centre = min(event.triggers or event.arguments)
    feet = {argument: (argument.start + argument.end + 1) / 2 * step for argument in event.arguments}
    shift = 3.0 * number * (-1) ** number / 2
    if len(feet) == 1:
        return np.array([[feet[centre] + shift, _FLOOR], [feet[centre] + shift, _FLOOR + 18]])
    others = (x for argument, x in sorted(feet.items()) if argument != centre)
    return join_paths(_arc(feet[centre] + shift, x + shift, 6.0 * number) for x in others)


def _arc(left: float, right: float, lift: float) -> Array:
    angle = np.linspace(0, np.pi, 33)
    height = 24 + 95 * abs(right - left) / WIDTH + lift
    return np.column_stack([(left + right) / 2 + (left - right) / 2 * np.cos(angle), _FLOOR + height * np.sin(angle)])


def listed(text: str, events: Sequence[Event]) -> str:
    """Return for example "1 meeting: 李明 (host), 会见 (trigger); 2 …"."""
    return "; ".join(
        f"{k} {ENGLISH.get(str(event.type), event.type)}: {', '.join(_said(text, a) for a in sorted(event.arguments))}"
        for k, event in enumerate(events, 1)
    )


def _said(text: str, argument: Argument) -> str:
    return f"{text[argument.start : argument.end + 1]} ({ENGLISH.get(str(argument.role), argument.role)})"


def graph_state(text: str, answer: Found) -> dict[str, Any]:
    """Return the table of links, row and column a node each, on the unit square, and the nodes' words beside it."""
    count = max(len(answer.nodes), 1)
    links = answer.links.copy() if answer.nodes else np.zeros((1, 1))
    np.fill_diagonal(links, 0.0)
    middles = (np.arange(len(answer.nodes)) + 0.5) / count
    words = [text[n.start : n.end + 1] for n in answer.nodes]
    rows = [(-0.2, float(1 - y), _short(word)) for y, word in zip(middles, words, strict=True)]
    columns = [(float(x), 1.05, str(k)) for k, x in enumerate(middles, 1)]
    numbers = [(-0.03, float(1 - y), str(k)) for k, y in enumerate(middles, 1)]
    outlines = [_cells(answer.nodes, event, count, k) for k, event in enumerate(answer.events[:MOST_EVENTS])]
    state: dict[str, Any] = {"links": np.ma.masked_invalid(links), "row words": rows, "numbers": [*columns, *numbers]}
    for k in range(MOST_EVENTS):
        state[f"cells {k}"] = outlines[k] if k < len(outlines) else np.empty((0, 2))
    return state


def _short(word: str) -> str:
    return word if len(word) <= 4 else f"{word[:3]}…"


def _cells(nodes: Sequence[Node], event: Event, count: int, number: int) -> Array:
    """The cells of an event's links below the diagonal, outlined; of a second event further inside."""
    own = sorted(nodes.index(node) for node in event.nodes)
    low, high = 0.06 + 0.09 * (number % 5), 0.94 - 0.09 * (number % 5)
    unit = np.array([[low, low], [high, low], [high, high], [low, high], [low, low]])
    return join_paths((unit + np.array([j, count - 1 - i])) / count for i in own for j in own if j < i)


def _note(text: str, answer: Found) -> str:
    if not answer.nodes:
        return "No argument is above the threshold."
    if answer.more:
        return (
            f"{answer.more + len(answer.nodes)} arguments are above the threshold; the {MOST_NODES} highest are kept."
        )
    if len(answer.events) > MOST_EVENTS:
        return f"{len(answer.events)} events; {MOST_EVENTS} are drawn."
    if unknown := known_characters(load_model().linker.encoder).unknown(text):
        return f"The model has no vector of its own for {' '.join(unknown)}; all such characters share one."
    return ""


def _graph_panel() -> Panel:
    return Panel(
        "The lower of the two link scores of each two arguments",
        (-0.36, 1.02),
        (-0.18, 1.1),
        [
            HeatMap("links", -ENDS, ENDS, colours="coolwarm", x=(0, 1), y=(0, 1)),
            *colour_scale(0.35, 0.65, -0.09, -0.14),
            *(Path(f"cells {k}", "", colour, 2.5) for k, colour in enumerate(_COLOURS)),
            Labels("row words", size=12, centred=True),
            Labels("numbers", size=11, colour=COLOURS["grey"], centred=True),
        ],
        size=(345, 320),
        bare=True,
    )


def event_arcs() -> Picture:
    """Figure 6.4: from scores to arguments, from links to events."""
    first, *others = EXAMPLES
    return Picture(
        title="Arguments, links, events",
        controls=[
            Text("text", "your sentence (Enter)", first.text, LONGEST, [example.text for example in others]),
            Slider("threshold", "threshold", -10, 10, 0, step=0.5),
        ],
        compute=arcs_state,
        panels=[
            Panel(
                "Boxes: arguments above the threshold; arcs: an event in each colour, from its trigger",
                (0.0, float(WIDTH)),
                (0.0, float(HEIGHT)),
                [
                    *(Path(f"arcs {k}", "", colour, 2.5) for k, colour in enumerate(_COLOURS)),
                    Path("boxes", "", COLOURS["ink"], 1.5),
                    Labels("line", size=14, centred=True),
                    Labels("roles", size=11, centred=True),
                ],
                size=(WIDTH, HEIGHT),
                bare=True,
            ),
            _graph_panel(),
        ],
        readout=[Number("events", "events"), Number("english", "in English")],
        presets={
            "Threshold 1.5: an argument and a link are lost": {"threshold": 1.5},
            **{example.title: {"text": example.text} for example in others},
        },
        caption="Figure 6.4. A sentence as the stored model sees it. It knows two types of events, reports (a byline: "
        "agency, place, date, reporters) and meetings (host, guest, time, place), from 956 bylines that "
        "a rule marked (silver) and 150 sentences that were read. Each event has a colour; its arcs run from "
        "the trigger to the other arguments; links among these aren't drawn as arcs. On the right the lower "
        "of the two link scores of each two arguments, red above 0; an event's cells are outlined, and nothing "
        "outside a block of one type is "
        "looked at. Here two meetings share trigger, time and guest: the hosts aren't linked. Bylines come out "
        "nearly always, meetings often in pieces; in “One mistake” it takes both guests for "
        "one, and the second again as the guest of another event. Type a Chinese "
        f"sentence of your own (up to {LONGEST} characters).",
        alt="Left: on one line the sentence 越南总理阮文山和副总理黎文雄今天下午分别会见了王建国 "
        "(this afternoon the prime minister of Vietnam and his deputy each met Wang Jianguo), five boxes round its "
        "arguments: two hosts, time, trigger, guest. Blue arcs run from the trigger to the first host, the time and "
        "the guest, orange ones to the second host and the same time and guest. Right: a table of five rows and "
        "columns, all red, some very pale, but the cells of the two hosts, which are blue, and a grey diagonal.",
    )
