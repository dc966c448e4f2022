"""Spans of OTLP JSON → records of their own, with the few attributes that are needed.

What a span is, its own attributes say. Where no span of a resource says it, those of the resource
do: then its outermost span is meant, and those in it are its steps. So it is, too, where a resource
is one task, as the collector's GitHub receiver has it: its steps are named as tasks are, but only
the outermost span is one.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from devops_analytics.sources.json_kinds import UNEXPECTED_TYPE
from devops_analytics.sources.json_records import Records

RUN: Final = "run of a pipeline"
JOB: Final = "task of a pipeline"
DEPLOYMENT: Final = "deployment"
CASE: Final = "run of a test case"
SUITE: Final = "run of a test suite"
OTHER: Final = "other span"
OTHERS: Final = "log or metric"

ATTRIBUTES: Final = frozenset(
    {
        "cicd.pipeline.name",
        "cicd.pipeline.action.name",
        "cicd.pipeline.result",
        "cicd.pipeline.run.id",
        "cicd.pipeline.run.state",
        "cicd.pipeline.run.status",
        "cicd.pipeline.run.task.status",
        "cicd.pipeline.run.url.full",
        "cicd.pipeline.task.name",
        "cicd.pipeline.task.type",
        "cicd.pipeline.task.run.id",
        "cicd.pipeline.task.run.result",
        "deployment.id",
        "deployment.name",
        "deployment.status",
        "deployment.environment.name",
        "deployment.environment",
        "service.name",
        "artifact.purl",
        "artifact.version",
        "test.case.name",
        "test.case.result.status",
        "test.suite.name",
        "test.suite.run.status",
        "vcs.owner.name",
        "vcs.repository.name",
        "vcs.repository.url.full",
        "vcs.ref.head.name",
        "vcs.ref.head.revision",
        "vcs.repository.ref.name",
        "vcs.repository.ref.revision",
    }
)
"""What is read of a span and its resource; all else may name people, machines or data."""

_TASK: Final = "cicd.pipeline.task."
_TASK_ID: Final = "cicd.pipeline.task.run.id"
_QUEUE: Final = "cicd.pipeline.run.queue.duration"
"""What the collector's GitHub receiver says of the span in a task in which the task waited."""
_OF_A_RUN: Final = frozenset(
    {
        "cicd.pipeline.result",
        "cicd.pipeline.action.name",
        "cicd.pipeline.run.state",
        "cicd.pipeline.run.status",
    }
)
_OF_A_SUITE: Final = frozenset({"test.suite.name", "test.suite.run.status"})
_NAMES_A_RUN: Final = frozenset({"cicd.pipeline.run.id", "cicd.pipeline.name"})
_OF_A_DEPLOYMENT: Final = frozenset({"deployment.id", "deployment.name", "deployment.status"})
_LATEST: Final = (1 << 63) - 1

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]


class Value(msgspec.Struct, rename="camel"):
    """The value of an attribute, if it is a text or a whole number."""

    string_value: str | None = None
    int_value: int | None = None


class Attribute(msgspec.Struct):
    """An attribute; its value is decoded only if it is needed."""

    key: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class Status(msgspec.Struct):
    """How a span ended; what it says in words is not read."""

    code: int | str | None = None


class Span(msgspec.Struct, rename="camel"):
    """A span as OTLP has it."""

    span_id: str
    trace_id: str = ""
    parent_span_id: str = ""
    name: str | None = None
    start_time_unix_nano: Nanoseconds | None = None
    end_time_unix_nano: Nanoseconds | None = None
    attributes: list[Attribute] | None = None
    status: Status | None = None


class Scope(msgspec.Struct):
    """Spans of one library."""

    spans: list[msgspec.Raw] | None = None


class Resource(msgspec.Struct):
    """What the spans come from."""

    attributes: list[Attribute] | None = None


class ResourceSpans(msgspec.Struct, rename="camel"):
    """Spans of one resource; the second name is that of OTLP before 0.15."""

    resource: Resource | None = None
    scope_spans: list[Scope] | None = None
    instrumentation_library_spans: list[Scope] | None = None


class Request(msgspec.Struct, rename="camel"):
    """What is sent, and written to a file, at once."""

    resource_spans: list[ResourceSpans]


class Told(msgspec.Struct):
    """A span as it is read: what it is, and what it tells."""

    what: str
    deploys: bool
    trace: str
    span: str
    start: int | None
    end: int | None
    status: str | None
    says: dict[str, str]
    queued: int | None = None
    """When a task was asked for, where its span begins there."""
    number: int = 1
    """Which result of its test case in a trace a span is."""


_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_REQUEST: Final = msgspec.json.Decoder(Request, strict=False)
_SPAN: Final = msgspec.json.Decoder(Span, strict=False)
_VALUE: Final = msgspec.json.Decoder(Value, strict=False)
_STATUS: Final = {"1": "ok", "2": "error", "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}


def spans_of(records: Records) -> Records:
    """Return each span as a record; it carries the number of the request that it was sent in."""
    found = Records(rows=[], rejected=[*records.rejected])
    cases: Counter[tuple[str, str, str]] = Counter()
    for number, raw in records.rows:
        keys = _KEYS.decode(raw).keys()
        if "resourceSpans" not in keys:
            is_other = bool(keys & {"resourceLogs", "resourceMetrics"})
            found.rows.append((number, _other(OTHERS) if is_other else raw))
            continue
        try:
            request = _REQUEST.decode(raw)
        except msgspec.DecodeError as error:
            found.rejected.append(
                (number, UNEXPECTED_TYPE, f"it is not as OTLP has it: {error}", "")
            )
            continue
        for one in request.resource_spans:
            for told in _told(one):
                if isinstance(told, Told):
                    _count(told, cases)
                    found.rows.append((number, msgspec.json.encode(told)))
                else:
                    found.rejected.append((number, UNEXPECTED_TYPE, told, ""))
    return found


def _other(what: str) -> bytes:
    return msgspec.json.encode({"what": what})


def _told(one: ResourceSpans) -> Iterator[Told | str]:
    """Yield the spans of a resource; for one that can't be read, why."""
    shared = _needed(one.resource.attributes if one.resource is not None else None)
    spans: list[Span] = []
    for scope in one.scope_spans or one.instrumentation_library_spans or ():
        for raw in scope.spans or ():
            try:
                spans.append(_SPAN.decode(raw))
            except msgspec.DecodeError as error:
                yield f"a span is not as OTLP has it: {error}"
    owned = [_needed(span.attributes) for span in spans]
    suites = {
        span.span_id: own["test.suite.name"]
        for span, own in zip(spans, owned, strict=True)
        if "test.suite.name" in own
    }
    waits = {span.parent_span_id: span for span in spans if _is_waiting(span)}
    for span, own, kind in zip(spans, owned, _kinds(spans, owned, shared), strict=True):
        waited = waits.get(span.span_id) if kind == JOB else None
        suite = suites.get(span.parent_span_id)
        yield Told(
            what=kind,
            deploys=_deploys(own),
            trace=span.trace_id,
            span=span.span_id,
            start=waited.end_time_unix_nano if waited else span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            status=_STATUS.get(str(span.status.code)) if span.status is not None else None,
            says=shared | ({"test.suite.name": suite} if suite else {}) | own,
            queued=span.start_time_unix_nano if waited else None,
        )


def _count(told: Told, cases: Counter[tuple[str, str, str]]) -> None:
    if told.what == CASE:
        says = told.says
        case = (told.trace, says.get("test.suite.name", ""), says["test.case.name"])
        cases[case] += 1
        told.number = cases[case]


def _is_waiting(span: Span) -> bool:
    return any(one.key == _QUEUE for one in span.attributes or ()) and bool(span.end_time_unix_nano)


def _kinds(spans: list[Span], owned: list[dict[str, str]], shared: dict[str, str]) -> list[str]:
    """Return what each span of a resource is."""
    ids = {span.span_id for span in spans}
    is_task = _what(shared, is_root=False) == JOB
    by_own = [
        _what(own, is_root=not span.parent_span_id) for span, own in zip(spans, owned, strict=True)
    ]
    by_resource = is_task or not any(by_own)
    kinds = []
    for span, own, kind in zip(spans, owned, by_own, strict=True):
        is_outermost = span.parent_span_id not in ids
        if by_resource and is_outermost and kind is None:
            found = _what(shared, is_root=not span.parent_span_id)
        else:
            is_step = is_task and kind == JOB and not is_outermost
            found = None if is_step and _TASK_ID not in own else kind
        kinds.append(found or OTHER)
    return kinds


def _needed(attributes: list[Attribute] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in attributes or ():
        if one.key not in ATTRIBUTES:
            continue
        try:
            value = _VALUE.decode(one.value)
        except msgspec.DecodeError:
            continue
        text = value.string_value if value.int_value is None else str(value.int_value)
        if text and text.strip():
            found[one.key] = text.strip()
    return found


def _deploys(own: dict[str, str]) -> bool:
    is_deploying = own.get("cicd.pipeline.task.type", "").lower() == "deploy"
    return is_deploying or bool(_OF_A_DEPLOYMENT & own.keys())


def _what(says: dict[str, str], *, is_root: bool) -> str | None:
    """Return what attributes make of a span; None: nothing that is read."""
    if "test.case.name" in says:
        return CASE
    if any(key.startswith(_TASK) for key in says):
        return JOB
    if _OF_A_RUN & says.keys() or (is_root and _NAMES_A_RUN & says.keys()):
        return RUN
    if _deploys(says):
        return DEPLOYMENT
    return SUITE if _OF_A_SUITE & says.keys() else None
