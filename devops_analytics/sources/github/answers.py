"""Files of GitHub's REST answers: which kind each record is, and which are refused."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from devops_analytics.sources.github.records import (
    Deployment,
    Issue,
    Job,
    PullRequest,
    Release,
    Review,
    Run,
    Status,
    Tag,
    repository_of,
)
from devops_analytics.sources.json_records import read_records

WRAPPERS: Final = ("workflow_runs", "jobs", "items")
"""Keys that pages of runs, of jobs and of search results hold their records under."""


class Shape(NamedTuple):
    """A kind of record and the keys that only it has."""

    kind: str
    keys: frozenset[str]


def _shape(kind: str, *keys: str) -> Shape:
    return Shape(kind, frozenset(keys))


_SHAPES: Final = (
    _shape("webhook", "sender"),
    _shape("deployment_status", "deployment_url", "state"),
    _shape("deployment", "environment", "sha", "task"),
    _shape("deployment", "environment", "statuses_url"),
    _shape("deployment", "environment", "sha", "statuses"),
    _shape("job", "run_id", "status"),
    _shape("run", "head_sha", "run_attempt"),
    _shape("run", "head_sha", "run_number"),
    _shape("run", "workflow_id", "event"),
    _shape("review_comment", "diff_hunk"),
    _shape("review_comment", "pull_request_review_id"),
    _shape("pull_request", "number", "head", "base"),
    _shape("review", "state", "user", "submitted_at"),
    _shape("review", "state", "user", "pull_request_url"),
    _shape("release", "tag_name", "draft"),
    _shape("release", "tag_name", "target_commitish"),
    _shape("issue_event", "event", "actor"),
    _shape("issue", "number", "title", "state"),
    _shape("tag", "name", "commit", "zipball_url"),
    _shape("commit", "sha", "commit"),
)
"""Tried in this order: a record is of the first kind whose keys it has."""

_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "run": msgspec.json.Decoder(Run),
    "job": msgspec.json.Decoder(Job),
    "deployment": msgspec.json.Decoder(Deployment),
    "deployment_status": msgspec.json.Decoder(Status),
    "pull_request": msgspec.json.Decoder(PullRequest),
    "review": msgspec.json.Decoder(Review),
    "issue": msgspec.json.Decoder(Issue),
    "release": msgspec.json.Decoder(Release),
    "tag": msgspec.json.Decoder(Tag),
}
KINDS: Final = tuple(_DECODERS)

TABLE_OF: Final[dict[str, str]] = {
    "run": "pipeline_runs",
    "job": "pipeline_jobs",
    "deployment": "deployments",
    "deployment_status": "deployments",
    "pull_request": "changes",
    "review": "reviews",
    "review_comment": "reviews",
    "issue": "incidents",
    "issue_event": "incidents",
    "release": "refs",
    "tag": "refs",
    "commit": "commits",
}
"""The table that a kind of record is counted under; webhook events have none."""

_NOT_READ: Final[dict[str, str]] = {
    "webhook": "a webhook event, no REST answer; save what the API answers instead",
    "review_comment": "a comment on a line; the reviews themselves are read",
    "issue_event": "an event of an issue; the issues themselves are read",
    "commit": 'a commit; commits are read from a clone (kind = "git"), as only it has the graph',
}


class Found(NamedTuple):
    """A record, its number in the file, and what it says its repository is (owner/name)."""

    number: int
    record: Any
    repository: str | None


class Refusal(NamedTuple):
    """A record that becomes no row, and why; `raw` holds nothing that people wrote."""

    number: int
    reason: str
    message: str
    raw: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The records of one file by kind, and those refused by table (None: of no kind)."""

    path: Path
    found: dict[str, list[Found]] = field(default_factory=dict)
    refused: dict[str | None, list[Refusal]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Found]:
        """Return the records of a kind."""
        return self.found.get(kind, [])


def kind_of(raw: bytes) -> str | None:
    """Return which kind of record a JSON object is; None: none that is known."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).keys()
    except msgspec.DecodeError:
        return None
    return next((shape.kind for shape in _SHAPES if shape.keys <= keys), None)


def read_export(path: Path) -> Export:
    """Read one file and decode every record of it.

    Raises:
        ExportError: the file holds no JSON records.
    """
    records = read_records(path, wrappers=WRAPPERS)
    export = Export(path=path)
    for number, raw in records.rows:
        kind = kind_of(raw)
        if kind in _DECODERS:
            _decode(export, kind, number, raw)
        else:
            reason, message = _why_not(kind)
            _refuse(export, kind, Refusal(number, reason, message))
    # The text of a broken record may hold names and messages, so it is left out.
    for number, reason, message, _ in records.rejected:
        _refuse(export, None, Refusal(number, reason, message))
    return export


def decoded(kind: str, raw: bytes) -> Any:
    """Return the record that JSON of a kind holds; None where it is not as GitHub writes it."""
    try:
        return _DECODERS[kind].decode(raw)
    except msgspec.DecodeError:
        return None


def _decode(export: Export, kind: str, number: int, raw: bytes) -> None:
    try:
        record = _DECODERS[kind].decode(raw)
    except msgspec.DecodeError as error:
        message = f"the {kind.replace('_', ' ')} is not as GitHub writes it: {error}"
        _refuse(export, kind, Refusal(number, "unexpected_type", message))
        return
    found = Found(number, record, repository_of(record))
    export.found.setdefault(kind, []).append(found)


def _refuse(export: Export, kind: str | None, refusal: Refusal) -> None:
    table = TABLE_OF.get(kind) if kind is not None else None
    export.refused.setdefault(table, []).append(refusal)


def _why_not(kind: str | None) -> tuple[str, str]:
    if kind == "webhook":
        return "webhook_event", _NOT_READ[kind]
    if kind is not None:
        return "not_used", _NOT_READ[kind]
    return "unknown_record", (
        f"of no kind that is read ({', '.join(KINDS).replace('_', ' ')}); save the REST answers, "
        "such as `gh api --paginate repos/OWNER/NAME/deployments`"
    )
