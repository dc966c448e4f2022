"""A maturity model read from TOML and checked, so that a score can be trusted."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import BaseModel, ValidationError

from devops_analytics.errors import SettingsError
from devops_analytics.maturity.model import (
    COVERAGE,
    LEVELS,
    Condition,
    Dimension,
    Indicator,
    Level,
    Model,
    ModelFile,
    Rules,
)
from devops_analytics.metrics.metric import Better, Metric


def read_model(path: Path | None, *, metrics: Iterable[Metric]) -> Model:
    """Read a model and check it; without a path, the model that comes with the package.

    Args:
        path: a TOML file of the form of `devops_analytics/maturity/model.toml`.
        metrics: every metric that the model may name.

    Raises:
        SettingsError: the file is not there, is no TOML, or something in it is not allowed; the
            text names file, indicator (or dimension, or level), key, what was found and what is
            allowed.
    """
    file = files("devops_analytics.maturity") / "model.toml" if path is None else path
    where = "maturity/model.toml" if path is None else str(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{where}: no such maturity model. Give the path of a TOML file, or none for the model "
            "that comes with the package."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: can't be read as UTF-8 text ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not valid TOML: {error}.") from error
    return model_from(data, metrics=metrics, where=where)


def model_from(
    data: Mapping[str, Any], *, metrics: Iterable[Metric], where: str = "maturity model"
) -> Model:
    """Check a model given as a mapping; `where` names it in errors.

    Raises:
        SettingsError: something in it is not allowed.
    """
    try:
        file = ModelFile.model_validate(data)
    except ValidationError as error:
        raise SettingsError(_explain(error, data, where)) from error
    model = Model(
        version=file.version,
        name=file.name,
        source=file.source,
        rules=file.rules,
        dimensions=file.dimensions,
        indicators=file.indicators,
        levels=file.levels,
        metrics={metric.id: metric for metric in metrics},
    )
    _check_ids(model, where)
    for indicator in model.indicators:
        _check_evidence(indicator, model, where)
        _check_anchors(indicator, model, where)
    for level in model.levels:
        _check_level(level, model, where)
    for name, dimension in model.dimensions.items():
        _check_dimension(name, dimension, model, where)
    return model


# ---- What only the whole model can tell ---- #


def _refuse(where: str, part: str, key: str, found: object, allowed: str) -> NoReturn:
    raise SettingsError(f"{where}: {part}: {key}: found {found!r}; allowed: {allowed}.")


def _check_known(
    where: str, part: str, key: str, names: Iterable[str], allowed: Iterable[str]
) -> None:
    known = sorted(allowed)
    for name in names:
        if name not in known:
            _refuse(where, part, key, name, ", ".join(known))


def _check_dimension(name: str, dimension: Dimension, model: Model, where: str) -> None:
    part = f"dimension {name}"
    _check_known(where, part, "beside", dimension.beside, model.metrics)
    _check_known(where, part, "context", dimension.context, model.metrics)
    if not model.indicators_of(name):
        _refuse(where, part, "indicators", "none", "at least one indicator of this dimension")
    found = [level.level for level in model.levels_of(name)]
    if found != list(LEVELS):
        allowed = f"each of {', '.join(str(level) for level in LEVELS)} once"
        _refuse(where, part, "levels", found, allowed)


def _check_ids(model: Model, where: str) -> None:
    counts = Counter(indicator.id for indicator in model.indicators)
    for name, count in counts.items():
        if count > 1:
            _refuse(where, f"indicator {name}", "id", name, f"each id once, not {count} times")


def _check_evidence(indicator: Indicator, model: Model, where: str) -> None:
    part = f"indicator {indicator.id}"
    _check_known(where, part, "dimension", [indicator.dimension], model.dimensions)
    if indicator.evidence_class in {"attested", "survey"}:
        _check_answered(indicator, where)
        return
    metric = indicator.metric or ""
    _check_known(where, part, "metric", [metric], [*model.metrics, COVERAGE])
    if indicator.item is not None:
        _refuse(where, part, "item", indicator.item, "no item for measured or derived evidence")
    if metric in model.metrics and indicator.better is not None:
        _refuse(where, part, "better", indicator.better.value, "none: the metric's own direction")
    if indicator.occasions is not None:
        _check_known(where, part, "occasions", [indicator.occasions], model.metrics)
    if metric == COVERAGE:
        _check_known(where, part, "of", indicator.of, model.metrics)
        for key, found in (("of", indicator.of), ("covered", indicator.covered)):
            if not found:
                _refuse(where, part, key, [], f"at least one, for {COVERAGE}")
        if not indicator.name:
            _refuse(where, part, "name", "", f"a name in words, for {COVERAGE}")


def _check_answered(indicator: Indicator, where: str) -> None:
    part = f"indicator {indicator.id}"
    kind = indicator.evidence_class
    if indicator.metric is not None:
        _refuse(where, part, "metric", indicator.metric, f"an item instead, for the class {kind}")
    for key in ("item", "better", "name"):
        if not getattr(indicator, key):
            _refuse(where, part, key, None, f"a value, for the class {kind}")


def _check_anchors(indicator: Indicator, model: Model, where: str) -> None:
    values = [value for value, _ in indicator.anchors]
    points = [point for _, point in indicator.anchors]
    found = [list(anchor) for anchor in indicator.anchors]
    part = f"indicator {indicator.id}"
    if not all(low < high for low, high in pairwise(values)):
        _refuse(where, part, "anchors", found, "values that rise from anchor to anchor")
    better = model.better(indicator.id)
    steps = [after - before for before, after in pairwise(points)]
    if better is Better.LOWER:
        steps = [-step for step in steps]
    if min(steps) < 0 or max(steps) == 0:
        direction = "fall" if better is Better.LOWER else "rise"
        _refuse(
            where, part, "anchors", found, f"points that {direction}, as {better.value} is better"
        )


def _check_level(level: Level, model: Model, where: str) -> None:
    part = f"level {level.level} of {level.dimension}"
    _check_known(where, part, "dimension", [level.dimension], model.dimensions)
    if (level.level == LEVELS[0]) is bool(level.conditions):
        _refuse(
            where,
            part,
            "conditions",
            len(level.conditions),
            "none at level 1 (it means: assessed), at least one above",
        )
    known = [*model.metrics, *(indicator.id for indicator in model.indicators)]
    for condition in level.conditions:
        _check_known(where, part, "evidence", [condition.evidence], known)
        _check_condition(condition, model, where, part)


def _check_condition(condition: Condition, model: Model, where: str, part: str) -> None:
    if (condition.operator is None) is not (condition.value is None):
        found = {"operator": condition.operator, "value": condition.value}
        _refuse(where, part, condition.evidence, found, "operator and value together, or neither")
    if condition.operator is None and not condition.status:
        _refuse(where, part, condition.evidence, None, "an operator and a value, or a status")
    wanted = "<=" if model.better(condition.evidence) is Better.LOWER else ">="
    if condition.operator not in {None, wanted}:
        _refuse(where, part, f"{condition.evidence}: operator", condition.operator, wanted)


# ---- What pydantic finds, in our words ---- #

_PARTS: Final[dict[str, type[BaseModel]]] = {
    "rules": Rules,
    "dimensions": Dimension,
    "indicators": Indicator,
    "levels": Level,
}


def _explain(error: ValidationError, data: Mapping[str, Any], where: str) -> str:
    lines = []
    for problem in error.errors():
        part, key = _place(problem["loc"], data)
        start = ": ".join(filter(None, (where, part, key)))
        if problem["type"] == "extra_forbidden":
            lines.append(f"{start}: no such key; allowed here: {_allowed(problem['loc'])}.")
        elif problem["type"] == "missing":
            lines.append(f"{start}: this key is missing.")
        else:
            lines.append(f"{start}: found {problem['input']!r}. {problem['msg']}.")
    return "\n".join(lines)


def _place(location: tuple[str | int, ...], data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the part of the model (an indicator by its id …) and the key within it."""
    match location:
        case ("indicators", int(index), *rest):
            part = f"indicator {_entry(data, 'indicators', index).get('id', index)}"
        case ("levels", int(index), *rest):
            found = _entry(data, "levels", index)
            part = f"level {found.get('level', '?')} of {found.get('dimension', '?')}"
        case ("dimensions", str(name), *rest):
            part = f"dimension {name}"
        case _:
            part, rest = "", list(location)
    return part, ".".join(str(step) for step in rest)


def _entry(data: Mapping[str, Any], key: str, index: int) -> Mapping[str, Any]:
    entry = data[key][index]
    return entry if isinstance(entry, Mapping) else {}


def _allowed(location: tuple[str | int, ...]) -> str:
    """Return the keys that the part holding an unknown key does know."""
    section: type[BaseModel] = _PARTS.get(str(location[0]), ModelFile)
    if len(location) == 1:
        section = ModelFile
    elif "conditions" in location[:-1]:
        section = Condition
    names = (field.alias or name for name, field in section.model_fields.items())
    return ", ".join(sorted(names))
