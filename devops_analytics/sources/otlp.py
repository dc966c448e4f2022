"""OpenTelemetry: spans of CI/CD and deployments in OTLP JSON, as its collector writes files."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from devops_analytics.config_tools import OtlpSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content
from devops_analytics.sources.github.words import STATUS_WORDS
from devops_analytics.sources.json_kinds import (
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
)
from devops_analytics.sources.json_records import read_records
from devops_analytics.sources.moments import iso_from_ms
from devops_analytics.sources.otlp_spans import (
    CASE,
    DEPLOYMENT,
    JOB,
    OTHER,
    OTHERS,
    RUN,
    SUITE,
    Told,
    spans_of,
)
from devops_analytics.sources.scanners import as_declared, repository_of_url
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

RESULTS: Final = {
    "success": "success",
    "failure": "failure",
    "error": "error",
    "timeout": "timeout",
    "cancellation": "cancelled",
    "skip": "skipped",
}
"""`cicd.pipeline.result` and `cicd.pipeline.task.run.result`."""
RECEIVED: Final = STATUS_WORDS | RESULTS
"""`cicd.pipeline.run.status` and `cicd.pipeline.run.task.status` as the collector's GitHub receiver
has them: the words above for some of GitHub's, and the others as they are.
"""
STATES: Final = {"pending": "queued", "executing": "in_progress", "finalizing": "in_progress"}
"""`cicd.pipeline.run.state`, of a run without a result."""
DEPLOYMENT_STATUSES: Final = {"succeeded": "success", "failed": "failure"}
"""`deployment.status`."""
STATUSES: Final = {"ok": "success", "error": "failure"}
"""Status of the span, of one that says no result."""

CASE_RESULTS: Final = {"pass": "passed", "fail": "failed"}
"""`test.case.result.status`."""
CASE_STATUSES: Final = {"ok": "passed", "error": "failed"}
"""Status of the span, of a test case that says no result."""

_TITLE: Final = "OpenTelemetry (OTLP)"
_SAMPLE: Final = 1 << 20
_BEGINS: Final = re.compile(rb'\s*\{\s*"resourceSpans"\s*:\s*\[')
_TELLS: Final = re.compile(
    rb'"(?:cicd\.pipeline\.[\w.]+|deployment\.(?:id|name|status)|test\.case\.name)"'
)
_ATTEMPT: Final = re.compile(r"/attempts/(\d{1,4})\b")
_SHA: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")


# ---- Rows ---- #


def _run(told: Told, reading: Reading) -> Iterator[Row]:
    says = told.says
    common = _common(told, reading)
    if common["repo"] is None:
        raise Refused(
            "without_repository",
            f"the run {_run_id(told)!r} names no repository (vcs.repository.url.full); set "
            "`repository` of the [[sources]] entry",
        )
    state = None if told.end else STATES.get(says.get("cicd.pipeline.run.state", "").lower())
    found = _word(says.get("cicd.pipeline.result"), RESULTS)
    found = found or _word(says.get("cicd.pipeline.run.status"), RECEIVED)
    yield (
        "pipeline_runs",
        common
        | {
            "run_id": _run_id(told),
            "attempt": _attempt(told),
            "pipeline": says.get("cicd.pipeline.name"),
            "branch": _branch(says),
            "result": found or state or STATUSES.get(told.status or ""),
        },
    )
    if told.deploys:
        yield "deployments", _deployment(told, reading, found or state)


def _job(told: Told, reading: Reading) -> Iterator[Row]:
    says = told.says
    found = _word(says.get("cicd.pipeline.task.run.result"), RESULTS)
    found = found or _word(says.get("cicd.pipeline.run.task.status"), RECEIVED)
    yield (
        "pipeline_jobs",
        _common(told, reading)
        | {
            "run_id": _run_id(told),
            "attempt": _attempt(told),
            "job_id": says.get("cicd.pipeline.task.run.id") or told.span,
            "name": says.get("cicd.pipeline.task.name"),
            "queued_at": _iso(told.queued),
            "branch": _branch(says),
            "result": found or STATUSES.get(told.status or ""),
        },
    )
    if told.deploys:
        yield "deployments", _deployment(told, reading, found)


def _only_deployment(told: Told, reading: Reading) -> Iterator[Row]:
    yield "deployments", _deployment(told, reading, None)


def _case(told: Told, reading: Reading) -> Iterator[Row]:
    says = told.says
    is_timed = bool(told.start and told.end and told.end >= told.start)
    found = _word(says.get("test.case.result.status"), CASE_RESULTS)
    yield (
        "test_results",
        {
            "run_id": _run_id(told),
            "suite": says.get("test.suite.name"),
            "case": says["test.case.name"],
            "number": told.number,
            "repo": _repository(says, reading),
            "at": _iso(told.start),
            "seconds": ((told.end or 0) - (told.start or 0)) / 1e9 if is_timed else None,
            "result": found or CASE_STATUSES.get(told.status or ""),
            "updated_at": _iso(told.end) or _iso(told.start),
        },
    )


def _deployment(told: Told, reading: Reading, known: str | None) -> dict[str, Any] | Refused:
    """Return the deployment that a span is; `known` is its result as a run or task."""
    says = told.says
    entry: OtlpSource = reading.entry
    service = service_of(
        [says.get("service.name")], declared=entry.service, settings=reading.context.settings
    )
    if service is None:
        return Refused(
            "without_service",
            f"the deployment of span {told.span} names no service (service.name); set `service` "
            "of the [[sources]] entry",
        )
    environment = says.get("deployment.environment.name") or says.get("deployment.environment")
    own = says.get("deployment.id")
    # Ids of deployments count up in each environment, those of spans are unique.
    parts = [service, environment or "", own] if own else [told.trace, told.span]
    status = _word(says.get("deployment.status"), DEPLOYMENT_STATUSES)
    return _common(told, reading) | {
        "deployment_id": f"otlp:{':'.join(parts)}",
        "service": service,
        "environment": environment,
        "ref": _branch(says),
        "artifact": says.get("artifact.purl") or says.get("artifact.version"),
        "result": status or known or STATUSES.get(told.status or ""),
        "method": "reported",
    }


def _common(told: Told, reading: Reading) -> dict[str, Any]:
    says = told.says
    sha = says.get("vcs.ref.head.revision") or says.get("vcs.repository.ref.revision") or ""
    return {
        "repo": _repository(says, reading),
        "sha": sha if _SHA.fullmatch(sha) else None,
        "started_at": _iso(told.start),
        "finished_at": _iso(told.end),
        "updated_at": _iso(told.end) or _iso(told.start),
    }


def _repository(says: dict[str, str], reading: Reading) -> str | None:
    name = says.get("vcs.repository.name")
    owner = says.get("vcs.owner.name")
    full = f"{owner}/{name}" if owner and name and "/" not in name else name
    said = repository_of_url(says.get("vcs.repository.url.full")) or full
    return as_declared(said or reading.entry.repository, reading.context.settings)


def _run_id(told: Told) -> str:
    return told.says.get("cicd.pipeline.run.id") or told.trace


def _attempt(told: Told) -> int:
    """Return the try that a run is: only the address of a run of GitHub tells."""
    found = _ATTEMPT.search(told.says.get("cicd.pipeline.run.url.full", ""))
    return int(found[1]) if found else 1


def _branch(says: dict[str, str]) -> str | None:
    name = says.get("vcs.ref.head.name") or says.get("vcs.repository.ref.name")
    return re.sub(r"^refs/(?:heads|tags)/", "", name) if name else None


def _word(found: str | None, words: dict[str, str]) -> str | None:
    return words.get(found.lower(), found) if found else None


def _iso(nanoseconds: int | None) -> str | None:
    """Return a time as ISO 8601; OTLP writes 0 where there is none."""
    return iso_from_ms(nanoseconds // 1000 / 1000) if nanoseconds else None


# ---- Files ---- #


def _is(what: str) -> Callable[[Keys], bool]:
    said = msgspec.json.encode(what)
    return lambda keys: "what" in keys and bytes(keys["what"]) == said


KINDS: Final = (
    RecordKind(name=RUN, is_one=_is(RUN), table="pipeline_runs", struct=Told, rows=_run),
    RecordKind(name=JOB, is_one=_is(JOB), table="pipeline_jobs", struct=Told, rows=_job),
    RecordKind(
        name=DEPLOYMENT,
        is_one=_is(DEPLOYMENT),
        table="deployments",
        struct=Told,
        rows=_only_deployment,
    ),
    RecordKind(name=CASE, is_one=_is(CASE), table="test_results", struct=Told, rows=_case),
    RecordKind(name=SUITE, is_one=_is(SUITE), table="test_results", struct=Told),
    RecordKind(name=OTHER, is_one=_is(OTHER), table="pipeline_runs", struct=Told),
    RecordKind(name=OTHERS, is_one=_is(OTHERS), table="pipeline_runs", struct=Told),
)


def read(export: Export, entry: OtlpSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of runs, jobs and deployments; each span counts as a record.

    Raises:
        ExportError: nothing in the file is OTLP.
    """
    records = spans_of(read_records(export))
    return read_kinds(export, entry, context, kinds=KINDS, title=_TITLE, records=records)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is OTLP, and of pipelines, by its beginning."""
    try:
        start = read_content(export, limit=_SAMPLE).data.removeprefix(b"\xef\xbb\xbf")
    except ExportError:
        return None
    if not _BEGINS.match(start):
        return None
    if _TELLS.search(start):
        return Recognition(kind="otlp", confidence=0.95, reason=f"{_TITLE}: spans of CI/CD")
    reason = f"{_TITLE}: its first spans are of no pipeline and no deployment"
    return Recognition(kind="otlp", confidence=0.4, reason=reason)


OTLP: Final = SourceKind(
    kind="otlp",
    title="OpenTelemetry",
    reads="spans of pipelines, tasks, deployments and test cases as OTLP JSON of the collector's "
    "file exporter; logs, metrics and all other spans are put aside",
    tables=("pipeline_runs", "pipeline_jobs", "deployments", "test_results"),
    read=read,
    recognise=recognise,
    words={
        "cicd.pipeline.result": RESULTS,
        "cicd.pipeline.run.status of the GitHub receiver": RECEIVED,
        "cicd.pipeline.run.state": STATES,
        "deployment.status": DEPLOYMENT_STATUSES,
        "status of a span": STATUSES,
        "test.case.result.status": CASE_RESULTS,
        "status of a test case's span": CASE_STATUSES,
    },
    by_line=True,
)
