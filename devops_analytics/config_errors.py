"""What is wrong with a settings file, in words: file, key, value found, values allowed."""

from collections.abc import Callable, Container

from pydantic import BaseModel, ValidationError

Location = tuple[str | int, ...]


def explained(
    error: ValidationError,
    where: str,
    section_of: Callable[[Location], type[BaseModel]],
    *,
    kinds: Container[str],
) -> str:
    """Return one line for each problem; `section_of` gives the section that holds a key.

    `kinds` are the words that pydantic puts into a location for the kind of a source; they are no
    keys.
    """
    lines = []
    for problem in error.errors():
        location = problem["loc"]
        key = _key(location, kinds)
        if problem["type"] == "extra_forbidden":
            allowed = _keys(section_of(location))
            lines.append(f"{where}: {key}: no such key; allowed here: {allowed}.")
        elif problem["type"] == "missing":
            lines.append(f"{where}: {key}: this key is missing.")
        else:
            text = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {key}: found {problem['input']!r}. {text}.")
    return "\n".join(lines)


def _key(location: Location, kinds: Container[str]) -> str:
    words: list[str] = []
    for part in location:
        if isinstance(part, int):
            words[-1] = f"{words[-1]}[{part}]"
        elif not (part in kinds and words and words[-1].startswith("sources[")):
            words.append(part)
    return ".".join(words)


def _keys(section: type[BaseModel]) -> str:
    names = (field.alias or name for name, field in section.model_fields.items())
    return ", ".join(sorted(names))
