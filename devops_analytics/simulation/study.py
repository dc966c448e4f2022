"""The whole study as frames: the same for the docs, the notebook and the tests."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from devops_analytics.simulation.censoring import censorings
from devops_analytics.simulation.changes import false_alarms, powers
from devops_analytics.simulation.coverage import coverages

SEED: Final = 20260701
DRAWN: Final = 2000
"""Samples of each size; a coverage of 95 % is then off by less than two points by chance."""

_PAGES_OF: Final = 8
"""A page has thirty comparisons, so a fraction of so many pages tells as much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """What was found: how often intervals hold, what censoring does, false alarms, power."""

    coverage: pl.DataFrame
    censoring: pl.DataFrame
    false_alarms: pl.DataFrame
    power: pl.DataFrame


def study(*, seed: int = SEED, drawn: int = DRAWN) -> Study:
    """Run everything; the same seed and number of samples give the same numbers."""
    return Study(
        coverage=_frame(coverages(seed, drawn)),
        censoring=_frame(censorings(seed, drawn // 2)),
        false_alarms=_frame(false_alarms(seed, max(1, drawn // _PAGES_OF))),
        power=_frame(powers(seed, drawn // 4)),
    )


def _frame(rows: Iterable[Any]) -> pl.DataFrame:
    return pl.DataFrame([asdict(row) for row in rows], infer_schema_length=None)
