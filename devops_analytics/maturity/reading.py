"""A maturity model read from TOML and checked: the model of the package, or a user's own."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from devops_analytics.errors import SettingsError
from devops_analytics.maturity.checking import check_model
from devops_analytics.maturity.model import Model, ModelFile
from devops_analytics.maturity.model_errors import explained
from devops_analytics.metrics.metric import Metric

BUILTIN: Final = "builtin"
"""What a user's model extends."""

FILES: Final = (
    "model",
    "capabilities",
    "indicators/delivery",
    "indicators/flow",
    "indicators/pipelines",
    "indicators/operations",
    "indicators/infrastructure",
    "indicators/security",
    "indicators/collaboration",
    "indicators/people",
    "indicators/attested",
    "lenses/calms",
    "lenses/pillars",
    "lenses/spectrum",
    "lenses/devsecops",
    "lenses/outcomes",
)
"""The files of the model of the package, in the order of what they declare."""


def read_model(path: Path | None, *, metrics: Iterable[Metric]) -> Model:
    """Read a model and check it; without a path, the model that comes with the package.

    A file with `extends = "builtin"` needs to hold only what it changes or adds: its tables are
    laid over ours key by key, any other value replaces ours. Without it, the file is all there is.

    Args:
        path: a TOML file with the tables of `devops_analytics/maturity/builtin`.
        metrics: every metric that the model may name.

    Raises:
        SettingsError: the file is not there, is no TOML, or something in it is not allowed; the
            text names file, indicator (or dimension, or level), key, what was found and what is
            allowed.
    """
    if path is None:
        return model_from(builtin_data(), metrics=metrics, where="maturity/builtin")
    data = _read(path)
    extends = data.pop("extends", None)
    if extends is None:
        return model_from(data, metrics=metrics, where=str(path))
    if extends != BUILTIN:
        raise SettingsError(
            f"{path}: extends: found {extends!r}; allowed: {BUILTIN!r}, or leave the key out for a "
            "model that stands alone."
        )
    for key in ("version", "name"):
        if key not in data:
            raise SettingsError(
                f"{path}: {key}: this key is missing. Say what your model is called, so that its "
                "scores are not taken for those of the model that it extends."
            )
    return model_from(laid_over(builtin_data(), data), metrics=metrics, where=str(path))


def model_from(
    data: Mapping[str, Any], *, metrics: Iterable[Metric], where: str = "maturity model"
) -> Model:
    """Check a model given as a mapping; `where` names it in errors.

    Raises:
        SettingsError: something in it is not allowed.
    """
    named = _with_ids(data)
    try:
        file = ModelFile.model_validate(named)
    except ValidationError as error:
        raise SettingsError(explained(error, where)) from error
    model = Model(
        **{name: getattr(file, name) for name in ModelFile.model_fields},
        metrics={metric.id: metric for metric in metrics},
    )
    check_model(model, where)
    return model


@cache
def builtin_data() -> Mapping[str, Any]:
    """Return the model of the package as its files hold it."""
    folder = files("devops_analytics.maturity") / BUILTIN
    data: dict[str, Any] = {}
    for name in FILES:
        text = folder.joinpath(*f"{name}.toml".split("/")).read_text(encoding="utf-8")
        data = laid_over(data, tomllib.loads(text))
    return data


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two nested tables as one: tables are joined, other values of `above` replace."""
    merged = dict(below)
    for key, value in above.items():
        own = merged.get(key)
        if isinstance(own, Mapping) and isinstance(value, Mapping):
            merged[key] = laid_over(own, value)
        else:
            merged[key] = value
    return merged


def _with_ids(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with each indicator's key as its id."""
    indicators = data.get("indicators")
    if not isinstance(indicators, Mapping):
        return dict(data)
    named = {
        key: {**one, "id": key} if isinstance(one, Mapping) else one
        for key, one in indicators.items()
    }
    return {**data, "indicators": named}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: no such maturity model. Give the path of a TOML file in maturity.model "
            "(relative to the settings file), or leave it out for the model of the package."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: can't be read as UTF-8 text ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}.") from error
