"""The published figures as data: read once, checked, with source and licence."""

import math
import tomllib
from importlib.resources import files
from itertools import pairwise
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Bin(_Data):
    """An answer of the survey: from `low` (included) to `high` (not), in the metric's unit."""

    label: str
    low: float = Field(default=-math.inf, alias="from")
    high: float = Field(default=math.inf, alias="to")
    share: float = Field(gt=0, lt=1)
    """Of the year's respondents, 0-1."""


class Distribution(_Data):
    """How a year's respondents are spread over the answers, the best answer first."""

    metric: str
    report_year: int
    respondents: int
    source: str
    note: str | None = None
    bins: tuple[Bin, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> "Distribution":
        """Check that the bins meet, leave no gap, and hold everybody."""
        ordered = sorted(self.bins, key=lambda one: one.low)
        if any(a.high != b.low for a, b in pairwise(ordered)):
            raise ValueError(f"bins of {self.metric} {self.report_year} do not meet")
        if (ordered[0].low, ordered[-1].high) != (-math.inf, math.inf):
            raise ValueError(f"bins of {self.metric} {self.report_year} have no open ends")
        # Published shares are rounded to a tenth of a per cent.
        if abs(sum(one.share for one in self.bins) - 1) > 0.0005 * len(self.bins):
            raise ValueError(f"shares of {self.metric} {self.report_year} are not 100 %")
        return self

    def level(self, value: float) -> int:
        """Return the position of the bin that holds a value: 0 is the best answer."""
        return next(n for n, one in enumerate(self.bins) if one.low <= value < one.high)

    def share_at_or_better(self, level: int) -> float:
        """Return the share of respondents who gave this answer or a better one, 0-1."""
        # Published shares are rounded and add up to a little more or less than everybody.
        everybody = math.fsum(one.share for one in self.bins)
        return math.fsum(one.share for one in self.bins[: level + 1]) / everybody


class Cluster(_Data):
    """A group that DORA found among a year's respondents, in the report's words."""

    name: str
    deployment_frequency: str
    change_lead_time: str
    recovery: str
    """Time to restore service up to 2022; since 2023 recovery from a failed deployment."""
    change_fail_rate: str
    respondents: str


class Year(_Data):
    """The groups of one report: a description of its respondents, never a verdict."""

    report_year: int
    source: str
    note: str | None = None
    clusters: tuple[Cluster, ...]


class _Published(_Data):
    licence: str
    distributions: tuple[Distribution, ...]
    years: tuple[Year, ...]


def _read() -> _Published:
    text = (files("devops_analytics.benchmarks") / "dora.toml").read_text(encoding="utf-8")
    return _Published.model_validate(tomllib.loads(text))


_PUBLISHED: Final = _read()

LICENCE: Final = _PUBLISHED.licence
"""Of the figures."""

DISTRIBUTIONS: Final = {(one.metric, one.report_year): one for one in _PUBLISHED.distributions}
"""By metric and report year."""

CLUSTERS: Final = {year.report_year: year for year in _PUBLISHED.years}
"""By report year."""
