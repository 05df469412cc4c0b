"""Asking a reader's function, so that an error names the input that it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.exercises import Unanswered, Wrong, returned


def returned_for(case: str, answer: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``answer`` returns for ``arguments``; ``case`` names them in a sentence: "For 3 nodes".

    Raises Wrong if it raises anything, and as ``returned`` does.
    """
    try:
        return returned(answer, *arguments)
    except (Unanswered, Wrong):
        raise
    except Exception as error:  # the reader's code may raise anything
        raise Wrong(f"{case} it raises {type(error).__name__}: {error}.") from error
