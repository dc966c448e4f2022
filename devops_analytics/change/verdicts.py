"""Is it a change or noise: what a comparison of one entity's two periods comes to."""

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl

from devops_analytics.change.effect import Effect, Scale
from devops_analytics.change.ranks import Sample, compare_ranked
from devops_analytics.change.rates import compare_rates
from devops_analytics.change.shares import compare_shares
from devops_analytics.change.survival import Running, compare_quantiles
from devops_analytics.config import Definitions
from devops_analytics.estimates.dispersion import (
    Block,
    Dispersion,
    dispersion_of_counts,
    dispersion_of_shares,
)
from devops_analytics.estimates.intervals import MEDIAN
from devops_analytics.estimates.live import Entity, clip, service_weeks
from devops_analytics.estimates.samples import Cell
from devops_analytics.estimates.weeks import counted, counts_by_week, weeks
from devops_analytics.metrics.metric import Better, Kind, Metric, Unit
from devops_analytics.periods import DAY, Period

VERDICTS: Final = ("better", "worse", "no detectable change", "not comparable")
"""What a comparison says."""


class Comparisons(dy.Schema):
    """One row per metric and entity: its period beside a baseline."""

    metric = dy.String(primary_key=True, description="id of the metric")
    by = dy.String(primary_key=True, description="kind of entity: organisation, team or service")
    entity = dy.String(primary_key=True, description="name of the organisation, team or service")
    period = dy.String(primary_key=True, description="label of the period")
    baseline = dy.String(primary_key=True, description="label of the period it is compared with")
    value = dy.Float64(nullable=True, description="the period's headline number, as measured")
    baseline_value = dy.Float64(nullable=True, description="the baseline's")
    unit = dy.String(description="unit of both, and of a difference")
    n = dy.Int64(nullable=True, description="observations of the period")
    baseline_n = dy.Int64(nullable=True, description="observations of the baseline")
    scale = dy.String(nullable=True, description="difference or ratio: what change, low, high are")
    change = dy.Float64(
        nullable=True, description="period minus baseline, or over it; null: not comparable"
    )
    low = dy.Float64(nullable=True, description="lower limit of the change; null: none")
    high = dy.Float64(nullable=True, description="upper limit of the change; null: none")
    p = dy.Float64(nullable=True, description="two-sided, of no change")
    q = dy.Float64(nullable=True, description="p, corrected for all rows of the frame")
    verdict = dy.String(
        check={"allowed": lambda column: column.is_in(VERDICTS)},
        description="better, worse, no detectable change or not comparable",
    )
    method = dy.String(nullable=True, description="how change, limits and p were found")
    reason = dy.String(nullable=True, description="why it is not comparable; null: it is")

    @dy.rule()
    def only_what_is_not_comparable_has_a_reason(cls) -> pl.Expr:  # noqa: N805 - as dataframely
        """Hold a reason exactly where the verdict is that there is none."""
        return (pl.col("verdict") == "not comparable") == pl.col("reason").is_not_null()


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """One entity in one period: when it can be spoken for, and what was observed."""

    found: Entity
    cell: Cell
    period: Period

    @property
    def live_days(self) -> float:
        """Days of the period that the entity can be spoken for."""
        return sum((end - start) / DAY for start, end in clip(self.found.spans, self.period))


def effect_of(metric: Metric, now: Looked, before: Looked, definitions: Definitions) -> Effect:
    """Compare two periods of an entity by what a metric's kind asks for.

    Shares by their difference, rates and durations by their ratio, levels by how far they are
    apart. Weeks that vary more than chance would make them are allowed for; what is of one moment
    belongs together.
    """
    confidence = definitions.confidence
    if metric.kind is Kind.PROPORTION:
        return compare_shares(
            int(now.cell.value.sum()),
            len(now.cell.value),
            int(before.cell.value.sum()),
            len(before.cell.value),
            confidence=confidence,
            dispersion=weekly_dispersion(metric, now, before),
        )
    if metric.kind is Kind.RATE:
        return compare_rates(
            len(now.cell.value),
            _exposure(metric, now),
            len(before.cell.value),
            _exposure(metric, before),
            confidence=confidence,
            dispersion=weekly_dispersion(metric, now, before),
        )
    scale: Scale = "ratio" if metric.kind is Kind.DURATION else "difference"
    cells = (now.cell, before.cell)
    if metric.quantile == MEDIAN and all(cell.observed.all() for cell in cells):
        one, other = (Sample(values=cell.value, groups=cell.at) for cell in cells)
        return compare_ranked(one, other, scale=scale, confidence=confidence)
    ran, ran_before = (
        Running(values=cell.value, observed=cell.observed, groups=cell.at) for cell in cells
    )
    return compare_quantiles(ran, ran_before, q=metric.quantile, scale=scale, confidence=confidence)


def weekly_dispersion(metric: Metric, *periods: Looked) -> Dispersion:
    """Return how much more the weeks of periods vary than chance would make them."""
    if metric.kind is Kind.PROPORTION:
        return dispersion_of_shares([_shares_by_week(looked) for looked in periods])
    return dispersion_of_counts(
        [counts_by_week(looked.cell.at, looked.found.spans, looked.period) for looked in periods]
    )


def verdict_of(metric: Metric, direction: int, q: float, *, confidence: float) -> str:
    """Return the verdict on a direction whose p, among those read with it, came to `q`."""
    if q > 1 - confidence or direction == 0:
        return "no detectable change"
    return "better" if (direction > 0) == (metric.better is Better.HIGHER) else "worse"


def _exposure(metric: Metric, looked: Looked) -> float:
    """Return what a rate's count is divided by."""
    if metric.unit is Unit.PER_SERVICE_WEEK:
        return service_weeks(looked.found, looked.period)
    return looked.live_days


def _shares_by_week(looked: Looked) -> Block:
    week = weeks(looked.cell.at, looked.period)[0]
    hits = np.bincount(week, weights=looked.cell.value)
    return np.asarray(hits, dtype=np.float64), counted(week)
