"""Prometheus Alertmanager: alerts of its API (v1, v2) and logs of its webhook, as JSON.

Grafana's alerting and others write webhooks of the same shape.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from devops_analytics.config_tools import AlertmanagerSource
from devops_analytics.sources.json_kinds import (
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.moments import moment
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

WRAPPERS: Final = ("data", "alerts")
"""Keys that the API's first version and a webhook's group hold alerts under."""

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
STATUSES: Final = {
    "firing": FIRING,
    "resolved": RESOLVED,
    "active": FIRING,
    "suppressed": FIRING,
    "unprocessed": FIRING,
}
"""Status of an alert in a webhook, and its state in the API; a silenced alert fires on."""

_FIRST_YEAR: Final = 1970
"""An end in year 1 is how the tool writes that there is none."""


class Labels(msgspec.Struct):
    """The labels that say what the alert is about; others may name people."""

    alertname: str | None = None
    severity: str | None = None
    service: str | None = None
    app: str | None = None
    application: str | None = None


class State(msgspec.Struct):
    """The status of an alert as the API has it."""

    state: str | None = None


class Alert(msgspec.Struct, kw_only=True, rename="camel"):
    """An alert; its annotations are not read."""

    starts_at: str
    ends_at: str | None = None
    updated_at: str | None = None
    fingerprint: str | None = None
    status: str | State | None = None
    labels: Labels


# ---- Rows ---- #


def _alert(alert: Alert, reading: Reading) -> Iterator[Row]:
    labels = alert.labels
    if not alert.fingerprint:
        raise Refused(
            "without_fingerprint",
            "the alert has no fingerprint, so its messages can't be told from those of others; "
            "export it from Alertmanager 0.19 or later",
        )
    status = _status(alert)
    started = moment(alert.starts_at)
    ended = _ended(alert, status)
    updated = moment(alert.updated_at) or ended or started
    # The same alert may be written with more or fewer digits, so its time is spelt one way.
    begun = started.isoformat() if started else alert.starts_at
    yield (
        "alerts",
        {
            "alert_id": f"alertmanager:{alert.fingerprint}:{begun}",
            "service": service_of(
                [labels.service or labels.app or labels.application],
                declared=reading.entry.service,
                settings=reading.context.settings,
            ),
            "name": labels.alertname,
            "severity": labels.severity.lower() if labels.severity else None,
            "started_at": begun,
            "ended_at": ended.isoformat() if ended else None,
            "updated_at": updated.isoformat() if updated else None,
        },
    )


def _status(alert: Alert) -> str:
    found = alert.status.state if isinstance(alert.status, State) else alert.status
    status = STATUSES.get((found or "").strip().lower())
    if status is None:
        raise Refused(
            "unknown_status",
            f"alert {alert.fingerprint}: status: found {found!r}; allowed: {', '.join(STATUSES)}",
        )
    return status


def _ended(alert: Alert, status: str) -> datetime | None:
    """Return when an alert ended: of one that fires, the end is a time-out in the future."""
    end = moment(alert.ends_at)
    if end is None or end.year < _FIRST_YEAR:
        return None
    if status == RESOLVED:
        return end
    told = moment(alert.updated_at)
    return end if told is not None and end <= told else None


# ---- Files ---- #


KINDS: Final = (
    RecordKind(
        name="alert",
        is_one=with_keys("startsAt", "endsAt", "labels", "status"),
        table="alerts",
        struct=Alert,
        rows=_alert,
    ),
)


def read(export: Export, entry: AlertmanagerSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of alerts; of the messages of one alert, the one that ends it stays.

    Raises:
        ExportError: nothing in the file is an alert of Alertmanager.
    """
    return read_kinds(
        export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title="Prometheus Alertmanager"
    )


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds alerts of Alertmanager, by its first records."""
    return recognise_kinds(
        export,
        kinds=KINDS,
        wrappers=WRAPPERS,
        source="alertmanager",
        title="Prometheus Alertmanager",
        confidence=0.95,
    )


ALERTMANAGER: Final = SourceKind(
    kind="alertmanager",
    title="Prometheus Alertmanager",
    reads="alerts of its API (v1, v2) and logs of its webhook as JSON",
    tables=("alerts",),
    read=read,
    recognise=recognise,
    words={"alert status": STATUSES},
    by_line=True,
)
