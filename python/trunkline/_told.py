"""Events as the compiled module tells them: the name of a class, and its fields."""

from __future__ import annotations

from typing import Any, get_args

from .events import Event, Interrupted, Stages, Turn

_CLASSES: dict[str, Any] = {kind.__name__: kind for kind in get_args(Event)}


def told(name: str, fields: tuple[Any, ...]) -> Event:
    """The event of that name, with these fields."""
    match name, fields:
        case "Turn", (at_ms, stages):
            return Turn(at_ms, Stages(*stages))
        case "Interrupted", (at_ms, stages):
            return Interrupted(at_ms, None if stages is None else Stages(*stages))
        case _:
            event: Event = _CLASSES[name](*fields)
            return event
