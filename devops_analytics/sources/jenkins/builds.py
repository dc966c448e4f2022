"""Builds, parts of matrices and stages → pipeline_runs and pipeline_jobs."""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from devops_analytics.sources.jenkins.checkouts import Checkout, checkout_of
from devops_analytics.sources.jenkins.names import (
    Place,
    branch_name,
    job_of_url,
    node_of_url,
    place_of_name,
    place_of_url,
)
from devops_analytics.sources.jenkins.records import (
    UNSET,
    Action,
    Build,
    Described,
    Job,
    Stage,
    SubBuild,
    Timed,
)
from devops_analytics.sources.json_kinds import (
    NOT_NEEDED,
    UNEXPECTED_TYPE,
    Reading,
    Refused,
    Row,
)
from devops_analytics.sources.moments import iso_from_ms
from devops_analytics.sources.scanners import as_declared

BUILD_WORDS: Final = {
    "SUCCESS": "success",
    # Tests failed, or another check did: it built, but nobody would call that a pass.
    "UNSTABLE": "failure",
    "FAILURE": "failure",
    "NOT_BUILT": "skipped",
    "ABORTED": "cancelled",
}
STAGE_WORDS: Final = BUILD_WORDS | {
    "FAILED": "failure",
    "NOT_EXECUTED": "skipped",
    "IN_PROGRESS": "in_progress",
    "PAUSED_PENDING_INPUT": "blocked",
}

WITHOUT_NUMBER: Final = "build_without_number"
WITHOUT_DETAILS: Final = "build_without_details"
_TREE: Final = (
    "tree=allBuilds[number,url,timestamp,duration,result,building,"
    "actions[causes[*],parameters[name,value],lastBuiltRevision[SHA1,branch[name]],remoteUrls]]"
)
_BY_JOB: Final = (
    "a build names no repository; the name of its job stands for it. Where all such builds are of "
    "one repository, set `repository` on the [[sources]] entry"
)
_UNENDED: Final = frozenset({"in_progress", "blocked", "skipped"})
"""What a stage that has not come to an end of its own may be."""

_BUILD: Final = msgspec.json.Decoder(Build, strict=False)


class Outcome(NamedTuple):
    """What a build came to, in the suite's word (a word that nobody knows as it is)."""

    result: str | None
    has_ended: bool


def build_rows(build: Build, reading: Reading) -> Iterator[Row]:
    """Yield the run that a build is, and the jobs in it; or the job, where it is a part of one."""
    return _rows(build, _place(build), reading)


def part_rows(build: Build, reading: Reading) -> Iterator[Row]:
    """Yield the job that a configuration of a matrix or a module is."""
    return _rows(build, _place(build), reading, table="pipeline_jobs")


def job_rows(job: Job, reading: Reading) -> Iterator[Row]:
    """Yield what the builds of a job are, and those of the jobs in it."""
    has_builds = False
    todo = deque([job])
    while todo:
        one = todo.popleft()
        name = job_of_url(one.url) or one.full_name or one.name
        todo.extend(one.jobs or ())
        for raw in one.builds or () if one.all_builds is None else one.all_builds:
            has_builds = True
            try:
                build = _BUILD.decode(raw)
            except msgspec.DecodeError as error:
                said = f"a build of {name} is not as the tool writes it: {error}"
                yield "pipeline_runs", Refused(UNEXPECTED_TYPE, said)
                continue
            place = _place(build)
            if place is None and name and build.number is not None:
                place = Place(name, build.number)
            yield from _rows(build, place, reading)
    if not has_builds:
        said = f"a job without its builds; nothing is computed from it. Export it with {_TREE}"
        yield "pipeline_runs", Refused(NOT_NEEDED, said)


def _place(build: Build) -> Place | None:
    return place_of_url(build.url) or place_of_name(
        build.full_display_name, build.display_name, build.number
    )


# ---- Builds ---- #


def _rows(
    build: Build, place: Place | None, reading: Reading, *, table: str = "pipeline_runs"
) -> Iterator[Row]:
    if place is None:
        said = (
            "a build that says neither its address (`url`) nor its job (`fullDisplayName`) with "
            f"its number can't be told from others; export it with {_TREE}"
        )
        yield table, Refused(WITHOUT_NUMBER, said)
    elif build.result is UNSET and build.timestamp is None:
        said = f"{place.run_id}: neither `result` nor `timestamp` is there; export it with {_TREE}"
        yield table, Refused(WITHOUT_DETAILS, said)
    elif place.part is not None:
        actions = _actions(build)
        checkout = checkout_of(actions, place, reading)
        came = _outcome_of(build, was_timed_out=_was_timed_out(actions))
        yield "pipeline_jobs", _part_row(place, checkout, reading) | came
    else:
        yield "pipeline_runs", _run_row(build, place, reading)
        yield from _sub_build_rows(build, place, reading)
    yield from _matrix_rows(build, reading)


def _run_row(build: Build, place: Place, reading: Reading) -> dict[str, Any]:
    actions = _actions(build)
    causes = [cause.kind or "" for one in actions for cause in one.causes or ()]
    checkout = checkout_of(actions, place, reading)
    pipeline, branch = _pipeline(place, checkout.branch, causes)
    repo = _repository(checkout, reading)
    if repo is None:
        reading.notes[_BY_JOB] += 1
    return {
        "repo": repo or pipeline,
        "run_id": place.run_id,
        "pipeline": pipeline,
        "sha": checkout.sha,
        "branch": branch,
        "trigger": _trigger(actions),
        "queued_at": _queued(build, actions),
        **_outcome_of(build, was_timed_out=_was_timed_out(actions)),
    }


def _actions(build: Build) -> list[Action]:
    return [action for action in build.actions or () if action is not None]


def _outcome_of(build: Timed, *, was_timed_out: bool = False) -> dict[str, Any]:
    """Return result and times of a build."""
    came = _outcome(build, was_timed_out=was_timed_out)
    started = iso_from_ms(build.timestamp)
    ended = None
    if came.has_ended and build.timestamp is not None and isinstance(build.duration, int | float):
        ended = iso_from_ms(build.timestamp + build.duration)
    return {
        "started_at": started,
        "finished_at": ended,
        "result": came.result,
        "updated_at": ended or started,
    }


def _outcome(build: Timed, *, was_timed_out: bool) -> Outcome:
    """Return what a build came to; while it is building, its result may still get worse."""
    if build.building or (build.result is None and build.building is None):
        return Outcome("in_progress", has_ended=False)
    if not isinstance(build.result, str):
        return Outcome(None, has_ended=False)
    word = build.result.strip().upper()
    if word == "ABORTED" and was_timed_out:
        return Outcome("timeout", has_ended=True)
    return Outcome(BUILD_WORDS.get(word, build.result), has_ended=True)


def _was_timed_out(actions: list[Action]) -> bool:
    """Say whether what interrupted the build was that it took too long."""
    return any(
        "timeout" in (cause.kind or "").lower()
        for one in actions
        if (one.kind or "").endswith("InterruptedBuildAction")
        for cause in one.causes or ()
    )


def _trigger(actions: list[Action]) -> str | None:
    """Return the name of the first cause, such as `SCMTrigger` or `UserId`."""
    for one in actions:
        if (one.kind or "CauseAction").endswith("CauseAction"):
            for cause in one.causes or ():
                if cause.kind:
                    name = cause.kind.rpartition(".")[2].rpartition("$")[2]
                    return name.removesuffix("Cause") or name
    return None


def _queued(build: Build, actions: list[Action]) -> str | None:
    """Return when the build came into the queue, as far as the Metrics plugin tells."""
    for one in actions:
        waits = (
            one.waiting_duration_millis,
            one.blocked_duration_millis,
            one.buildable_duration_millis,
        )
        waited = one.queuing_duration_millis
        if waited is None and None not in waits:
            waited = sum(wait for wait in waits if wait is not None)
        if waited is not None and build.timestamp is not None:
            return iso_from_ms(build.timestamp - waited)
    return None


def _pipeline(place: Place, branch: str | None, causes: list[str]) -> tuple[str, str | None]:
    """Return the pipeline and the branch: a multibranch project has a job for each branch."""
    project, _, last = place.job.rpartition("/")
    by_branch = any(cause.startswith("jenkins.branch.") for cause in causes)
    if project and (by_branch or (branch is not None and last in {branch, _in_url(branch)})):
        return project, branch or branch_name(last.replace("%2F", "/"))
    return place.job, branch


def _in_url(branch: str) -> str:
    """Return what a multibranch project calls the job of a branch."""
    return branch.replace("/", "%2F")


# ---- Jobs ---- #


def _part_row(place: Place, checkout: Checkout, reading: Reading) -> dict[str, Any]:
    return {
        "run_id": place.run_id,
        "job_id": place.part,
        "repo": _repository(checkout, reading),
        "name": place.part,
        "sha": checkout.sha,
        "branch": checkout.branch,
    }


def _repository(checkout: Checkout, reading: Reading) -> str | None:
    return as_declared(checkout.repo or reading.entry.repository, reading.context.settings)


def _matrix_rows(build: Build, reading: Reading) -> Iterator[Row]:
    """Yield the configurations of a matrix; one that did not run again is of an earlier build."""
    for one in build.runs or ():
        place = place_of_url(one.url)
        if place is None or place.part is None:
            said = f"a configuration of a matrix has no address that names it: {one.url!r}"
            yield "pipeline_jobs", Refused(WITHOUT_NUMBER, said)
        elif one.result is UNSET and one.timestamp is None:
            yield "pipeline_jobs", None
        else:
            yield "pipeline_jobs", _part_row(place, Checkout(), reading) | _outcome_of(one)


def _sub_build_rows(build: Build, place: Place, reading: Reading) -> Iterator[Row]:
    """Yield the builds that a multijob started as jobs of it, and what these started as theirs."""
    todo: deque[tuple[str, SubBuild]] = deque((place.run_id, one) for one in build.sub_builds or ())
    while todo:
        run_id, one = todo.popleft()
        own = place_of_url(one.url)
        if own is None and one.job_name and one.build_number is not None:
            own = Place(one.job_name, one.build_number)
        if own is None:
            said = f"{run_id}: a build that it started says neither its job nor its number"
            yield "pipeline_jobs", Refused(WITHOUT_NUMBER, said)
            continue
        inner = one.build.sub_builds if one.build is not None else None
        todo.extend((own.run_id, sub) for sub in inner or ())
        row = {
            "run_id": run_id,
            "job_id": own.run_id,
            "repo": _repository(Checkout(), reading),
            "name": own.job,
        }
        yield "pipeline_jobs", row | _outcome_of(one)


def stage_rows(stage: Stage, reading: Reading) -> Iterator[Row]:
    """Yield the job that a stage is."""
    href = stage.links.self.href if stage.links and stage.links.self else None
    place = place_of_url(href)
    if place is None:
        said = (
            f"stage {stage.name!r} has no address that names its build ({href!r}); export "
            "job/NAME/NUMBER/wfapi/describe"
        )
        yield "pipeline_jobs", Refused(WITHOUT_NUMBER, said)
        return
    yield "pipeline_jobs", _stage_row(stage, place, node_of_url(href), reading)


def described_rows(run: Described, reading: Reading) -> Iterator[Row]:
    """Yield the stages of a run; the run itself is what its build says."""
    href = run.links.self.href if run.links and run.links.self else None
    place = place_of_url(href)
    for stage in run.stages or ():
        own = stage.links.self.href if stage.links and stage.links.self else None
        stage_place = place_of_url(own) or place
        if stage_place is None:
            said = f"stage {stage.name!r} says nowhere which build it is of; export `_links`"
            yield "pipeline_jobs", Refused(WITHOUT_NUMBER, said)
        else:
            yield "pipeline_jobs", _stage_row(stage, stage_place, node_of_url(own), reading)


def _stage_row(stage: Stage, place: Place, node: str | None, reading: Reading) -> dict[str, Any]:
    word = (stage.status or "").strip().upper()
    result = STAGE_WORDS.get(word, stage.status)
    started = ended = None
    if result != "skipped" and stage.start_time_millis:
        started = iso_from_ms(stage.start_time_millis)
        if word in STAGE_WORDS and result not in _UNENDED and stage.duration_millis is not None:
            ended = iso_from_ms(stage.start_time_millis + stage.duration_millis)
    return {
        "run_id": place.run_id,
        "job_id": stage.id or node,
        "repo": _repository(Checkout(), reading),
        "name": stage.name,
        "started_at": started,
        "finished_at": ended,
        "result": result,
        "updated_at": ended or started,
    }
