"""Whether the records of a big file stand alone, so that it may be read in parts."""

from pathlib import Path
from typing import Final

from devops_analytics.sources.gitlab.kinds import SHAPES
from devops_analytics.sources.json_kinds import kind_of
from devops_analytics.sources.sampling import some_records

_ALONE: Final = frozenset({"pipeline", "job", "job event", "release", "release event", "tag"})
"""Kinds whose rows need no other record; jobs only date the pipelines of the same part."""
_FINISH: Final = b'"finished_at"'


def stand_alone(path: Path) -> bool:
    """Say whether no record of a file is completed by others, judged by some of its lines.

    Pipelines in their list form are dated by their jobs: files with any are read as a whole, and
    so are those with records of any kind that completes others.
    """
    names = set()
    for raw in some_records(path):
        kind = kind_of(raw, SHAPES)
        if kind is not None:
            names.add(kind.name)
            if kind.name == "pipeline" and _FINISH not in raw:
                return False
    return bool(names) and names <= _ALONE
