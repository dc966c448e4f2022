"""What somebody stands up for: attestations that count, and why others do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from devops_analytics.maturity.evidence import Measured
from devops_analytics.maturity.model import Model
from devops_analytics.metrics.metric import Unit

REFUSED: Final = pl.Schema(
    {
        "subject": pl.String(),
        "indicator": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "reason": pl.String(),
        "source_ref": pl.String(),
    }
)
"""Attestations that don't count, and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attested:
    """What is attested of one entity at a moment.

    `measured` has each attested indicator that something was said about; `refused` (schema
    `REFUSED`) the attestations that do not count.
    """

    measured: Mapping[str, Measured]
    refused: pl.DataFrame


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """An attestation; `wrong` is why it does not count, empty where it does."""

    subject: str
    indicator: str
    at: datetime
    value: float | None
    url: str | None
    expires_at: datetime
    source_ref: str | None
    wrong: str


NOTHING_ATTESTED: Final = Attested(measured={}, refused=pl.DataFrame(schema=REFUSED))


def attested(
    rows: pl.DataFrame,
    model: Model,
    *,
    entity: str,
    services: Mapping[str, str | None],
    moment: datetime,
) -> Attested:
    """Return what is attested of an entity: by itself, else by its services.

    What is said of the entity itself decides. Else the value is the mean of what is said of its
    services (of each by itself, else of its team), and those of which nothing is said lie between
    0 and 1. Each counts from when it is said until it expires, and only with a link to the proof;
    the latest of several wins.

    Args:
        rows: the table `attestations`.
        model: which indicators can be attested, and how long one without an end counts.
        entity: organisation or team, as attestations name it.
        services: the entity's services, each with its team.
        moment: the end of the period, or the as-of time where that is earlier.
    """
    subjects = {entity, *services, *services.values()}
    said = [
        _judged(row, model, moment)
        for row in rows.sort("at", "subject", "indicator").iter_rows(named=True)
        if row["subject"] in subjects
    ]
    measured = {}
    for name, indicator in model.indicators.items():
        found = [one for one in said if one.indicator == name]
        if indicator.is_attested and found:
            measured[name] = _measured(model, found, entity, services)
    refused = [(o.subject, o.indicator, o.at, o.wrong, o.source_ref) for o in said if o.wrong]
    return Attested(measured=measured, refused=pl.DataFrame(refused, schema=REFUSED, orient="row"))


def _judged(row: Mapping[str, Any], model: Model, moment: datetime) -> _Said:
    at, until = row["at"], row["expires_at"]
    if until is None:
        until = at + timedelta(days=model.rules.attestation_days)
    wrong = _not_attestable(row["indicator"], model)
    if not wrong and not row["url"]:
        wrong = "it has no link to the proof"
    elif not wrong and at > moment:
        wrong = f"it was said on {at:%Y-%m-%d}, after the period"
    elif not wrong and until < moment:
        wrong = f"it was said on {at:%Y-%m-%d} and expired on {until:%Y-%m-%d}"
    return _Said(
        subject=row["subject"],
        indicator=row["indicator"],
        at=at,
        value=row["value"],
        url=row["url"],
        expires_at=until,
        source_ref=row["source_ref"],
        wrong=wrong,
    )


def _not_attestable(name: str, model: Model) -> str:
    indicator = model.indicators.get(name)
    if indicator is not None and indicator.is_attested:
        return ""
    allowed = [one.id for one in model.indicators.values() if one.is_attested]
    kind = "no indicator has this name" if indicator is None else "it is measured, not attested"
    return f"{kind}; those that can be attested: {', '.join(allowed) or 'none'}"


def _measured(
    model: Model, found: Sequence[_Said], entity: str, services: Mapping[str, str | None]
) -> Measured:
    latest = {one.subject: one for one in found if not one.wrong}
    if not latest:
        return _without_value("unknown", f"of {found[-1].subject}, {found[-1].wrong}")
    if entity in latest:
        one = latest[entity]
        if one.value is None:
            return _without_value("not_applicable", f"attested {_link(one)}")
        return _share([one.value], n_all=1, note=f"attested {_link(one)}")
    whoms = ((service if service in latest else team) for service, team in services.items())
    said = [latest[whom] for whom in whoms if whom in latest]
    values = [one.value for one in said if one.value is not None]
    n_all = len(services) - (len(said) - len(values))
    if not n_all:
        return _without_value("not_applicable", "attested of each of its services")
    whose = f"attested of {len(values)} of {n_all} services"
    if len(values) < model.rules.minimum_coverage * n_all:
        return _without_value("unknown", f"{whose}, which is too few")
    newest = max(said, key=lambda one: one.at)
    return _share(values, n_all=n_all, note=f"{whose}, last {_link(newest)}")


def _share(values: Sequence[float], *, n_all: int, note: str) -> Measured:
    """Return the mean of what was said; what was not said lies between 0 and 1."""
    total = sum(values)
    return Measured(
        value=total / len(values),
        low=total / n_all,
        high=(total + n_all - len(values)) / n_all,
        n=len(values),
        unit=Unit.SHARE.value,
        status="ok",
        note=note,
    )


def _without_value(status: str, note: str) -> Measured:
    return Measured(
        value=None, low=None, high=None, n=0, unit=Unit.SHARE.value, status=status, note=note
    )


def _link(said: _Said) -> str:
    return f"on {said.at:%Y-%m-%d} until {said.expires_at:%Y-%m-%d} by {said.url}"
