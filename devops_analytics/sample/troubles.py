"""Incidents that no deployment made, planned maintenance, and records that are odd on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from devops_analytics.sample.organisation import SERVICES, Service
from devops_analytics.sample.rollouts import Rollout, Story, Trouble, incident
from devops_analytics.sample.workdays import (
    END,
    FIRST_DAY,
    LAST_DAY,
    after,
    local,
    lognormal,
    poisson,
)

MAINTAINED: Final = ("tracking-web", "booking", "sorting")
"""Services with planned maintenance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintenance:
    """A planned maintenance window."""

    service: str
    started_at: datetime
    ended_at: datetime


def troubles_of(stories: Sequence[Story], random: Random) -> tuple[Trouble, ...]:
    """Return all incidents in order of their start: caused, other and odd ones."""
    caused = [trouble for story in stories for trouble in story.troubles]
    other = [trouble for service in SERVICES for trouble in _others(service, random)]
    odd = [_at_the_second_of_a_deployment(stories), *_open(random), *_without_service(random)]
    odd += [*_ending_before_start(random), _over_a_month_end(random)]
    return tuple(
        sorted(
            (trouble for trouble in caused + other + odd if trouble.started_at < END),
            key=lambda trouble: (trouble.started_at, trouble.service or ""),
        )
    )


def maintenance_windows() -> tuple[Maintenance, ...]:
    """Return the planned windows: an evening every second month for each maintained service."""
    found = []
    for number, service in enumerate(MAINTAINED):
        for month in range(number, 18, 2):
            day = date(2025 + month // 12, month % 12 + 1, 10 + number)
            begin = local(day, 21.5)
            found.append(
                Maintenance(service=service, started_at=begin, ended_at=after(begin, 2 + number))
            )
    return tuple(sorted(found, key=lambda window: (window.started_at, window.service)))


def _others(service: Service, random: Random) -> list[Trouble]:
    """Return incidents that have nothing to do with deployments, at any hour of any day."""
    total = service.other_incidents_per_quarter * 6
    found = []
    for _ in range(poisson(random, total) if total else 0):
        day = FIRST_DAY + timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days + 1))
        begun = local(day, random.uniform(4, 23.9))
        hours = min(lognormal(random, service.restore_hours.at(begun), 1.0), 60.0)
        severity = random.choice(("high", "low", "low"))
        found.append(incident(service.name, random, begun, after(begun, hours), severity=severity))
    return found


def _at_the_second_of_a_deployment(stories: Sequence[Story]) -> Trouble:
    """Return an incident that starts in the very second in which a deployment finished."""
    story = next(story for story in stories if story.service.name == "booking")
    rollout = next(
        rollout
        for rollout, following in pairwise(story.rollouts)
        if rollout.finished_at > local(date(2026, 5, 4), 0) and _is_harmless(rollout, following)
    )
    return Trouble(
        service="booking",
        title="booking: checkout answers 502",
        started_at=rollout.finished_at,
        acknowledged_at=after(rollout.finished_at, 0.1),
        resolved_at=after(rollout.finished_at, 0.9),
        severity="high",
        caused_by=rollout.finished_at,
    )


def _is_harmless(rollout: Rollout, following: Rollout) -> bool:
    return (
        rollout.result == "success"
        and rollout.reason == "ordinary"
        and following.reason == "ordinary"
        and following.started_at > after(rollout.finished_at, 2)
    )


def _open(random: Random) -> list[Trouble]:
    """Return incidents that nobody has resolved: a forgotten one, and some of the last days."""
    begins = (
        ("tracking-web", local(date(2026, 5, 12), 10.2), "low"),
        ("payments", local(date(2026, 6, 30), 17.1), "high"),
        ("sorting", local(date(2026, 6, 29), 6.4), "high"),
        ("identity", local(date(2026, 6, 30), 9.3), "high"),
    )
    return [
        replace(
            incident(service, random, begun, after(begun, 2), severity=severity), resolved_at=None
        )
        for service, begun, severity in begins
    ]


def _without_service(random: Random) -> list[Trouble]:
    """Return incidents that name no service."""
    begins = (local(date(2025, 8, 7), 13.5), local(date(2026, 4, 16), 15.75))
    return [
        replace(incident("network", random, begun, after(begun, 3), severity="high"), service=None)
        for begun in begins
    ]


def _over_a_month_end(random: Random) -> Trouble:
    """Return an incident that is open in the export of one month and resolved in the next one."""
    begun = local(date(2026, 5, 31), 22.7)
    return incident("booking", random, begun, after(begun, 5.5), severity="high")


def _ending_before_start(random: Random) -> list[Trouble]:
    """Return incidents that were resolved, by their record, before they started."""
    begins = (local(date(2025, 10, 2), 11), local(date(2026, 5, 20), 15))
    return [
        replace(
            incident("sorting", random, begun, after(begun, 1), severity="low"),
            acknowledged_at=None,
            resolved_at=after(begun, -2.5),
        )
        for begun in begins
    ]
