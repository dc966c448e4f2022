"""Measurements become evidence: what each indicator says, how sure that is, or why it is silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import polars as pl

from devops_analytics.maturity.model import COVERAGE, Indicator, Model
from devops_analytics.maturity.words import estimate_in_words
from devops_analytics.metrics.metric import Unit


class Outcome(StrEnum):
    """What an indicator came to; only `not_applicable` leaves the denominator."""

    SCORED = "scored"
    INSUFFICIENT = "insufficient"
    NOT_AVAILABLE = "not_available"
    ERROR = "error"
    NOT_SUPPORTED = "not_supported"
    NOT_APPLICABLE = "not_applicable"


class Role(StrEnum):
    """What evidence is there for: only indicators are scored."""

    INDICATOR = "indicator"
    BESIDE = "beside"
    CONTEXT = "context"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What of a measurement a score needs."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    status: str
    note: str | None

    @property
    def in_words(self) -> str:
        """The value with its interval and n."""
        return estimate_in_words(self.value, self.low, self.high, self.n, self.unit)

    @property
    def also(self) -> str:
        """The note, ready to follow what is said of the measurement; empty where there is none."""
        return f"; {self.note}" if self.note else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one piece of evidence says; a dimension of any lens may refer to it."""

    indicator: str
    metric: str | None
    evidence_class: str | None
    capability: str | None
    weight: float | None
    outcome: Outcome
    measured: Measured | None
    points: float | None = None
    points_low: float | None = None
    points_high: float | None = None
    reason: str
    why: str
    moved_without_improvement: str | None
    source: str

    @property
    def is_scored(self) -> bool:
        """Whether it has points."""
        return self.outcome is Outcome.SCORED


def read_measurements(frame: pl.DataFrame) -> dict[str, Measured]:
    """Return the measurements of one entity and period by metric."""
    columns = ["value", "low", "high", "n", "unit", "status", "note"]
    return {
        str(metric): Measured(
            value=value, low=low, high=high, n=n or 0, unit=unit, status=status, note=note
        )
        for metric, value, low, high, n, unit, status, note in frame.select(
            "metric", *columns
        ).iter_rows()
    }


def points_at(anchors: tuple[tuple[float, float], ...], value: float) -> float:
    """Return the points of a value: straight lines between anchors, flat beyond the ends."""
    values, points = zip(*anchors, strict=True)
    return float(np.interp(value, values, points))


def points_between(
    anchors: tuple[tuple[float, float], ...], low: float | None, high: float | None
) -> tuple[float, float]:
    """Return the points of an interval, the lower first; an end that is not bounded is the last."""
    ends = (
        points_at(anchors, anchors[0][0] if low is None else low),
        points_at(anchors, anchors[-1][0] if high is None else high),
    )
    return min(ends), max(ends)


def find_evidence(
    model: Model, measurements: Mapping[str, Measured], *, by: str
) -> dict[str, Finding]:
    """Return what every indicator of the model says, by its id.

    Args:
        model: the model.
        measurements: by metric; what is attested stands under the id of its indicator.
        by: whose measurements they are: organisation, team or service.
    """
    return {
        name: _indicator(one, model, measurements, by) for name, one in model.indicators.items()
    }


def _indicator(
    indicator: Indicator, model: Model, measurements: Mapping[str, Measured], by: str
) -> Finding:
    """Return what an indicator says: its outcome, and its points where it is scored."""
    measured = _measured(indicator, measurements)
    not_for = indicator.not_applicable or (indicator.teams_only if by == "organisation" else "")
    if not_for:
        outcome, reason = Outcome.NOT_APPLICABLE, f"Does not apply: {not_for.rstrip('.')}."
    else:
        outcome, reason = _outcome(indicator, model, measured, measurements)
    points: tuple[float | None, float | None, float | None] = (None, None, None)
    if outcome is Outcome.SCORED and measured is not None and measured.value is not None:
        point = points_at(indicator.anchors, measured.value)
        points = (point, *points_between(indicator.anchors, measured.low, measured.high))
        reason = f"{measured.in_words}: {point:.0f} of 100 points{measured.also}."
    return Finding(
        indicator=indicator.id,
        metric=indicator.metric,
        evidence_class=indicator.evidence_class,
        capability=indicator.capability,
        weight=indicator.weight,
        outcome=outcome,
        measured=measured,
        points=points[0],
        points_low=points[1],
        points_high=points[2],
        reason=reason,
        why=indicator.why,
        moved_without_improvement=indicator.moved_without_improvement,
        source=indicator.source,
    )


def unscored(metric: str, why: str, model: Model, measurements: Mapping[str, Measured]) -> Finding:
    """Return what a metric says that stands beside a dimension and is not scored."""
    declared = model.metrics[metric]
    measured = measurements.get(metric)
    outcome, reason = outcome_of_status(metric, model, measured)
    return Finding(
        indicator=metric,
        metric=metric,
        evidence_class=None,
        capability=None,
        weight=None,
        outcome=outcome,
        measured=measured,
        reason=reason,
        why=why,
        moved_without_improvement=declared.moved_without_improvement,
        source=declared.source,
    )


_MEANINGS: Final = {
    "ok": (Outcome.SCORED, "{measured}"),
    "none": (Outcome.INSUFFICIENT, "Nothing happened in the period that could count"),
    "insufficient": (Outcome.INSUFFICIENT, "Not enough for a number: n = {n}"),
    "suppressed": (Outcome.INSUFFICIENT, "Not shown, as too few people stand behind it"),
    "unknown": (Outcome.NOT_AVAILABLE, "Not known"),
    "not_applicable": (Outcome.NOT_APPLICABLE, "Does not apply"),
}
"""What each status of a measurement means as evidence."""


def outcome_of_status(metric: str, model: Model, measured: Measured | None) -> tuple[Outcome, str]:
    """Return what a measurement's status means as evidence, and the reason in words.

    `ok` can be scored (`error` where it has no value); `insufficient`, `suppressed` and `none` are
    insufficient; `unknown`, and no measurement at all, are not available.
    """
    if measured is None:
        return Outcome.NOT_AVAILABLE, "Not measured."
    if measured.status not in _MEANINGS:
        return Outcome.ERROR, f"The measurement has the unknown status {measured.status!r}."
    if measured.status == "ok" and measured.value is None:
        return Outcome.ERROR, "The measurement is said to be ok and has no value."
    outcome, text = _MEANINGS[measured.status]
    if outcome is Outcome.NOT_AVAILABLE:
        tables = " and ".join(table.replace("_", " ") for table in model.metrics[metric].needs)
        return outcome, f"{text}: {measured.note or f'it needs live exports of {tables}'}."
    return outcome, f"{text.format(measured=measured.in_words, n=measured.n)}{measured.also}."


def _measured(indicator: Indicator, measurements: Mapping[str, Measured]) -> Measured | None:
    if indicator.metric == COVERAGE:
        return _coverage(indicator, measurements)
    return measurements.get(indicator.metric or indicator.id)


def _coverage(indicator: Indicator, measurements: Mapping[str, Measured]) -> Measured | None:
    """Return the share of the metrics that can be computed: a count of all of them, no sample."""
    if any(metric not in measurements for metric in indicator.of):
        return None
    missing = [
        f"{metric.replace('_', ' ')} ({measurements[metric].status.replace('_', ' ')})"
        for metric in indicator.of
        if measurements[metric].status not in indicator.covered
    ]
    share = (len(indicator.of) - len(missing)) / len(indicator.of)
    return Measured(
        value=share,
        low=share,
        high=share,
        n=len(indicator.of),
        unit=Unit.SHARE.value,
        status="ok",
        note=f"not computed: {', '.join(missing)}" if missing else None,
    )


def _outcome(
    indicator: Indicator,
    model: Model,
    measured: Measured | None,
    measurements: Mapping[str, Measured],
) -> tuple[Outcome, str]:
    if indicator.is_attested:
        outcome, reason = _attested(measured)
    elif indicator.metric == COVERAGE:
        outcome, reason = Outcome.SCORED, ""
        if measured is None:
            return Outcome.NOT_AVAILABLE, f"Not all of {', '.join(indicator.of)} were measured."
    else:
        outcome, reason = outcome_of_status(indicator.metric or "", model, measured)
    if measured is None:
        return outcome, reason
    if measured.status == "none" and indicator.occasions is not None:
        return _of_nothing(indicator.occasions, model, measurements, reason)
    if outcome is Outcome.SCORED and measured.n < indicator.minimum_n:
        return Outcome.INSUFFICIENT, (
            f"Too few to score: {measured.in_words}, and {indicator.minimum_n} are needed."
        )
    return outcome, reason


def _attested(measured: Measured | None) -> tuple[Outcome, str]:
    if measured is None:
        return Outcome.NOT_AVAILABLE, "Not known: nobody has attested it."
    if measured.status == "unknown":
        return Outcome.NOT_AVAILABLE, f"Not known: {measured.note}."
    if measured.status == "not_applicable":
        return Outcome.NOT_APPLICABLE, f"Does not apply: {measured.note}."
    return Outcome.SCORED, ""


def _of_nothing(
    occasions: str, model: Model, measurements: Mapping[str, Measured], reason: str
) -> tuple[Outcome, str]:
    """Return what it means that a metric saw nothing, by the metric that sees the same events."""
    seen = measurements.get(occasions)
    name = model.title(occasions).lower()
    if seen is None or seen.status == "unknown":
        return Outcome.NOT_AVAILABLE, f"Not known: nothing was seen, and {name} is not known."
    if seen.n > 0:
        return Outcome.NOT_SUPPORTED, (
            f"The exports can't say: {name} has n = {seen.n} in the period, and none of those "
            "records tells."
        )
    return Outcome.INSUFFICIENT, reason
