"""Levels: cumulative statements that can be checked, and the one that blocks the next level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devops_analytics.maturity.evidence import Finding, Measured, Outcome, outcome_of_status
from devops_analytics.maturity.model import LEVELS, Condition, Level, Model
from devops_analytics.maturity.words import against_in_words


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A level's statement held against the evidence; `reason` is empty where it holds."""

    dimension: str
    level: int
    statement: str
    holds: bool
    reason: str


def judge_levels(
    dimension: str,
    model: Model,
    findings: Mapping[str, Finding],
    measurements: Mapping[str, Measured],
    *,
    not_assessed: str,
) -> list[Judged]:
    """Return every level of a dimension, each by its own statement, from the lowest.

    Args:
        dimension: the dimension's key in the model.
        model: the model.
        findings: what each indicator of the whole model says, by its id.
        measurements: the measurements by metric, for conditions that name no indicator.
        not_assessed: why the dimension is not assessed; empty where it is. It is level 1.
    """
    judged = []
    for level in model.levels_of(dimension):
        if level.level == LEVELS[0]:
            failures = [not_assessed] if not_assessed else []
        else:
            failures = _failures(level, model, findings, measurements)
        judged.append(
            Judged(
                dimension=dimension,
                level=level.level,
                statement=level.statement,
                holds=not failures,
                reason=". ".join(failure.rstrip(".") for failure in failures),
            )
        )
    return judged


def level_reached(judged: Sequence[Judged]) -> int | None:
    """Return the highest level that holds with all below it; None where the first does not."""
    reached = None
    for level in judged:
        if not level.holds:
            break
        reached = level.level
    return reached


def blocking_sentence(judged: Sequence[Judged]) -> str | None:
    """Return what blocks the next level, with the number that does; None at the highest level."""
    for level in judged:
        if not level.holds:
            return f"Level {level.level} is blocked: {level.statement.rstrip('.')}. {level.reason}."
    return None


def _failures(
    level: Level,
    model: Model,
    findings: Mapping[str, Finding],
    measurements: Mapping[str, Measured],
) -> list[str]:
    failures = []
    for condition in level.conditions:
        finding = findings.get(condition.evidence)
        if finding is not None:
            measured, outcome, reason = finding.measured, finding.outcome, finding.reason
        else:
            measured = measurements.get(condition.evidence)
            outcome, reason = outcome_of_status(condition.evidence, model, measured)
        text = _failure(condition, measured, outcome, reason)
        if text is not None:
            failures.append(f"{model.title(condition.evidence)}: {text}")
    return failures


def _failure(
    condition: Condition, measured: Measured | None, outcome: Outcome, reason: str
) -> str | None:
    """Return why a condition does not hold, None where it does or does not apply."""
    if outcome is Outcome.NOT_APPLICABLE:
        return None
    is_told = measured is not None and outcome is not Outcome.NOT_SUPPORTED
    if is_told and measured is not None and measured.status in condition.status:
        return None
    value = measured.value if measured is not None else None
    if (
        outcome is not Outcome.SCORED
        or measured is None
        or value is None
        or condition.operator is None
        or condition.value is None
    ):
        return reason
    passes = value >= condition.value if condition.operator == ">=" else value <= condition.value
    if passes:
        return None
    _, needed = against_in_words(value, condition.value, condition.operator, measured.unit)
    return f"measured {measured.in_words}; needed {needed}"
