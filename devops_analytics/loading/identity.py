"""What tells whether an export, or what settings make of it, has changed since it was loaded."""

import hashlib
import json
from pathlib import Path
from typing import Final

from devops_analytics.config import Settings, Source
from devops_analytics.errors import ExportError

PROGRAM: Final = "5"
"""Raised when the same export would now become other rows, so that stores are filled again."""

WHOLE: Final = 256 << 20
"""Up to this size all bytes of a file are looked at; of a bigger one samples, size and time.

Reading two gigabytes for a hash takes longer than loading the one percent by which they grew. A
bigger file that was changed in its middle and grew at once may go unseen; delete the store then.
"""

_BLOCK: Final = 1 << 20
_SAMPLES: Final = 256
_SAMPLE: Final = 1 << 16


def content_of(entry: Source, path: Path) -> str:
    """Return what identifies the content of a file.

    Raises:
        ExportError: it is not there, or can't be read.
    """
    try:
        about = path.stat()
        content = beginning_of(path, about.st_size)
    except OSError as error:
        raise ExportError(f"{entry.label}: {path.name} can't be read: {error.strerror}.") from error
    return content if about.st_size <= WHOLE else f"{content}:{about.st_mtime_ns}"


def beginning_of(path: Path, size: int) -> str:
    """Return what identifies the first `size` bytes of a file."""
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        if size > WHOLE:
            for number in range(_SAMPLES):
                file.seek((size - _SAMPLE) * number // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
            return digest.hexdigest()
        left = size
        while left and (block := file.read(min(_BLOCK, left))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def rows_fingerprint(settings: Settings, entry: Source) -> str:
    """Return what identifies the settings that decide how an entry's records become rows."""
    relevant = {
        "program": PROGRAM,
        "entry": entry.model_dump(mode="json"),
        "teams": settings.model_dump(mode="json", include={"teams"}),
        "environments": settings.environments.model_dump(mode="json"),
        "people": settings.people.model_dump(mode="json"),
        "definitions": settings.definitions.model_dump(
            mode="json",
            include={"hotfix_labels", "hotfix_branches", "hotfix_titles", "history_months"},
        ),
    }
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:16]
