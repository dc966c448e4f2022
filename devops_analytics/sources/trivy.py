"""Trivy: reports of images, file systems and repositories as JSON; never the text of a secret."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from devops_analytics.config_evidence import TrivySource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    UNEXPECTED_TYPE,
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
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

SEVERITIES: Final = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MEDIUM": "medium",
    "LOW": "low",
    "UNKNOWN": "unknown",
}
FINDING: Final = "finding"
SUPPRESSED: Final = "suppressed"
NO_FINDING: Final = "no finding"
MISCONFIGURATIONS: Final = {"FAIL": FINDING, "EXCEPTION": SUPPRESSED, "PASS": NO_FINDING}
LICENCES: Final = {
    "forbidden": FINDING,
    "restricted": FINDING,
    "reciprocal": FINDING,
    "unknown": FINDING,
    "notice": NO_FINDING,
    "permissive": NO_FINDING,
    "unencumbered": NO_FINDING,
}
"""Categories of licences: whether one may be trouble to whoever uses the component."""
MODIFIED: Final = {
    "ignored": SUPPRESSED,
    "not_affected": SUPPRESSED,
    "fixed": SUPPRESSED,
    "affected": FINDING,
    "under_investigation": FINDING,
    "unknown": FINDING,
}
"""What a VEX document or a file of exceptions made of a finding (`--show-suppressed`)."""

TOOLS: Final = {
    "vuln": "trivy",
    "misconfig": "trivy (misconfigurations)",
    "secret": "trivy (secrets)",
    "license": "trivy (licences)",
}
"""Scanner → tool: a report of one scanner says nothing of what another one finds."""

_SCANNERS: Final = {
    "os-pkgs": "vuln",
    "lang-pkgs": "vuln",
    "config": "misconfig",
    "secret": "secret",
    "license": "license",
    "license-file": "license",
}
_OF_TYPE: Final = {
    "vulnerability": "vuln",
    "misconfiguration": "misconfig",
    "secret": "secret",
    "license": "license",
}
_SAMPLE: Final = 1 << 16
_HEAD: Final = (
    re.compile(rb'"SchemaVersion"\s*:\s*2\b'),
    re.compile(rb'"ArtifactName"\s*:'),
    re.compile(rb'"(?:Results|ArtifactType|Metadata)"\s*:'),
)
_TAG: Final = re.compile(r"[:@]")


class Struct(msgspec.Struct, rename="pascal"):
    """A part of a report; keys that are not declared are not read."""


class Cause(Struct):
    """What a misconfiguration is of."""

    resource: str | None = None


class Found(Struct):
    """A finding of any scanner; titles, code and the text of secrets are not read."""

    severity: str | None = None
    vulnerability_id: str | None = msgspec.field(name="VulnerabilityID", default=None)
    pkg_name: str | None = None
    pkg_path: str | None = None
    id: str | None = msgspec.field(name="ID", default=None)
    avd_id: str | None = msgspec.field(name="AVDID", default=None)
    status: str | None = None
    cause_metadata: Cause | None = None
    rule_id: str | None = msgspec.field(name="RuleID", default=None)
    category: str | None = None
    file_path: str | None = None
    name: str | None = None


class Modified(Struct):
    """A finding that was put aside."""

    type: str | None = None
    status: str | None = None
    finding: Found | None = None


class Result(Struct):
    """What was found in a file, a package list or an image."""

    target: str | None = None
    kind: str | None = msgspec.field(name="Class", default=None)
    vulnerabilities: list[msgspec.Raw] | None = None
    misconfigurations: list[msgspec.Raw] | None = None
    secrets: list[msgspec.Raw] | None = None
    licenses: list[msgspec.Raw] | None = None
    modified: list[msgspec.Raw] | None = msgspec.field(
        name="ExperimentalModifiedFindings", default=None
    )


class Metadata(Struct):
    """What was scanned."""

    repo_url: str | None = msgspec.field(name="RepoURL", default=None)


class Report(Struct):
    """A report."""

    artifact_name: str | None = None
    artifact_type: str | None = None
    created_at: str | None = None
    metadata: Metadata | None = None
    results: list[Result] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What is known of a report while its findings are read."""

    about: dict[str, Any]
    found: dict[str, set[str]] = field(default_factory=dict)
    """Scanner → fingerprints; a scanner that found nothing has none."""
    times: Counter[tuple[object, ...]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


# ---- Rows ---- #


def _report(report: Report, reading: Reading) -> Iterator[Row]:
    at = report.created_at or time_in_path(reading)
    if at is None:
        what = f"the report with {len(report.results or ())} results"
        yield "scans", Refused(WITHOUT_TIME, without_time(what, reading))
        return
    seen = _Seen(about={"repo": _repository(report, reading), "at": at, "updated_at": at})
    seen.found.update({scanner: set() for scanner in reading.entry.scanners})
    for result in report.results or ():
        yield from _result(result, seen)
    if not seen.found:
        yield "scans", _scan("vuln", None, seen)
    for scanner, found in seen.found.items():
        yield "scans", _scan(scanner, None if seen.refused[scanner] else len(found), seen)


def _scan(scanner: str, findings: int | None, seen: _Seen) -> dict[str, Any]:
    return seen.about | {
        "tool": TOOLS[scanner],
        "check": "",
        "succeeded": True,
        "findings": findings,
    }


def _repository(report: Report, reading: Reading) -> str | None:
    if reading.entry.repository:
        return str(reading.entry.repository)
    address = repository_of_url(report.metadata.repo_url if report.metadata else None)
    name = report.artifact_name or ""
    if report.artifact_type == "container_image":
        place, slash, image = name.rpartition("/")
        said = place + slash + _TAG.split(image, maxsplit=1)[0]
    else:
        said = address or repository_of_url(name) or path_of(name) or ""
    return as_declared(said if said not in {"", "."} else None, reading.context.settings)


def _result(result: Result, seen: _Seen) -> Iterator[Row]:
    scanner = _SCANNERS.get(result.kind or "")
    if scanner is not None:
        seen.found.setdefault(scanner, set())
    for name, listed in (
        ("vuln", result.vulnerabilities),
        ("misconfig", result.misconfigurations),
        ("secret", result.secrets),
        ("license", result.licenses),
    ):
        for raw in listed or ():
            yield "sightings", _decoded(raw, name, result, seen)
    for raw in result.modified or ():
        yield "sightings", _modified(raw, result, seen)


def _decoded(
    raw: msgspec.Raw, scanner: str, result: Result, seen: _Seen
) -> dict[str, Any] | Refused | None:
    try:
        found = msgspec.json.decode(raw, type=Found, strict=False)
    except msgspec.DecodeError as error:
        seen.refused[scanner] += 1
        return Refused(UNEXPECTED_TYPE, f"a finding is not as Trivy writes it: {error}")
    state = _state(found, scanner)
    if isinstance(state, Refused):
        seen.refused[scanner] += 1
        return state
    return None if state == NO_FINDING else _sighting(found, scanner, state, result, seen)


def _modified(raw: msgspec.Raw, result: Result, seen: _Seen) -> dict[str, Any] | Refused:
    try:
        modified = msgspec.json.decode(raw, type=Modified, strict=False)
    except msgspec.DecodeError as error:
        return Refused(UNEXPECTED_TYPE, f"a modified finding is not as Trivy writes it: {error}")
    scanner = _OF_TYPE.get(modified.type or "")
    state = MODIFIED.get(modified.status or "")
    if scanner is None or state is None or modified.finding is None:
        return Refused(
            "unknown_word",
            f"a modified finding: type and status: found {modified.type!r} and "
            f"{modified.status!r}; allowed: {', '.join(_OF_TYPE)}, and {', '.join(MODIFIED)}",
        )
    return _sighting(modified.finding, scanner, state, result, seen)


def _state(found: Found, scanner: str) -> str | Refused:
    """Return whether a finding is one, by the words of its scanner."""
    if scanner == "misconfig":
        name, words, word = "Status", MISCONFIGURATIONS, found.status or "FAIL"
    elif scanner == "license":
        name, words, word = "Category", LICENCES, (found.category or "unknown").lower()
    else:
        return FINDING
    message = f"a finding: {name}: found {word!r}; allowed: {', '.join(words)}"
    return words.get(word) or Refused("unknown_word", message)


def _sighting(
    found: Found, scanner: str, state: str, result: Result, seen: _Seen
) -> dict[str, Any]:
    target = None if result.kind == "os-pkgs" else path_of(result.target)
    path = path_of(found.pkg_path or found.file_path) or target
    rule, what = {
        "vuln": (found.vulnerability_id, found.pkg_name),
        "misconfig": (
            found.avd_id or found.id,
            found.cause_metadata.resource if found.cause_metadata else None,
        ),
        "secret": (found.rule_id, None),
        "license": (found.name, found.pkg_name),
    }[scanner]
    parts: tuple[object, ...] = (scanner, rule, what, path)
    if scanner in {"misconfig", "secret"}:
        # Several of a rule may lie in one file; their lines would change with any edit.
        seen.times[parts] += 1
        parts = (*parts, seen.times[parts])
    fingerprint = hashed(*parts)
    seen.found.setdefault(scanner, set()).add(fingerprint)
    return seen.about | {
        "tool": TOOLS[scanner],
        "fingerprint": fingerprint,
        "rule": rule,
        "severity": SEVERITIES.get((found.severity or "").upper(), found.severity),
        "suppressed": state == SUPPRESSED,
        "dependency": found.pkg_name or None,
        "path": path,
    }


# ---- Files ---- #


def _is_report(keys: Keys) -> bool:
    return (
        bytes(keys.get("SchemaVersion", b"")) == b"2"
        and "ArtifactName" in keys
        and bool({"Results", "ArtifactType", "Metadata"} & keys.keys())
    )


KINDS: Final = (
    RecordKind(name="report", is_one=_is_report, table="scans", struct=Report, rows=_report),
)


def read(export: Export, entry: TrivySource, context: Context) -> Iterator[Draft]:
    """Yield drafts of scans and sightings. Titles, code and secrets are not read at all.

    Raises:
        ExportError: nothing in the file is a report.
    """
    return read_kinds(export, entry, context, kinds=KINDS, title="Trivy (SchemaVersion 2)")


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a report, by its beginning."""
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    if not text.lstrip().startswith(b"{") or not all(one.search(text) for one in _HEAD):
        return None
    return Recognition(
        kind="trivy",
        confidence=0.95,
        reason="report of Trivy, JSON",
        suggestion={} if b'"CreatedAt"' in text else time_pattern(export.name),
    )


TRIVY: Final = SourceKind(
    kind="trivy",
    title="Trivy",
    reads="reports of `trivy --format json`",
    tables=("scans", "sightings"),
    read=read,
    recognise=recognise,
    words={
        "severity": SEVERITIES,
        "misconfiguration status": MISCONFIGURATIONS,
        "licence category": LICENCES,
        "modified finding status": MODIFIED,
    },
)
