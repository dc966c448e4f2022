"""Why two periods can't be compared, if they can't."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl

from devops_analytics.change.effect import smallest_p
from devops_analytics.change.verdicts import Looked
from devops_analytics.config import Definitions
from devops_analytics.estimates.kinds import SHOWN, days_text
from devops_analytics.estimates.live import clip
from devops_analytics.metrics.metric import Kind, Metric
from devops_analytics.periods import DAY, Period

MOST_UNLIKE: Final = 0.1
"""Periods whose feeds cover shares of them that differ by more are not compared; nor where so
large a share of the rows comes from services that can be spoken for in one period only."""

_HALF: Final = 0.5
"""A service counts as spoken for where its feeds cover as much of what has passed of a period."""


_TESTED: Final = frozenset({Kind.PROPORTION, Kind.RATE, Kind.DURATION, Kind.LEVEL})
"""Kinds whose observations are of their period alone, and have a test."""


def why_not_periods(period: Period, baseline: Period, as_of: datetime) -> str | None:
    """Return why two periods are never comparable, whatever the metric."""
    for one in (period, baseline):
        if not one.is_complete(as_of):
            return f"{one.label} is not over"
    if period.start < baseline.end and baseline.start < period.end:
        return "the two periods overlap"
    return None


def why_not_measured(metric: Metric, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return why measurements of the two periods can't be compared: no test, or no number."""
    if metric.kind not in _TESTED:
        return "numbers of its kind have no test that tells a change from noise"
    if metric.at_end or metric.state_days is not None:
        return "a state of mostly the same things at two moments, not two samples"
    for row in rows:
        # That nothing happened in a live feed is a rate like others.
        is_known = row["status"] == "ok" or (row["status"] == "none" and metric.kind is Kind.RATE)
        if not is_known:
            return f"{row['period']}: {row['note'] or row['status'].replace('_', ' ')}"
    return None


def why_not_covered(now: Looked, before: Looked, names: Sequence[str]) -> str | None:
    """Return how the coverage of the feeds differs, where it differs too much.

    Args:
        now: the period.
        before: the baseline.
        names: what `Cell.service` are places in.
    """
    shares = [looked.live_days / looked.period.days for looked in (now, before)]
    if abs(shares[0] - shares[1]) > MOST_UNLIKE:
        looked = min((now, before), key=lambda one: one.live_days / one.period.days)
        return (
            f"feed coverage differs: {days_text(looked.live_days)} of "
            f"{days_text(looked.period.days)} days in {looked.period.label}"
        )
    for looked, other in ((now, before), (before, now)):
        only = _spoken_for(looked) - _spoken_for(other)
        places = [place for place, name in enumerate(names) if name in only]
        of_those = int(np.isin(looked.cell.service, places).sum())
        if of_those > MOST_UNLIKE * len(looked.cell.service):
            listed = ", ".join(sorted(only)[:SHOWN]) + (" …" if len(only) > SHOWN else "")
            return (
                f"feed coverage differs: {of_those} of {len(looked.cell.service)} rows in "
                f"{looked.period.label} are of services known only then: {listed}"
            )
    return None


def why_not_enough(
    metric: Metric, now: Looked, before: Looked, definitions: Definitions
) -> str | None:
    """Return why so few separate events could show no change, whatever they were."""
    if metric.kind in {Kind.PROPORTION, Kind.RATE}:
        return None
    groups = [len(np.unique(looked.cell.at)) for looked in (now, before)]
    if smallest_p(*groups) <= 1 - definitions.confidence:
        return None
    return f"too few separate moments: {groups[0]} and {groups[1]}"


def why_not_defined(
    metric: Metric, period: Period, baseline: Period, about: pl.DataFrame
) -> str | None:
    """Return which annotation says that the metric means something else in either period.

    `about` holds the annotations that concern the entity.
    """
    first, last = min(period.start, baseline.start), max(period.end, baseline.end)
    for row in about.iter_rows(named=True):
        if metric.id in row["redefines"] and first < row["start_at"] < last:
            return f"the definition changed on {row['start_at']:%Y-%m-%d}: {row['label']}"
    return None


def _spoken_for(looked: Looked) -> set[str]:
    """Return the services that can be spoken for in at least half of a period."""
    return {
        name
        for name, spans in looked.found.services.items()
        if sum((end - start) / DAY for start, end in clip(spans, looked.period))
        >= _HALF * looked.period.days
    }
