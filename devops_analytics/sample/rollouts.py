"""How each service is deployed, what goes wrong, and what puts it right again."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final, Literal

from devops_analytics.sample.changes import Change, repair
from devops_analytics.sample.organisation import REPOSITORIES, Remedy, Service
from devops_analytics.sample.workdays import (
    END,
    FIRST_DAY,
    LAST_DAY,
    after,
    bursts,
    days,
    local,
    lognormal,
)

Result = Literal["success", "failure", "cancelled"]
Reason = Literal["ordinary", "retry", "repeated", "rollback", "revert", "hotfix"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """An attempt to deploy a service to production.

    `version` is the moment whose newest merged change is deployed; `remedies` is the finish of the
    deployment that this one puts right.
    """

    service: str
    started_at: datetime
    finished_at: datetime
    version: datetime
    result: Result = "success"
    reason: Reason = "ordinary"
    remedies: datetime | None = None
    sha: str | None = None
    """A commit given outright, instead of by `version`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """An incident; `caused_by` is the finish of the deployment that made it."""

    service: str | None
    title: str
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    severity: str
    caused_by: datetime | None = None


@dataclass(kw_only=True, slots=True)
class Story:
    """What happened to one service, in time order, as it is being made up."""

    service: Service
    random: Random
    changes: Sequence[Change]
    rollouts: list[Rollout] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    repairs: list[Change] = field(default_factory=list)
    running: datetime | None = None
    """Version in production."""
    shipped: datetime | None = None
    """Newest version that has ever been in production."""
    quiet_until: datetime | None = None
    """Until then a trouble is being put right and nobody deploys anything else."""


_SYMPTOMS: Final = (
    "{service}: error rate above 5 %",
    "{service}: p95 latency above 3 s",
    "{service}: customers report wrong data",
    "{service}: requests time out",
    "{service}: queue does not drain",
    "{service}: health check <failing> & restarting",
)
_SILENT: Final = 0.15
"""Share of repaired deployments for which nobody opened an incident."""
_ASLEEP: Final = 0.3
_MERGE_TO_DEPLOY_HOURS: Final = 0.1


def story_of(service: Service, changes: Sequence[Change], random: Random) -> Story:
    """Tell what happened to a service: its deployments, incidents and repairs.

    Args:
        service: how it behaves.
        changes: the changes of its repository that touch it; none for a service without commits.
        random: where chance comes from.
    """
    merged = sorted((c for c in changes if c.merged_at), key=_merged_at)
    story = Story(service=service, random=random, changes=merged)
    for slot in _slots(service, random):
        if story.quiet_until is not None and slot < story.quiet_until:
            continue
        if not _has_news(story, slot):
            if random.random() < service.repeated_share and story.running is not None:
                _attempt(story, slot, story.running, reason="repeated")
            continue
        _roll_out(story, slot)
    return story


def _merged_at(change: Change) -> datetime:
    return change.merged_at or END


def _slots(service: Service, random: Random) -> Iterator[datetime]:
    """Yield when somebody would deploy if there were something new."""
    last = service.feed_ends or LAST_DAY
    for day in days(FIRST_DAY, last):
        if service.freeze is not None and service.freeze[0] <= day <= service.freeze[1]:
            continue
        per_week = service.deployments_per_week.at(local(day, 9))
        count = bursts(random, per_week, day)
        yield from sorted(local(day, random.uniform(9, 16.8)) for _ in range(count))


def _has_news(story: Story, slot: datetime) -> bool:
    if story.service.repository is None or story.shipped is None:
        return True
    return bool(_carried(story, story.shipped, after(slot, -_MERGE_TO_DEPLOY_HOURS)))


def _carried(story: Story, since: datetime, until: datetime) -> Sequence[Change]:
    """Return the changes merged after one moment and not after another."""
    low = bisect_right(story.changes, since, key=_merged_at)
    return story.changes[low : bisect_right(story.changes, until, key=_merged_at)]


def _roll_out(story: Story, slot: datetime) -> None:
    """Deploy what is new, try again where that fails, and live with what it does."""
    service, random = story.service, story.random
    version = after(slot, -_MERGE_TO_DEPLOY_HOURS)
    chance = random.random()
    if chance < service.cancelled_share:
        _attempt(story, slot, version, result="cancelled")
        return
    reason: Reason = "ordinary"
    while chance < service.cancelled_share + service.failed_share:
        failed = _attempt(story, slot, version, result="failure", reason=reason)
        slot = after(failed.finished_at, random.uniform(0.2, 0.8))
        reason, chance = "retry", random.random()
    before, shipped = story.running, story.shipped
    rollout = _attempt(story, slot, version, reason=reason)
    if before is None or shipped is None:
        return
    if random.random() < service.bad_share.at(slot):
        carried = _carried(story, shipped, version) if service.repository else ()
        _put_right(story, rollout, before, carried)


def _attempt(
    story: Story,
    at: datetime,
    version: datetime,
    *,
    result: Result = "success",
    reason: Reason = "ordinary",
    remedies: datetime | None = None,
) -> Rollout:
    hours = lognormal(story.random, story.service.minutes / 60, 0.35)
    rollout = Rollout(
        service=story.service.name,
        started_at=at,
        finished_at=after(at, max(hours, 0.02)),
        version=version,
        result=result,
        reason=reason,
        remedies=remedies,
    )
    story.rollouts.append(rollout)
    story.quiet_until = after(rollout.finished_at, 0.05)
    if result == "success":
        story.running = version
        story.shipped = max(version, story.shipped or version)
    return rollout


def _put_right(story: Story, bad: Rollout, before: datetime, carried: Sequence[Change]) -> None:
    """Let a deployment fail in production, and repair it in one of the service's ways."""
    random = story.random
    begun = after(bad.finished_at, min(lognormal(random, 0.5, 1.0), 10))
    restore = story.service.restore_hours.at(begun)
    remedy_at = after(begun, 0.25 + lognormal(random, restore, 0.8))
    remedy = random.choice(story.service.remedies)
    end = after(begun, lognormal(random, restore, 0.9))
    if remedy != "none":
        end = after(_repaired(story, bad, remedy, (begun, remedy_at), before, carried), 0.1)
    if remedy == "none" or random.random() >= _SILENT:
        story.troubles.append(
            incident(
                story.service.name, random, begun, end, severity="high", caused_by=bad.finished_at
            )
        )
    story.quiet_until = after(end, 0.5)


def _repaired(
    story: Story,
    bad: Rollout,
    remedy: Remedy,
    span: tuple[datetime, datetime],
    before: datetime,
    carried: Sequence[Change],
) -> datetime:
    """Deploy the remedy, after a repairing change where it needs one; return when it was done."""
    begun, remedy_at = span
    if remedy == "rollback":
        return _attempt(
            story, remedy_at, before, reason="rollback", remedies=bad.finished_at
        ).finished_at
    only_here = frozenset({story.service.name})
    suspects = [
        change
        for change in carried
        if change.services == only_here and not change.author.is_bot and change.reverts is None
    ]
    reverted = story.random.choice(suspects) if remedy == "revert" and suspects else None
    repository = next(r for r in REPOSITORIES if r.name == story.service.repository)
    merged_at = after(remedy_at, -0.05)
    change = repair(
        story.service,
        repository,
        key=f"{repository.name}/{story.service.name}-{len(story.repairs)}",
        known_at=begun,
        merged_at=merged_at,
        reverted=reverted,
        random=story.random,
    )
    if merged_at < END:
        story.repairs.append(change)
    reason: Reason = "hotfix" if reverted is None else "revert"
    return _attempt(
        story, remedy_at, remedy_at, reason=reason, remedies=bad.finished_at
    ).finished_at


def incident(
    service: str,
    random: Random,
    begun: datetime,
    end: datetime,
    *,
    severity: str,
    caused_by: datetime | None = None,
) -> Trouble:
    """Return an incident of a service; what lies after the last day is not known yet."""
    share = random.uniform(0.05, _ASLEEP)
    acknowledged = (begun + (end - begun) * share).replace(microsecond=0)
    return Trouble(
        service=service,
        title=random.choice(_SYMPTOMS).format(service=service),
        started_at=begun,
        acknowledged_at=acknowledged if acknowledged < END else None,
        resolved_at=end if end < END else None,
        severity=severity,
        caused_by=caused_by,
    )
