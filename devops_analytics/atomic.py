"""Files that a reader sees as they were or as they are, never half written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; what was written there becomes `path` in one step.

    Folders are made where they are missing. If the writing fails, the old content stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def abandoned(folder: Path, name: str = "*") -> Iterator[Path]:
    """Yield what writers that were killed left of files of this name in a folder and those below.

    Nobody else may be writing there meanwhile: what they are at looks the same.
    """
    return folder.rglob(f".{name}.*")
