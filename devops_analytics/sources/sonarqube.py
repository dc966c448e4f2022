"""SonarQube (Server, Cloud): issues and security hotspots, which it follows over time itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from devops_analytics.config_evidence import SonarqubeSource
from devops_analytics.sources.json_kinds import (
    NOT_NEEDED,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.scanners import as_declared
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

WRAPPERS: Final = ("issues", "hotspots", "issue")
"""Keys that pages of its API hold issues and hotspots under."""

SEVERITIES: Final = {
    "BLOCKER": "critical",
    "CRITICAL": "high",
    "HIGH": "high",
    "MAJOR": "medium",
    "MEDIUM": "medium",
    "MINOR": "low",
    "LOW": "low",
    "INFO": "info",
}
"""Severities of both models: five by type of issue, five by impact on a quality of software."""

PROBABILITIES: Final = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}

OPEN: Final = "open"
FIXED: Final = "fixed"
SUPPRESSED: Final = "suppressed"

STATUSES: Final = {
    "OPEN": OPEN,
    "CONFIRMED": OPEN,
    "REOPENED": OPEN,
    "IN_SANDBOX": OPEN,
    "RESOLVED": FIXED,
    "CLOSED": FIXED,
    "FIXED": FIXED,
    "ACCEPTED": SUPPRESSED,
    "FALSE_POSITIVE": SUPPRESSED,
}
"""Statuses of issues, old and new; where there is a resolution, that tells instead."""

HOTSPOT_STATUSES: Final = {"TO_REVIEW": OPEN, "IN_REVIEW": OPEN, "REVIEWED": OPEN}
RESOLUTIONS: Final = {
    "FIXED": FIXED,
    "REMOVED": FIXED,
    "FALSE-POSITIVE": SUPPRESSED,
    "WONTFIX": SUPPRESSED,
}
HOTSPOT_RESOLUTIONS: Final = {"FIXED": FIXED, "SAFE": SUPPRESSED, "ACKNOWLEDGED": OPEN}
"""A hotspot that is acknowledged is a risk that somebody saw, and that is still there."""

TOOL: Final = "SonarQube"
TOOLS: Final = {
    "VULNERABILITY": TOOL,
    "SECURITY_HOTSPOT": TOOL,
    "SECURITY": TOOL,
    "BUG": f"{TOOL} (bugs)",
    "RELIABILITY": f"{TOOL} (bugs)",
    "CODE_SMELL": f"{TOOL} (code smells)",
    "MAINTAINABILITY": f"{TOOL} (code smells)",
}
"""Type of issue, or quality that it impacts → tool; only the first of them are weaknesses that
somebody may attack, and counting code smells among these would bury them."""

_SEVERITY_ORDER: Final = tuple(SEVERITIES)
_COMPONENT: Final = "component with measures"
_HOTSPOT_PROXY: Final = (
    "a hotspot is fixed, and SonarQube exports no time of that; taken as when it was last changed"
)


class Struct(msgspec.Struct, rename="camel"):
    """A part of an answer; keys that are not declared are not read."""


class Impact(Struct):
    """What an issue does to a quality of the software."""

    software_quality: str | None = None
    severity: str | None = None


class Finding(Struct):
    """What issues and hotspots share; message, author and assignee are not read."""

    key: str
    component: str
    project: str
    status: str | None = None
    resolution: str | None = None
    creation_date: str | None = None
    update_date: str | None = None
    pull_request: str | None = None


class Issue(Finding):
    """An issue."""

    rule: str | None = None
    severity: str | None = None
    impacts: list[Impact] | None = None
    type: str | None = None
    issue_status: str | None = None
    close_date: str | None = None


class Hotspot(Finding):
    """A security hotspot."""

    security_category: str | None = None
    rule_key: str | None = None
    vulnerability_probability: str | None = None


class Component(msgspec.Struct):
    """Measures of a file or project: nothing is computed from them."""

    key: str


# ---- Rows ---- #


def _issue(issue: Issue, reading: Reading) -> Iterator[Row]:
    state = _state(
        issue, RESOLUTIONS, STATUSES, issue.issue_status or issue.status, f"issue {issue.key}"
    )
    fixed = _fixed_at(issue, state, issue.close_date or issue.update_date)
    yield (
        "findings",
        _about(issue, reading)
        | {
            "tool": _tool(issue),
            "rule": issue.rule,
            "severity": _severity(issue),
            "fixed_at": fixed,
            "suppressed": state == SUPPRESSED,
            "updated_at": issue.update_date or fixed or issue.creation_date,
        },
    )


def _hotspot(hotspot: Hotspot, reading: Reading) -> Iterator[Row]:
    state = _state(
        hotspot, HOTSPOT_RESOLUTIONS, HOTSPOT_STATUSES, hotspot.status, f"hotspot {hotspot.key}"
    )
    if state == FIXED:
        reading.notes[_HOTSPOT_PROXY] += 1
    word = hotspot.vulnerability_probability or ""
    yield (
        "findings",
        _about(hotspot, reading)
        | {
            "tool": TOOL,
            "rule": hotspot.rule_key or hotspot.security_category,
            "severity": PROBABILITIES.get(word.upper(), word) or None,
            "fixed_at": _fixed_at(hotspot, state, hotspot.update_date),
            "suppressed": state == SUPPRESSED,
            "updated_at": hotspot.update_date or hotspot.creation_date,
        },
    )


def _about(finding: Finding, reading: Reading) -> dict[str, Any]:
    if finding.pull_request:
        message = f"{finding.key} is of a pull request: what is not merged is not counted"
        raise Refused(NOT_NEEDED, message)
    known = as_declared(finding.project, reading.context.settings)
    inside = f"{finding.project}:"
    in_file = finding.component.startswith(inside)
    return {
        "repo": reading.entry.repository or known,
        "fingerprint": finding.key,
        "first_seen_at": finding.creation_date,
        "path": finding.component.removeprefix(inside) if in_file else None,
    }


def _state(
    finding: Finding,
    resolutions: dict[str, str],
    statuses: dict[str, str],
    status: str | None,
    what: str,
) -> str:
    """Return whether a finding is open, fixed or suppressed, by its resolution or status."""
    name, words, word = "status", statuses, status
    if finding.resolution:
        name, words, word = "resolution", resolutions, finding.resolution
    state = words.get((word or "").strip().upper())
    if state is None:
        message = f"{what}: {name}: found {word!r}; allowed: {', '.join(words)}"
        raise Refused("unknown_status", message)
    return state


def _fixed_at(finding: Finding, state: str, told: str | None) -> str | None:
    if state == FIXED and not told:
        message = f"{finding.key} is fixed, but does not say when; export it with its dates"
        raise Refused("fixed_without_time", message)
    return told if state == FIXED else None


def _tool(issue: Issue) -> str:
    """Return the tool by the issue's type, else by what it impacts, security first."""
    said = [issue.type] if issue.type else [one.software_quality for one in issue.impacts or ()]
    found = {TOOLS.get((word or "").upper()) for word in said}
    for tool in dict.fromkeys(TOOLS.values()):
        if tool in found:
            return tool
    message = f"issue {issue.key}: type: found {said!r}; allowed: {', '.join(TOOLS)}"
    raise Refused("unknown_type", message)


def _severity(issue: Issue) -> str | None:
    """Return the worst impact, as that is the newer model; without one, the issue's severity."""
    words = [one.severity.upper() for one in issue.impacts or () if one.severity]
    known = [word for word in _SEVERITY_ORDER if word in words]
    word = known[0] if known else (words[0] if words else issue.severity or "")
    return SEVERITIES.get(word.upper(), word) or None


# ---- Kinds ---- #


_ISSUE_KEYS: Final = ("key", "rule", "component", "project", "creationDate")

KINDS: Final = (
    RecordKind(
        name="issue",
        is_one=lambda keys: (
            with_keys(*_ISSUE_KEYS)(keys) and bool({"severity", "impacts"} & keys.keys())
        ),
        table="findings",
        struct=Issue,
        rows=_issue,
    ),
    RecordKind(
        name="hotspot",
        is_one=with_keys("key", "component", "project", "vulnerabilityProbability"),
        table="findings",
        struct=Hotspot,
        rows=_hotspot,
    ),
    RecordKind(
        name=_COMPONENT,
        is_one=with_keys("key", "qualifier", "measures"),
        table="findings",
        struct=Component,
    ),
)


def read(export: Export, entry: SonarqubeSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of findings. Messages, authors and assignees are not read at all.

    Raises:
        ExportError: nothing in the file is a record of SonarQube.
    """
    return read_kinds(export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title=TOOL)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds issues or hotspots, by its first records."""
    found = recognise_kinds(
        export, kinds=KINDS, wrappers=WRAPPERS, source="sonarqube", title=TOOL, confidence=0.95
    )
    if found is None or _COMPONENT not in found.reason:
        return found
    return replace(found, confidence=0.4, reason=f"{found.reason}; nothing is computed from these")


SONARQUBE: Final = SourceKind(
    kind="sonarqube",
    title=TOOL,
    reads="issues and security hotspots of SonarQube and SonarCloud as JSON",
    tables=("findings",),
    read=read,
    recognise=recognise,
    words={
        "severity": SEVERITIES,
        "vulnerability probability": PROBABILITIES,
        "issue status": STATUSES,
        "issue resolution": RESOLUTIONS,
        "hotspot status": HOTSPOT_STATUSES,
        "hotspot resolution": HOTSPOT_RESOLUTIONS,
        "issue type": TOOLS,
    },
    by_line=True,
)
