"""What a change or a commit says it is: a revert, a hotfix by the settings' marks, or another."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from devops_analytics.config import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotfixes:
    """What marks a change as a hotfix."""

    labels: frozenset[str]
    branches: tuple[re.Pattern[str], ...]
    titles: tuple[re.Pattern[str], ...]


def hotfixes_of(settings: Settings) -> Hotfixes:
    """Return the settings' marks of a hotfix, ready to be looked for."""
    definitions = settings.definitions
    return Hotfixes(
        labels=frozenset(label.casefold() for label in definitions.hotfix_labels),
        branches=tuple(re.compile(pattern) for pattern in definitions.hotfix_branches),
        titles=tuple(re.compile(pattern, re.IGNORECASE) for pattern in definitions.hotfix_titles),
    )


def title_kind(
    title: str | None, branch: str | None, labels: Collection[str] | None, hotfixes: Hotfixes
) -> str | None:
    """Return what a change's title, labels and branch say it is; None where there are none."""
    if (title or "").startswith('Revert "'):
        return "revert"
    if (
        any(label.casefold() in hotfixes.labels for label in labels or ())
        or any(pattern.search(branch or "") for pattern in hotfixes.branches)
        or any(pattern.search(title or "") for pattern in hotfixes.titles)
    ):
        return "hotfix"
    return "other" if title or branch or labels is not None else None


def subject_kind(message: str | None, hotfixes: Hotfixes) -> str | None:
    """Return what the subject line of a commit's message says it is; None where it has none."""
    subject = subject_of(message)
    if not subject:
        return None
    if subject.startswith('Revert "'):
        return "revert"
    return "hotfix" if any(title.search(subject) for title in hotfixes.titles) else "other"


def subject_of(message: str | None) -> str:
    """Return the subject line of a commit's message."""
    return (message or "").split("\n", 1)[0].strip()
