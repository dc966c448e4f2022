"""Whether the records of a big file stand alone, so that it may be read in parts."""

from pathlib import Path
from typing import Final

from devops_analytics.sources.github.answers import KINDS, WRAPPERS
from devops_analytics.sources.github.kinds import named
from devops_analytics.sources.sampling import some_records

_ALONE: Final = frozenset(
    {"run", "job", "release", "tag", "code_alert", "dependency_alert", "secret_alert"}
)
"""Kinds whose rows need no other record; jobs only date the runs of the same part."""


def stand_alone(path: Path) -> bool:
    """Say whether no record of a file is completed by others, judged by some of its lines.

    Deployments are dated by their statuses, requests by their reviews, and commits belong to
    requests: files with any of these are read as a whole.
    """
    found = some_records(path, wrappers=WRAPPERS)
    kinds = {one.kind for raw in found if (one := named(raw)) is not None}
    return bool(kinds) and not (kinds & set(KINDS)) - _ALONE
