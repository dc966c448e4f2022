"""Checks for values far from all others of their service."""

from collections.abc import Callable
from typing import Final

import polars as pl

from devops_analytics.metrics import Metric, Unit, metric
from devops_analytics.quality.check import Check, Material, Severity, as_found, in_words
from devops_analytics.text import filled

FEWEST: Final = 30
SPREADS: Final = 3
RULE: Final = (
    f"Beyond {SPREADS} interquartile ranges from the quartiles on a log scale, among at least "
    f"{FEWEST} of the service"
)
_LOOKED_AT: Final = (
    ("change_lead_time", "commits"),
    ("time_to_restore", "incidents"),
    ("pipeline_duration", "pipeline runs"),
    ("change_open_time", "pull or merge requests"),
    ("batch_size", "pull or merge requests"),
)


def outliers(declared: Metric) -> Callable[[Material], pl.LazyFrame]:
    """Return the check for values of a metric that lie far from those of their service.

    Values are compared by their logarithm, so that a duration may be as many times too short as
    too long; zero and what is not over yet are left out.
    """

    def find(material: Material) -> pl.LazyFrame:
        rows = (
            declared.observe(material.evidence)
            .filter(pl.col("observed") & (pl.col("value") > 0))
            .with_columns(log=pl.col("value").log())
            .with_columns(
                n=pl.len().over("service"),
                low=pl.col("log").quantile(0.25, "linear").over("service"),
                high=pl.col("log").quantile(0.75, "linear").over("service"),
            )
            .with_columns(reach=SPREADS * (pl.col("high") - pl.col("low")))
            .filter(
                (pl.col("n") >= FEWEST)
                & (pl.col("reach") > 0)
                & (
                    (pl.col("log") > pl.col("high") + pl.col("reach"))
                    | (pl.col("log") < pl.col("low") - pl.col("reach"))
                )
            )
        )
        words = [_written(declared, end) for end in _ENDS]
        detail = filled("{}; the middle half of n = {} is {} to {}", words[0], "n", *words[1:])
        return as_found(rows, "key", service="service", detail=detail)

    return find


_ENDS: Final = (pl.col("value"), pl.col("low").exp(), pl.col("high").exp())


def _written(declared: Metric, value: pl.Expr) -> pl.Expr:
    if declared.unit is Unit.HOURS:
        return in_words(value)
    return filled(f"{{}} {declared.unit.value}", value.round().cast(pl.Int64))


def _check(metric_id: str, of: str) -> Check:
    declared = metric(metric_id)
    return Check(
        id=f"outliers_{metric_id}",
        title=f"Outliers of {declared.name[0].lower()}{declared.name[1:]}",
        severity=Severity.NOTE,
        effect=(
            f"{RULE}. They count like all others; a median hardly moves by them, a high quantile "
            "may."
        ),
        what_to_do=f"Look at these {of}: a wrong date or a record of another kind is common.",
        find=outliers(declared),
        metrics=(metric_id,),
    )


OUTLIERS: Final = tuple(_check(*pair) for pair in _LOOKED_AT)
"""Checks for outliers."""
