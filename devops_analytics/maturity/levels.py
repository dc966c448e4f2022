"""Levels: cumulative statements that can be checked, and the one that blocks the next level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devops_analytics.maturity.evidence import Finding, Measured, Outcome, outcome_of_status
from devops_analytics.maturity.model import LEVELS, Condition, Dimension, Level, Model
from devops_analytics.maturity.words import against_in_words


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A level's statement held against the evidence.

    `reason` is empty where it holds, else `failing` names the evidence that it fails by.
    """

    dimension: str
    level: int
    statement: str
    holds: bool
    reason: str
    failing: tuple[str, ...]


def judge_levels(
    name: str,
    dimension: Dimension,
    model: Model,
    findings: Mapping[str, Finding],
    measurements: Mapping[str, Measured],
    *,
    not_assessed: str,
) -> list[Judged]:
    """Return every level of a dimension, each by its own statement, from the lowest.

    Args:
        name: the dimension's key in its lens.
        dimension: the dimension.
        model: the model.
        findings: what each indicator of the model says, by its id.
        measurements: the measurements by metric, for conditions that name no indicator.
        not_assessed: why the dimension is not assessed; empty where it is. It is level 1.
    """
    judged = []
    for number, level in sorted(dimension.levels.items()):
        failures = _failures(level, model, findings, measurements)
        if int(number) == LEVELS[0] and not_assessed:
            failures = [("", not_assessed)]
        judged.append(
            Judged(
                dimension=name,
                level=int(number),
                statement=level.statement,
                holds=not failures,
                reason=". ".join(text.rstrip(".") for _, text in failures),
                failing=tuple(failing for failing, _ in failures if failing),
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
) -> list[tuple[str, str]]:
    """Return the evidence by which a level does not hold, each with what is wrong."""
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
            failures.append((condition.evidence, f"{model.title(condition.evidence)}: {text}"))
    return failures


def _failure(
    condition: Condition, measured: Measured | None, outcome: Outcome, reason: str
) -> str | None:
    """Return why a condition does not hold, None where it does or does not apply."""
    if outcome is Outcome.NOT_APPLICABLE:
        return None
    is_told = outcome not in {Outcome.NOT_SUPPORTED, Outcome.NOT_AVAILABLE}
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
