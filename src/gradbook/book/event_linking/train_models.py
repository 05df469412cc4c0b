"""Train what the chapter's pictures show, and count: ``python -m gradbook.book.event_linking.train_models``.

With names of parts only those: ``model`` (one Efficient GlobalPointer for bylines and meetings, some five minutes on
one thread) and ``calls`` (calls of the clique searches on random graphs, a minute). Written to stored/.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence

import torch

from gradbook.book.data.bylines import byline_cut, byline_events
from gradbook.book.data.meetings import meeting_cut
from gradbook.book.event_linking.comparison import build, evaluate, mean_f1
from gradbook.book.event_linking.models import MODEL, POINTER
from gradbook.book.event_linking.pictures.calls import store_calls
from gradbook.book.fitting import Budget, Parts, fit
from gradbook.event_linking import Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.checkpoints import save_weights

BUDGET = Budget(epochs=15)
REPEATS = 4  # of the meetings in training: there are seven times as many bylines
MEETING = "会见"
COMMAND = "python -m gradbook.book.event_linking.train_models"


def both_types() -> Parts:
    """Return train, dev and test of bylines and meetings together, no text annotated for one type only.

    A sentence of the meetings gets its byline's event, where it begins with one. An opening in which a meeting is
    reported is left out of the bylines: nobody may have marked the meeting.
    """
    found = []
    for part, (bylines, meetings) in enumerate(zip(byline_cut(), meeting_cut(), strict=True)):
        plain = [text for text in bylines.sentences if MEETING not in text.text]
        read = [with_byline(text, byline_events().sentences) for text in meetings.sentences]
        found.append([*plain, *read * (REPEATS if part == 0 else 1)])
    return found[0], found[1], found[2]


def with_byline(text: EventText, bylines: Iterable[EventText]) -> EventText:
    """Return the text with the events of those ``bylines`` that it begins with."""
    events: set[Event] = set(text.events)
    for opening in bylines:
        if text.text.startswith(opening.text):
            events |= opening.events
    return EventText(text.text, frozenset(events))


def store_model() -> None:
    """Train the model with seed 0 and write it with what is known of it."""
    train, dev, test = both_types()
    model = build(POINTER, train, joint=True, frozen=True)
    history = fit(model, train, dev, BUDGET, mean_f1, show=False)
    facts = {
        "command": f"{COMMAND} model",
        "pointer": POINTER,
        "classes": json.dumps(model.linker.classes),
        "texts": f"{len(train)}, {len(dev)}, {len(test)}",
        "epochs": str(BUDGET.epochs),
        "best epoch": str(history.best_epoch),
        "dev F1 of arguments": f"{max(history.scores):.4f}",
    }
    reports = [text for text in test if MEETING not in text.text]
    meetings = [text for text in test if MEETING in text.text]
    for name, texts in (("test", test), ("test bylines", reports), ("test meetings", meetings)):
        arguments, events = evaluate(model, texts)
        facts[f"{name} F1 of arguments"] = f"{arguments.f1:.4f}"
        facts[f"{name} F1 of events"] = f"{events.f1:.4f}"
    print(facts, flush=True)
    print("F1 on dev", [round(score, 4) for score in history.scores], flush=True)
    save_weights(model, MODEL, half=True, metadata=facts)


def main(asked: Sequence[str] | None = None) -> None:
    """Write the parts that the command line names, or all."""
    parts: dict[str, Callable[[], None]] = {
        "model": store_model,
        "calls": lambda: store_calls(f"{COMMAND} calls"),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    names = parser.parse_args(asked).parts or list(parts)
    if unknown := set(names) - set(parts):
        parser.error(f"PART must be {', '.join(parts)}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for name in names:
        parts[name]()


if __name__ == "__main__":
    main()
