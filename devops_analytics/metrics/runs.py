"""Pipeline runs as several metrics look at them."""

from typing import Final

import polars as pl

from devops_analytics.metrics.metric import Evidence
from devops_analytics.metrics.trunk import TRUNK_NAMES, trunk_branches
from devops_analytics.text import filled

FAILURES: Final = ("failure", "error", "timeout")
VERDICTS: Final = ("success", *FAILURES)
"""Results that say something about the commit; cancelled, skipped and unknown ones don't."""

WAITING: Final = ("queued", "blocked")
"""Results of a run that has been asked for and does not run yet."""

RUN_KEY: Final = filled("{}/{}/{}", "repo", "run_id", "attempt")

_OF_A_CHANGE: Final = r"(?i)(pull|merge)[_ -]?request"
"""Triggers of runs for a change: from a fork its branch may well be called main."""


def verdicts(evidence: Evidence) -> pl.LazyFrame:
    """Return the runs that succeeded or failed, with `at` and `key`."""
    return (
        evidence.tables["pipeline_runs"]
        .filter(pl.col("result").is_in(VERDICTS))
        .with_columns(at=pl.coalesce("finished_at", "started_at", "queued_at"), key=RUN_KEY)
        .drop_nulls("at")
    )


def trunk_verdicts(evidence: Evidence) -> pl.LazyFrame:
    """Return the verdicts of runs on the trunk that were not made for a change."""
    return (
        verdicts(evidence)
        .join(trunk_branches(evidence), on="repo", how="left")
        .with_columns(trunk=pl.col("trunk").fill_null(list(TRUNK_NAMES)))
        .filter(pl.col("branch").is_in(pl.col("trunk")))
        .filter(~pl.col("trigger").str.contains(_OF_A_CHANGE).fill_null(value=False))
    )
