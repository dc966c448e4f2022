"""Files of a Bitbucket entry → drafts, and what a file is recognised by."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

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
    Reading,
    RecordKind,
    Row,
    read_kinds,
    recognise_kinds,
    records_like,
    with_keys,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.source import Context, Draft, Export, Recognition

WRAPPERS: Final = ("values",)

_REPOSITORY: Final = "repository"


def _absorbed(_record: Any, _reading: Reading, known: Known) -> Iterator[Row]:  # noqa: ARG001
    """Yield nothing: other records are told of by it."""
    return iter(())


# ---- Kinds ---- #


class _Shape(NamedTuple):
    """A kind of record, before it is known what the files of an entry hold."""

    name: str
    is_one: Callable[[Keys], bool]
    table: str
    struct: type[msgspec.Struct]
    rows: Callable[..., Iterator[Row]]


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
    _Shape("pipeline", _typed("pipeline", "uuid", "state"), "pipeline_runs", Pipeline,
           pipelines.run),
    _Shape("step", _typed("pipeline_step", "uuid", "state"), "pipeline_jobs", Step, pipelines.job),
    _Shape("deployment", _typed("deployment", "uuid", "state"), "deployments", Deployment,
           pipelines.deployment),
    _Shape("environment", _typed("deployment_environment", "uuid", "name"), "deployments",
           Environment, _absorbed),
    _Shape("pull request", _typed("pullrequest", "id", "state", "destination"), "changes",
           PullRequest, changes.change),
    _Shape("activity of a pull request", _is_activity, "reviews", Activity, changes.activity),
    _Shape("comment of a pull request", _typed("pullrequest_comment", "id"), "reviews", Comment,
           changes.comment),
    _Shape("commit", with_keys("hash", "date", "author", "message"), "commits", Commit,
           changes.commit),
    _Shape("tag or branch", _is_ref, "refs", Ref, changes.ref),
    _Shape("issue", _typed("issue", "id", "kind", "state"), "incidents", Issue,
           incidents.incident),
    _Shape("change of an issue", _typed("issue_change", "issue"), "incidents", IssueChange,
           _absorbed),
    _Shape(_REPOSITORY, _typed("repository", "uuid", "full_name", "scm"), "pipeline_runs",
           OneRepository, _absorbed),
    _Shape("pull request of Data Center", with_keys("id", "fromRef", "toRef", "state"), "changes",
           ServerPullRequest, server.change),
)  # fmt: skip


def _kinds(known: Known | None) -> tuple[RecordKind, ...]:
    return tuple(
        RecordKind(
            name=shape.name,
            is_one=shape.is_one,
            table=shape.table,
            struct=shape.struct,
            rows=partial(shape.rows, known=known),
        )
        for shape in _SHAPES
    )


# ---- Files ---- #


def read(export: Export, entry: BitbucketSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file's records, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of Bitbucket.
    """
    return _read(export, entry, context, _known([export], entry, context))


def read_many(
    paths: list[Path], entry: BitbucketSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file.

    Pipelines are dated by their steps, deployments judged by theirs, and pull requests by their
    activity, whichever file of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of Bitbucket.
    """
    known = _known(paths, entry, context)
    for path in paths:
        own = replace(context, label=context.labels.get(path, context.label))
        for draft in _read(path, entry, own, known):
            yield path, draft


def _read(
    export: Export, entry: BitbucketSource, context: Context, known: Known
) -> Iterator[Draft]:
    kinds = _kinds(known)
    return read_kinds(export, entry, context, kinds=kinds, wrappers=WRAPPERS, title="Bitbucket")


def _known(exports: Sequence[Export], entry: BitbucketSource, context: Context) -> Known:
    kinds = tuple((shape.is_one, shape.struct) for shape in _SHAPES)
    found = records_like(exports, kinds, wrappers=WRAPPERS)
    return known_of(found, entry, context.settings)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers of Bitbucket, by its first records."""
    found = recognise_kinds(
        export, kinds=_kinds(None), wrappers=WRAPPERS, source="bitbucket", title="Bitbucket"
    )
    if found is None:
        return None
    said = (_repository(raw) for raw in first_records(export, wrappers=WRAPPERS))
    named = {repo for repo in said if repo is not None}
    return replace(found, suggestion={"repository": named.pop()}) if len(named) == 1 else found


def _repository(raw: bytes) -> str | None:
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        shape = next((shape for shape in _SHAPES if shape.is_one(keys)), None)
        record = msgspec.json.decode(raw, type=shape.struct, strict=False) if shape else None
    except msgspec.DecodeError:
        return None
    return repository_said(record)
