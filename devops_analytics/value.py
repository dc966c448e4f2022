"""What a change of the delivery metrics is worth, in ranges, with unit values of the user's own.

Value = (baseline - current) x unit value, at the current volume of work. Money and hours of work
are kept apart: an hour that is no longer needed is capacity, and no saved money. What is compared
is what was measured; that something caused it is not claimed. DORA's own calculators (2020, 2026)
multiply point values and count all downtime as avoidable; this does neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, NamedTuple

import polars as pl

from devops_analytics.config_value import Amount, Value

CASH: Final = "cash"
CAPACITY: Final = "capacity"
HOURS_OF_WORK: Final = "hours of work"
_HOURS_A_DAY: Final = 24

VALUE: Final[dict[str, Any]] = {
    "outcome": pl.String(),
    "name": pl.String(),
    "kind": pl.String(),
    "unit": pl.String(),
    "low": pl.Float64(),
    "mid": pl.Float64(),
    "high": pl.Float64(),
    "reason": pl.String(),
    "formula": pl.String(),
}
"""Columns of what outcomes are worth: `kind` is cash or capacity; above zero is better than the
baseline; `reason` says why one is not estimated."""

TORNADO: Final[dict[str, Any]] = {
    "outcome": pl.String(),
    "factor": pl.String(),
    "at_low": pl.Float64(),
    "at_high": pl.Float64(),
    "swing": pl.Float64(),
}
"""Columns of what moves an outcome: its worth where one factor is at its low or high end and all
others are in the middle; the largest swing first."""


class Range(NamedTuple):
    """A factor as far as it is known."""

    low: float
    mid: float
    high: float


class _Missing(Exception):  # noqa: N818 - it is no error of the program
    """A factor that is not known: the text says which, and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The measurements of two periods by metric, and the user's unit values."""

    now: Mapping[str, Mapping[str, Any]]
    baseline: Mapping[str, Mapping[str, Any]]
    value: Value

    def change_of(self, metric_id: str, *, is_of_counted: bool = False) -> dict[str, Range]:
        """Return a metric in both periods; of what is counted, nothing took no time."""
        return {
            f"{metric_id}, {period}": Range(0, 0, 0)
            if is_of_counted and self._row(metric_id, period)["status"] == "none"
            else self._measured(metric_id, period)
            for period in ("baseline", "now")
        }

    def count(self, metric_id: str, column: str, period: str = "now") -> Range:
        """Return a count that a measurement rests on: what happened is known exactly."""
        found = self._row(metric_id, period)[column]
        if found is None:
            raise _Missing(f"{metric_id} of {self._label(metric_id, period)} is not known")
        return Range(found, found, found)

    def unit_value(self, name: str) -> dict[str, Range]:
        """Return a unit value of the settings."""
        found: Amount | None = getattr(self.value, name)
        if found is None:
            raise _Missing(f"`{name}` is not given in [value] of the settings")
        return {name: Range(found.low, found.mid, found.high)}

    def days(self, period: str) -> float:
        """Return how long a period is."""
        row = self._row("time_to_restore", period)
        return float((row["period_end"] - row["period_start"]).total_seconds() / 86_400)

    def _measured(self, metric_id: str, period: str) -> Range:
        row = self._row(metric_id, period)
        if row["value"] is None or row["low"] is None or row["high"] is None:
            status = row["status"].replace("_", " ") if row["value"] is None else "without interval"
            raise _Missing(f"{metric_id} of {row['period']} is {status}")
        return Range(row["low"], row["value"], row["high"])

    def _row(self, metric_id: str, period: str) -> Mapping[str, Any]:
        return (self.now if period == "now" else self.baseline)[metric_id]

    def _label(self, metric_id: str, period: str) -> str:
        return str(self._row(metric_id, period)["period"])


Factors = Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A business outcome: what it is made of, and how.

    `factors` gives every factor with its range; `worth` makes one number of one value of each, and
    rises or falls steadily with each of them, so that its extremes lie where all are at an end.
    """

    id: str
    name: str
    kind: str
    metrics: tuple[str, ...]
    formula: str
    factors: Callable[[Known], dict[str, Range]]
    worth: Callable[[Factors], float]


def _deployments(known: Known) -> dict[str, Range]:
    return {"deployments": known.count("deployment_frequency", "numerator")}


def _gain(factors: Factors, metric_id: str) -> float:
    return factors[f"{metric_id}, baseline"] - factors[f"{metric_id}, now"]


def _failed_hours(factors: Factors, period: str) -> float:
    rate = factors[f"change_fail_rate, {period}"]
    return rate * factors[f"failed_deployment_recovery_time, {period}"]


OUTCOMES: Final[tuple[Outcome, ...]] = (
    Outcome(
        id="failures",
        name="Time in which failed deployments hurt",
        kind=CASH,
        metrics=("deployment_frequency", "change_fail_rate", "failed_deployment_recovery_time"),
        formula="deployments x (fail rate x recovery time then - now) x hour_of_failure",
        factors=lambda known: {
            **_deployments(known),
            **known.change_of("change_fail_rate"),
            **known.change_of("failed_deployment_recovery_time"),
            **known.unit_value("hour_of_failure"),
        },
        worth=lambda f: (
            f["deployments"]
            * (_failed_hours(f, "baseline") - _failed_hours(f, "now"))
            * f["hour_of_failure"]
        ),
    ),
    Outcome(
        id="time_to_market",
        name="Time to market",
        kind=CASH,
        metrics=("change_lead_time_by_change",),
        formula="deployed changes x (lead time then - now, in days) x day_of_delay",
        factors=lambda known: {
            "deployed changes": known.count("change_lead_time_by_change", "numerator"),
            **known.change_of("change_lead_time_by_change"),
            **known.unit_value("day_of_delay"),
        },
        worth=lambda f: (
            f["deployed changes"]
            * _gain(f, "change_lead_time_by_change")
            / _HOURS_A_DAY
            * f["day_of_delay"]
        ),
    ),
    Outcome(
        id="rework",
        name="Unplanned work",
        kind=CAPACITY,
        metrics=("deployment_frequency", "deployment_rework_rate"),
        formula="deployments x (rework rate then - now) x hours_of_rework",
        factors=lambda known: {
            **_deployments(known),
            **known.change_of("deployment_rework_rate"),
            **known.unit_value("hours_of_rework"),
        },
        worth=lambda f: (
            f["deployments"] * _gain(f, "deployment_rework_rate") * f["hours_of_rework"]
        ),
    ),
    Outcome(
        id="automation",
        name="Deployments made by hand",
        kind=CAPACITY,
        metrics=("deployment_frequency", "deployments_by_pipeline"),
        formula="deployments x (share by pipeline now - then) x hours_of_manual_deployment",
        factors=lambda known: {
            **_deployments(known),
            **known.change_of("deployments_by_pipeline"),
            **known.unit_value("hours_of_manual_deployment"),
        },
        worth=lambda f: (
            f["deployments"]
            * -_gain(f, "deployments_by_pipeline")
            * f["hours_of_manual_deployment"]
        ),
    ),
    Outcome(
        id="incidents",
        name="Work on incidents",
        kind=CAPACITY,
        metrics=("time_to_restore",),
        formula="(incidents x time to restore then, at the same length of time, - now) "
        "x people_on_incident",
        factors=lambda known: {
            "incidents, baseline": _at_same_length(known),
            "incidents, now": known.count("time_to_restore", "n"),
            **known.change_of("time_to_restore", is_of_counted=True),
            **known.unit_value("people_on_incident"),
        },
        worth=lambda f: (
            (
                f["incidents, baseline"] * f["time_to_restore, baseline"]
                - f["incidents, now"] * f["time_to_restore, now"]
            )
            * f["people_on_incident"]
        ),
    ),
)
"""Every outcome, money first. Failures and incidents overlap: don't add them up."""

METRICS_OF_VALUE: Final = tuple(dict.fromkeys(name for one in OUTCOMES for name in one.metrics))
"""The metrics that outcomes are made of."""


def _at_same_length(known: Known) -> Range:
    count = known.count("time_to_restore", "n", "baseline")
    factor = known.days("now") / known.days("baseline")
    return Range(*(number * factor for number in count))


def valued(
    now: pl.DataFrame, baseline: pl.DataFrame, value: Value
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what each outcome is worth beside a baseline, and which factor moves it most.

    Args:
        now: measurements of one entity in one period, of at least `METRICS_OF_VALUE`.
        baseline: the same of the period to compare with.
        value: the user's unit values.

    Returns:
        A frame with the columns of `VALUE`, one row for each outcome, and one with those of
        `TORNADO`, one row for each factor of the outcomes that are estimated. Low and high are
        the worst and the best case: every factor at the end of its interval that does so.
    """
    known = Known(
        now={row["metric"]: row for row in now.iter_rows(named=True)},
        baseline={row["metric"]: row for row in baseline.iter_rows(named=True)},
        value=value,
    )
    rows: list[dict[str, Any]] = []
    swings: list[dict[str, Any]] = []
    for outcome in OUTCOMES:
        unit = value.currency if outcome.kind == CASH else HOURS_OF_WORK
        about = {"outcome": outcome.id, "name": outcome.name, "kind": outcome.kind, "unit": unit}
        about["formula"] = outcome.formula
        try:
            factors = outcome.factors(known)
        except _Missing as missing:
            rows.append(about | {"reason": f"not estimated: {missing}"})
            continue
        rows.append(about | _worth(outcome, factors))
        swings.extend(_tornado(outcome, factors))
    return (
        pl.DataFrame(rows, schema=VALUE, orient="row"),
        pl.DataFrame(swings, schema=TORNADO, orient="row"),
    )


def _worth(outcome: Outcome, factors: Mapping[str, Range]) -> dict[str, float]:
    ends = [
        outcome.worth(dict(zip(factors, corner, strict=True)))
        for corner in product(*({one.low, one.high} for one in factors.values()))
    ]
    return {"low": min(ends), "mid": outcome.worth(_middle(factors)), "high": max(ends)}


def _tornado(outcome: Outcome, factors: Mapping[str, Range]) -> list[dict[str, Any]]:
    middle = _middle(factors)
    found = []
    for name, factor in factors.items():
        at_low = outcome.worth(middle | {name: factor.low})
        at_high = outcome.worth(middle | {name: factor.high})
        about = {"outcome": outcome.id, "factor": name, "at_low": at_low, "at_high": at_high}
        found.append(about | {"swing": abs(at_high - at_low)})
    return sorted(found, key=lambda row: (-row["swing"], row["factor"]))


def _middle(factors: Mapping[str, Range]) -> dict[str, float]:
    return {name: factor.mid for name, factor in factors.items()}
