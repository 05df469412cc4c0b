"""Arguments that aren't in the text but on a list: they become roles, which the trigger's span carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gradbook.event_linking import TRIGGER, Argument, Event

Choices = Mapping[str, Sequence[str]]
# DuEE-fin: the stage of a listing is being prepared, suspended, begun, or ended.
DUEE_FIN_CHOICES: dict[str, tuple[str, ...]] = {"环节": ("筹备上市", "暂停上市", "正式上市", "终止上市")}


class Choice(NamedTuple):
    """A role and its value, one of a fixed list."""

    role: str
    value: str


class ChosenEvent(NamedTuple):
    """An event with arguments in the text, and what was chosen for the roles that aren't."""

    event: Event
    choices: frozenset[Choice] = frozenset()


def enumerated_roles(events: Iterable[ChosenEvent], choices: Choices) -> list[Event]:
    """Return the events with each choice as an argument of role "role=value" at the trigger's span.

    ``choices`` gives the list of values of each such role. Su, "GPLinker" for events (2022, kexue.fm/archives/8926).
    Raises ValueError for a role or value that isn't in ``choices``, a choice in an event that hasn't one trigger, or
    an argument that already has such a role.
    """
    return [_with_roles(chosen, choices) for chosen in events]


def restore_enumerated(events: Iterable[Event], choices: Choices) -> list[ChosenEvent]:
    """Return the events without the roles "role=value", and the choices that they stand for.

    Undoes ``enumerated_roles``. Where a decoded event has a choice but no trigger, the choice's span becomes the
    trigger. Raises ValueError for a role "role=value" whose value isn't in ``choices``.
    """
    return [_restored(event, choices) for event in events]


def _with_roles(chosen: ChosenEvent, choices: Choices) -> Event:
    event = chosen.event
    if taken := [argument for argument in event.arguments if _choice(argument, choices)]:
        raise ValueError(f"no argument must have an enumerated role already, got {min(taken)}")
    if not chosen.choices:
        return event
    if len(event.triggers) != 1:
        raise ValueError(f"an event with choices must have one trigger, got {len(event.triggers)} in {event}")
    for choice in chosen.choices:
        _check(choice, choices)
    start, end, _ = event.triggers[0]
    added = {Argument(start, end, f"{choice.role}={choice.value}") for choice in chosen.choices}
    return Event(event.type, event.arguments | added)


def _restored(event: Event, choices: Choices) -> ChosenEvent:
    found = {argument: choice for argument in event.arguments if (choice := _choice(argument, choices))}
    rest = event.arguments.difference(found)
    if found and not event.triggers:
        start, end, _ = min(found)
        rest |= {Argument(start, end, TRIGGER)}
    return ChosenEvent(Event(event.type, rest), frozenset(found.values()))


def _choice(argument: Argument, choices: Choices) -> Choice | None:
    """The choice that an argument stands for, if its role is an enumerated one."""
    role, equals, value = str(argument.role).partition("=")
    if not equals or role not in choices:
        return None
    choice = Choice(role, value)
    _check(choice, choices)
    return choice


def _check(choice: Choice, choices: Choices) -> None:
    if choice.role not in choices:
        raise ValueError(f"role must be one of {', '.join(choices)}, got {choice.role!r}")
    if choice.value not in choices[choice.role]:
        raise ValueError(f"{choice.role} must be one of {', '.join(choices[choice.role])}, got {choice.value!r}")
