"""The pull requests of each repository: who wrote what, who reviewed it, when it was merged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from random import Random
from typing import Final

from devops_analytics.sample.organisation import (
    DEPENDABOT,
    PEOPLE,
    Person,
    Repository,
    Service,
    services_of,
)
from devops_analytics.sample.workdays import (
    END,
    HISTORY_FROM,
    LAST_DAY,
    add_working_hours,
    after,
    bursts,
    days,
    local,
    lognormal,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What a commit does to a file, in lines."""

    path: str
    added: int
    deleted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A commit as its author made it, before the history gives it a place."""

    author: Person
    authored_at: datetime
    committed_at: datetime
    subject: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A review of a change."""

    reviewer: Person
    state: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A pull request; `services` are those whose files it touches."""

    key: str
    repository: str
    title: str
    branch: str
    author: Person
    drafts: tuple[Draft, ...]
    services: frozenset[str]
    opened_at: datetime
    ready_at: datetime | None
    reviews: tuple[Review, ...]
    merged_at: datetime | None
    closed_at: datetime | None
    labels: tuple[str, ...] = ()
    reverts: str | None = None
    """Key of the change that this one takes back."""


_VERBS: Final = (
    "Add", "Fix", "Show", "Cache", "Validate", "Simplify", "Speed up", "Log", "Retry", "Rename",
    "Split", "Test", "Guard against", "Remove unused", "Document",
)  # fmt: skip
_OBJECTS: Final = (
    "parcel status", "delivery window", "address lookup", "label preview", "customs form",
    "depot codes", "route cache", "sender name", "price table", "return parcels", "time zones",
    "event stream", "session timeout", "webhook retries", "search index", "pick-up points",
    "scan events", "weight limits", "invoice lines", "<b>bold</b> notes in the preview",
)  # fmt: skip
_MODULES: Final = (
    "api", "events", "models", "prices", "queue", "routes", "search", "storage", "views", "zones",
)  # fmt: skip
_PACKAGES: Final = ("httpkit", "jsonfast", "queuelib", "timezones", "webframe", "xmlparse")
_PART_WEIGHTS: Final = (45, 33, 12, 10)
_ABANDONED: Final = 0.04
_DRAFT_FIRST: Final = 0.15
_REBASED: Final = 0.12
_DISCUSSED: Final = 0.35
_FROM_THE_TEAM: Final = 0.93
_IN_TWO_PARTS: Final = 0.08
"""Shares of changes, 0-1."""


def changes_of(repository: Repository, random: Random) -> tuple[Change, ...]:
    """Return the ordinary changes of a repository, in the order of their first commit."""
    found: list[Change] = []
    for day in days(HISTORY_FROM, LAST_DAY):
        per_week = repository.changes_per_week.at(local(day, 9))
        for _ in range(bursts(random, per_week, day)):
            begun = local(day, random.uniform(8.6, 16.5))
            found.append(_change(repository, f"{repository.name}/{len(found)}", begun, random))
        for _ in range(bursts(random, repository.bot_changes_per_week, day)):
            found.append(_bump(repository, f"{repository.name}/{len(found)}", day, random))
    return tuple(change for change in found if change.opened_at < END)


def _change(repository: Repository, key: str, begun: datetime, random: Random) -> Change:
    author = _author(repository, random)
    subject = f"{random.choice(_VERBS)} {random.choice(_OBJECTS)}"
    parts = _parts(repository, random)
    drafts = _drafts(repository, author, subject, begun, parts, random)
    opened = after(drafts[-1].authored_at, random.uniform(0.02, 0.5))
    is_fix = subject.startswith("Fix")
    is_draft = random.random() < _DRAFT_FIRST
    return _reviewed(
        Change(
            key=key,
            repository=repository.name,
            title=subject,
            branch=f"{'fix' if is_fix else 'feature'}/{key.split('/')[1]}",
            author=author,
            drafts=drafts,
            services=touched(repository, parts),
            opened_at=opened,
            ready_at=add_working_hours(opened, random.uniform(0.5, 6)) if is_draft else None,
            reviews=(),
            merged_at=None,
            closed_at=None,
            labels=("bug",) if is_fix else ("enhancement",),
        ),
        repository,
        random,
    )


def _drafts(
    repository: Repository,
    author: Person,
    subject: str,
    begun: datetime,
    parts: list[str],
    random: Random,
) -> tuple[Draft, ...]:
    """Return a change's commits, with the time that was worked on it between them."""
    extra = max(repository.commits_per_change.at(begun) - 1, 0.01)
    count = min(1 + int(random.expovariate(1 / extra)), 9)
    drafts = []
    at = begun
    for number in range(count):
        drafts.append(
            Draft(
                author=author,
                authored_at=at,
                committed_at=at,
                subject=subject if number == 0 else f"{random.choice(_VERBS)} {subject.lower()}",
                edits=_edits(parts, random),
            )
        )
        coding = lognormal(random, repository.coding_hours.at(begun) / count, 0.9)
        at = add_working_hours(at, coding)
    return tuple(drafts)


def _bump(repository: Repository, key: str, day: date, random: Random) -> Change:
    package = random.choice(_PACKAGES)
    old, new = random.randint(1, 40), random.randint(41, 80)
    title = f"Bump {package} from 2.{old}.0 to 2.{new}.0"
    at = local(day, random.uniform(4.5, 5.5))
    parts = _parts(repository, random)[:1]
    edit = Edit(path=_path(parts[0], "requirements.lock"), added=4, deleted=4)
    return _reviewed(
        Change(
            key=key,
            repository=repository.name,
            title=title,
            branch=f"dependabot/pip/{package}-2.{new}.0-{key.split('/')[1]}",
            author=DEPENDABOT,
            drafts=(
                Draft(
                    author=DEPENDABOT, authored_at=at, committed_at=at, subject=title, edits=(edit,)
                ),
            ),
            services=touched(repository, parts),
            opened_at=after(at, 0.02),
            ready_at=None,
            reviews=(),
            merged_at=None,
            closed_at=None,
            labels=("dependencies",),
        ),
        repository,
        random,
    )


def _reviewed(change: Change, repository: Repository, random: Random) -> Change:
    """Give a change its reviews and its end; what would come after the last day has not come."""
    ready = change.ready_at or change.opened_at
    wait = repository.review_hours.at(change.opened_at)
    reviews = []
    at = add_working_hours(ready, lognormal(random, wait * 0.45, 1.0))
    reviewer = _reviewer(repository, change.author, random)
    if random.random() < _DISCUSSED and not change.author.is_bot:
        state = random.choice(("COMMENTED", "CHANGES_REQUESTED"))
        reviews.append(Review(reviewer=reviewer, state=state, at=at))
        at = add_working_hours(at, lognormal(random, wait * 0.35, 0.8))
    reviews.append(Review(reviewer=reviewer, state="APPROVED", at=at))
    end = add_working_hours(at, lognormal(random, wait * 0.15, 1.0))
    is_merged = random.random() >= _ABANDONED
    is_ended = end < END
    return replace(
        change,
        drafts=_rebased(change.drafts, end, repository, random),
        ready_at=change.ready_at if change.ready_at and change.ready_at < END else None,
        reviews=tuple(r for r in reviews if r.at < END and (is_merged or r.state != "APPROVED")),
        merged_at=end if is_ended and is_merged else None,
        closed_at=end if is_ended else None,
    )


def _rebased(
    drafts: tuple[Draft, ...], end: datetime, repository: Repository, random: Random
) -> tuple[Draft, ...]:
    """Move the committer dates of some branches to shortly before their merge, as a rebase does."""
    if repository.merge == "squash" or random.random() >= _REBASED:
        return drafts
    moved = after(end, -random.uniform(0.1, 0.6))
    return tuple(replace(draft, committed_at=max(draft.authored_at, moved)) for draft in drafts)


def _author(repository: Repository, random: Random) -> Person:
    if random.random() < _FROM_THE_TEAM:
        return random.choice(PEOPLE[repository.team])
    return random.choice([person for team in PEOPLE.values() for person in team])


def _reviewer(repository: Repository, author: Person, random: Random) -> Person:
    return random.choice([p for p in PEOPLE[repository.team] if p.login != author.login])


def _parts(repository: Repository, random: Random) -> list[str]:
    if len(repository.parts) == 1:
        return list(repository.parts)
    chosen = random.choices(repository.parts, weights=_PART_WEIGHTS, k=2)
    return chosen if random.random() < _IN_TWO_PARTS else chosen[:1]


def touched(repository: Repository, parts: list[str]) -> frozenset[str]:
    """Return the services whose folder is among the parts."""
    return frozenset(found.name for found in services_of(repository.name) if found.path in parts)


def _path(part: str, name: str) -> str:
    return f"{part}/{name}" if part else name


def _edits(parts: list[str], random: Random) -> tuple[Edit, ...]:
    return tuple(
        Edit(
            path=path,
            added=1 + int(lognormal(random, 7, 1.0)),
            deleted=int(lognormal(random, 3, 1.0)),
        )
        for part in dict.fromkeys(parts)
        for path in _paths(part, random)
    )


def _paths(part: str, random: Random) -> Iterator[str]:
    modules = random.sample(_MODULES, k=random.choice((1, 1, 1, 2, 3)))
    for module in modules:
        yield _path(part, f"src/{module}.py")
    seldom = (
        (0.6, f"tests/test_{modules[0]}.py"),
        (0.1, f"docs/{modules[0]}.md"),
        (0.06, "config/settings.toml"),
        (0.04, "requirements.lock"),
        (0.04, "deploy/main.tf"),
        (0.03, "Dockerfile"),
        (0.03, ".github/workflows/ci.yml"),
    )
    for share, name in seldom:
        if random.random() < share:
            yield _path(part, name)


def repair(
    service: Service,
    repository: Repository,
    *,
    key: str,
    known_at: datetime,
    merged_at: datetime,
    reverted: Change | None,
    random: Random,
) -> Change:
    """Return the change that repairs a service: a revert of another change, else a hotfix."""

    def at(share: float) -> datetime:
        return (known_at + (merged_at - known_at) * share).replace(microsecond=0)

    author = _author(repository, random)
    number = key.split("/")[1]
    word = "hotfix" if reverted is None else "revert"
    title = f"Hotfix: {random.choice(_OBJECTS)}" if reverted is None else _taken_back(reverted)
    draft = Draft(
        author=author,
        authored_at=at(0.4),
        committed_at=at(0.4),
        subject=title,
        edits=_repairing(service, reverted, random),
    )
    reviewer = _reviewer(repository, author, random)
    return Change(
        key=key,
        repository=repository.name,
        title=title,
        branch=f"{word}/{number}",
        author=author,
        drafts=(draft,),
        services=frozenset({service.name}),
        opened_at=at(0.5),
        ready_at=None,
        reviews=(Review(reviewer=reviewer, state="APPROVED", at=at(0.8)),),
        merged_at=merged_at,
        closed_at=merged_at,
        labels=(word,),
        reverts=reverted.key if reverted is not None else None,
    )


def _taken_back(change: Change) -> str:
    return f'Revert "{change.title}"'


def _repairing(service: Service, reverted: Change | None, random: Random) -> tuple[Edit, ...]:
    if reverted is None:
        path = _path(service.path, f"src/{random.choice(_MODULES)}.py")
        return (Edit(path=path, added=3, deleted=1),)
    return tuple(
        Edit(path=edit.path, added=edit.deleted, deleted=edit.added)
        for edit in reverted.drafts[-1].edits
    )
