"""What only a whole model can tell: names that are known, anchors and levels that run upwards."""

from itertools import pairwise

from devops_analytics.maturity.model import (
    COVERAGE,
    LEVELS,
    Condition,
    Dimension,
    Indicator,
    Model,
)
from devops_analytics.maturity.model_errors import check_known, refuse
from devops_analytics.metrics.metric import Better


def check_model(model: Model, where: str) -> None:
    """Check a model as a whole; `where` names it in errors.

    Raises:
        SettingsError: a name is not known, anchors don't run in the direction of improvement, a
            level is easier than a lower one, or something is scored that must not be.
    """
    for indicator in model.indicators.values():
        part = f"indicator {indicator.id}"
        check_known(where, part, "capability", [indicator.capability], model.capabilities)
        if indicator.is_attested:
            _check_attested(indicator, model, where)
        else:
            _check_metric(indicator, model, where)
        _check_anchors(indicator, model, where)
    for lens, held in model.lenses.items():
        for name, dimension in held.dimensions.items():
            _check_dimension(f"{lens}.{name}", dimension, model, where)


# ---- Indicators ---- #


def _check_attested(indicator: Indicator, model: Model, where: str) -> None:
    part = f"indicator {indicator.id}"
    if indicator.metric is not None:
        refuse(where, part, "metric", indicator.metric, "none, for the class attested")
    if not indicator.name:
        refuse(where, part, "name", "", "a name in words, for the class attested")
    if indicator.id in model.metrics:
        refuse(where, part, "id", indicator.id, "no metric's id, as metrics can't be attested")


def _check_metric(indicator: Indicator, model: Model, where: str) -> None:
    part = f"indicator {indicator.id}"
    metric = indicator.metric or ""
    check_known(where, part, "metric", [metric], [*model.metrics, COVERAGE])
    if indicator.occasions is not None:
        check_known(where, part, "occasions", [indicator.occasions], model.metrics)
    if metric == COVERAGE:
        check_known(where, part, "of", indicator.of, model.metrics)
        for key, found in (("of", indicator.of), ("covered", indicator.covered)):
            if not found:
                refuse(where, part, key, [], f"at least one, for {COVERAGE}")
        if not indicator.name:
            refuse(where, part, "name", "", f"a name in words, for {COVERAGE}")


def _check_anchors(indicator: Indicator, model: Model, where: str) -> None:
    values = [value for value, _ in indicator.anchors]
    points = [point for _, point in indicator.anchors]
    found = [list(anchor) for anchor in indicator.anchors]
    part = f"indicator {indicator.id}"
    if not all(low < high for low, high in pairwise(values)):
        refuse(where, part, "anchors", found, "values that rise from anchor to anchor")
    better = model.better(indicator.id)
    steps = [after - before for before, after in pairwise(points)]
    if better is Better.LOWER:
        steps = [-step for step in steps]
    if min(steps) < 0 or max(steps) == 0:
        direction = "fall" if better is Better.LOWER else "rise"
        refuse(
            where, part, "anchors", found, f"points that {direction}, as {better.value} is better"
        )


# ---- Dimensions and levels ---- #


def _check_dimension(name: str, dimension: Dimension, model: Model, where: str) -> None:
    part = f"dimension {name}"
    check_known(where, part, "indicators", dimension.indicators, model.indicators)
    check_known(where, part, "beside", dimension.beside, model.metrics)
    check_known(where, part, "context", dimension.context, model.metrics)
    for key in ("beside", "context"):
        if getattr(dimension, key) and not getattr(dimension, f"{key}_why"):
            refuse(where, part, f"{key}_why", "", f"the reason why {key} is shown")
    if len(set(dimension.indicators)) < len(dimension.indicators):
        refuse(where, part, "indicators", list(dimension.indicators), "each once")
    others = [n for n in dimension.indicators if model.indicators[n].evidence_class != "survey"]
    if dimension.surveys_only and others:
        refuse(where, part, "indicators", others, "those of class survey alone (surveys_only)")
    _check_levels(name, dimension, model, where)


def _check_levels(name: str, dimension: Dimension, model: Model, where: str) -> None:
    found = sorted(int(level) for level in dimension.levels)
    if found and found != list(LEVELS):
        allowed = f"each of {', '.join(str(level) for level in LEVELS)} once, or no levels"
        refuse(where, f"dimension {name}", "levels", found, allowed)
    hardest: dict[str, float] = {}
    for number in found:
        level = dimension.levels[str(number)]
        part = f"level {number} of {name}"
        if (number == LEVELS[0]) is bool(level.conditions):
            allowed = "none at level 1 (it means: assessed), at least one above"
            refuse(where, part, "conditions", len(level.conditions), allowed)
        known = [*model.metrics, *model.indicators]
        for condition in level.conditions:
            check_known(where, part, "evidence", [condition.evidence], known)
            _check_condition(condition, model, where, part)
            _check_harder(condition, hardest, model, where, part)


def _check_condition(condition: Condition, model: Model, where: str, part: str) -> None:
    if (condition.operator is None) is not (condition.value is None):
        found = {"operator": condition.operator, "value": condition.value}
        refuse(where, part, condition.evidence, found, "operator and value together, or neither")
    if condition.operator is None and not condition.status:
        refuse(where, part, condition.evidence, None, "an operator and a value, or a status")
    wanted = "<=" if model.better(condition.evidence) is Better.LOWER else ">="
    if condition.operator not in {None, wanted}:
        refuse(where, part, f"{condition.evidence}: operator", condition.operator, wanted)


def _check_harder(
    condition: Condition, hardest: dict[str, float], model: Model, where: str, part: str
) -> None:
    """Check that a limit is not easier than that of a lower level, and remember it."""
    if condition.value is None:
        return
    limit = hardest.get(condition.evidence, condition.value)
    is_lower_better = model.better(condition.evidence) is Better.LOWER
    if condition.value > limit if is_lower_better else condition.value < limit:
        allowed = f"a limit not easier than {limit:g}, that of a lower level"
        refuse(where, part, f"{condition.evidence}: value", condition.value, allowed)
    hardest[condition.evidence] = condition.value
