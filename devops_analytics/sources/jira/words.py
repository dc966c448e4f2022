"""Jira's own words for how far an issue has come."""

from typing import Final

OPEN: Final = "open"
IN_PROGRESS: Final = "in_progress"
DONE: Final = "done"
DUPLICATE: Final = "duplicate"
"""The resolution of an issue that tells of another one again."""

CATEGORIES: Final = {
    "new": OPEN,
    "indeterminate": IN_PROGRESS,
    "done": DONE,
    "to do": OPEN,
    "in progress": IN_PROGRESS,
}
"""Categories of statuses, by key (JSON) and by name (CSV); `undefined` says nothing."""

_OPEN: Final = (
    "open", "to do", "reopened", "backlog", "selected for development", "waiting for support",
    "waiting for approval", "new",
)  # fmt: skip
_IN_PROGRESS: Final = (
    "in progress", "work in progress", "in review", "under review", "approved", "building",
    "build broken", "awaiting cab approval", "awaiting implementation", "escalated",
    "implementing", "peer review / change manager approval", "pending", "planning",
    "under investigation", "waiting for customer",
)  # fmt: skip
_DONE: Final = (
    "done", "resolved", "closed", "completed", "cancelled", "canceled", "rejected", "declined",
    "failed",
)  # fmt: skip

STATUSES: Final = (
    dict.fromkeys(_OPEN, OPEN)
    | dict.fromkeys(_IN_PROGRESS, IN_PROGRESS)
    | dict.fromkeys(_DONE, DONE)
)
"""Statuses of Jira's own workflows; a changelog has no categories, so these tell them there."""

BUILT_IN_STATUSES: Final = {"1": OPEN, "3": IN_PROGRESS, "4": OPEN, "5": DONE, "6": DONE}
"""Ids of the statuses that every Jira has, whatever they are called in its language."""
