"""How a delivery metric moves with the choices behind it: one choice at a time, all else as set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from devops_analytics.config import Definitions
from devops_analytics.linking import links_with_window
from devops_analytics.metrics import METRICS, Evidence, Metric, metric
from devops_analytics.metrics.lead_time_stages import LEAD_TIME_STAGES

NAMED_ONLY: Final = "named causes only"
VARIANT: Final = "definition"

Option = tuple[str, dict[str, Any]]
"""What an option is called, and the definitions that it changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A choice of the definitions: the metrics that it decides, and what could be chosen."""

    name: str
    metrics: tuple[str, ...]
    options: Callable[[Definitions], list[Option]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """A metric as another choice would have it; `is_chosen`: that is how it is set."""

    choice: str
    option: str
    is_chosen: bool
    metric: Metric
    evidence: Evidence


def _windows(definitions: Definitions) -> list[Option]:
    chosen = definitions.attribution_window_hours
    hours = sorted({*definitions.sensitivity_windows_hours, chosen})
    timed: list[Option] = [(f"{one:g} hours", {"attribution_window_hours": one}) for one in hours]
    return [*timed, (NAMED_ONLY, {"attribution_window_hours": None})]


def _in_or_out(key: str) -> Callable[[Definitions], list[Option]]:
    return lambda _: [("left out", {key: False}), ("counted", {key: True})]


_OF_COMMITS: Final = (
    "change_lead_time",
    "change_lead_time_p85",
    "change_lead_time_p90",
)

CHOICES: Final[tuple[Choice, ...]] = (
    Choice(
        name="attribution window",
        metrics=("change_fail_rate", "failed_deployment_recovery_time"),
        options=_windows,
    ),
    Choice(
        name="starts when the commit was",
        metrics=_OF_COMMITS,
        options=lambda _: [
            ("committed", {"lead_time_start": "committed_at"}),
            ("written", {"lead_time_start": "authored_at"}),
        ],
    ),
    Choice(name="merge commits", metrics=_OF_COMMITS, options=_in_or_out("count_merge_commits")),
    Choice(
        name="bots",
        metrics=(*_OF_COMMITS, "change_lead_time_by_change"),
        options=_in_or_out("count_bots"),
    ),
)
"""Every choice that decides a delivery metric and has more than one defensible answer."""


def alternatives(metric_id: str, evidence: Evidence) -> Iterator[Alternative]:
    """Yield a metric under every option of the choices behind it, then its named variants.

    Nothing is linked anew but incidents, so that many alternatives are cheap. Variants of another
    unit or quantile answer another question and are left out.

    Raises:
        UnknownNameError: there is no such metric.
    """
    declared = metric(metric_id)
    definitions = evidence.definitions
    for choice in CHOICES:
        if metric_id not in choice.metrics:
            continue
        for option, changed in choice.options(definitions):
            yield Alternative(
                choice=choice.name,
                option=option,
                is_chosen=all(getattr(definitions, key) == value for key, value in changed.items()),
                metric=declared,
                evidence=_changed(evidence, changed),
            )
    same = [
        one
        for one in METRICS
        if one.variant_of == metric_id
        and (one.unit, one.quantile) == (declared.unit, declared.quantile)
        and one not in LEAD_TIME_STAGES
    ]
    for one in (declared, *same) if same else ():
        yield Alternative(
            choice=VARIANT,
            option=one.name,
            is_chosen=one is declared,
            metric=one,
            evidence=evidence,
        )


def _changed(evidence: Evidence, changed: dict[str, Any]) -> Evidence:
    if "attribution_window_hours" in changed:
        hours = changed["attribution_window_hours"]
        links = links_with_window(evidence.links, evidence.tables, window_hours=hours)
        return replace(evidence, links=links)
    return replace(evidence, definitions=evidence.definitions.model_copy(update=changed))
