"""Builds and their timelines of Azure DevOps → pipeline runs and jobs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from devops_analytics.sources.azure_devops.known import Known, repository_built
from devops_analytics.sources.azure_devops.records import (
    Build,
    Timeline,
    TimelineRecord,
    branch_name,
    build_in,
    known_time,
)
from devops_analytics.sources.azure_devops.words import (
    UNBEGUN,
    has_ended,
    result_of_build,
    result_of_task,
)
from devops_analytics.sources.json_kinds import NOT_NEEDED, Reading, Refused, Row
from devops_analytics.sources.repositories import repository_name

REPOSITORY_NOT_KNOWN: Final = "repository_not_known"
BUILD_NOT_KNOWN: Final = "build_not_known"

_JOB: Final = "Job"
_STAGE: Final = "Stage"
_WITHOUT_STAGES: Final = "__default"
"""What a stage is called in a pipeline that has none."""


def without_repository(what: str) -> Refused:
    """Return why a record whose repository is not known is put aside."""
    said = (
        f"{what} names its repository by no name; set `repository` on the [[sources]] entry, or "
        "save git/repositories into the same entry"
    )
    return Refused(REPOSITORY_NOT_KNOWN, said)


def run(build: Build, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the run that a build is; that its stages ran again only its timeline tells."""
    repo = repository_name(known.names, repository_built(build, known))
    if repo is None:
        yield "pipeline_runs", without_repository(f"build {build.id}")
        return
    result = result_of_build(build.status, build.result)
    row = {
        "repo": repo,
        "run_id": str(build.id),
        "pipeline": build.definition.name if build.definition is not None else None,
        "trigger": build.reason,
        "queued_at": known_time(build.queue_time),
        "started_at": None if result in UNBEGUN else known_time(build.start_time),
        "finished_at": known_time(build.finish_time) if has_ended(result) else None,
        "result": result,
        "updated_at": known_time(build.last_changed_date) or known_time(build.finish_time),
    }
    yield "pipeline_runs", row | commit_of(build)


def commit_of(build: Build | None) -> dict[str, Any]:
    """Return what a build was made of."""
    return {
        "sha": build.source_version if build is not None else None,
        "branch": branch_name(build.source_branch) if build is not None else None,
    }


def timeline(record: Timeline, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the jobs of a timeline; stages name them, and tasks are parts of them."""
    number = build_in(record.url) or build_in(reading.context.label)
    by_id = {one.id: one for one in record.records}
    for one in record.records:
        if one.type == _JOB:
            yield from _job(one, number or _build_of(one), _stage(one, by_id), known)


def alone(record: TimelineRecord, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the job that a record of a timeline is, where the timeline around it is not there."""
    if record.type != _JOB:
        said = f"nothing is computed from a {record.type} of a timeline, but from its jobs"
        yield "pipeline_jobs", Refused(NOT_NEEDED, said)
        return
    yield from _job(record, _build_of(record) or build_in(reading.context.label), None, known)


def _build_of(record: TimelineRecord) -> int | None:
    return build_in(record.url) or build_in(record.log.url if record.log is not None else None)


def _stage(job: TimelineRecord, by_id: Mapping[str, TimelineRecord]) -> str | None:
    seen: set[str] = set()
    above = by_id.get(job.parent_id or "")
    while above is not None and above.id not in seen:
        if above.type == _STAGE:
            return None if above.identifier == _WITHOUT_STAGES else above.name
        seen.add(above.id)
        above = by_id.get(above.parent_id or "")
    return None


def _job(
    record: TimelineRecord, number: int | None, stage: str | None, known: Known
) -> Iterator[Row]:
    if number is None:
        said = (
            f"job {record.id} names no build; save each build's timeline in a file with "
            "builds/NUMBER in its path, or whole, with its `url`"
        )
        yield "pipeline_jobs", Refused(BUILD_NOT_KNOWN, said)
        return
    build = known.builds.get(number)
    result = result_of_task(record.state, record.result)
    started, ended = known_time(record.start_time), known_time(record.finish_time)
    # What ran again is another job of the same build.
    again = f"/{record.attempt}" if (record.attempt or 1) > 1 else ""
    row = {
        "run_id": str(number),
        "job_id": f"{record.id}{again}",
        "repo": repository_name(known.names, repository_built(build, known)),
        "name": " / ".join(text for text in (stage, record.name) if text) or None,
        "started_at": None if result in UNBEGUN else started,
        "finished_at": ended if has_ended(result) else None,
        "result": result,
        "updated_at": ended or started,
    }
    yield "pipeline_jobs", row | commit_of(build)
