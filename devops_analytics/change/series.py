"""A metric over many periods: whether it rose or fell, and where its level changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, log
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from devops_analytics.change.annotations import annotations_about
from devops_analytics.change.changepoint import FEWEST_POINTS, pettitt
from devops_analytics.change.comparison import Asked, Observed, measured
from devops_analytics.change.effect import Scale, sign
from devops_analytics.change.multiple import benjamini_hochberg
from devops_analytics.change.ranks import SHORTEST_HOURS
from devops_analytics.change.trend import FEWEST_PERIODS, Trend, mann_kendall
from devops_analytics.change.verdicts import VERDICTS, verdict_of
from devops_analytics.metrics.metric import Kind, Metric
from devops_analytics.periods import Period


class Trends(dy.Schema):
    """One row per metric and entity: whether it rose or fell over periods."""

    metric = dy.String(primary_key=True, description="id of the metric")
    by = dy.String(primary_key=True, description="kind of entity: organisation, team or service")
    entity = dy.String(primary_key=True, description="name of the organisation, team or service")
    first = dy.String(description="label of the first period looked at")
    last = dy.String(description="label of the last")
    n = dy.Int64(description="complete periods with a number")
    tau = dy.Float64(nullable=True, description="Kendall's tau-b with time, -1 to 1")
    scale = dy.String(description="difference or ratio: what change, low and high are")
    change = dy.Float64(nullable=True, description="from one period to the next (Theil and Sen)")
    low = dy.Float64(nullable=True, description="lower limit of the change; null: none")
    high = dy.Float64(nullable=True, description="upper limit of the change; null: none")
    p = dy.Float64(nullable=True, description="Mann and Kendall's, of no trend")
    q = dy.Float64(nullable=True, description="p, corrected for all rows of the frame")
    verdict = dy.String(
        check={"allowed": lambda column: column.is_in(VERDICTS)},
        description="better, worse, no detectable change or not comparable",
    )
    since = dy.String(
        nullable=True, description="label of the period since which the level may be another"
    )
    since_p = dy.Float64(
        nullable=True, description="Pettitt's, of one level; null: fewer than 20 periods"
    )
    reason = dy.String(nullable=True, description="why no trend was looked for; null: it was")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Series:
    metric: Metric
    entity: str
    labels: list[str]
    times: list[int]
    values: list[float]

    @property
    def scale(self) -> Scale:
        return "ratio" if self.metric.kind is Kind.DURATION else "difference"


def trends(
    observed: Sequence[Observed], asked: Asked, periods: Sequence[Period]
) -> dy.DataFrame[Trends]:
    """Return the trend of every metric and entity over periods.

    Durations are taken as logarithms, so their change is a ratio. Periods that are not over, have
    no number, or lie before a change of the definition are passed over. With fewer than five left
    no trend is looked for, with fewer than twenty no change of level.

    Args:
        observed: the metrics.
        asked: whose; its own period and baseline are not looked at.
        periods: in order of time.
    """
    series = [found for one in observed for found in _series(one, asked, periods)]
    tested = [_trend(one, asked.definitions.confidence) for one in series]
    p = np.array([found.p for found in tested if found is not None], dtype=np.float64)
    q = iter(benjamini_hochberg(p).tolist())
    rows = [
        _about(one, asked, periods) | _found(one, found, None if found is None else next(q), asked)
        for one, found in zip(series, tested, strict=True)
    ]
    return Trends.validate(pl.DataFrame(rows, schema=Trends.create_empty().schema))


def series_value(metric: Metric, row: Mapping[str, Any]) -> float | None:
    """Return a measurement's value for a series: that nothing happened is a rate of zero."""
    if metric.kind is Kind.RATE and row["status"] == "none":
        return 0.0
    value: float | None = row["value"]
    return value


def redefined_at(metric: Metric, about: pl.DataFrame) -> list[datetime]:
    """Return when a metric began to mean something else, by the annotations of an entity."""
    own = about.filter(pl.col("redefines").list.contains(metric.id))
    return own["start_at"].sort().to_list()


def _series(one: Observed, asked: Asked, periods: Sequence[Period]) -> list[_Series]:
    frame = measured(one, asked, periods)
    place = {period.label: nth for nth, period in enumerate(periods)}
    found = []
    for (entity,), rows in frame.group_by("entity", maintain_order=True):
        about = annotations_about(
            asked.annotations, by=asked.by, entity=str(entity), services=asked.services
        )
        since = max((at for at in redefined_at(one.metric, about)), default=None)
        values = [
            (row["period"], series_value(one.metric, row))
            for row in rows.sort("period_start").iter_rows(named=True)
            if row["period_end"] <= asked.as_of and (since is None or row["period_start"] >= since)
        ]
        known = [(label, value) for label, value in values if value is not None]
        found.append(
            _Series(
                metric=one.metric,
                entity=str(entity),
                labels=[label for label, _ in known],
                times=[place[label] for label, _ in known],
                values=[_scaled(one.metric, value) for _, value in known],
            )
        )
    return found


def _scaled(metric: Metric, value: float) -> float:
    return log(max(value, SHORTEST_HOURS)) if metric.kind is Kind.DURATION else value


def _trend(one: _Series, confidence: float) -> Trend | None:
    if len(one.values) < FEWEST_PERIODS:
        return None
    times = np.array(one.times, dtype=np.float64)
    return mann_kendall(times, np.array(one.values), confidence=confidence)


def _about(one: _Series, asked: Asked, periods: Sequence[Period]) -> dict[str, Any]:
    return {
        "metric": one.metric.id,
        "by": asked.by,
        "entity": one.entity,
        "first": periods[0].label,
        "last": periods[-1].label,
        "n": len(one.values),
        "scale": one.scale,
    }


def _found(one: _Series, trend: Trend | None, q: float | None, asked: Asked) -> dict[str, Any]:
    if trend is None or q is None:
        few = f"{len(one.values)} periods with a number; a trend takes {FEWEST_PERIODS}"
        return {"verdict": "not comparable", "reason": few}
    confidence = asked.definitions.confidence
    ends = (trend.slope, trend.low, trend.high)
    if one.scale == "ratio":
        ends = tuple(None if end is None else exp(end) for end in ends)  # type: ignore[assignment]
    level = pettitt(np.array(one.values)) if len(one.values) >= FEWEST_POINTS else None
    is_other = level is not None and level.p <= 1 - confidence
    return {
        "tau": trend.tau,
        "change": ends[0],
        "low": ends[1],
        "high": ends[2],
        "p": trend.p,
        "q": q,
        "verdict": verdict_of(one.metric, sign(trend.tau), q, confidence=confidence),
        "since": one.labels[level.place] if level is not None and is_other else None,
        "since_p": level and level.p,
    }
