"""SARIF 2.1.0: each run is a scan, each of its results a sighting of a weakness."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from devops_analytics.config_evidence import SarifSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    UNEXPECTED_TYPE,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    with_keys,
)
from devops_analytics.sources.moments import moment
from devops_analytics.sources.sarif_log import (
    LEVELS,
    PLACE,
    Looked,
    Result,
    Run,
    artifact_of,
    looked_up,
    rule_of,
    severity_of,
    told_apart_by,
)
from devops_analytics.sources.scanners import (
    WITHOUT_TIME,
    as_declared,
    hashed,
    path_of,
    repository_of_url,
    time_in_path,
    time_pattern,
    without_time,
)
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

FINDING: Final = "finding"
NO_FINDING: Final = "no finding"
KINDS_OF_RESULT: Final = {
    "fail": FINDING,
    "open": FINDING,
    "review": FINDING,
    "pass": NO_FINDING,
    "informational": NO_FINDING,
    "notApplicable": NO_FINDING,
}
BASELINE_STATES: Final = {
    "new": FINDING,
    "unchanged": FINDING,
    "updated": FINDING,
    "absent": NO_FINDING,
}
SUPPRESSED: Final = "suppressed"
NOT_SUPPRESSED: Final = "not suppressed"
SUPPRESSION_STATES: Final = {
    "accepted": SUPPRESSED,
    "underReview": NOT_SUPPRESSED,
    "rejected": NOT_SUPPRESSED,
}

_SAMPLE: Final = 1 << 16
_IS_LOG: Final = re.compile(rb'"runs"\s*:\s*(?:\[|null)')
_IS_SARIF: Final = re.compile(rb'"\$schema"\s*:\s*"[^"]{0,200}sarif|"version"\s*:\s*"2\.1\.0"')
_IS_RUN: Final = re.compile(rb'"tool"\s*:\s*\{\s*"(?:driver|extensions|properties)"\s*:')
_DECODER: Final = msgspec.json.Decoder(Result, strict=False)


class Log(msgspec.Struct, kw_only=True):
    """A log that holds no run."""

    runs: list[msgspec.Raw] | None = None


# ---- Runs ---- #


def _run(run: Run, reading: Reading) -> Iterator[Row]:
    looked = looked_up(run)
    tool = _tool(run)
    results, refused = _results(run)
    at = _when(run, [result for _, result in results]) or time_in_path(reading)
    if at is None:
        what = f"the run of {tool} with {len(run.results or ())} results"
        yield "scans", Refused(WITHOUT_TIME, without_time(what, reading))
        return
    yield from [("sightings", one) for one in refused]
    about = {"tool": tool, "repo": _repository(run, reading), "at": at, "updated_at": at}
    found: Counter[tuple[object, ...]] = Counter()
    for number, result in results:
        row = _sighting(number, result, looked, found)
        if isinstance(row, dict):
            row = about | row
        elif row is not None:
            refused.append(row)
        yield "sightings", row
    succeeded = _succeeded(run)
    is_counted = run.results is not None and not refused and (succeeded or found)
    yield (
        "scans",
        about
        | {
            "check": "",
            "succeeded": succeeded,
            "findings": len(found) if is_counted else None,
        },
    )


def _tool(run: Run) -> str:
    """Return the tool's name, with the series of runs that this is one of.

    An id is the series, a slash, and what is this run's own; scans of two series see different
    things, and so can't be compared.
    """
    name = run.tool.driver.name
    series = ((run.automation_details and run.automation_details.id) or "").rpartition("/")[0]
    return f"{name} ({series})" if series else name


def _results(run: Run) -> tuple[list[tuple[int, Result]], list[Refused]]:
    """Return the results with their numbers, and why some can't be read."""
    results: list[tuple[int, Result]] = []
    refused: list[Refused] = []
    for number, raw in enumerate(run.results or (), start=1):
        try:
            results.append((number, _DECODER.decode(raw)))
        except msgspec.DecodeError as error:
            message = f"result {number} of the run is not as SARIF 2.1.0 has it: {error}"
            refused.append(Refused(UNEXPECTED_TYPE, message))
    return results, refused


def _when(run: Run, results: list[Result]) -> str | None:
    """Return when a run was made: its end, its start, its repository's state, its results' time."""
    invocations = run.invocations or ()
    for times in (
        [one.end_time_utc for one in invocations],
        [one.start_time_utc for one in invocations],
        [one.as_of_time_utc for one in run.version_control_provenance or ()],
        [one.provenance.last_detection_time_utc for one in results if one.provenance],
    ):
        given = [time for time in times if time]
        known = [at for time in given if (at := moment(time)) is not None]
        if given:
            return max(known).isoformat() if known else given[0]
    return None


def _repository(run: Run, reading: Reading) -> str | None:
    said = [repository_of_url(one.repository_uri) for one in run.version_control_provenance or ()]
    first = next((name for name in said if name), None)
    return as_declared(first, reading.context.settings) or reading.entry.repository


def _succeeded(run: Run) -> bool | None:
    """Say whether a run came to its end: only a scan that did tells what is not there.

    A list of results, even an empty one, is what a run gives that came to its end; none at all
    says that it found out nothing, unless they lie in a file of their own.
    """
    said = [one.execution_successful for one in run.invocations or ()]
    if False in said:
        return False
    if run.results is None:
        return None if "results" in (run.external_property_file_references or {}) else False
    return True


# ---- Results ---- #


def _sighting(
    number: int, result: Result, looked: Looked, found: Counter[tuple[object, ...]]
) -> dict[str, Any] | Refused | None:
    """Return the columns of a sighting, and count it as found; None: the result is no weakness.

    Results that nothing tells apart are numbered, unless the tool says that they are the same.
    """
    is_finding = _is_finding(number, result)
    if isinstance(is_finding, Refused):
        return is_finding
    if not is_finding:
        return None
    rule, known = rule_of(result, looked)
    uri, base = artifact_of(result, looked)
    path = path_of(uri, base=base)
    parts = told_apart_by(result, rule, path)
    found[parts] += 1
    if parts[0] == PLACE and found[parts] > 1:
        parts = (*parts, found[parts])
        found[parts] += 1
    return {
        "fingerprint": hashed(looked.run.tool.driver.name, *parts),
        "rule": rule,
        "severity": severity_of(result, known, looked),
        "suppressed": _suppressed(result),
        "path": path,
    }


def _is_finding(number: int, result: Result) -> bool | Refused:
    for name, word, words in (
        ("kind", result.kind or "fail", KINDS_OF_RESULT),
        ("baselineState", result.baseline_state or "new", BASELINE_STATES),
    ):
        meaning = words.get(word)
        if meaning is None:
            message = f"result {number}: {name}: found {word!r}; allowed: {', '.join(words)}"
            return Refused("unknown_word", message)
        if meaning == NO_FINDING:
            return False
    return True


def _suppressed(result: Result) -> bool | None:
    """Say whether a result is suppressed: one that is rejected or still looked at keeps it open."""
    if result.suppressions is None:
        return None
    states = [SUPPRESSION_STATES.get(one.status or "accepted") for one in result.suppressions]
    return bool(states) and all(state == SUPPRESSED for state in states)


# ---- Files ---- #


def _log(log: Log, _reading: Reading) -> Iterator[Row]:
    if log.runs is None:
        message = (
            "`runs` is null: what wrote the log could not get at the tool's runs, so nothing is "
            "known of them; scan again"
        )
        yield "scans", Refused("no_runs", message)


RUNS: Final = (
    RecordKind(name="run", is_one=with_keys("tool"), table="scans", struct=Run, rows=_run),
)
LOGS: Final = (
    RecordKind(name="log", is_one=with_keys("runs"), table="scans", struct=Log, rows=_log),
)


def read(export: Export, entry: SarifSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of scans and of sightings. Messages, snippets and people are not read at all.

    Raises:
        ExportError: the file holds no run of SARIF 2.1.0.
    """
    title = "SARIF 2.1.0"
    drafts = list(read_kinds(export, entry, context, kinds=RUNS, wrappers=("runs",), title=title))
    yield from drafts or read_kinds(export, entry, context, kinds=LOGS, title=title)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a SARIF log, by its beginning."""
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    if not text.lstrip().startswith(b"{") or not _IS_LOG.search(text):
        return None
    if not _IS_SARIF.search(text) and not _IS_RUN.search(text):
        return None
    is_dated = b"TimeUtc" in text
    return Recognition(
        kind="sarif",
        confidence=0.95,
        reason="SARIF 2.1.0, findings of a scanner",
        suggestion={} if is_dated else time_pattern(export.name),
    )


SARIF: Final = SourceKind(
    kind="sarif",
    title="SARIF",
    reads="findings of scanners as SARIF 2.1.0",
    tables=("scans", "sightings"),
    read=read,
    recognise=recognise,
    words={
        "result level": LEVELS,
        "result kind": KINDS_OF_RESULT,
        "baseline state": BASELINE_STATES,
        "suppression state": SUPPRESSION_STATES,
    },
)
