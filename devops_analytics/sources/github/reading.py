"""The files of a GitHub entry → drafts, and what a file is recognised by."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from devops_analytics.config_tools import GithubSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.github.alerts import findings
from devops_analytics.sources.github.answers import (
    KINDS,
    WRAPPERS,
    Export,
    Refusal,
    decoded,
    read_export,
)
from devops_analytics.sources.github.changes import (
    changes,
    given_reviews,
    readied,
    reviews,
)
from devops_analytics.sources.github.commits import commits, history
from devops_analytics.sources.github.deployments import deployments, joined
from devops_analytics.sources.github.incidents import incidents, label_names
from devops_analytics.sources.github.kinds import named
from devops_analytics.sources.github.lines import runs_by_line
from devops_analytics.sources.github.part import Part, draft_of
from devops_analytics.sources.github.records import Issue, repository_of
from devops_analytics.sources.github.refs import refs
from devops_analytics.sources.github.runs import jobs, last_ends, runs
from devops_analytics.sources.hotfixes import hotfixes_of
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.repositories import names_of
from devops_analytics.sources.source import Context, Draft, Recognition
from devops_analytics.sources.source import Export as Source

_DEFAULT_LABELS: Final = frozenset(GithubSource(kind="github", path="").incident_labels)


def read(source: Source, entry: GithubSource, context: Context) -> Iterator[Draft]:
    """Yield the drafts of one file or part of one, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of a kind that is read.
    """
    export = runs_by_line(source) or read_export(source)
    for _, draft in _drafts([export], entry, context):
        yield draft


def read_many(
    paths: list[Path], entry: GithubSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield every draft of an entry's files, with its file.

    Deployments are dated by their statuses, runs by their jobs and changes by their reviews,
    whichever file of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of a kind that is read.
    """
    exports = []
    for done, path in enumerate(paths, 1):
        exports.append(read_export(path))
        if context.progress is not None:
            context.progress(entry.label, done, len(paths))
    for export, draft in _drafts(exports, entry, context):
        if isinstance(export.path, Path):
            yield export.path, draft


def _drafts(
    exports: list[Export], entry: GithubSource, context: Context
) -> Iterator[tuple[Export, Draft]]:
    """Yield the drafts of exports whose records complete each other."""
    names = names_of(entry, context.settings)
    ends = last_ends([found.record for export in exports for found in export.of("job")])
    given = given_reviews(exports, names, context.settings.people.bot_patterns)
    ready = readied(exports, names)
    known = joined(exports, names)
    all_commits = history(exports, names)
    deployed = {key.repo for key in known.rows}
    hotfixes = hotfixes_of(context.settings)
    for export in exports:
        parts = [
            runs(export, names, ends),
            jobs(export, names),
            deployments(export, names, known),
            changes(export, names, given, ready, hotfixes),
            reviews(export, names),
            incidents(export, names, deployed, entry.incident_labels),
            refs(export, names),
            commits(export, names, all_commits, hotfixes),
            findings(export, names),
        ]
        path = export.path
        label = context.labels.get(path, context.label) if isinstance(path, Path) else context.label
        for part in _with_refused(export, parts):
            yield export, draft_of(part, label)


def _with_refused(export: Export, parts: list[Part]) -> list[Part]:
    """Return the parts that hold anything, with the records that no kind's own rules refused."""
    by_table = {part.table: part for part in parts}
    for table, refused in export.refused.items():
        if table is not None:
            part = by_table.setdefault(table, Part(table=table, columns=()))
            part.refused.extend(refused)
    filled = [part for part in by_table.values() if part.n_read]
    unplaced = export.refused.get(None, [])
    if unplaced and not filled:
        raise ExportError(_nothing_read(export.path, unplaced))
    if unplaced:
        max(filled, key=lambda part: part.n_read).refused.extend(unplaced)
    return filled


def _nothing_read(path: Source, refused: list[Refusal]) -> str:
    reasons = Counter(refusal.reason for refusal in refused)
    counted = ", ".join(f"{reason} {n} times" for reason, n in reasons.most_common())
    return (
        f"{path}: none of its {len(refused)} records can be read ({counted}). "
        f"The first, record {refused[0].number}: {refused[0].message}."
    )


def recognise(path: Source) -> Recognition | None:
    """Return how sure it is that a file holds answers or events of GitHub, by its first records."""
    found = first_records(path, wrappers=WRAPPERS)
    ones = [one for raw in found if (one := named(raw)) is not None]
    counted = Counter(one.kind for one in ones if one.kind in KINDS or one.is_event)
    if not counted or counted.total() * 2 < len(found):
        return None
    kind = max(counted, key=lambda name: (name in KINDS, counted[name]))
    chosen = [one for one in ones if one.kind == kind]
    if any(one.is_event for one in chosen):
        reason = f"webhook events of GitHub, most of a {kind.replace('_', ' ')}"
        return Recognition(kind="github", confidence=0.6 if kind == "event" else 0.9, reason=reason)
    records = [record for one in chosen if (record := decoded(one)) is not None]
    repositories = {name for record in records if (name := repository_of(record))}
    reason = f"REST answers of GitHub, each a {kind.replace('_', ' ')}"
    if not repositories:
        return Recognition(kind="github", confidence=0.6, reason=reason)
    suggestion = {"repository": repositories.pop()} if len(repositories) == 1 else {}
    if kind == "issue" and not any(_is_incident(record) for record in records):
        reason += f"; none has an incident label ({', '.join(sorted(_DEFAULT_LABELS))})"
        return Recognition(kind="github", confidence=0.4, reason=reason, suggestion=suggestion)
    return Recognition(kind="github", confidence=0.95, reason=reason, suggestion=suggestion)


def _is_incident(record: Issue) -> bool:
    return any(name.casefold() in _DEFAULT_LABELS for name in label_names(record))
