"""Files of a GitLab entry → drafts, and what a file is recognised by."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from devops_analytics.config_tools import GitlabSource
from devops_analytics.sources.gitlab.kinds import ISSUE, NOT_COMPUTED, SHAPES, kinds_of
from devops_analytics.sources.gitlab.known import known_of
from devops_analytics.sources.gitlab.records import (
    Approvals,
    Commit,
    Issue,
    Listed,
    Release,
    Tag,
    label_names,
)
from devops_analytics.sources.gitlab.requests import reviewed
from devops_analytics.sources.hotfixes import hotfixes_of
from devops_analytics.sources.json_kinds import (
    RecordKind,
    read_each,
    read_kinds,
    recognise_kinds,
    records_like,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.repositories import names_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition

_TELL_NOTHING: Final = (Issue, Release, Tag)
"""Records that complete no others."""
_DEFAULT_LABELS: Final = frozenset(GitlabSource(kind="gitlab", path="").incident_labels)


def read(export: Export, entry: GitlabSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of GitLab.
    """
    kinds = _kinds([export], entry, context)
    return read_kinds(export, entry, context, kinds=kinds, title="GitLab")


def read_many(
    paths: list[Path], entry: GitlabSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file.

    Projects name repositories, jobs date pipelines, notes and approvals date merge requests, and
    environments tell their tiers, whichever file of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of GitLab.
    """
    kinds = _kinds(paths, entry, context)
    return read_each(paths, entry, context, kinds=kinds, title="GitLab")


def _kinds(
    exports: Sequence[Export], entry: GitlabSource, context: Context
) -> tuple[RecordKind, ...]:
    """Return the kinds of records, with what all files of the entry tell."""
    shapes = tuple(
        (one.is_one, Listed if one.struct in _TELL_NOTHING else one.struct) for one in SHAPES
    )
    records: list[Any] = []
    approvals: list[tuple[Approvals, str]] = []
    commits: list[tuple[Commit, str]] = []
    for export in exports:
        label = context.label
        if isinstance(export, Path):
            label = context.labels.get(export, label)
        for one in records_like([export], shapes):
            if isinstance(one, Approvals):
                approvals.append((one, label))
            elif isinstance(one, Commit):
                commits.append((one, label))
            elif not isinstance(one, Listed):
                records.append(one)
    known = known_of(records, commits, names_of(entry, context.settings))
    found = reviewed(known, approvals, context.settings)
    return kinds_of(known, found, hotfixes_of(context.settings))


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers or events of GitLab, by its first records."""
    found = recognise_kinds(export, kinds=SHAPES, source="gitlab", title="GitLab")
    if found is None:
        return None
    if found.reason.endswith(NOT_COMPUTED):
        said = f"{found.reason}; nothing is computed from these"
        return replace(found, confidence=0.4, reason=said)
    if found.reason.endswith(f": {ISSUE}") and not any(map(_is_incident, first_records(export))):
        said = f"{found.reason}; none is an incident, or has a label of one"
        return replace(found, confidence=0.4, reason=said)
    return found


def _is_incident(raw: bytes) -> bool:
    try:
        issue = msgspec.json.decode(raw, type=Issue, strict=False)
    except msgspec.DecodeError:
        return False
    labels = label_names(issue.labels) or ()
    return issue.issue_type == "incident" or any(
        label.casefold() in _DEFAULT_LABELS for label in labels
    )
