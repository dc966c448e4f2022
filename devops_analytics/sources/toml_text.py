"""TOML of unknown origin as a mapping: numbers as TOML has them, nesting that has an end."""

import tomllib
from typing import Any, Final

from devops_analytics.errors import ExportError

_LARGEST: Final = 2**63
_MOST_BYTES: Final = 4 << 20
"""Reading takes the longer for each key the deeper it lies, and none writes so much by hand."""


def parsed(data: bytes, *, name: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        ExportError: the text is no TOML, too long, or nested without end.
    """
    if len(data) > _MOST_BYTES:
        raise ExportError(
            f"{name}: is longer than the {_MOST_BYTES >> 20} MB that TOML is read up to; write it "
            "as several files."
        )
    try:
        found = tomllib.loads(data.decode())
        _check(found)
    except ValueError as error:
        raise ExportError(f"{name}: is no TOML: {error}. Correct it.") from error
    except RecursionError as error:
        raise ExportError(f"{name}: its TOML is nested too deeply; it is not read.") from error
    return found


def _check(value: object) -> None:
    """Refuse whole numbers that TOML does not have: they may take long to be written out."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise ValueError("it holds a whole number of more than 64 bits")
