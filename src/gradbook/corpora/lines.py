"""The lines of a UTF-8 file, as they stand there."""

from __future__ import annotations

import codecs
import os
from pathlib import Path


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """Return the lines of a file, without their ends: a line feed, with or without a carriage return before it.

    Nothing else ends a line: Unicode has other separators, and in annotated text they are characters like any other.
    Bytes that aren't UTF-8 become lone surrogates, which no UTF-8 can hold; ``undecodable`` finds them.
    """
    text = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]


def undecodable(line: str) -> str:
    """Return the reason why a line from ``read_lines`` isn't text, "" if it is."""
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return f"not UTF-8: {excerpt(line.encode('utf-8', 'surrogateescape'))}"
    return ""


def excerpt(value: object, longest: int = 60) -> str:
    """Return ``repr(value)``, cut where it gets too long for a message."""
    shown = repr(value)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
