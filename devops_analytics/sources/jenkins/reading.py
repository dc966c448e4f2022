"""Files of Jenkins: which records are in them, and how they become drafts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import msgspec

from devops_analytics.config_tools import JenkinsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.jenkins.builds import (
    build_rows,
    described_rows,
    job_rows,
    part_rows,
    stage_rows,
)
from devops_analytics.sources.jenkins.checkouts import checkouts
from devops_analytics.sources.jenkins.records import Build, Described, Job, Report, Stage
from devops_analytics.sources.jenkins.reports import report_rows
from devops_analytics.sources.json_kinds import (
    Keys,
    RecordKind,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.source import Context, Draft, Export, Recognition

_PART_CLASSES: Final = ('MatrixRun"', 'MavenBuild"')
_BUILD_CLASSES: Final = ('Build"', 'Run"')
_OF_A_BUILD: Final = frozenset({"number", "result", "timestamp", "actions", "fullDisplayName"})
_OF_A_JOB: Final = frozenset({"builds", "allBuilds", "jobs", "color"})
_LISTED: Final = "job"
_BEGINNING: Final = 1 << 16
_FIRST_CLASS: Final = re.compile(rb'\s*\{\s*"_class"\s*:\s*("[^"\\]+")')


def _class(keys: Keys) -> str:
    return bytes(keys["_class"]).decode("utf-8", "replace") if "_class" in keys else ""


def _is_build(keys: Keys) -> bool:
    """Say whether it is a build: by its class, which Jenkins tells of since version 1.646."""
    if not keys.keys() & _OF_A_BUILD:
        return False
    is_of_jenkins = "hudson" in _class(keys) or "jenkins" in _class(keys)
    if is_of_jenkins or "fullDisplayName" in keys:
        return _class(keys).endswith(_BUILD_CLASSES) or "_class" not in keys
    return with_keys("building", "number", "result", "timestamp")(keys)


def _is_part(keys: Keys) -> bool:
    return _is_build(keys) and _class(keys).endswith(_PART_CLASSES)


def _is_report(keys: Keys) -> bool:
    is_result = "failCount" in keys or _class(keys).endswith('TestResult"')
    return is_result and bool({"suites", "childReports"} & keys.keys())


def _is_job(keys: Keys) -> bool:
    is_of_jenkins = "hudson" in _class(keys) or "jenkins" in _class(keys)
    return is_of_jenkins and bool(_OF_A_JOB & keys.keys())


_STAGE: Final = ("_links", "id", "status", "startTimeMillis")

KINDS: Final = (
    RecordKind(
        name="test report",
        is_one=_is_report,
        table="test_results",
        struct=Report,
        rows=report_rows,
    ),
    RecordKind(
        name="part of a build",
        is_one=_is_part,
        table="pipeline_jobs",
        struct=Build,
        rows=part_rows,
    ),
    RecordKind(
        name="build", is_one=_is_build, table="pipeline_runs", struct=Build, rows=build_rows
    ),
    RecordKind(
        name="stage",
        is_one=with_keys(*_STAGE, without=("stages",)),
        table="pipeline_jobs",
        struct=Stage,
        rows=stage_rows,
    ),
    RecordKind(
        name="run with stages",
        is_one=with_keys(*_STAGE, "stages"),
        table="pipeline_jobs",
        struct=Described,
        rows=described_rows,
    ),
    RecordKind(name=_LISTED, is_one=_is_job, table="pipeline_runs", struct=Job, rows=job_rows),
)


def read(export: Export, entry: JenkinsSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of runs, jobs and test results. Who started a build is not read at all.

    Raises:
        ExportError: nothing in the file is a record of Jenkins.
    """
    return read_kinds(export, entry, context, kinds=KINDS, title="Jenkins")


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds builds, stages or test reports of Jenkins."""
    found = recognise_kinds(export, kinds=KINDS, source="jenkins", title="Jenkins", confidence=0.95)
    if found is None:
        return _by_beginning(export)
    records = first_records(export)
    if found.reason.endswith(f": {_LISTED}") and not any(
        b'"builds"' in raw or b'"allBuilds"' in raw for raw in records
    ):
        said = f"{found.reason}; nothing is computed from jobs without their builds"
        return replace(found, confidence=0.4, reason=said)
    repositories = {repo for raw in records for repo in _repositories(raw)}
    if len(repositories) != 1 or None in repositories:
        return found
    return replace(found, suggestion={"repository": repositories.pop()})


def _by_beginning(export: Export) -> Recognition | None:
    """Recognise one long record, such as a test report, by the class that it begins with."""
    try:
        text = utf8_text(export, read_content(export, limit=_BEGINNING).data, "utf-8")
    except ExportError:
        return None
    named = _FIRST_CLASS.match(text)
    if named is None or len(text) < _BEGINNING:
        return None
    keys: dict[str, msgspec.Raw] = dict.fromkeys(("suites", "builds", "actions"), msgspec.Raw(b"0"))
    keys["_class"] = msgspec.Raw(named[1])
    kind = next((kind for kind in KINDS if kind.is_one(keys)), None)
    if kind is None:
        return None
    return Recognition(
        kind="jenkins", confidence=0.9, reason=f"Jenkins, JSON: one long {kind.name}"
    )


def _repositories(raw: bytes) -> set[str | None]:
    """Return the repositories that a record says it is of; None among them: a build without."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        build = msgspec.json.decode(raw, type=Build, strict=False) if _is_build(keys) else None
    except msgspec.DecodeError:
        return {None}
    if build is None:
        return set()
    return {one.repo for one in checkouts(build.actions or ())} or {None}
