"""ServiceNow's own words: stored values, and what its forms show for them."""

from typing import Final

NEW: Final = "new"
TAKEN: Final = "taken"
DONE: Final = "done"
CANCELLED: Final = "cancelled"

INCIDENT_STATES: Final = {
    "1": NEW,
    "new": NEW,
    "2": TAKEN,
    "in progress": TAKEN,
    "active": TAKEN,
    "3": TAKEN,
    "on hold": TAKEN,
    "awaiting problem": TAKEN,
    "4": TAKEN,
    "awaiting user info": TAKEN,
    "awaiting caller": TAKEN,
    "5": TAKEN,
    "awaiting evidence": TAKEN,
    "awaiting vendor": TAKEN,
    "awaiting change": TAKEN,
    "6": DONE,
    "resolved": DONE,
    "7": DONE,
    "closed": DONE,
    "8": CANCELLED,
    "canceled": CANCELLED,
    "cancelled": CANCELLED,
}
"""States of incidents, those of releases before 2016 (Active, Awaiting …) too."""

CHANGE_STATES: Final = {
    "-5": "queued",
    "new": "queued",
    "-4": "queued",
    "assess": "queued",
    "-3": "blocked",
    "authorize": "blocked",
    "-2": "queued",
    "scheduled": "queued",
    "-1": "in_progress",
    "implement": "in_progress",
    "0": "in_progress",
    "review": "in_progress",
    "3": "unknown",
    "closed": "unknown",
    "4": "cancelled",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}
"""States of change requests; of a closed one the close code says what it came to."""

CLOSE_CODES: Final = {
    "successful": "success",
    "successful_issues": "success",
    "successful with issues": "success",
    "unsuccessful": "failure",
}

CHANGE_TYPES: Final = {"normal": "planned", "standard": "planned", "emergency": "unplanned"}

MONITORING: Final = frozenset({"event", "monitoring", "alert", "event management"})
"""Channels of incidents that no person opened."""
