"""Events about one subject → its row: a run is queued, started and finished by one event each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from devops_analytics.config import environment_kind
from devops_analytics.sources.cdevents.events import Event, Key
from devops_analytics.sources.cdevents.known import Known, repository_named
from devops_analytics.sources.services import service_of

RESULTS: Final = {
    "success": "success",
    "failure": "failure",
    "cancel": "cancelled",
    "error": "error",
}
"""Outcomes of runs."""
TEST_RESULTS: Final = {
    "success": "passed",
    "failure": "failed",
    "pass": "passed",
    "fail": "failed",
    "cancel": "skipped",
    "skip": "skipped",
    "error": "error",
}
"""Outcomes of test case runs; one that was cancelled has no verdict."""

INCIDENT: Final = "incident"
"""The type of a ticket that is one of an incident; the specification's other types are work."""

NOT_NEEDED: Final = "not_needed"
_SHOWN: Final = 60
_ELSEWHERE: Final = frozenset({"staging", "test", "development"})


class NotARow(NamedTuple):
    """Why the events about a subject become no row."""

    reason: str
    message: str


Columns = dict[str, Any]


class Told:
    """The events about one subject, in the order of their times."""

    def __init__(self, events: Sequence[Event], known: Known) -> None:
        """Sort the events."""
        self.events = sorted(events, key=lambda one: (known.at[one.written_at], one.number))

    @property
    def last(self) -> Event:
        """The latest event: the row is counted as this one."""
        return self.events[-1]

    def first_at(self, *predicates: str) -> str | None:
        """Return when the first event of some predicates was, as it is written."""
        found = (one.written_at for one in self.events if one.predicate in predicates)
        return next(found, None)

    def last_of(self, *predicates: str) -> Event | None:
        """Return the last event of some predicates."""
        found = (one for one in reversed(self.events) if one.predicate in predicates)
        return next(found, None)

    def with_said(self, name: str) -> Event | None:
        """Return the last event whose content says something."""
        found = (one for one in reversed(self.events) if getattr(one.content, name))
        return next(found, None)

    def said(self, name: str) -> Any:
        """Return what the last event whose content says it says."""
        found = self.with_said(name)
        return None if found is None else getattr(found.content, name)


def qualified(key: Key) -> str:
    """Return a subject's name that is its alone: ids are counted anew by each source."""
    return f"{key[0]}#{key[1]}"


# ---- Runs ---- #


def _result(told: Told) -> str | None:
    finished = told.last_of("finished")
    if finished is not None:
        outcome = (finished.content.outcome or "").strip().lower()
        return RESULTS.get(outcome, finished.content.outcome)
    return "in_progress" if told.last_of("started") is not None else "queued"


def _times(told: Told) -> Columns:
    finished = told.last_of("finished")
    return {
        "queued_at": told.first_at("queued"),
        "started_at": told.first_at("started"),
        "finished_at": finished.written_at if finished is not None else None,
        "result": _result(told),
        "updated_at": told.last.written_at,
    }


def _run(told: Told, known: Known) -> Columns | NotARow:
    repo = known.repository(told.last)
    if repo is None:
        return NotARow(
            "repository_not_known",
            "CDEvents of pipeline runs name no repository, and no change of the same chain does; "
            "set `repository` of the [[sources]] entry",
        )
    run_id = qualified(told.last.key)
    return {"repo": repo, "run_id": run_id, "pipeline": told.said("pipeline_name")} | _times(told)


def _job(told: Told, known: Known) -> Columns | NotARow:
    event = told.with_said("pipeline_run")
    run = event.key_of(event.content.pipeline_run) if event is not None else None
    if run is None:
        return NotARow("run_not_known", "no event of the task run says which pipeline run it is of")
    return {
        "run_id": qualified(run),
        "job_id": qualified(told.last.key),
        "repo": known.repository(told.last),
        "name": told.said("task_name"),
    } | _times(told)


# ---- Changes ---- #


def _change(told: Told, known: Known) -> Columns | NotARow:
    event = told.with_said("repository")
    own = repository_named(event, known.names) if event is not None else None
    repo = known.repository(told.last, own)
    if repo is None:
        return NotARow(
            "repository_not_known",
            "the change names no repository; set `repository` of the [[sources]] entry",
        )
    opened = told.first_at("created")
    if opened is None:
        return NotARow("start_not_known", _earlier("change", told, "created"))
    merged = told.first_at("merged")
    return {
        "repo": repo,
        "change_id": told.last.key[1],
        "opened_at": opened,
        "first_review_at": told.first_at("reviewed"),
        "merged_at": merged,
        "closed_at": merged or told.first_at("abandoned"),
        "updated_at": told.last.written_at,
    }


def _earlier(subject: str, told: Told, missing: str) -> str:
    return (
        f"the {subject} was {told.last.predicate}, but no file of this entry says when it was "
        f"{missing}; export the events before these into the same folder"
    )


# ---- Deployments and incidents ---- #


def _service(key: Key | None, known: Known) -> str | None:
    """Return the service that an id such as `shop` or `deployment/shop` means."""
    names = [] if key is None else [key[1], key[1].rstrip("/").rpartition("/")[2]]
    return service_of(names, declared=known.entry.service, settings=known.settings)


def _deployment(told: Told, known: Known) -> Columns | NotARow:
    event = told.last
    made_of = known.artifact(event.content.artifact_id or "")
    return {
        "deployment_id": f"cdevents:{qualified(event.own_key)}",
        "service": _service(event.key, known) or event.key[1],
        "environment": known.name_of(event, event.content.environment),
        "repo": known.repository(event, made_of.repo),
        "sha": made_of.sha,
        "ref": made_of.ref,
        "artifact": event.content.artifact_id,
        "finished_at": event.written_at,
        "result": "success",
        "updated_at": event.written_at,
    }


def _incident(told: Told, known: Known) -> Columns | NotARow:
    detected, reported = told.first_at("detected"), told.first_at("reported")
    if detected is None and reported is None:
        return NotARow("start_not_known", _earlier("incident", told, "detected or reported"))
    about, where = told.with_said("service"), told.with_said("environment")
    key = about.key_of(about.content.service) if about is not None else None
    service = _service(key, known)
    environment = known.name_of(where, where.content.environment) if where is not None else None
    if environment is not None:
        kind = environment_kind(known.settings, service or "", environment)
        if kind in _ELSEWHERE:
            message = f"an incident in {environment} ({kind}); incidents are those in production"
            return NotARow("not_in_production", message)
    resolved = told.last_of("resolved")
    return {
        "incident_id": f"cdevents:{qualified(told.last.key)}",
        "service": service,
        "detected_at": detected,
        "created_at": reported or detected,
        "resolved_at": resolved.written_at if resolved is not None else None,
        "updated_at": told.last.written_at,
    }


def _ticket(told: Told, known: Known) -> Columns | NotARow:
    kind = (told.said("ticket_type") or "").strip()
    if kind.lower() != INCIDENT:
        message = f"the ticket is of type {kind[:_SHOWN]!r}; only {INCIDENT!r} is read"
        return NotARow(NOT_NEEDED, message)
    if told.said("uri") in known.reported:
        return NotARow(NOT_NEEDED, "the incident that was reported by this ticket is read instead")
    created = told.first_at("created")
    if created is None:
        return NotARow("start_not_known", _earlier("ticket", told, "created"))
    closed = told.last if told.last.predicate == "closed" else None
    return {
        "incident_id": f"cdevents:{qualified(told.last.key)}",
        "service": known.entry.service,
        "severity": told.said("priority"),
        "created_at": created,
        "resolved_at": closed.written_at if closed is not None else None,
        "updated_at": told.last.written_at,
    }


# ---- Tests ---- #


def _seconds(started: str | None, ended: Event, known: Known) -> float | None:
    if started is None or ended.predicate != "finished":
        return None
    seconds = (known.at[ended.written_at] - known.at[started]).total_seconds()
    return seconds if seconds >= 0 else None


def _test(told: Told, known: Known) -> Columns | NotARow:
    ended = told.last_of("finished", "skipped")
    if ended is None:
        return NotARow(NOT_NEEDED, "the test case run has not ended in any file of this entry")
    started = told.first_at("started")
    event = told.with_said("test_suite_run")
    suite = event.content.test_suite_run if event is not None else None
    run = event.key_of(suite) if event is not None else None
    case = told.said("test_case")
    outcome = (ended.content.outcome or "").strip().lower()
    return {
        "run_id": qualified(run or told.last.key),
        "suite": known.name_of(event, suite) if event is not None else None,
        "case": case.name or case.id if case is not None else None,
        "repo": known.repository(told.last),
        "at": started or ended.written_at,
        "seconds": _seconds(started, ended, known),
        "result": "skipped"
        if ended.predicate == "skipped"
        else TEST_RESULTS.get(outcome, ended.content.outcome),
        "updated_at": told.last.written_at,
    }


# ---- All ---- #


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A subject whose events become rows: of which table, by which events, and how."""

    table: str
    predicates: frozenset[str]
    row: Callable[[Told, Known], Columns | NotARow]


SUBJECTS: Final[Mapping[str, Subject]] = {
    "pipelinerun": Subject(
        table="pipeline_runs", predicates=frozenset({"queued", "started", "finished"}), row=_run
    ),
    "taskrun": Subject(
        table="pipeline_jobs", predicates=frozenset({"started", "finished"}), row=_job
    ),
    "change": Subject(
        table="changes",
        predicates=frozenset({"created", "updated", "reviewed", "merged", "abandoned"}),
        row=_change,
    ),
    "service": Subject(
        table="deployments",
        predicates=frozenset({"deployed", "upgraded", "rolledback"}),
        row=_deployment,
    ),
    "incident": Subject(
        table="incidents",
        predicates=frozenset({"detected", "reported", "resolved"}),
        row=_incident,
    ),
    "ticket": Subject(
        table="incidents", predicates=frozenset({"created", "updated", "closed"}), row=_ticket
    ),
    "testcaserun": Subject(
        table="test_results",
        predicates=frozenset({"queued", "started", "finished", "skipped"}),
        row=_test,
    ),
}
TABLE_OF: Final[Mapping[str, str]] = {name: one.table for name, one in SUBJECTS.items()} | {
    "repository": "changes",
    "branch": "changes",
    "approval": "changes",
    "build": "pipeline_runs",
    "artifact": "deployments",
    "environment": "deployments",
    "testsuiterun": "test_results",
    "testoutput": "test_results",
    "testcase": "test_results",
    "testsuite": "test_results",
}
"""The table that events of a subject are counted under; those of others under pipeline runs."""

Place = tuple[Event, str, Columns | NotARow | None]
"""An event, the table that it counts under, and its row, or why it is none; None: in another."""


def places(events: Sequence[Event], known: Known) -> Iterator[Place]:
    """Yield every event once, with what becomes of it."""
    groups: dict[tuple[str, Key], list[Event]] = defaultdict(list)
    for event in events:
        subject = SUBJECTS.get(event.subject)
        table = TABLE_OF.get(event.subject, "pipeline_runs")
        if subject is not None and event.predicate in subject.predicates:
            # Each deployment is one event; all else is told in several.
            key = event.own_key if event.subject == "service" else event.key
            groups[event.subject, key].append(event)
        elif event.place in known.used:
            yield event, table, None
        else:
            what = f"{event.subject} {event.predicate}"[:_SHOWN]
            yield event, table, NotARow(NOT_NEEDED, f"nothing is computed from events of {what}")
    told = [Told(group, known) for group in groups.values()]
    told.sort(key=lambda one: known.at[one.events[0].written_at])
    numbers: Counter[tuple[Any, ...]] = Counter()
    for one in told:
        yield from _placed(one, known, numbers)


def _placed(told: Told, known: Known, numbers: Counter[tuple[Any, ...]]) -> Iterator[Place]:
    subject = SUBJECTS[told.last.subject]
    row = subject.row(told, known)
    if isinstance(row, NotARow):
        yield from ((event, subject.table, row) for event in told.events)
        return
    if subject.table == "test_results":
        case = (row["run_id"], row["suite"], row["case"])
        numbers[case] += 1
        row["number"] = numbers[case]
    yield from ((event, subject.table, None) for event in told.events[:-1])
    yield told.last, subject.table, row
