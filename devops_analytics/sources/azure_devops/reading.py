"""Files of an Azure DevOps entry → drafts, and what a file is recognised by."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from devops_analytics.config_tools import AzuredevopsSource
from devops_analytics.sources.azure_devops import builds, changes, deployments, incidents
from devops_analytics.sources.azure_devops.known import (
    Known,
    known_of,
    repository_named,
    within,
)
from devops_analytics.sources.azure_devops.records import (
    Build,
    Commit,
    Deployment,
    Environment,
    EnvironmentRecord,
    OneRepository,
    PullRequest,
    Ref,
    Thread,
    Timeline,
    TimelineRecord,
    WorkItem,
)
from devops_analytics.sources.json_kinds import (
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.json_shapes import Shape, absorbed, decoded, kinds_with, records_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition

WRAPPERS: Final = ("value",)

_TITLE: Final = "Azure DevOps"


# ---- Kinds ---- #

_SHAPES: Final = (
    Shape("build", with_keys("id", "buildNumber", "definition", "status"), "pipeline_runs",
           Build, builds.run),
    Shape("timeline", with_keys("records", "changeId", "lastChangedOn"), "pipeline_jobs",
           Timeline, builds.timeline),
    Shape("record of a timeline", with_keys("id", "parentId", "type", "state", "changeId"),
           "pipeline_jobs", TimelineRecord, builds.alone),
    Shape("deployment of a release", with_keys("id", "releaseEnvironment", "deploymentStatus"),
           "deployments", Deployment, deployments.release),
    Shape("deployment to an environment", with_keys("id", "environmentId", "definition", "owner"),
           "deployments", EnvironmentRecord, deployments.environment),
    Shape("pull request", with_keys("pullRequestId", "repository", "status"), "changes",
           PullRequest, changes.change),
    Shape("thread of a pull request", with_keys("id", "comments", "pullRequestThreadContext"),
           "reviews", Thread, changes.thread),
    Shape("commit", with_keys("commitId", "author", "committer"), "commits", Commit,
           changes.commit),
    Shape("ref", with_keys("name", "objectId", "creator"), "refs", Ref, changes.ref),
    Shape("work item", with_keys("id", "rev", "fields"), "incidents", WorkItem,
           incidents.incident),
    Shape("repository", with_keys("id", "name", "project", "remoteUrl"), "pipeline_runs",
           OneRepository, absorbed),
    Shape("environment", with_keys("id", "name", "createdOn", "lastModifiedBy", "lastModifiedOn"),
           "deployments", Environment, absorbed),
)  # fmt: skip


# ---- Files ---- #


def read(export: Export, entry: AzuredevopsSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file's records, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of Azure DevOps.
    """
    return _read(export, entry, context, _known([export], entry, context))


def read_many(
    paths: list[Path], entry: AzuredevopsSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file.

    Deployments are told of by their builds, and pull requests dated by their threads, whichever
    file of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of Azure DevOps.
    """
    known = _known(paths, entry, context)
    for path in paths:
        own = replace(context, label=_label(path, context))
        for draft in _read(path, entry, own, known):
            yield path, draft


def _read(
    export: Export, entry: AzuredevopsSource, context: Context, known: Known
) -> Iterator[Draft]:
    kinds = kinds_with(_SHAPES, known)
    return read_kinds(export, entry, context, kinds=kinds, wrappers=WRAPPERS, title=_TITLE)


def _known(exports: Sequence[Export], entry: AzuredevopsSource, context: Context) -> Known:
    found = (
        (_label(export, context), record)
        for export in exports
        for record in records_of([export], _SHAPES, wrappers=WRAPPERS)
    )
    return known_of(found, entry, context.settings)


def _label(export: Export, context: Context) -> str:
    return context.labels.get(export, context.label) if isinstance(export, Path) else context.label


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers of Azure DevOps, by its first records."""
    kinds = kinds_with(_SHAPES, None)
    found = recognise_kinds(
        export, kinds=kinds, wrappers=WRAPPERS, source="azuredevops", title=_TITLE
    )
    if found is None:
        return None
    said = (_repository(decoded(raw, _SHAPES)) for raw in first_records(export, wrappers=WRAPPERS))
    named = {repo for repo in said if repo is not None}
    return replace(found, suggestion={"repository": named.pop()}) if len(named) == 1 else found


def _repository(record: Any) -> str | None:
    match record:
        case Build():
            return repository_named(record.repository, record.project)
        case PullRequest():
            return repository_named(record.repository, None)
        case OneRepository():
            return within(record.project, record.name)
        case _:
            return None
