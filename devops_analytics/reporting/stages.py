"""Shares of the stages in all the time that deployed changes took."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from devops_analytics.metrics import Evidence
from devops_analytics.metrics.delivery import lead_time_stages
from devops_analytics.metrics.lead_time_stages import STAGES
from devops_analytics.periods import Period

SMALLEST: Final = 6
"""Fewest deployed changes of a service for a bar of its own."""

_TITLES: Final = {**{stage.name: stage.title for stage in STAGES}, "unaccounted": "unaccounted"}


def stage_shares(
    evidence: Evidence, period: Period, services: Sequence[str], *, whole: str
) -> pl.DataFrame:
    """Return how the hours of the changes deployed in a period split into stages.

    Args:
        evidence: what metrics look at.
        period: the changes deployed in it count.
        services: the changes of these count.
        whole: the name under which all of them are put together; it comes first.

    Returns:
        Columns entity, stage, title, share (of the entity's hours, adding up to 1), hours (mean
        per change) and n (changes); services with fewer than six changes have no rows of their
        own.
    """
    inside = (pl.col("at") >= period.start) & (pl.col("at") < period.end)
    changes = (
        lead_time_stages(evidence).filter(inside & pl.col("service").is_in(services)).collect()
    )
    sums = pl.concat(
        [
            _sums(changes.with_columns(entity=pl.lit(whole)), place=0),
            _sums(changes.with_columns(entity="service"), place=1).filter(pl.col("n") >= SMALLEST),
        ]
    ).filter(pl.col("total_hours") > 0)
    order = {stage: nth for nth, stage in enumerate(_TITLES)}
    return (
        sums.unpivot(
            [f"{stage}_hours" for stage in _TITLES],
            index=["entity", "place", "n", "total_hours"],
            variable_name="stage",
            value_name="sum",
        )
        .with_columns(pl.col("stage").str.strip_suffix("_hours"))
        .select(
            "entity",
            "stage",
            "place",
            title=pl.col("stage").replace_strict(_TITLES),
            share=pl.col("sum").fill_null(0) / pl.col("total_hours"),
            hours=pl.col("sum").fill_null(0) / pl.col("n"),
            n="n",
            nth=pl.col("stage").replace_strict(order, return_dtype=pl.Int64),
        )
        .sort("place", "entity", "nth")
        .drop("place", "nth")
    )


def _sums(changes: pl.DataFrame, *, place: int) -> pl.DataFrame:
    hours = [*(f"{stage}_hours" for stage in _TITLES), "total_hours"]
    return (
        changes.group_by("entity")
        .agg(pl.len().alias("n"), *(pl.col(name).sum() for name in hours))
        .with_columns(place=pl.lit(place))
        .select("entity", "place", "n", *hours)
    )
