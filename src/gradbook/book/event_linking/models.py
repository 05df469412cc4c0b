"""The trained model that the chapter's pictures use, and the sentences that it is shown.

``python -m gradbook.book.event_linking.models [model] [calls]`` trains it, and counts the calls of clique searches on
random graphs; some ten minutes on one thread.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import torch

from gradbook.book.data.bylines import byline_cut, byline_events
from gradbook.book.data.meetings import meeting_cut
from gradbook.book.event_linking.comparison import build, evaluate, mean_f1
from gradbook.book.event_linking.traces import store_calls
from gradbook.book.stored import STORED
from gradbook.book.tables import Budget, Parts, fit
from gradbook.event_linking import TRIGGER, Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.checkpoints import load_weights, read_tensors, save_weights
from gradbook.extraction.event_extractor import EventExtractor


@dataclass(frozen=True)
class Example:
    """A sentence with its events, what it says in English, and a few words to name it by.

    ``glosses`` holds the English of the words that are arguments, where a picture shows them one by one.
    """

    title: str
    text: str
    events: frozenset[Event]
    english: str
    glosses: tuple[tuple[str, str], ...] = ()

    def surface(self, argument: Argument) -> str:
        """Return the words of an argument."""
        return self.text[argument.start : argument.end + 1]


def _event(text: str, kind: str, *arguments: str) -> Event:
    """``arguments``: "地点 北京", each where it first stands, or "地点 北京 14" from character 14 on."""
    found = set()
    for argument in arguments:
        role, surface, *after = argument.split()
        start = text.index(surface, int(after[0]) if after else 0)
        found.add(Argument(start, start + len(surface) - 1, role))
    return Event(kind, frozenset(found))


def _sentenced() -> Example:
    text = "周五，城北法院判处张某二十二年、李某二十年。"
    shared = (f"{TRIGGER} 判处", "法院 城北法院", "时间 周五")
    return Example(
        "Two events, one trigger",
        text,
        frozenset(
            {
                _event(text, "判刑", *shared, "罪犯 张某", "刑期 二十二年"),
                _event(text, "判刑", *shared, "罪犯 李某", "刑期 二十年"),
            }
        ),
        "On Friday the North City court sentenced Zhang to twenty-two years and Li to twenty.",
        (
            ("周五", "Friday: time"),
            ("城北法院", "the court: court"),
            ("判处", "sentenced: trigger"),
            ("张某", "Zhang: convict"),
            ("二十二年", "22 years: term"),
            ("李某", "Li: convict"),
            ("二十年", "20 years: term"),
        ),
    )


SENTENCED = _sentenced()
"""After the example of Su, "GPLinker" for events (2022, kexue.fm/archives/8926), in words of our own."""


def _example(title: str, text: str, english: str, *events: tuple[str, ...]) -> Example:
    return Example(title, text, frozenset(_event(text, *event) for event in events), english)


EXAMPLES = (
    _example(
        "Two events, one trigger",
        "越南总理阮文山和副总理黎文雄今天下午分别会见了王建国。",
        "This afternoon Nguyen Van Son, prime minister of Vietnam, and Le Van Hung, his deputy, each met Wang Jianguo.",
        ("会见", f"{TRIGGER} 会见", "会见者 阮文山", "会见对象 王建国", "时间 今天下午"),
        ("会见", f"{TRIGGER} 会见", "会见者 黎文雄", "会见对象 王建国", "时间 今天下午"),
    ),
    _example(
        "A byline",
        "新华社南京１月９日电（记者李国强）江苏今年粮食丰收。",
        "Xinhua, Nanjing, 9 January (reporter Li Guoqiang): Jiangsu has a good harvest this year.",
        ("报道", f"{TRIGGER} 电", "通讯社 新华社", "地点 南京", "日期 １月９日", "记者 李国强"),
    ),
    _example(
        "Two reporters",
        "本报上海１月５日讯（记者王建民、刘志明）大雪已停。",
        "This paper, Shanghai, 5 January (reporters Wang Jianmin and Liu Zhiming): the heavy snow has ended.",
        ("报道", f"{TRIGGER} 讯", "通讯社 本报", "地点 上海", "日期 １月５日", "记者 王建民", "记者 刘志明"),
    ),
    _example(
        "A meeting",
        "国务院副总理王建国今天在北京会见了智利外长马丁内斯。",
        "Vice-premier Wang Jianguo met Martinez, foreign minister of Chile, in Beijing today.",
        ("会见", f"{TRIGGER} 会见", "会见者 王建国", "会见对象 马丁内斯", "时间 今天", "地点 北京"),
    ),
    _example(
        "A report and a meeting",
        "新华社河内１月７日电越南总理阮文山今天在此间会见了杜邦。",
        "Xinhua, Hanoi, 7 January: Vietnam's prime minister Nguyen Van Son met Dupont here today.",
        ("报道", f"{TRIGGER} 电", "通讯社 新华社", "地点 河内", "日期 １月７日"),
        ("会见", f"{TRIGGER} 会见", "会见者 阮文山", "会见对象 杜邦", "时间 今天", "地点 此间"),
    ),
    _example(
        "One mistake",
        "陈文华今天会见了杜邦和伊万诺夫。",
        "Chen Wenhua met Dupont and Ivanov today.",
        ("会见", f"{TRIGGER} 会见", "会见者 陈文华", "会见对象 杜邦", "会见对象 伊万诺夫", "时间 今天"),
    ),
)
"""Six sentences of 16 to 28 characters; the trained model is right in all but the last.

There it takes 杜邦和伊万诺夫 (Dupont and Ivanov) for one guest, and 伊万诺夫 (Ivanov) for another, in a second event.
"""


POINTER = "Efficient GlobalPointer"
MODEL = STORED / "06-efficient.safetensors"
ENGLISH = {
    "报道": "report",
    "会见": "meeting",
    "触发词": "trigger",
    "通讯社": "agency",
    "地点": "place",
    "日期": "date",
    "记者": "reporter",
    "会见者": "host",
    "会见对象": "guest",
    "时间": "time",
}
"""The types and roles that the model knows, in English."""


@cache
def load_model() -> EventExtractor:
    """Return the trained model in float64 and eval mode; it is read once.

    The weights were rounded to float16 when they were stored. Raises FileNotFoundError if it isn't there,
    ModuleNotFoundError without jieba, whose vectors it needs.
    """
    classes = [(kind, role) for kind, role in json.loads(model_facts()["classes"])]
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        model = build(POINTER, [], joint=True, classes=classes, frozen=True).double()
    load_weights(model, MODEL)
    return model.eval()


@cache
def found_by_model(texts: tuple[str, ...]) -> tuple[frozenset[Event], ...]:
    """Return the events that the model finds in ``texts``, which it reads once; errors as ``load_model``."""
    return tuple(load_model().extract(list(texts), too_many="none"))


@cache
def model_facts() -> dict[str, str]:
    """Return what was written beside the weights: the classes, the budget, and the scores on dev and test."""
    return read_tensors(MODEL)[1]


BUDGET = Budget(epochs=15)
REPEATS = 4  # of the meetings in training: there are seven times as many bylines
MEETING = "会见"
COMMAND = "python -m gradbook.book.event_linking.models"


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
