"""A period beside another: measurements and observations → verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from devops_analytics.change.annotations import annotations_about
from devops_analytics.change.comparable import (
    why_not_covered,
    why_not_defined,
    why_not_enough,
    why_not_measured,
    why_not_periods,
)
from devops_analytics.change.effect import Effect
from devops_analytics.change.multiple import benjamini_hochberg
from devops_analytics.change.verdicts import Comparisons, Looked, effect_of, verdict_of
from devops_analytics.config import Definitions
from devops_analytics.estimates import estimate
from devops_analytics.estimates.samples import Samples, samples
from devops_analytics.metrics.metric import Metric
from devops_analytics.periods import Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """A metric with its observations, and when what it needs is known."""

    metric: Metric
    rows: pl.DataFrame
    coverage: pl.DataFrame


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is asked of every metric: which periods, whose, as of when, by which choices."""

    period: Period
    baseline: Period
    by: str
    services: pl.DataFrame
    annotations: pl.DataFrame
    definitions: Definitions
    organisation: str
    as_of: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    metric: Metric
    now: dict[str, Any]
    before: dict[str, Any]
    effect: Effect | None
    reason: str | None


def compare(observed: Sequence[Observed], asked: Asked) -> dy.DataFrame[Comparisons]:
    """Compare a period with a baseline for every metric and entity.

    The observations of both periods are compared, not their estimates. Verdicts allow for all rows
    of the frame being read together (Benjamini and Hochberg): of the changes it names, at most the
    share that the confidence leaves is false, on average.
    """
    pairs = [pair for one in observed for pair in _pairs(one, asked)]
    compared = [pair.effect.p for pair in pairs if pair.effect is not None]
    found = iter(benjamini_hochberg(np.array(compared)).tolist())
    rows = [_row(pair, None if pair.effect is None else next(found), asked) for pair in pairs]
    schema = Comparisons.create_empty().schema
    return Comparisons.validate(pl.DataFrame(rows, schema=schema, orient="row"))


def _pairs(one: Observed, asked: Asked) -> list[_Pair]:
    metric = one.metric
    # What has ended is dated by its end; what still waits is no part of an earlier period, so it
    # would make the later one look slower.
    rows = one.rows.filter("observed") if metric.dated_by_end else one.rows
    found = sampled(replace(one, rows=rows), asked)
    frame = measured(one, asked, (asked.period, asked.baseline))
    rows_of = {(row["entity"], row["period"]): row for row in frame.iter_rows(named=True)}
    return [
        _pair(
            metric,
            Looked(found=entity, cell=now, period=asked.period),
            Looked(found=entity, cell=before, period=asked.baseline),
            rows_of,
            found.services,
            asked,
        )
        for (entity, now), (_, before) in zip(
            found.cells(asked.period), found.cells(asked.baseline), strict=True
        )
    ]


def measured(one: Observed, asked: Asked, periods: Sequence[Period]) -> pl.DataFrame:
    """Return the measurements of a metric in periods (schema `Measurements`)."""
    return estimate(
        one.rows,
        one.metric,
        periods=periods,
        by=asked.by,
        services=asked.services,
        coverage=one.coverage,
        definitions=asked.definitions,
        organisation=asked.organisation,
        as_of=asked.as_of,
    )


def sampled(one: Observed, asked: Asked) -> Samples:
    """Return the observations of a metric by entity."""
    return samples(
        one.rows,
        one.metric,
        by=asked.by,
        services=asked.services,
        coverage=one.coverage,
        organisation=asked.organisation,
        as_of=asked.as_of,
    )


def _pair(
    metric: Metric,
    now: Looked,
    before: Looked,
    rows_of: dict[tuple[str, str], dict[str, Any]],
    names: Sequence[str],
    asked: Asked,
) -> _Pair:
    row, row_before = (
        rows_of[now.found.name, period.label] for period in (asked.period, asked.baseline)
    )
    about = annotations_about(
        asked.annotations, by=asked.by, entity=now.found.name, services=asked.services
    )
    reason = (
        why_not_periods(asked.period, asked.baseline, asked.as_of)
        or why_not_measured(metric, (row, row_before))
        or why_not_defined(metric, asked.period, asked.baseline, about)
        or why_not_covered(now, before, names)
        or why_not_enough(metric, now, before, asked.definitions)
    )
    effect = None if reason else effect_of(metric, now, before, asked.definitions)
    return _Pair(metric=metric, now=row, before=row_before, effect=effect, reason=reason)


def _row(pair: _Pair, q: float | None, asked: Asked) -> dict[str, Any]:
    effect = pair.effect
    verdict = "not comparable"
    if effect is not None and q is not None:
        verdict = verdict_of(
            pair.metric, effect.direction, q, confidence=asked.definitions.confidence
        )
    return {
        "metric": pair.metric.id,
        "by": asked.by,
        "entity": pair.now["entity"],
        "period": asked.period.label,
        "baseline": asked.baseline.label,
        "value": pair.now["value"],
        "baseline_value": pair.before["value"],
        "unit": pair.metric.unit.value,
        "n": pair.now["n"],
        "baseline_n": pair.before["n"],
        "scale": effect and effect.scale,
        "change": effect and effect.value,
        "low": effect and effect.low,
        "high": effect and effect.high,
        "p": effect and effect.p,
        "q": q,
        "verdict": verdict,
        "method": effect and effect.method,
        "reason": pair.reason,
    }
