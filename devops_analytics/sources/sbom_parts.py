"""What bills of materials of all standards come to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from devops_analytics.sources.people import ANY_ADDRESS

_NOT_SAID: Final = {"", "NOASSERTION", "NONE"}
_LONGEST: Final = 200
_ADDRESS: Final = re.compile(ANY_ADDRESS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A component as a bill lists it; `kind` is the standard's own word."""

    name: str | None
    version: str | None
    purl: str | None
    licence: str | None
    kind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """A bill of materials: when and by what it was made, what it is of, and what is in it.

    A text among the parts says why one can't be read. `n_left_out` parts are what the bill is of.
    """

    tool: str
    at: str | None
    repository: str | None
    """What the host of the described code calls its repository."""
    subject: str | None
    """What the bill itself calls what it describes."""
    parts: list[Part | str]
    n_left_out: int = 0


def licence_text(named: Iterable[str | None]) -> str | None:
    """Return licences as one text; None where none is said.

    Some tools write the whole text of a licence in place of its name: it is cut off, and addresses
    of people are taken out of it.
    """
    known: list[str] = []
    for name in named:
        short = " ".join((name or "")[: _LONGEST * 2].split())[:_LONGEST]
        if short.upper() not in _NOT_SAID:
            known.append(_ADDRESS.sub("…", short))
    return ", ".join(dict.fromkeys(known)) or None
