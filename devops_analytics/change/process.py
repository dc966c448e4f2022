"""A metric's process chart: its points in order of time, limits, signals and new beginnings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dataframely as dy
import numpy as np
import polars as pl

from devops_analytics.change.annotations import annotations_about
from devops_analytics.change.comparison import Asked, Observed, measured, sampled
from devops_analytics.change.control import (
    FEWEST_IN_BASELINE,
    ProcessChart,
    p_chart,
    u_chart,
    xmr,
)
from devops_analytics.change.ranks import SHORTEST_HOURS
from devops_analytics.change.series import redefined_at
from devops_analytics.estimates.intervals import Floats
from devops_analytics.metrics.metric import Kind, Metric
from devops_analytics.periods import Period


class ProcessPoints(dy.Schema):
    """One row per point of a process chart, in order of time."""

    metric = dy.String(description="id of the metric")
    entity = dy.String(description="name of the organisation, team or service")
    at = dy.Datetime(time_unit="us", time_zone="UTC", description="the point's time or beginning")
    label = dy.String(description="the week, or the day of a single observation")
    value = dy.Float64(description="in the metric's unit")
    n = dy.Int64(description="observations behind it")
    centre = dy.Float64(nullable=True, description="of the baseline; null: too short for limits")
    low = dy.Float64(nullable=True, description="lower limit; null as the centre")
    high = dy.Float64(nullable=True, description="upper limit; null as the centre")
    in_baseline = dy.Bool(description="whether the limits come from it")
    is_new_baseline = dy.Bool(description="whether limits begin anew here, and are not the first")
    signals = dy.List(dy.String(), description="the rules that it completes; empty: none")
    chart = dy.String(description="which chart: XmR of logarithms, XmR, u′ or p′")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Points:
    """Values with what they are counted among (1 where they are not counts), by time."""

    at: list[datetime]
    labels: list[str]
    counts: Floats
    among: Floats
    n: list[int]


def process_points(one: Observed, asked: Asked, weeks: Sequence[Period]) -> pl.DataFrame:
    """Return the process chart of a metric (schema `ProcessPoints`).

    A point is a complete week: its count in live days, its hits of n, or its median. Where hardly
    any week has a median, a point is what ended (or began) at one moment. Limits are frozen: they
    come from what lies before `asked.period`, at least 12 points, and begin anew where an
    annotation says that the metric was redefined.

    Args:
        one: the metric.
        asked: whose; it must come to one entity.
        weeks: in order of time.
    """
    points = _points(one, asked, [week for week in weeks if week.is_complete(asked.as_of)])
    entity = measured(one, asked, (asked.period,))["entity"][0]
    about = annotations_about(
        asked.annotations, by=asked.by, entity=entity, services=asked.services
    )
    baselines = baselines_of(points.at, redefined_at(one.metric, about), asked.period.start)
    found, name = _charted(one.metric, points, baselines)
    back = np.exp if one.metric.kind is Kind.DURATION else np.asarray
    firsts = {base.start for base in baselines[1:]}
    limits = {
        which: pl.Series(back(getattr(found, which)), dtype=pl.Float64).fill_nan(None)
        for which in ("centre", "low", "high")
    }
    if one.metric.kind in {Kind.RATE, Kind.PROPORTION}:
        limits["low"] = limits["low"].clip(lower_bound=0)
    frame = pl.DataFrame(
        {
            "metric": [one.metric.id] * len(points.at),
            "entity": [entity] * len(points.at),
            "at": points.at,
            "label": points.labels,
            "value": points.counts / points.among,
            "n": points.n,
            **limits,
            "in_baseline": found.in_baseline,
            "is_new_baseline": [place in firsts for place in range(len(points.at))],
            "signals": [list(names) for names in found.signals],
            "chart": [name] * len(points.at),
        },
        schema=ProcessPoints.create_empty().schema,
    )
    return ProcessPoints.validate(frame)


def baselines_of(
    at: Sequence[datetime], breaks: Sequence[datetime], judged_from: datetime
) -> list[range]:
    """Return the places that each set of limits comes from.

    Args:
        at: times of the points, in order.
        breaks: where limits begin anew, in order.
        judged_from: what lies before is baseline, and at least 12 points are.
    """
    starts = sorted({0, *(sum(moment < one for moment in at) for one in breaks)} - {len(at)})
    parts = pairwise([*starts, len(at)])
    found = []
    for start, end in parts:
        before = sum(moment < judged_from for moment in at[start:end])
        found.append(range(start, min(end, start + max(FEWEST_IN_BASELINE, before))))
    return found


def _charted(
    metric: Metric, points: _Points, baselines: Sequence[range]
) -> tuple[ProcessChart, str]:
    if metric.kind is Kind.RATE:
        return u_chart(points.counts, points.among, baselines), "u′"
    if metric.kind is Kind.PROPORTION:
        return p_chart(points.counts, points.among, baselines), "p′"
    if metric.kind is Kind.DURATION:
        logs = np.log(np.maximum(points.counts, SHORTEST_HOURS))
        return xmr(logs, baselines), "XmR of logarithms"
    return xmr(points.counts, baselines), "XmR"


def _points(one: Observed, asked: Asked, weeks: Sequence[Period]) -> _Points:
    if one.metric.kind in {Kind.RATE, Kind.PROPORTION}:
        return _counted_by_week(one, asked, weeks)
    weekly = _measured_by_week(one, asked, weeks)
    return weekly if len(weekly.at) > FEWEST_IN_BASELINE else _single(one, asked, weeks)


def _counted_by_week(one: Observed, asked: Asked, weeks: Sequence[Period]) -> _Points:
    """Return hits of n, or counts in at least one live day."""
    least = 1.0
    found = measured(one, asked, weeks).sort("period_start").filter(pl.col("denominator") >= least)
    return _Points(
        at=found["period_start"].to_list(),
        labels=found["period"].to_list(),
        counts=found["numerator"].to_numpy(),
        among=found["denominator"].to_numpy(),
        n=found["n"].to_list(),
    )


def _measured_by_week(one: Observed, asked: Asked, weeks: Sequence[Period]) -> _Points:
    found = measured(one, asked, weeks).sort("period_start").filter(pl.col("status") == "ok")
    return _Points(
        at=found["period_start"].to_list(),
        labels=found["period"].to_list(),
        counts=found["value"].to_numpy(),
        among=np.ones(found.height),
        n=found["n"].to_list(),
    )


def _single(one: Observed, asked: Asked, weeks: Sequence[Period]) -> _Points:
    """Return the median of what is of one moment, for each moment; what still runs is left out."""
    if not weeks:
        return _Points(at=[], labels=[], counts=np.empty(0), among=np.empty(0), n=[])
    window = Period(label="", start=weeks[0].start, end=weeks[-1].end)
    _, cell = next(iter(sampled(one, asked).cells(window)))
    rows = (
        pl.DataFrame({"at": cell.at, "value": cell.value})
        .filter(pl.Series(cell.observed))
        .group_by("at")
        .agg(pl.col("value").median(), n=pl.len())
        .sort("at")
    )
    at = [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=one) for one in rows["at"]]
    return _Points(
        at=at,
        labels=[f"{moment:%Y-%m-%d}" for moment in at],
        counts=rows["value"].to_numpy(),
        among=np.ones(rows.height),
        n=rows["n"].to_list(),
    )
