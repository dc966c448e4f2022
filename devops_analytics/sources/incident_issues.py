"""What labels and texts of issues that are incidents say, whichever platform they are on."""

import re
from collections.abc import Iterable
from typing import Final

_SEVERITY: Final = re.compile(r"(?:severity|sev)\s*[:/=]+\s*(.+)", re.IGNORECASE)
_LEVEL: Final = re.compile(r"(?:sev|severity)[-_ ]?\d|p\d", re.IGNORECASE)
_COMMIT: Final = re.compile(r"root cause:\s*`?([0-9a-f]{7,40})\b", re.IGNORECASE)
_DEPLOYMENT: Final = re.compile(r"caused by deployment:?\s+[`#]?([\w./:-]*\w)", re.IGNORECASE)


def severity(labels: Iterable[str]) -> str | None:
    """Return the severity that the first label of one names, such as sev1, P1, severity::high."""
    for label in labels:
        named = _SEVERITY.fullmatch(label.strip())
        if named:
            return named[1]
        if _LEVEL.fullmatch(label.strip()):
            return label.strip()
    return None


def commit_named(text: str | None) -> str | None:
    """Return the commit that a text names as `Root cause: SHA`; None: it names none."""
    found = _COMMIT.search(text or "")
    return found[1] if found else None


def deployment_named(text: str | None) -> str | None:
    """Return what a text names as `Caused by deployment NAME`; None: it names none."""
    found = _DEPLOYMENT.search(text or "")
    return found[1] if found else None
