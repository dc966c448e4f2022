"""Some records from all over a big file, which tell what it holds without reading it."""

from pathlib import Path
from typing import Final

from devops_analytics.sources.compressed import is_packed
from devops_analytics.sources.json_records import first_records

_PLACES: Final = 64
_LOOKED_AT: Final = 1 << 16


def some_records(path: Path, *, wrappers: tuple[str, ...] = ()) -> list[bytes]:
    """Return the records at the beginning of a JSON file, and a line from each of some places."""
    return [*first_records(path, wrappers=wrappers), *_lines(path)]


def _lines(path: Path) -> list[bytes]:
    """Return a line from each of some places of a file."""
    if is_packed(path):
        return []
    size = path.stat().st_size
    lines = []
    with path.open("rb") as file:
        for place in range(_PLACES):
            file.seek(size * place // _PLACES)
            file.readline(_LOOKED_AT)
            line = file.readline(_LOOKED_AT)
            if line.endswith(b"\n"):
                lines.append(line)
    return lines
