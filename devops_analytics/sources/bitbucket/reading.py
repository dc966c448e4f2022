"""Files of a Bitbucket entry → drafts, and what a file is recognised by."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from devops_analytics.config_tools import BitbucketSource
from devops_analytics.sources.bitbucket import changes, incidents, pipelines, server
from devops_analytics.sources.bitbucket.known import Known, known_of, repository_said
from devops_analytics.sources.bitbucket.records import (
    Activity,
    Comment,
    Commit,
    Deployment,
    Environment,
    Issue,
    IssueChange,
    OneRepository,
    Pipeline,
    PullRequest,
    Ref,
    Step,
)
from devops_analytics.sources.bitbucket.server_records import ServerPullRequest
from devops_analytics.sources.json_kinds import (
    Keys,
    read_each,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.json_shapes import Shape, absorbed, decoded, kinds_with, records_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition

WRAPPERS: Final = ("values",)

_REPOSITORY: Final = "repository"


# ---- Kinds ---- #


def _typed(word: str, *needed: str) -> Callable[[Keys], bool]:
    """Return a test that a record says of itself that it is of a type, and has the keys."""
    has_keys, said = with_keys("type", *needed), msgspec.json.encode(word)
    return lambda keys: has_keys(keys) and bytes(keys["type"]) == said


def _is_activity(keys: Keys) -> bool:
    return "pull_request" in keys and not keys.keys().isdisjoint(
        {"approval", "changes_requested", "update", "comment"}
    )


def _is_ref(keys: Keys) -> bool:
    return any(_typed(word, "name", "target")(keys) for word in ("tag", "branch"))


_SHAPES: Final = (
    Shape("pipeline", _typed("pipeline", "uuid", "state"), "pipeline_runs", Pipeline,
           pipelines.run),
    Shape("step", _typed("pipeline_step", "uuid", "state"), "pipeline_jobs", Step, pipelines.job),
    Shape("deployment", _typed("deployment", "uuid", "state"), "deployments", Deployment,
           pipelines.deployment),
    Shape("environment", _typed("deployment_environment", "uuid", "name"), "deployments",
           Environment, absorbed),
    Shape("pull request", _typed("pullrequest", "id", "state", "destination"), "changes",
           PullRequest, changes.change),
    Shape("activity of a pull request", _is_activity, "reviews", Activity, changes.activity),
    Shape("comment of a pull request", _typed("pullrequest_comment", "id"), "reviews", Comment,
           changes.comment),
    Shape("commit", with_keys("hash", "date", "author", "message"), "commits", Commit,
           changes.commit),
    Shape("tag or branch", _is_ref, "refs", Ref, changes.ref),
    Shape("issue", _typed("issue", "id", "kind", "state"), "incidents", Issue,
           incidents.incident),
    Shape("change of an issue", _typed("issue_change", "issue"), "incidents", IssueChange,
           absorbed),
    Shape(_REPOSITORY, _typed("repository", "uuid", "full_name", "scm"), "pipeline_runs",
           OneRepository, absorbed),
    Shape("pull request of Data Center", with_keys("id", "fromRef", "toRef", "state"), "changes",
           ServerPullRequest, server.change),
)  # fmt: skip


# ---- Files ---- #


def read(export: Export, entry: BitbucketSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file's records, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of Bitbucket.
    """
    kinds = kinds_with(_SHAPES, _known([export], entry, context))
    return read_kinds(export, entry, context, kinds=kinds, wrappers=WRAPPERS, title="Bitbucket")


def read_many(
    paths: list[Path], entry: BitbucketSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file.

    Pipelines are dated by their steps, deployments judged by theirs, and pull requests by their
    activity, whichever file of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of Bitbucket.
    """
    kinds = kinds_with(_SHAPES, _known(paths, entry, context))
    return read_each(paths, entry, context, kinds=kinds, wrappers=WRAPPERS, title="Bitbucket")


def _known(exports: Sequence[Export], entry: BitbucketSource, context: Context) -> Known:
    found = records_of(exports, _SHAPES, wrappers=WRAPPERS)
    return known_of(found, entry, context.settings)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers of Bitbucket, by its first records."""
    kinds = kinds_with(_SHAPES, None)
    found = recognise_kinds(
        export, kinds=kinds, wrappers=WRAPPERS, source="bitbucket", title="Bitbucket"
    )
    if found is None:
        return None
    first = first_records(export, wrappers=WRAPPERS)
    said = (repository_said(decoded(raw, _SHAPES)) for raw in first)
    named = {repo for repo in said if repo is not None}
    return replace(found, suggestion={"repository": named.pop()}) if len(named) == 1 else found
