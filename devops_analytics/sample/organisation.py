"""Who and what the sample organisation is: people, repositories, services and how each behaves."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from devops_analytics.sample.workdays import END, START

NAME: Final = "Harbour Parcels"
OWNER: Final = "harbour-example"
MAIL_DOMAIN: Final = "example.invalid"

Origin = Literal["github", "runs", "jobs", "tags", "table", "none"]
Remedy = Literal["rollback", "revert", "hotfix", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """A quantity that moves steadily, by the same factor each month, over the 18 months."""

    first: float
    last: float

    def at(self, moment: datetime) -> float:
        """Return its value at a moment; before and after the 18 months it stands still."""
        passed = (moment - START) / (END - START)
        return self.first * math.pow(self.last / self.first, min(max(passed, 0.0), 1.0))


def steady(value: float) -> Trend:
    """Return a quantity that does not move."""
    return Trend(first=value, last=value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """An author: a role, never somebody who could be real."""

    name: str
    address: str
    login: str
    is_bot: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """How work goes in a repository; hours are working hours."""

    name: str
    team: str
    merge: Literal["squash", "merge"]
    changes_per_week: Trend
    coding_hours: Trend
    review_hours: Trend
    commits_per_change: Trend
    bot_changes_per_week: float
    parts: tuple[str, ...] = ("",)
    """Folders of a monorepo's services; one empty text for a repository of one service."""

    @property
    def full_name(self) -> str:
        """Owner and name, as GitHub writes it."""
        return f"{OWNER}/{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """How a service is deployed and fails; shares are 0-1, hours by the clock."""

    name: str
    team: str
    repository: str | None
    origin: Origin
    path: str = ""
    deployments_per_week: Trend = Trend(first=1.0, last=1.0)
    bad_share: Trend = Trend(first=0.06, last=0.06)
    restore_hours: Trend = Trend(first=2.0, last=2.0)
    failed_share: float = 0.03
    cancelled_share: float = 0.02
    repeated_share: float = 0.0
    minutes: float = 7.0
    has_staging: bool = False
    remedies: tuple[Remedy, ...] = ("rollback", "rollback", "revert", "hotfix", "none")
    freeze: tuple[date, date] | None = None
    feed_ends: date | None = None
    other_incidents_per_quarter: float = 2.0


TEAMS: Final[Mapping[str, str]] = {
    "tracking": "Tracking",
    "checkout": "Booking and payment",
    "depots": "Depots and routes",
    "platform": "Platform",
}

PEAK_SEASON: Final = (date(2025, 11, 10), date(2026, 1, 5))
"""Before the winter holidays nobody touches what moves parcels."""

FEED_DIES_ON: Final = date(2026, 2, 13)
"""Last day in the deployments' export of the route planner."""

REPOSITORIES: Final = (
    Repository(
        name="tracking-web",
        team="tracking",
        merge="merge",
        changes_per_week=Trend(first=4.0, last=9.0),
        coding_hours=Trend(first=9.0, last=0.6),
        review_hours=Trend(first=13.0, last=0.5),
        commits_per_change=Trend(first=2.6, last=1.4),
        bot_changes_per_week=1.2,
    ),
    Repository(
        name="tracking-api",
        team="tracking",
        merge="squash",
        changes_per_week=Trend(first=4.0, last=10.0),
        coding_hours=Trend(first=8.0, last=2.0),
        review_hours=Trend(first=12.0, last=1.5),
        commits_per_change=Trend(first=3.0, last=1.8),
        bot_changes_per_week=1.0,
    ),
    Repository(
        name="notifications",
        team="tracking",
        merge="merge",
        changes_per_week=Trend(first=1.4, last=3.0),
        coding_hours=Trend(first=8.0, last=2.5),
        review_hours=Trend(first=12.0, last=2.0),
        commits_per_change=Trend(first=2.4, last=1.5),
        bot_changes_per_week=0.5,
    ),
    Repository(
        name="storefront",
        team="checkout",
        merge="squash",
        changes_per_week=steady(14.0),
        coding_hours=steady(6.0),
        review_hours=steady(7.0),
        commits_per_change=steady(3.0),
        bot_changes_per_week=1.5,
        parts=("services/booking", "services/payments", "services/labels", "libs/shared"),
    ),
    Repository(
        name="sorting",
        team="depots",
        merge="squash",
        changes_per_week=steady(5.0),
        coding_hours=steady(7.0),
        review_hours=steady(8.0),
        commits_per_change=steady(2.0),
        bot_changes_per_week=0.5,
    ),
    Repository(
        name="depot-scanner",
        team="depots",
        merge="merge",
        changes_per_week=steady(2.2),
        coding_hours=steady(9.0),
        review_hours=steady(10.0),
        commits_per_change=steady(1.8),
        bot_changes_per_week=0.3,
    ),
    Repository(
        name="route-planner",
        team="depots",
        merge="squash",
        changes_per_week=steady(4.0),
        coding_hours=steady(7.0),
        review_hours=steady(8.0),
        commits_per_change=steady(2.0),
        bot_changes_per_week=0.5,
    ),
    Repository(
        name="identity",
        team="platform",
        merge="merge",
        changes_per_week=steady(2.0),
        coding_hours=steady(6.0),
        review_hours=steady(9.0),
        commits_per_change=steady(1.6),
        bot_changes_per_week=0.8,
    ),
    Repository(
        name="data-warehouse",
        team="platform",
        merge="squash",
        changes_per_week=steady(2.5),
        coding_hours=steady(8.0),
        review_hours=steady(12.0),
        commits_per_change=steady(2.0),
        bot_changes_per_week=0.2,
    ),
)

SERVICES: Final = (
    Service(
        name="tracking-web",
        team="tracking",
        repository="tracking-web",
        origin="github",
        deployments_per_week=Trend(first=2.0, last=45.0),
        bad_share=steady(0.07),
        restore_hours=Trend(first=3.0, last=0.7),
        repeated_share=0.02,
        has_staging=True,
    ),
    Service(
        name="tracking-api",
        team="tracking",
        repository="tracking-api",
        origin="runs",
        deployments_per_week=Trend(first=2.0, last=16.0),
        bad_share=steady(0.06),
        restore_hours=Trend(first=3.0, last=0.7),
    ),
    Service(
        name="notifications",
        team="tracking",
        repository="notifications",
        origin="github",
        deployments_per_week=Trend(first=1.0, last=5.0),
        bad_share=steady(0.05),
        restore_hours=Trend(first=3.0, last=1.0),
        other_incidents_per_quarter=1.0,
    ),
    Service(
        name="booking",
        team="checkout",
        repository="storefront",
        path="services/booking",
        origin="github",
        deployments_per_week=steady(6.0),
        has_staging=True,
        bad_share=Trend(first=0.05, last=0.30),
    ),
    Service(
        name="payments",
        team="checkout",
        repository="storefront",
        path="services/payments",
        origin="github",
        deployments_per_week=steady(5.0),
        bad_share=Trend(first=0.05, last=0.34),
        restore_hours=steady(1.5),
    ),
    Service(
        name="labels",
        team="checkout",
        repository="storefront",
        path="services/labels",
        origin="github",
        deployments_per_week=steady(1.4),
        bad_share=Trend(first=0.04, last=0.12),
        other_incidents_per_quarter=0.4,
    ),
    Service(
        name="sorting",
        team="depots",
        repository="sorting",
        origin="table",
        deployments_per_week=steady(4.0),
        minutes=22.0,
        has_staging=True,
        repeated_share=0.02,
        freeze=PEAK_SEASON,
        bad_share=steady(0.08),
        other_incidents_per_quarter=4.0,
    ),
    Service(
        name="depot-scanner",
        team="depots",
        repository="depot-scanner",
        origin="tags",
        deployments_per_week=steady(0.9),
        failed_share=0.0,
        cancelled_share=0.0,
        remedies=("hotfix", "revert", "none"),
        freeze=PEAK_SEASON,
        bad_share=steady(0.12),
    ),
    Service(
        name="route-planner",
        team="depots",
        repository="route-planner",
        origin="github",
        deployments_per_week=steady(4.0),
        feed_ends=FEED_DIES_ON,
        bad_share=steady(0.08),
    ),
    Service(
        name="identity",
        team="platform",
        repository="identity",
        origin="jobs",
        deployments_per_week=steady(0.6),
        remedies=("revert", "hotfix", "none"),
        bad_share=steady(0.1),
        other_incidents_per_quarter=1.5,
    ),
    Service(
        name="partner-gateway",
        team="platform",
        repository=None,
        origin="table",
        deployments_per_week=steady(0.35),
        remedies=("rollback",),
        freeze=PEAK_SEASON,
        bad_share=steady(0.04),
        minutes=45.0,
        other_incidents_per_quarter=0.0,
    ),
    Service(
        name="data-warehouse",
        team="platform",
        repository="data-warehouse",
        origin="none",
        other_incidents_per_quarter=2.5,
    ),
)


def _person(number: int) -> Person:
    name = f"dev-{number:02}"
    return Person(name=name, address=f"{name}@{MAIL_DOMAIN}", login=name)


def _bot(name: str) -> Person:
    return Person(name=name, address=f"{name}@{MAIL_DOMAIN}", login=name, is_bot=True)


PEOPLE: Final[Mapping[str, tuple[Person, ...]]] = {
    "tracking": tuple(_person(number) for number in range(1, 7)),
    "checkout": tuple(_person(number) for number in range(7, 13)),
    "depots": tuple(_person(number) for number in range(13, 19)),
    "platform": tuple(_person(number) for number in range(19, 24)),
}
DEPENDABOT: Final = _bot("dependabot[bot]")
PIPELINE_BOT: Final = _bot("github-actions[bot]")
WEB_FLOW: Final = Person(name="GitHub", address=f"noreply@{MAIL_DOMAIN}", login="web-flow")

MOVED: Final = PEOPLE["tracking"][3]
"""Somebody whose older commits carry another name and address; `.mailmap` joins the two."""
MOVED_ON: Final = date(2025, 9, 1)
FORMERLY: Final = Person(
    name="Dev 04 (laptop)", address=f"dev-04@laptop.{MAIL_DOMAIN}", login=MOVED.login
)


def service(name: str) -> Service:
    """Return a service by its name."""
    return next(found for found in SERVICES if found.name == name)


def services_of(repository: str) -> tuple[Service, ...]:
    """Return the services that are built from a repository."""
    return tuple(found for found in SERVICES if found.repository == repository)
