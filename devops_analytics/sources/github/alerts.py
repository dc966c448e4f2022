"""Alerts of code scanning, Dependabot and secret scanning → findings."""

from collections.abc import Mapping
from typing import Final

from devops_analytics.sources.github.answers import Export, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import (
    Advisory,
    Alert,
    CodeAlert,
    DependencyAlert,
    Package,
    Rule,
    Scanner,
    SecretAlert,
)
from devops_analytics.sources.moments import moments
from devops_analytics.sources.repositories import Names, repository_name

COLUMNS: Final = (
    "tool", "repo", "fingerprint", "rule", "severity", "first_seen_at", "fixed_at", "suppressed",
    "dependency", "path", "updated_at",
)  # fmt: skip

KINDS: Final = ("code_alert", "dependency_alert", "secret_alert")

SEVERITY_WORDS: Final[dict[str, str]] = {
    # Of advisories, and of rules that know how much security is at stake.
    "critical": "critical",
    "high": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    # Of rules that don't.
    "error": "high",
    "warning": "medium",
    "note": "low",
    "none": "info",
}
"""Every documented word → one of `schema_evidence.SEVERITIES`."""

OPEN: Final = "open"
FIXED: Final = "fixed"
SUPPRESSED: Final = "suppressed"

STATE_WORDS: Final[dict[str, str]] = {
    "open": OPEN,
    "fixed": FIXED,
    "dismissed": SUPPRESSED,
    "auto_dismissed": SUPPRESSED,
    "resolved": FIXED,
}
"""Every documented state of an alert → what it means for the finding."""

RESOLUTION_WORDS: Final[dict[str, str]] = {
    "revoked": FIXED,
    "false_positive": SUPPRESSED,
    "wont_fix": SUPPRESSED,
    "used_in_tests": SUPPRESSED,
    "pattern_edited": SUPPRESSED,
    "pattern_deleted": SUPPRESSED,
}
"""Every documented resolution of an alert of a secret → what it means for the finding."""


def findings(export: Export, names: Names) -> Part:
    """Make rows of a file's alerts; each is one finding that GitHub follows over time."""
    part = Part(table="findings", columns=COLUMNS)
    alerts = [found for kind in KINDS for found in export.of(kind)]
    known = moments(at for found in alerts for at in _times(found.record))
    strange = 0
    for found in alerts:
        alert: Alert = found.record
        repo = repository_name(names, found.repository)
        state = state_of(alert)
        strange += state is None
        fixed_at = _fixed_at(alert) if state == FIXED else None
        if repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        elif state == FIXED and fixed_at is None:
            message = (
                f"alert {alert.number} was fixed, but the record does not say when; export the "
                "alerts by the REST API"
            )
            part.refused.append(Refusal(found.number, "time_not_known", message))
        else:
            last = max(
                (at for at in _times(alert) if at and at in known),
                key=known.__getitem__,
                default=None,
            )
            suppressed = None if state is None else state == SUPPRESSED
            row = (*_about(alert), alert.created_at, fixed_at, suppressed, *_where(alert), last)
            part.rows.append((found.number, row[0], repo, *row[1:]))
    if strange:
        part.notes.append(f"{strange} alerts are in a state that is not known; taken as open")
    return part


def state_of(alert: Alert) -> str | None:
    """Return whether an alert is open, fixed or suppressed; None: its word is not known."""
    if isinstance(alert, SecretAlert) and (alert.resolution or alert.resolved_at):
        return _looked_up(RESOLUTION_WORDS, alert.resolution) if alert.resolution else FIXED
    return _looked_up(STATE_WORDS, alert.state or OPEN)


def _looked_up(words: Mapping[str, str], word: str) -> str | None:
    return words.get(word.strip().lower())


def _fixed_at(alert: Alert) -> str | None:
    if isinstance(alert, SecretAlert):
        return alert.resolved_at
    if isinstance(alert, CodeAlert | DependencyAlert):
        return alert.fixed_at
    return None


def _times(alert: Alert) -> list[str | None]:
    """Return what tells when an alert was last changed: that itself, else all that is known."""
    if alert.updated_at:
        return [alert.updated_at]
    names = ("created_at", "fixed_at", "dismissed_at", "auto_dismissed_at", "resolved_at")
    return [getattr(alert, name, None) for name in names]


def _about(alert: Alert) -> tuple[str, str, str | None, str]:
    """Return tool, fingerprint, rule and severity; a secret has no severity."""
    if isinstance(alert, CodeAlert):
        tool = alert.tool or Scanner()
        rule = alert.rule or Rule()
        severity = rule.security_severity_level or rule.severity
        name = tool.name or "code scanning"
        return name, f"code-scanning/{alert.number}", rule.id, _severity(severity)
    if isinstance(alert, DependencyAlert):
        advisory = alert.security_advisory or Advisory()
        own = alert.security_vulnerability or Advisory()
        rule_id = advisory.cve_id or advisory.ghsa_id
        severity = own.severity or advisory.severity
        return "Dependabot", f"dependabot/{alert.number}", rule_id, _severity(severity)
    kind = alert.secret_type if isinstance(alert, SecretAlert) else None
    return "secret scanning", f"secret-scanning/{alert.number}", kind, "unknown"


def _severity(word: str | None) -> str:
    """Return the word of the suite; one that GitHub does not document is counted as unknown."""
    return SEVERITY_WORDS.get((word or "").strip().lower(), word or "unknown")


def _where(alert: Alert) -> tuple[str | None, str | None]:
    """Return the package and the path that a weakness lies in."""
    if isinstance(alert, DependencyAlert) and alert.dependency is not None:
        package = alert.dependency.package or Package()
        return package.name, alert.dependency.manifest_path
    if isinstance(alert, CodeAlert):
        found = alert.most_recent_instance or next(iter(alert.instances or ()), None)
        return None, found.location.path if found and found.location else None
    return None, None
