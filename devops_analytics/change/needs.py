"""How much it would take to see a change of a given size, for the metrics of a workspace."""

from collections.abc import Sequence
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from devops_analytics.change.comparison import Asked, Observed, sampled
from devops_analytics.change.effect import grouped_mean
from devops_analytics.change.power import (
    POWER,
    needed_for_durations,
    needed_for_rates,
    needed_for_shares,
)
from devops_analytics.change.ranks import SHORTEST_HOURS
from devops_analytics.change.verdicts import Looked, weekly_dispersion
from devops_analytics.config import Definitions
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.estimates.intervals import MEDIAN, Floats
from devops_analytics.metrics.metric import Kind, Metric


class Needed(dy.Schema):
    """One row per metric and entity: what a change would take to be seen."""

    metric = dy.String(primary_key=True, description="id of the metric")
    by = dy.String(primary_key=True, description="kind of entity: organisation, team or service")
    entity = dy.String(primary_key=True, description="name of the organisation, team or service")
    period = dy.String(description="label of the period that it is reckoned from")
    ratio = dy.Float64(description="the change looked for: the later value over this one")
    power = dy.Float64(description="how often it is to be seen")
    n = dy.Int64(description="observations of the period")
    needed_n = dy.Int64(
        nullable=True, description="observations each period would need; null: it can't be told"
    )


def needed(observed: Sequence[Observed], asked: Asked, ratio: float) -> dy.DataFrame[Needed]:
    """Return how many observations each of two periods needs for a change to be seen.

    What the period shows of its own level, spread, bursts and rows that belong together decides.
    The many comparisons of a page are not allowed for.

    Args:
        observed: the metrics.
        asked: whose, and the period that it is reckoned from.
        ratio: the later value over the present one, such as 0.5.

    Raises:
        DevopsAnalyticsError: the ratio is not above zero, or is 1.
    """
    if ratio <= 0 or ratio == 1:
        raise DevopsAnalyticsError(
            f"ratio: found {ratio:g}; allowed: above 0 and not 1, such as 0.5 for half."
        )
    rows = [
        _row(one.metric, Looked(found=entity, cell=cell, period=asked.period), asked, ratio)
        for one in observed
        for entity, cell in sampled(one, asked).cells(asked.period)
    ]
    return Needed.validate(pl.DataFrame(rows, schema=Needed.create_empty().schema))


def _row(metric: Metric, looked: Looked, asked: Asked, ratio: float) -> dict[str, Any]:
    return {
        "metric": metric.id,
        "by": asked.by,
        "entity": looked.found.name,
        "period": asked.period.label,
        "ratio": ratio,
        "power": POWER,
        "n": len(looked.cell.value),
        "needed_n": _needed(metric, looked, asked.definitions, ratio),
    }


def _needed(metric: Metric, looked: Looked, definitions: Definitions, ratio: float) -> int | None:
    values, confidence = looked.cell.value, definitions.confidence
    if len(values) < definitions.minimum_n:
        return None
    if metric.kind is Kind.RATE:
        n = needed_for_rates(ratio, confidence=confidence)
        return _times(n, weekly_dispersion(metric, looked).factor)
    if metric.kind is Kind.PROPORTION:
        share = float(values.mean())
        if share in {0.0, 1.0} or share * ratio > 1:
            return None
        n = needed_for_shares(share, share * ratio, confidence=confidence)
        return _times(n, weekly_dispersion(metric, looked).factor)
    if metric.kind is Kind.DURATION and metric.quantile == MEDIAN:
        ended = looked.cell.observed
        logs = np.log(np.maximum(values[ended], SHORTEST_HOURS))
        n = needed_for_durations(ratio, _spread(logs), confidence=confidence)
        return _times(n, _together(logs, looked.cell.at[ended]))
    return None


def _times(n: int | None, factor: float) -> int | None:
    return None if n is None else int(np.ceil(n * factor))


def _spread(logs: Floats) -> float:
    """Return the standard deviation of logarithms by their middle half, which no outlier moves."""
    low, high = np.quantile(logs, (0.25, 0.75))
    # The middle half of a normal distribution is 1.349 standard deviations wide.
    return float(high - low) / 1.349


def _together(logs: Floats, groups: np.ndarray) -> float:
    """Return how many times as many rows it takes because some belong together."""
    alone = grouped_mean(logs, np.arange(len(logs))).variance
    return max(1.0, grouped_mean(logs, groups).variance / alone) if alone else 1.0
