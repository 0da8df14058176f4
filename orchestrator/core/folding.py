"""Parts of a state that several kinds of events change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.changing import changed
from orchestrator.core.state import (
    Closed,
    Frame,
    Place,
    PlaceStatus,
    Seen,
    State,
    frame_of,
    name_of,
)
from orchestrator.core.values import Ref

#: Stands as the error's type where a tool call was not made.
SKIPPED = "Skipped"


def set_place(state: State, path: str, **changes: Any) -> None:
    """Change a place."""
    state.places[path] = changed(state.places[path], **changes)


def set_frame(state: State, path: str, **changes: Any) -> None:
    """Change a frame."""
    state.frames[path] = changed(state.frames[path], **changes)


def outwards(state: State, frame: str) -> Iterator[Frame]:
    """Yield the frames whose state is seen from a frame, from the inside out."""
    while True:
        here = state.frames[frame]
        yield here
        if here.sharing is e.Sharing.APART:
            return
        frame = here.around


def seen_from(state: State, frame: str) -> Seen | None:
    """Return which item or round is seen from a frame; None: there is none around it."""
    for each in outwards(state, frame):
        if each.number is not None:
            return Seen(number=each.number, item=each.item)
    return None


def writing_frame(state: State, frame: str) -> str:
    """Return the path of the frame whose keys the nodes of a frame write."""
    while state.frames[frame].sharing is e.Sharing.SHARED:
        frame = state.frames[frame].around
    return frame


def write(state: State, frame: str, keys: Mapping[str, Ref]) -> None:
    """Set keys of the state, as seen from a frame."""
    if keys:
        owner = writing_frame(state, frame)
        set_frame(state, owner, keys={**state.frames[owner].keys, **keys})


def leave(state: State, path: str) -> Place:
    """Take a place out, with everything inside it."""
    place = state.places[path]
    inner = (path + "/", path + "[")
    drop_places(state, (path,), inner)
    drop_frames(state, (path,), inner)
    return place


def drop_places(state: State, names: tuple[str, ...], inner: tuple[str, ...]) -> None:
    """Take places out; what is running at one of them stays there until it has stopped.

    What has been told to stop before may outlive the frame around it.
    """
    for name in [each for each in state.places if each in names or each.startswith(inner)]:
        place = state.places[name]
        if place.is_stopped and name not in names:
            continue
        if place.status is PlaceStatus.RUNNING and name not in names:
            seen = seen_from(state, frame_of(name))
            state.places[name] = changed(place, is_stopped=True, seen=seen)
        else:
            del state.places[name]


def drop_frames(state: State, names: tuple[str, ...], inner: tuple[str, ...]) -> None:
    """Take frames out, with what composites inside them have come to."""

    def is_inside(name: str) -> bool:
        return name in names or name.startswith(inner)

    for name in [each for each in state.frames if each and is_inside(each)]:
        del state.frames[name]
    for name in [each for each in state.joins if is_inside(each)]:
        del state.joins[name]


def undo_path(path: str) -> str:
    """Return the path of the visit that takes back what was done at a path."""
    return f"{path}!undo"


def repeat_call(state: State, place: Place) -> None:
    """Let the visit that does a tool call once more stand for the one that was left."""
    agent = frame_of(place.path)
    join = state.joins.get(agent)
    if join is None or place.path in join.keys:
        return
    left = [
        key
        for key in join.keys
        if name_of(key) == place.node and key not in join.closed and key not in state.places
    ]
    if left:
        keys = tuple(place.path if key == left[0] else key for key in join.keys)
        state.joins[agent] = changed(join, keys=keys)


def settle_call(state: State, place: Place, output: Ref, error: e.ErrorFacts | None) -> None:
    """Note what came of an agent's tool call, if the place is one."""
    agent = frame_of(place.path)
    join = state.joins.get(agent)
    if join is None or place.path not in join.keys:
        return
    keys = {} if place.answer is None else {"arguments": place.answer}
    closed = Closed(output=output, error=error, keys=keys)
    state.joins[agent] = changed(join, closed={**join.closed, place.path: closed})
