"""Files of GitHub's REST answers and webhook events: their records, and which are refused."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from devops_analytics.sources.github.kinds import Named, named
from devops_analytics.sources.github.records import (
    CodeAlert,
    Commit,
    DependencyAlert,
    Deployment,
    Issue,
    Job,
    PullRequest,
    Push,
    Release,
    Review,
    Run,
    SecretAlert,
    Status,
    Tag,
    repository_of,
)
from devops_analytics.sources.json_records import read_records
from devops_analytics.sources.source import Export as Source

WRAPPERS: Final = (
    "workflow_runs", "jobs", "items", "check_runs", "check_suites", "payload",
)  # fmt: skip
"""Keys that pages of answers, search results and archives of events hold their records under."""

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
    "commit": msgspec.json.Decoder(Commit),
    "push": msgspec.json.Decoder(Push),
    "code_alert": msgspec.json.Decoder(CodeAlert),
    "dependency_alert": msgspec.json.Decoder(DependencyAlert),
    "secret_alert": msgspec.json.Decoder(SecretAlert),
}
KINDS: Final = tuple(_DECODERS)

TABLE_OF: Final[dict[str, str]] = {
    "run": "pipeline_runs",
    "job": "pipeline_jobs",
    "check_run": "pipeline_jobs",
    "check_suite": "pipeline_runs",
    "commit_status": "pipeline_jobs",
    "deployment": "deployments",
    "deployment_status": "deployments",
    "deployment_review": "deployments",
    "pull_request": "changes",
    "review": "reviews",
    "review_comment": "reviews",
    "issue": "incidents",
    "issue_event": "incidents",
    "release": "refs",
    "tag": "refs",
    "commit": "commits",
    "push": "commits",
    "code_alert": "findings",
    "dependency_alert": "findings",
    "secret_alert": "findings",
    "event": "pipeline_runs",
}
"""The table that a kind of record is counted under."""

_NOT_READ: Final[dict[str, str]] = {
    "check_run": "a check of a commit; those of GitHub Actions are its jobs, which are read, and "
    "those of other apps belong to no run",
    "check_suite": "checks of a commit; those of GitHub Actions are its runs, which are read",
    "commit_status": "a status of a commit, which is of no run",
    "deployment_review": "an approval of a deployment; its statuses tell when it waited",
    "review_comment": "a comment; the reviews themselves are read",
    "issue_event": "an event of an issue; the issues themselves are read",
    "event": "a webhook event of which nothing is computed",
}

_GONE: Final = frozenset({"deleted", "unpublished", "transferred"})
"""Actions of events that tell of the end of a release or an issue."""


class Found(NamedTuple):
    """A record, its number in the file, and what it says its repository is (owner/name)."""

    number: int
    record: Any
    repository: str | None
    action: str | None = None
    """What an event says was done."""
    change: str | None = None
    """Of a commit, the request that it was saved into."""


class Refusal(NamedTuple):
    """A record that becomes no row, and why; `raw` holds nothing that people wrote."""

    number: int
    reason: str
    message: str
    raw: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The records of one file by kind, and those refused by table (None: of no kind)."""

    path: Source
    found: dict[str, list[Found]] = field(default_factory=dict)
    refused: dict[str | None, list[Refusal]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Found]:
        """Return the records of a kind."""
        return self.found.get(kind, [])


def read_export(path: Source) -> Export:
    """Read one file and decode every record of it.

    Raises:
        ExportError: the file holds no JSON records.
    """
    records = read_records(path, wrappers=WRAPPERS)
    export = Export(path=path)
    for number, raw in records.rows:
        one = named(raw)
        if one is not None and one.kind in _DECODERS:
            _decode(export, number, one)
        else:
            kind = None if one is None else one.kind
            _refuse(export, kind, Refusal(number, *_why_not(kind)))
    # The text of a broken record may hold names and messages, so it is left out.
    for number, reason, message, _ in records.rejected:
        _refuse(export, None, Refusal(number, reason, message))
    return export


def decoded(one: Named) -> Any:
    """Return the record; None where it is not as GitHub writes it, or of a kind not decoded."""
    try:
        return _DECODERS[one.kind].decode(one.raw) if one.kind in _DECODERS else None
    except msgspec.DecodeError:
        return None


def _decode(export: Export, number: int, one: Named) -> None:
    try:
        record = _DECODERS[one.kind].decode(one.raw)
    except msgspec.DecodeError as error:
        message = f"the {one.kind.replace('_', ' ')} is not as GitHub writes it: {error}"
        _refuse(export, one.kind, Refusal(number, "unexpected_type", message))
        return
    if one.action in _GONE and one.kind in {"release", "issue"}:
        message = f"the {one.kind} was {one.action}"
        _refuse(export, one.kind, Refusal(number, "is_gone", message))
        return
    found = Found(number, record, one.repository or repository_of(record), one.action)
    if isinstance(record, Push):
        _add_pushed(export, found, record)
        return
    export.found.setdefault(one.kind, []).append(found)
    if isinstance(record, PullRequest):
        _add_embedded(export, found, record)


def _add_pushed(export: Export, found: Found, push: Push) -> None:
    """Add the commits of a push, each as a record."""
    if not push.commits:
        message = "a push without commits: of a tag, of what is known, or a deletion"
        _refuse(export, "push", Refusal(found.number, "not_needed", message))
    for commit in push.commits:
        export.found.setdefault("commit", []).append(found._replace(record=commit))


def _add_embedded(export: Export, found: Found, pull: PullRequest) -> None:
    """Add the commits that were saved into a pull request, each as a record."""
    for one in pull.commits if isinstance(pull.commits, list) else ():
        try:
            record = msgspec.convert(one, Commit)
        except msgspec.ValidationError as error:
            message = f"a commit of pull request {pull.number} is not as GitHub writes it: {error}"
            _refuse(export, "commit", Refusal(found.number, "unexpected_type", message))
            continue
        commit = found._replace(record=record, change=str(pull.number))
        export.found.setdefault("commit", []).append(commit)


def _refuse(export: Export, kind: str | None, refusal: Refusal) -> None:
    table = TABLE_OF.get(kind) if kind is not None else None
    export.refused.setdefault(table, []).append(refusal)


def _why_not(kind: str | None) -> tuple[str, str]:
    if kind is not None:
        return "not_needed", _NOT_READ[kind]
    return "unknown_record", (
        f"of no kind that is read ({', '.join(KINDS).replace('_', ' ')}); save the REST answers, "
        "such as `gh api --paginate repos/OWNER/NAME/deployments`"
    )
