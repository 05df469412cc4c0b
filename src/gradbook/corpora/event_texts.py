"""A text and the events in it."""

from __future__ import annotations

from dataclasses import dataclass

from gradbook.corpora.events import Argument, Event


@dataclass(frozen=True)
class EventText:
    """A text and its events; their arguments count characters. A text may have no events.

    Types and roles are names here, never numbers. Raises ValueError if the text is empty or an argument isn't inside
    it; TypeError for fields of other types, a list of events among them: it could name one twice.
    """

    text: str
    events: frozenset[Event]

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"text must be a str, got {type(self.text).__name__}")
        if not self.text:
            raise ValueError("text must hold at least one character, got ''")
        if not isinstance(self.events, frozenset):
            raise TypeError(f"events must be a frozenset, got {type(self.events).__name__}")
        for event in self.events:
            self._check(event)

    @property
    def labels(self) -> frozenset[str]:
        """The types of the events."""
        return frozenset(str(event.type) for event in self.events)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that occur, the trigger's among them."""
        return frozenset(str(argument.role) for event in self.events for argument in event.arguments)

    def surface(self, argument: Argument) -> str:
        """Return the argument's characters; ValueError if it isn't inside the text. It needn't be of ``events``."""
        if not 0 <= argument.start <= argument.end < len(self.text):
            bounds = f"0 ≤ start ≤ end < {len(self.text)}"
            raise ValueError(f"{argument} must lie inside its text, {bounds}; the text is {self.text!r}")
        return self.text[argument.start : argument.end + 1]

    def _check(self, event: Event) -> None:
        """Raise unless this is an event with names as labels and all arguments inside the text."""
        if not isinstance(event, Event):
            raise TypeError(f"events must hold Event objects, got {event!r}")
        for label in (event.type, *(argument.role for argument in event.arguments)):
            if not isinstance(label, str):
                raise TypeError(f"types and roles must be str, got {label!r} in {event}; the text is {self.text!r}")
        last = max(event.arguments, key=lambda argument: argument.end)
        if last.end >= len(self.text):
            raise ValueError(
                f"{last} must lie inside its text of {len(self.text)} characters, in {event}; the text is {self.text!r}"
            )
