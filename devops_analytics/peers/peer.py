"""What another tool makes of the same data: its metrics, with their definitions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from devops_analytics.metrics.metric import Evidence
from devops_analytics.periods import Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a number is of: the evidence, the period, and the services of an entity.

    `now` is when a tool would be looked at: what is open counts on to it, where it does at all.
    """

    evidence: Evidence
    now: datetime
    period: Period
    services: tuple[str, ...]

    def counting(self, **choices: bool) -> "Scope":
        """Return the scope with other choices of the definitions, such as `count_bots=True`."""
        definitions = self.evidence.definitions.model_copy(update=choices)
        return replace(self, evidence=replace(self.evidence, definitions=definitions))

    def inside(self, rows: pl.DataFrame, at: str) -> pl.DataFrame:
        """Return the rows of the entity's services whose time lies in the period."""
        return rows.filter(
            pl.col("service").is_in(self.services),
            pl.col(at) >= self.period.start,
            pl.col(at) < self.period.end,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a tool would show: its number (None: it has none), and the rows behind it."""

    value: float | None
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PeerMetric:
    """A metric as a tool computes it.

    `metric` is the suite's own metric for the same question, in whose unit the answer is;
    `definition` is the tool's; `differs` says why the numbers do.
    """

    metric: str
    definition: str
    differs: str
    answer: Callable[[Scope], Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A tool, with where its definitions are from."""

    id: str
    name: str
    source: str
    metrics: tuple[PeerMetric, ...]
