"""What a metric is: a declaration and one function from evidence to observations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import dataframely as dy
import polars as pl

from devops_analytics.config import Definitions
from devops_analytics.linking.links import Links


class Kind(StrEnum):
    """How observations become a number; `estimates.py` has one estimator for each."""

    DURATION = "duration"
    LEVEL = "level"
    PROPORTION = "proportion"
    RATE = "rate"
    RATIO = "ratio"
    STOCK = "stock"
    SPREAD = "spread"
    SCORE = "score"


class Unit(StrEnum):
    """What a value counts; shares are 0-1 and shown as per cent."""

    HOURS = "hours"
    SHARE = "share"
    PER_DAY = "per day"
    DAYS_PER_WEEK = "days per week"
    PER_SERVICE_WEEK = "per service-week"
    LINES = "lines"
    COMMITS = "commits"
    FILES = "files"
    CHANGES = "changes"
    BRANCHES = "branches"
    AUTHORS = "authors"
    FINDINGS = "findings"
    SCALE_POINTS = "scale points"


class Better(StrEnum):
    """Which direction is an improvement."""

    LOWER = "lower"
    HIGHER = "higher"


class Observations(dy.Schema):
    """One row behind a number."""

    service = dy.String(nullable=True, description="the service; null: none that is known")
    at = dy.Datetime(
        time_unit="us", time_zone="UTC", description="the moment that decides the period"
    )
    value = dy.Float64(description="in the metric's unit; 1 or 0 for a proportion; 1 for a rate")
    observed = dy.Bool(description="false: censored, the true value is at least `value`")
    key = dy.String(description="key of the row in its canonical table")
    source_ref = dy.String(nullable=True, description="the export and record it came from")


class Weighted(Observations):
    """What a ratio is made of: the value of each row counts as much as its weight."""

    weight = dy.Float64(description="what the row counts for, such as its hours")


class Authored(Observations):
    """What a spread is made of: amounts, and whose they are.

    Only the estimator sees `author`; neither `rows` nor a report ever does.
    """

    author = dy.String(description="pseudonym of the author")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a metric may look at: the canonical tables, the links, the choices, the as-of time.

    `tables` holds every canonical table by name; a table that no export feeds is empty. `coverage`
    says until when each table is known for each service; without it, everything is known until
    `as_of`. `asked_as_of` is the moment that the answers are for where the data end before it:
    states are told up to it, and count as far as their feeds live.
    """

    tables: dict[str, pl.LazyFrame]
    links: Links
    definitions: Definitions
    as_of: datetime
    time_zone: str = "UTC"
    coverage: pl.DataFrame | None = None
    asked_as_of: datetime | None = None


Column = tuple[str, str]
"""A canonical table and one of its columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A metric, declared once for code, command line, docs, charts and reports.

    `needs` names the tables without whose live feed the metric is unknown. `columns` are those
    without which the metric can't be measured, each with others that say the same: a source that
    never fills the first, nor any source one of the others, is no feed of the first one's table.
    `variant_of` is the id of the metric that this one is a named variant of. `quantile` is the
    quantile that a duration or level is estimated at. `moved_without_improvement` says how the
    number could be gamed. With `at_end`, observations are spans (`value` in hours, censored while
    they last) and what counts is what was open at the period's end. With `present_only`, the
    tables tell nothing of the past: a period without observations is unknown.
    `dated_by_end` says that `at` is when a duration ended, where it has ended.

    A state has `state_days`: its observations are snapshots, and of those in so many days before
    the end of a period only the last moment's count. `feeds_speak_for_all` says that a feed of any
    service makes the metric known for every one: who is never scanned is in no feed of scans.
    `remarks` returns `at` and `note`: what to know of all numbers from the snapshot at a moment.
    """

    id: str
    name: str
    question: str
    family: str
    kind: Kind
    unit: Unit
    better: Better
    definition: str
    choices: str
    unknown_when: str
    misleads_when: str
    moved_without_improvement: str
    source: str
    needs: tuple[str, ...]
    observe: Callable[[Evidence], pl.LazyFrame]
    variant_of: str | None = None
    quantile: float = 0.5
    dated_by_end: bool = False
    columns: tuple[tuple[Column, ...], ...] = ()
    at_end: bool = False
    present_only: bool = False
    state_days: int | None = None
    feeds_speak_for_all: bool = False
    remarks: Callable[[Evidence], pl.LazyFrame] | None = None
