"""Which kind of record a JSON object of GitHub is: a REST answer, or what a webhook event wraps."""

import contextlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from devops_analytics.sources.github.records import RepositoryAnswer
from devops_analytics.sources.json_text import decoded

Keys = Mapping[str, msgspec.Raw]
"""A record's keys with their values, not yet decoded."""


class Named(NamedTuple):
    """A record with the kind that it is of; of an event what it wraps, and what it says of it."""

    kind: str
    raw: bytes
    is_event: bool = False
    repository: str | None = None
    action: str | None = None


class _Shape(NamedTuple):
    """A kind of record and the keys that only it has."""

    kind: str
    keys: frozenset[str]


def _shape(kind: str, *keys: str) -> _Shape:
    return _Shape(kind, frozenset(keys))


_ANSWERS: Final = (
    _shape("deployment_status", "deployment_url", "state"),
    _shape("deployment", "environment", "sha", "task"),
    _shape("deployment", "environment", "statuses_url"),
    _shape("deployment", "environment", "sha", "statuses"),
    _shape("job", "run_id", "status"),
    _shape("run", "head_sha", "run_attempt"),
    _shape("run", "head_sha", "run_number"),
    _shape("run", "workflow_id", "event"),
    _shape("check_run", "head_sha", "check_suite"),
    _shape("check_suite", "head_sha", "before", "after"),
    _shape("commit_status", "context", "state", "target_url"),
    _shape("review_comment", "diff_hunk"),
    _shape("review_comment", "pull_request_review_id"),
    _shape("code_alert", "number", "state", "rule", "tool"),
    _shape("dependency_alert", "number", "state", "security_advisory"),
    _shape("secret_alert", "number", "secret_type"),
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
"""Tried in this order: an answer is of the first kind whose keys it has."""


class _Wrapping(NamedTuple):
    """An event: the keys that only it has, the kind of what it is about, and where that is."""

    keys: frozenset[str]
    kind: str
    inside: str | None = None


def _wrapping(kind: str, *keys: str, inside: str | None = None) -> _Wrapping:
    return _Wrapping(frozenset(keys), kind, inside)


_EVENTS: Final = (
    _wrapping("deployment", "deployment_status", "deployment", inside="deployment"),
    _wrapping("job", "workflow_job", inside="workflow_job"),
    _wrapping("deployment_review", "workflow_run", "environment"),
    _wrapping("deployment_review", "deployment_callback_url"),
    _wrapping("deployment", "deployment", inside="deployment"),
    _wrapping("check_run", "check_run"),
    _wrapping("check_suite", "check_suite"),
    _wrapping("run", "workflow_run", inside="workflow_run"),
    _wrapping("review", "review", "pull_request", inside="review"),
    _wrapping("review_comment", "comment"),
    _wrapping("review_comment", "thread", "pull_request"),
    _wrapping("pull_request", "pull_request", inside="pull_request"),
    _wrapping("release", "release", inside="release"),
    _wrapping("issue", "issue", inside="issue"),
    _wrapping("push", "before", "after", "commits"),
    _wrapping("commit_status", "context", "state", "branches"),
    _wrapping("alert", "alert", inside="alert"),
)
"""Tried in this order, as an event also names what its own object belongs to."""

_DELIVERED: Final = frozenset({"payload", "body", "request"})
_WRAPS_ALERT: Final = frozenset({"code_alert", "dependency_alert", "secret_alert"})


class _Head(msgspec.Struct):
    """What every event says besides its object."""

    action: str | None = None
    repository: RepositoryAnswer | None = None


def named(raw: bytes) -> Named | None:
    """Return a JSON object with the kind of record that it is; None: none that is known."""
    keys = _keys(raw)
    if keys is None:
        return None
    if _is_event(keys):
        return _unwrapped(raw, keys)
    kind = _answer(keys)
    return _delivered(keys) if kind is None else Named(kind, raw)


def _delivered(keys: Keys) -> Named | None:
    """Return what the event in a delivery is about, as receivers of webhooks keep deliveries.

    The event is in `payload` or `body`, or there in `request`, maybe as text.
    """
    for key in _DELIVERED & keys.keys():
        held = keys[key]
        with contextlib.suppress(msgspec.DecodeError):
            held = msgspec.Raw(msgspec.json.decode(held, type=str).encode())
        inner = _keys(held)
        if inner is None:
            continue
        if _is_event(inner):
            return _unwrapped(bytes(held), inner)
        found = _delivered(inner) if key == "request" else None
        if found is not None:
            return found
    return None


def _is_event(keys: Keys) -> bool:
    if "sender" in keys:
        return "repository" in keys or "organization" in keys
    return {"action", "repository"} <= keys.keys() and "id" not in keys


def _keys(raw: bytes | msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    try:
        return decoded(raw, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None


def _answer(keys: Keys) -> str | None:
    shape = next((shape for shape in _ANSWERS if shape.keys <= keys.keys()), None)
    if shape is not None:
        return shape.kind
    # A commit as GraphQL has it, with what was checked of it.
    inner = _keys(keys["commit"]) if keys.keys() == {"commit"} else None
    return "check_suite" if inner is not None and "oid" in inner else None


def _unwrapped(raw: bytes, keys: Keys) -> Named:
    """Return what an event is about; of a kind that is unknown, the event itself."""
    try:
        head = msgspec.json.decode(raw, type=_Head)
    except msgspec.DecodeError:
        head = _Head()
    name = head.repository.full_name if head.repository is not None else None
    action = head.action
    event = next((one for one in _EVENTS if one.keys <= keys.keys()), None)
    if event is None:
        return Named("event", raw, is_event=True, repository=name, action=action)
    if event.inside is None:
        return Named(event.kind, raw, is_event=True, repository=name, action=action)
    kind, inside = event.kind, keys[event.inside]
    if kind == "alert":
        found = _answer(_keys(inside) or {})
        kind = found if found in _WRAPS_ALERT else "event"
    if "deployment_status" in event.keys:
        inside = _with_status(inside, keys["deployment_status"])
    return Named(kind, bytes(inside), is_event=True, repository=name, action=action)


def _with_status(deployment: msgspec.Raw, status: msgspec.Raw) -> msgspec.Raw:
    """Return a deployment with the status that an event tells of."""
    fields = _keys(deployment)
    if fields is None:
        return deployment
    statuses = msgspec.Raw(b"[" + bytes(status) + b"]")
    return msgspec.Raw(msgspec.json.encode(fields | {"statuses": statuses}))
