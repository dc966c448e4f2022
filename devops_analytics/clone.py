"""A clone without a settings file: what is assumed of it, and where its rows are kept."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from devops_analytics.atomic import write_atomically
from devops_analytics.config import Settings, settings_from

VERSION_TAG: Final = r"^(?:[A-Za-z]\w*[-_/])*(?:v?\d+(?:[._]\d+)+|v\d+)$"
"""What counts as a released version among the tags: no release candidate, no alpha or beta."""


def settings_for_clone(clone: Path, *, salt: str) -> Settings:
    """Return settings for one clone: one service, deployed whenever a version is tagged.

    File statistics are left out: none of the delivery metrics needs them, and they cost 25 to
    30 times what the rest costs.
    """
    name = clone.name.removesuffix(".git") or clone.parent.name
    return settings_from(
        {
            "organisation": {"name": name},
            "teams": {name: {"services": {name: {"repositories": [name]}}}},
            "sources": [
                {"kind": "git", "path": str(clone), "repository": name, "file_statistics": False}
            ],
            "deployments": [
                {"from": "tags", "service": name, "repository": name, "pattern": VERSION_TAG}
            ],
            "people": {"salt": salt},
        }
    )


def cache_folder(clone: Path) -> Path:
    """Return the folder in the user's cache where the rows of a clone are kept."""
    digest = hashlib.sha256(str(clone).encode()).hexdigest()[:16]
    return user_cache() / f"{clone.name}-{digest}"


def user_cache() -> Path:
    """Return the program's folder in the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "devops-analytics"


def kept_salt(folder: Path) -> str:
    """Return the folder's own random salt for pseudonyms, made once."""
    path = folder / "salt"
    if not path.exists():
        write_atomically(path, secrets.token_hex(16).encode())
    return path.read_text(encoding="utf-8")
