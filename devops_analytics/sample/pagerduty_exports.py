"""PagerDuty's incidents as its REST API and its analytics export write them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from devops_analytics.sample.files import zulu
from devops_analytics.sample.organisation import PEOPLE, TEAMS, service
from devops_analytics.sample.rollouts import Trouble
from devops_analytics.sample.workdays import END, ZONE

_API: Final = "https://api.pagerduty.com"
BROKEN_TIME: Final = "last Tuesday"

_RAISED_BY_HAND: Final = 5
"""One incident in so many is raised by a person, before monitoring noticed."""


def display_name(name: str) -> str:
    """Return a service's name in PagerDuty, which is not quite the one elsewhere."""
    return name.replace("-", " ").capitalize()


def pagerduty_id(kind: str, name: str) -> str:
    """Return an id in PagerDuty's form."""
    digest = hashlib.blake2b(f"{kind}/{name}".encode(), digest_size=8).hexdigest()
    return f"{'Q' if kind == 'incident' else 'P'}{digest[:13].upper()}"


def incident_id(trouble: Trouble) -> str:
    """Return the id of an incident's record."""
    return pagerduty_id("incident", f"{trouble.service}/{trouble.started_at}")


def _reference(kind: str, name: str, summary: str) -> dict[str, str]:
    number = pagerduty_id(kind, name)
    return {
        "id": number,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{_API}/{kind}s/{number}",
    }


def api_incident(trouble: Trouble, number: int, *, at: datetime = END) -> dict[str, Any]:
    """Return an incident as the API would have shown it at a moment."""
    acknowledged = _known(trouble.acknowledged_at, at)
    resolved = _known(trouble.resolved_at, at)
    status = "resolved" if resolved else "acknowledged" if acknowledged else "triggered"
    person = PEOPLE["platform"][number % 5]
    on_call = _reference("user", person.login, person.name)
    return {
        "incident_number": number,
        "title": trouble.title,
        "description": trouble.title,
        "created_at": zulu(trouble.started_at),
        "updated_at": zulu(resolved or acknowledged or trouble.started_at),
        "resolved_at": zulu(resolved),
        "status": status,
        "incident_key": None,
        "service": _reference("service", trouble.service, display_name(trouble.service))
        if trouble.service is not None
        else None,
        "priority": {"type": "priority", "summary": "P1" if trouble.severity == "high" else "P3"},
        "urgency": trouble.severity,
        # The API empties this list when an incident is resolved; the log keeps what happened.
        "acknowledgements": [{"at": zulu(acknowledged), "acknowledger": on_call}]
        if status == "acknowledged"
        else [],
        "last_status_change_at": zulu(resolved or acknowledged or trouble.started_at),
        "teams": [],
        "id": incident_id(trouble),
        "type": "incident",
        "summary": f"[#{number}] {trouble.title}",
        "self": f"{_API}/incidents/{incident_id(trouble)}",
        "log_entries": _log(
            (trouble.started_at, acknowledged, resolved),
            on_call,
            is_alert=number % _RAISED_BY_HAND != 0,
        ),
    }


def _log(
    moments: Sequence[datetime | None], on_call: dict[str, str], *, is_alert: bool
) -> list[dict[str, Any]]:
    """Return what happened to an incident; most are raised by an alert, some by a person."""
    raised_by: dict[str, Any] = {
        "agent": {"type": "service_reference"},
        "channel": {"type": "api"},
    }
    return [
        {"type": f"{word}_log_entry", "created_at": zulu(moment), "agent": on_call}
        | (raised_by if word == "trigger" and is_alert else {})
        for word, moment in zip(("trigger", "acknowledge", "resolve"), moments, strict=True)
        if moment is not None
    ]


def _known(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment is not None and moment < at else None


def analytics_rows(troubles: Sequence[Trouble]) -> list[dict[str, Any]]:
    """Return incidents as the analytics export has them, in local times without a zone.

    One record's creation is no date.
    """
    rows = [_analytics_row(trouble, number) for number, trouble in enumerate(troubles, 1)]
    broken = dict(rows[len(rows) // 2])
    broken |= {
        "id": pagerduty_id("incident", "broken"),
        "incident_number": len(rows) + 1,
        "created_at": BROKEN_TIME,
    }
    return [*rows, broken]


def _analytics_row(trouble: Trouble, number: int) -> dict[str, Any]:
    name = trouble.service or ""
    acknowledged, resolved = trouble.acknowledged_at, trouble.resolved_at
    is_sensible = resolved is None or resolved >= trouble.started_at
    return {
        "id": incident_id(trouble),
        "incident_number": number,
        "description": trouble.title,
        "service_id": pagerduty_id("service", name),
        "service_name": display_name(name),
        "team_id": pagerduty_id("team", service(name).team),
        "team_name": TEAMS[service(name).team],
        "created_at": _wall(trouble.started_at),
        "resolved_at": _wall(resolved),
        "status": "resolved" if resolved else "acknowledged" if acknowledged else "triggered",
        "urgency": trouble.severity,
        "priority_name": "P1" if trouble.severity == "high" else "P3",
        "seconds_to_first_ack": _seconds(trouble.started_at, acknowledged),
        "seconds_to_resolve": _seconds(trouble.started_at, resolved) if is_sensible else "",
        "escalation_count": number % 3,
        "auto_resolved": "false",
        "major": "true" if trouble.severity == "high" else "false",
        "assigned_user_names": PEOPLE["depots"][number % 6].name,
    }


def _wall(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(begin: datetime, end: datetime | None) -> str:
    return "" if end is None else str(int((end - begin).total_seconds()))
