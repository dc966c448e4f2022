"""Whether the records of a big file stand alone, so that it may be read in parts."""

from pathlib import Path
from typing import Final

from devops_analytics.sources.compressed import is_packed
from devops_analytics.sources.github.answers import KINDS, WRAPPERS
from devops_analytics.sources.github.kinds import named
from devops_analytics.sources.json_records import first_records

_ALONE: Final = frozenset(
    {"run", "job", "release", "tag", "code_alert", "dependency_alert", "secret_alert"}
)
"""Kinds whose rows need no other record; jobs only date the runs of the same part."""

_PLACES: Final = 64
_LOOKED_AT: Final = 1 << 16


def stand_alone(path: Path) -> bool:
    """Say whether no record of a file is completed by others, judged by some of its lines.

    Deployments are dated by their statuses, requests by their reviews, and commits belong to
    requests: files with any of these are read as a whole.
    """
    found = [*first_records(path, wrappers=WRAPPERS), *_lines(path)]
    kinds = {one.kind for raw in found if (one := named(raw)) is not None}
    return bool(kinds) and not (kinds & set(KINDS)) - _ALONE


def _lines(path: Path) -> list[bytes]:
    """Return a line from each of some places of a file."""
    if is_packed(path):
        return []
    size = path.stat().st_size
    lines = []
    with path.open("rb") as file:
        for place in range(_PLACES):
            file.seek(size * place // _PLACES)
            file.readline(_LOOKED_AT)
            line = file.readline(_LOOKED_AT)
            if line.endswith(b"\n"):
                lines.append(line)
    return lines
