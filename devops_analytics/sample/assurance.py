"""What scanners, planners of infrastructure and a survey see of the sample organisation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from devops_analytics.sample.organisation import PEOPLE, REPOSITORIES
from devops_analytics.sample.workdays import LAST_DAY, local
from devops_analytics.sample.world import stream
from devops_analytics.sources.survey_items import KNOWN_ITEMS

SCANNED: Final = ("tracking-web", "tracking-api", "storefront", "identity")
"""Repositories that are scanned; the others never were."""
FAILING_FROM: Final = date(2026, 5, 11)
"""From this day on the scans of `identity` break off, and nobody looks."""
FAILING: Final = "identity"
SCANNED_FROM: Final = date(2025, 7, 7)

SEVERITIES: Final = {"critical": "9.4", "high": "7.8", "medium": "5.0"}
"""How bad a finding is → the score that the scanner writes."""

BILLED: Final = ("tracking-web", "tracking-api", "sorting")
"""Repositories with a bill of materials each month of 2026."""
SCORED: Final = tuple(
    repository.name for repository in REPOSITORIES if repository.name != "sorting"
)

DRIFTED_ON: Final = (date(2026, 2, 23), date(2026, 4, 20), date(2026, 6, 15))
"""Days on which the plan of the data warehouse found that somebody had changed things by hand."""

WAVES: Final[Mapping[str, tuple[date, str]]] = {
    "2025-autumn": (date(2025, 11, 17), "In my organization"),
    "2026-spring": (date(2026, 5, 18), "On my team"),
}
"""Wave → its last day, and how its questions begin: other words, so the two don't compare."""
SILENT: Final = "platform"
"""Of this team one answered nothing in the last wave: four did, too few to be shown."""
CONTENT: Final[Mapping[str, float]] = {
    "tracking": 6.0,
    "checkout": 4.2,
    "depots": 4.8,
    "platform": 5.0,
}
"""Team → about what its people answer, from 1 to 7."""

_WEEKS_TO_FIX: Final[Mapping[str, tuple[int, int]]] = {
    "tracking-web": (1, 3),
    "tracking-api": (1, 5),
    "storefront": (6, 40),
    "identity": (8, 40),
}
_PER_REPOSITORY: Final = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingTruth:
    """A weakness: the scans of a repository see it from the first to before the fixing one."""

    repository: str
    rule: str
    severity: str
    first_seen_at: datetime
    fixed_at: datetime | None
    is_dismissed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Respondent:
    """One person's answers to a wave: item → answer from 1 to 7, 0 for "don't know"."""

    wave: str
    number: int
    team: str
    answers: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assurance:
    """All of it, as it was planted."""

    findings: tuple[FindingTruth, ...]
    respondents: tuple[Respondent, ...]
    plans: tuple[tuple[datetime, int], ...]
    """When each plan was made, and how many resources had drifted."""


def assurance_of(seed: int) -> Assurance:
    """Return what there is to be found; the same seed gives the same."""
    return Assurance(
        findings=tuple(found for name in SCANNED for found in _findings(name, seed)),
        respondents=tuple(_respondents(seed)),
        plans=tuple(
            (local(day, 6), 2 if day in DRIFTED_ON else 0)
            for day in (date(2026, 1, 12) + timedelta(weeks=2 * number) for number in range(12))
        ),
    )


def scan_days(repository: str, *, succeeded: bool) -> list[date]:
    """Return the Mondays on which a repository was scanned, and the scan came to its end or not."""
    weeks = (LAST_DAY - SCANNED_FROM).days // 7
    days = [SCANNED_FROM + timedelta(weeks=week) for week in range(weeks + 1)]
    fails = [repository == FAILING and day >= FAILING_FROM for day in days]
    return [day for day, failed in zip(days, fails, strict=True) if failed is not succeeded]


def scanned_at(day: date) -> datetime:
    """Return when the scan of a day was made."""
    return local(day, 4)


def _findings(repository: str, seed: int) -> Iterator[FindingTruth]:
    random = stream(seed, f"findings {repository}")
    days = scan_days(repository, succeeded=True)
    for number in range(_PER_REPOSITORY):
        first = random.randrange(len(days) - 1)
        fixed = first + random.randint(*_WEEKS_TO_FIX[repository])
        is_dismissed = random.random() < 0.08  # noqa: PLR2004 - a few are put aside
        is_fixed = fixed < len(days) and not is_dismissed
        yield FindingTruth(
            repository=repository,
            rule=f"rule-{number:02}",
            severity=random.choice(list(SEVERITIES)),
            first_seen_at=scanned_at(days[first]),
            fixed_at=scanned_at(days[fixed]) if is_fixed else None,
            is_dismissed=is_dismissed,
        )


def _respondents(seed: int) -> Iterator[Respondent]:
    random = stream(seed, "survey")
    items = [item for item in KNOWN_ITEMS if item.startswith("westrum_")]
    for wave in WAVES:
        number = 0
        for team, people in PEOPLE.items():
            is_short = team == SILENT and wave == max(WAVES)
            for _ in range(len(people) - is_short):
                number += 1
                own = random.gauss(CONTENT[team], 0.5)
                answers = {
                    item: min(max(round(random.gauss(own, 0.7)), 1), 7)
                    if random.random() > 0.04  # noqa: PLR2004 - somebody doesn't know
                    else 0
                    for item in items
                }
                yield Respondent(wave=wave, number=number, team=team, answers=answers)
