"""What is wrong with a model, in words: where, what was found, what is allowed, what to do."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from pydantic import BaseModel, ValidationError

from devops_analytics.errors import SettingsError
from devops_analytics.maturity.model import (
    Capability,
    Condition,
    Dimension,
    Indicator,
    Lens,
    Level,
    ModelFile,
    Rules,
)

_MANY: Final = 12
"""More allowed names than this are not all listed where near ones are known."""


def refuse(where: str, part: str, key: str, found: object, allowed: str) -> NoReturn:
    """Say that a value is not allowed.

    Raises:
        SettingsError: always.
    """
    raise SettingsError(f"{where}: {part}: {key}: found {found!r}; allowed: {allowed}.")


def check_known(
    where: str, part: str, key: str, names: Iterable[str], allowed: Iterable[str]
) -> None:
    """Check that names are among those allowed.

    Raises:
        SettingsError: one is not; the text names those that are, the near ones where there are
            many.
    """
    known = sorted(allowed)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            listed = ", ".join(known)
            if near and len(known) > _MANY:
                listed = f"one of {len(known)} names; did you mean {' or '.join(near)}"
            refuse(where, part, key, name, listed)


def explained(error: ValidationError, where: str) -> str:
    """Return what pydantic found in a model, one line for each problem."""
    lines = []
    for problem in error.errors():
        part, key, section = _place(problem["loc"])
        start = ": ".join(filter(None, (where, part, key)))
        if problem["type"] == "extra_forbidden":
            lines.append(f"{start}: no such key; allowed here: {_keys(section)}.")
        elif problem["type"] == "missing":
            lines.append(f"{start}: this key is missing.")
        else:
            lines.append(f"{start}: found {problem['input']!r}. {problem['msg']}.")
    return "\n".join(lines)


def _place(location: Sequence[str | int]) -> tuple[str, str, type[BaseModel]]:
    """Return the part of the model (an indicator by its id …), the key in it, and its section."""
    rest: Sequence[str | int]
    section: type[BaseModel]
    match tuple(location):
        case ("indicators", str(name), *rest):
            part, section = f"indicator {name}", Indicator
        case ("capabilities", str(name), *rest):
            part, section = f"capability {name}", Capability
        case ("rules", *rest):
            part, section = "rules", Rules
        case ("lenses", str(lens), "dimensions", str(name), "levels", str(level), *rest):
            part = f"level {level} of {lens}.{name}"
            section = Condition if "conditions" in rest[:-1] else Level
        case ("lenses", str(lens), "dimensions", str(name), *rest):
            part, section = f"dimension {lens}.{name}", Dimension
        case ("lenses", str(lens), *rest):
            part, section = f"lens {lens}", Lens
        case _:
            part, section, rest = "", ModelFile, list(location)
    return part, ".".join(str(step) for step in rest), section


def _keys(section: type[BaseModel]) -> str:
    names = (field.alias or name for name, field in section.model_fields.items())
    return ", ".join(sorted(name for name in names if name != "id"))
