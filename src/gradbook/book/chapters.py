"""The eight chapters: the one list that the front page, the figures and the tests go by."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Chapter:
    """One chapter: its number, file name, title, the question it answers and the article it follows."""

    number: int
    name: str
    title: str
    question: str
    article: int  # the number in https://kexue.fm/archives/<number>

    @property
    def file_name(self) -> str:
        """For example ``01-loss-weighting``, the name of the notebook and of the folder of figures."""
        return f"{self.number:02d}-{self.name}"

    @property
    def notebook(self) -> Path:
        """Where the notebook is, or will be."""
        return ROOT / "chapters" / f"{self.file_name}.ipynb"

    @property
    def written(self) -> bool:
        """True if the notebook is there."""
        return self.notebook.exists()

    def module(self, name: str) -> ModuleType:
        """Import the chapter's ``pictures``, ``exercises`` or ``figures``."""
        return importlib.import_module(f"gradbook.book.{self.name.replace('-', '_')}.{name}")


CHAPTERS = (
    Chapter(
        1,
        "loss-weighting",
        "In the name of loss",
        "How should the losses of several tasks be weighted, if units must not matter?",
        8870,
    ),
    Chapter(
        2,
        "pareto-gradients",
        "Acting on gradients",
        "Which step makes no task worse, and how is it found?",
        8896,
    ),
    Chapter(
        3,
        "primary-auxiliary",
        "Primary and auxiliary",
        "How can other tasks help the one that counts without ever holding it back?",
        8907,
    ),
    Chapter(
        4,
        "global-pointer",
        "Efficient GlobalPointer",
        "How few parameters does it take to find nested names in a sentence?",
        8877,
    ),
    Chapter(
        5,
        "relation-linking",
        "GPLinker for relations",
        "How do scores of pairs of tokens become triples of subject, predicate and object?",
        8888,
    ),
    Chapter(
        6,
        "event-linking",
        "GPLinker for events",
        "When several events share a sentence, which arguments belong together?",
        8926,
    ),
    Chapter(
        7,
        "step-sizes",
        "Adaptive step sizes",
        "Can an optimizer learn its own learning rates while it runs?",
        8968,
    ),
    Chapter(
        8,
        "residual-depth",
        "Why residuals?",
        "What do residual connections do for the size of a step, a thousand layers deep?",
        8994,
    ),
)
