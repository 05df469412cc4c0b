"""JSON records one by one, each with the line of the file that it begins at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from gradbook.corpora.lines import excerpt, read_lines, undecodable

_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder()


class Entry(NamedTuple):
    """What begins at ``line``, counted from 1; with a ``reason`` it is no entry but the rest of a broken file."""

    line: int
    text: str
    reason: str = ""

    def content(self) -> dict[str, object]:
        """Return the JSON object that stands here; ValueError with the reason if it is none."""
        if self.reason:
            raise ValueError(self.reason)
        return json_object(self.text)


def json_lines(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Yield the lines of a UTF-8 file that aren't empty."""
    numbered = enumerate(read_lines(path), start=1)
    return (Entry(number, line) for number, line in numbered if line.strip())


def json_array(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Yield the entries of a UTF-8 file that is one JSON array; where it breaks off, the rest is one last entry."""
    text = "\n".join(read_lines(path))
    place, line, before = _after_space(text, 0), 1, "["
    counted = 0  # characters whose line ends are in ``line``
    while text[place : place + 1] == before:  # "[" before the first entry, "," before each other
        place = _after_space(text, place + 1)
        if before == "[" and text[place : place + 1] == "]":
            before = ","
            break
        line, counted = line + text.count("\n", counted, place), place
        try:
            _, end = _DECODER.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:  # RecursionError: brackets in brackets in brackets
            yield Entry(line, text[place:], f"not JSON: {error}; the rest of the file can't be read")
            return
        yield Entry(line, text[place:end])
        place, before = _after_space(text, end), ","
    rest = text[place:].rstrip(_SPACE)
    if rest != "]" or before == "[":
        expected = "a JSON array" if before == "[" else "a comma or the end of the array"
        yield Entry(line + text.count("\n", counted, place), rest, f"expected {expected}, got {excerpt(rest)}")


def json_object(text: str) -> dict[str, object]:
    """Return the JSON object that ``text`` spells; ValueError with the reason if it is none, or a key comes twice."""
    if reason := undecodable(text):
        raise ValueError(reason)
    try:
        record = json.loads(text, object_pairs_hook=_object)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, got {excerpt(record)}")
    return record


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object. Python's reader keeps the last of two values of one key; here that would drop labels."""
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {excerpt(next(key for key in keys if keys.count(key) > 1))} stands there twice")
    return content


def _after_space(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _SPACE:
        place += 1
    return place
