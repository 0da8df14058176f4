"""Names of things: long ids inside, short references for people, all derived, never random."""

from __future__ import annotations

import hashlib

#: Crockford's base 32: no I, L, O, U, so that a reference can be read aloud.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 7  # characters, 35 bits
_SHIFT = 5  # bits a character
_ID = 32  # hexadecimal digits
_TIME = 12  # of them: milliseconds, in a UUID of version 7


def _reference(number: int) -> str:
    digits = []
    for _ in range(REFERENCE_LENGTH):
        digits.append(_ALPHABET[number & 31])
        number >>= _SHIFT
    return "".join(digits)


def run_ref(run_id: str) -> str:
    """Return the short form of a run's id, such as `r-7K2Q9XA`.

    It is made of the id's last 35 bits, which are random in a UUID of version 7.
    """
    return f"r-{_reference(int(run_id[-9:], 16))}"


def run_id_of(request: str) -> str:
    """Return the id of the run that a request starts, the same however often it comes."""
    return hashlib.sha256(f"run/{request}".encode()).hexdigest()[:32]


def approval_id(run_id: str, path: str, number: int) -> str:
    """Return the id of the approval that is the `number`-th one opened at this place.

    It begins as the run's does, with the time, so that indexes of ids grow at their end.
    """
    digest = hashlib.sha256(f"{run_id}/{path}/{number}".encode()).hexdigest()
    return run_id[:_TIME] + digest[_TIME:_ID] if len(run_id) == _ID else digest[:_ID]


def approval_ref(approval: str) -> str:
    """Return the short form of an approval's id, such as `a-9F3DK0T`."""
    return f"a-{_reference(int(approval[-9:], 16))}"


def rule_ref(rule: str) -> str:
    """Return the short form of a standing rule's id, such as `s-4H8WZ2C`."""
    return f"s-{_reference(int(rule[-9:], 16))}"


def idempotency_key(run_id: str, path: str) -> str:
    """Return the text that a node's tries at one visit share; a path names its visit."""
    return f"{run_id}/{path}"


def fraction(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but `parts`; it spreads retries out."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def visit_path(parent: str, node: str, visit: int) -> str:
    """Return the path of a node's visit inside a frame: `write`, `write#2`, `each[3]/review`."""
    name = node if visit == 1 else f"{node}#{visit}"
    return f"{parent}/{name}" if parent else name


def frame_path(place: str, key: str) -> str:
    """Return the path of a composite's body: `each[3]`, or the place's own without a key."""
    return f"{place}[{key}]" if key else place
