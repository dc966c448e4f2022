"""Everything that happened in the sample organisation, before anybody exports it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from devops_analytics.sample.changes import Change, changes_of
from devops_analytics.sample.history import History, clock_ahead, history_of, tag_releases
from devops_analytics.sample.organisation import (
    REPOSITORIES,
    SERVICES,
    Repository,
    Service,
    services_of,
)
from devops_analytics.sample.rollouts import Rollout, Story, Trouble, story_of
from devops_analytics.sample.troubles import Maintenance, maintenance_windows, troubles_of
from devops_analytics.sample.workdays import END, local

FORCE_PUSHED: Final = ("tracking-web", "sorting")
"""Services that once deployed a commit which a force-push has since removed."""
CLOCK_AHEAD: Final = "tracking-web"
"""Repository in which a commit was written by a computer whose clock was ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What happened, by repository and service; `numbers` are the changes' own, by key."""

    changes: Mapping[str, tuple[Change, ...]]
    numbers: Mapping[str, int]
    histories: Mapping[str, History]
    rollouts: Mapping[str, tuple[Rollout, ...]]
    troubles: tuple[Trouble, ...]
    maintenance: tuple[Maintenance, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What happened, with the shas that the clones gave the commits."""

    world: World
    shas: Mapping[str, Mapping[int, str]]

    def deployed_sha(self, rollout: Rollout, repository: str) -> str:
        """Return the commit that a rollout deployed."""
        if rollout.sha is not None:
            return rollout.sha
        return self.shas[repository][self.world.histories[repository].head_at(rollout.version)]

    def merge_sha(self, change: Change) -> str | None:
        """Return the commit on the main branch that a change became."""
        place = self.world.histories[change.repository].places.get(change.key)
        mark = place.merge if place is not None else None
        return None if mark is None else self.shas[change.repository][mark]

    def head_sha(self, change: Change) -> str:
        """Return the last commit of a change's branch; a squashed branch is in no clone."""
        place = self.world.histories[change.repository].places.get(change.key)
        mark = place.tip if place is not None else None
        return lost_sha(change.key) if mark is None else self.shas[change.repository][mark]


def lost_sha(name: str) -> str:
    """Return the sha of a commit that is in no clone."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def make_world(seed: int) -> World:
    """Let 18 months pass; the same seed gives the same world.

    Every repository and service draws from a stream of its own, so that a change to one leaves
    the others as they were.
    """
    changes: dict[str, tuple[Change, ...]] = {}
    stories: list[Story] = []
    for repository in REPOSITORIES:
        ordinary = _ordinary(repository, seed)
        told = _stories(services_of(repository.name), ordinary, seed)
        repairs = [change for story in told for change in story.repairs]
        changes[repository.name] = tuple(
            sorted([*ordinary, *repairs], key=lambda change: (change.opened_at, change.key))
        )
        stories += told
    stories += _stories([found for found in SERVICES if found.repository is None], (), seed)
    numbers = {
        change.key: number
        for found in changes.values()
        for number, change in enumerate(found, start=1)
    }
    rollouts = {story.service.name: _exportable(story) for story in stories}
    return World(
        changes=changes,
        numbers=numbers,
        histories=_histories(changes, numbers, rollouts, seed),
        rollouts=rollouts,
        troubles=troubles_of(stories, stream(seed, "incidents")),
        maintenance=maintenance_windows(),
    )


def _stories(services: Sequence[Service], changes: Sequence[Change], seed: int) -> list[Story]:
    return [
        story_of(
            service,
            [change for change in changes if service.name in change.services],
            stream(seed, f"service {service.name}"),
        )
        for service in services
        if service.origin != "none"
    ]


def stream(seed: int, name: str) -> Random:
    """Return the stream of random numbers of one part of the world."""
    return Random(f"{seed}/{name}")  # noqa: S311 - a sample, not a secret


def _ordinary(repository: Repository, seed: int) -> tuple[Change, ...]:
    found = changes_of(repository, stream(seed, f"repository {repository.name}"))
    if repository.name == CLOCK_AHEAD:
        return clock_ahead(found, not_before=local(date(2025, 10, 6), 0))
    return found


def _exportable(story: Story) -> tuple[Rollout, ...]:
    """Return the deployments that an export can hold: finished, and before its feed died."""
    ends = story.service.feed_ends
    last = END if ends is None else local(ends + timedelta(days=1), 0)
    found = [rollout for rollout in story.rollouts if rollout.finished_at < last]
    if story.service.name in FORCE_PUSHED:
        found = _with_lost_commit(found)
    return tuple(found)


def _with_lost_commit(rollouts: Sequence[Rollout]) -> list[Rollout]:
    chosen = next(
        number
        for number, (rollout, following) in enumerate(pairwise(rollouts))
        if rollout.finished_at > local(date(2026, 3, 2), 0)
        and rollout.result == "success"
        and rollout.reason == following.reason == "ordinary"
    )
    return [
        replace(rollout, sha=lost_sha(f"force-pushed {rollout.service}"))
        if number == chosen
        else rollout
        for number, rollout in enumerate(rollouts)
    ]


def _histories(
    changes: Mapping[str, tuple[Change, ...]],
    numbers: Mapping[str, int],
    rollouts: Mapping[str, tuple[Rollout, ...]],
    seed: int,
) -> dict[str, History]:
    histories = {
        repository.name: history_of(
            repository,
            changes[repository.name],
            numbers,
            stream(seed, f"history {repository.name}"),
        )
        for repository in REPOSITORIES
    }
    for service in SERVICES:
        if service.origin == "tags" and service.repository is not None:
            tag_releases(
                histories[service.repository],
                [
                    (rollout.version, rollout.finished_at, rollout.remedies is not None)
                    for rollout in rollouts[service.name]
                ],
            )
    return histories
