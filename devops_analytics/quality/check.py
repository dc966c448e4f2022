"""What a check of the data is, and what it looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import polars as pl

from devops_analytics.metrics.metric import Evidence
from devops_analytics.text import filled

FOUND: Final = pl.Schema(
    {"key": pl.String(), "service": pl.String(), "repo": pl.String(), "detail": pl.String()}
)
"""What a check returns: the record's key, the service or repository that it is of, what is odd."""


class Severity(StrEnum):
    """What odd records do to the numbers, the worst first."""

    BENDS = "bends numbers"
    LEAVES_OUT = "leaves records out"
    NOTE = "good to know"


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What checks look at: the evidence of the metrics, the feeds and the quarantined records.

    `as_of` is the moment that the answers are for; the evidence ends with the data, if earlier.
    """

    evidence: Evidence
    as_of: datetime
    feeds: pl.DataFrame
    quarantine: pl.DataFrame

    def table(self, name: str) -> pl.LazyFrame:
        """Return a canonical table."""
        return self.evidence.tables[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A named check: `find` returns the odd records with the columns of `FOUND`.

    `effect` says what they do to the numbers, `metrics` to which ones. `among` names what the
    records are some of (`POPULATIONS`); empty: nothing that could be counted.
    """

    id: str
    title: str
    severity: Severity
    effect: str
    what_to_do: str
    find: Callable[[Material], pl.LazyFrame]
    metrics: tuple[str, ...] = ()
    among: str = ""


def as_found(
    rows: pl.LazyFrame,
    key: str | pl.Expr,
    *,
    detail: pl.Expr,
    service: str | None = None,
    repo: str | None = None,
) -> pl.LazyFrame:
    """Return rows with the columns of `FOUND`; `service` and `repo` name columns of theirs."""
    nothing = pl.lit(None, dtype=pl.String)
    return rows.select(
        key=key,
        service=nothing if service is None else service,
        repo=nothing if repo is None else repo,
        detail=detail,
    )


def in_words(hours: pl.Expr) -> pl.Expr:
    """Return lengths of time in words, such as `40 s`, `5.5 min`, `3.2 h` or `12 d`."""
    seconds = hours.abs() * 3600
    scales = ((60.0, 1.0, "s"), (3600.0, 60.0, "min"), (172_800.0, 3600.0, "h"))
    words = filled("{} d", _digits(seconds / 86_400))
    for limit, divisor, unit in reversed(scales):
        words = (
            pl.when(seconds < limit)
            .then(filled("{} " + unit, _digits(seconds / divisor)))
            .otherwise(words)
        )
    return words


def on_day(at: str) -> pl.Expr:
    """Return the day (UTC) of a time column as text."""
    return pl.col(at).dt.strftime("%Y-%m-%d")


def commit_key() -> pl.Expr:
    """Return the key of a row of a commit: repo@sha."""
    return filled("{}@{}", "repo", "sha")


def change_key() -> pl.Expr:
    """Return the key of a row of a change: repo#number."""
    return filled("{}#{}", "repo", "change_id")


def _digits(number: pl.Expr) -> pl.Expr:
    """Return two digits below 10, whole numbers from there on."""
    rounded = number.round(1)
    few = rounded.cast(pl.String).str.strip_suffix(".0")
    many = number.round().cast(pl.Int64).cast(pl.String)
    return pl.when(rounded < 10).then(few).otherwise(many)  # noqa: PLR2004 - two digits
