"""`devops.toml` read into checked settings; every default choice of a metric is a setting here."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError

from devops_analytics.config_annotations import Annotation
from devops_analytics.config_errors import explained
from devops_analytics.config_evidence import Item
from devops_analytics.config_sources import (
    Column,
    GitSource,
    Pattern,
    Section,
    SourceBase,
    TableSource,
    TimeZone,
)
from devops_analytics.config_tools import SOURCE_TYPES, GitopsPath, Source
from devops_analytics.config_value import Amount, Value
from devops_analytics.errors import SettingsError

__all__ = [
    "ANNOTATIONS_FILE",
    "DEFAULT_FILE",
    "Annotation",
    "Column",
    "DeclaredDeployments",
    "Definitions",
    "Environments",
    "GitSource",
    "Maturity",
    "Organisation",
    "People",
    "Repository",
    "Section",
    "Service",
    "Settings",
    "Source",
    "SourceBase",
    "TableSource",
    "Team",
    "environment_kind",
    "read_settings",
    "settings_from",
]

DEFAULT_FILE: Final = Path("devops.toml")
ANNOTATIONS_FILE: Final = "annotations.toml"
"""The file beside the settings that may hold annotations, and nothing else."""


class Organisation(Section):
    """Whose report it is, and the zone that days, weeks and months are counted in."""

    name: str = "Organisation"
    """The name in titles."""
    time_zone: TimeZone = "UTC"
    """The zone that days, weeks, months and quarters are counted in."""
    store: str = "data/store"
    """Folder of the loaded tables, relative to the settings file."""
    reports: str = "reports"
    """Folder of rendered reports, relative to the settings file."""

    @property
    def zone(self) -> ZoneInfo:
        """The reporting time zone."""
        return ZoneInfo(self.time_zone)


class Repository(Section):
    """A repository that a service is built from, or a part of it."""

    name: str
    """The repository's name, as the exports write it."""
    path: str = ""
    """The service's folder in a monorepo; empty: the whole repository."""


def _repository(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class Service(Section):
    """A deployable service of a team."""

    repositories: list[Annotated[Repository, BeforeValidator(_repository)]] = []
    """Names, or tables with `name` and `path`; without any, lead time is unknown."""
    aliases: list[str] = []
    """Other names that exports use for the service."""
    production_environments: list[str] = []
    """Environment names that are production for this service alone."""
    tier: int | None = None
    """Importance, 1 is highest."""


class Team(Section):
    """A team and the services it owns."""

    name: str = ""
    """The name shown; empty: the key."""
    services: dict[str, Service] = {}
    """The services that the team owns."""


class Environments(Section):
    """Patterns (searched, ignoring case) that tell an environment's kind by its name."""

    production: list[Pattern] = [
        r"^(?!.*(pre|non)[-_. ]?prod).*(?<![a-z])(prod|production|live)(?![a-z])"
    ]
    """Patterns of production environments."""
    staging: list[Pattern] = [r"(?<![a-z])(stag|stage|staging|pre[-_. ]?prod\w*|uat)(?![a-z])"]
    """Patterns of staging environments."""
    test: list[Pattern] = [r"(?<![a-z])(test|testing|qa|integration|ci)(?![a-z])"]
    """Patterns of test environments."""
    development: list[Pattern] = [r"(?<![a-z])(dev|development|sandbox|preview|review)(?![a-z])"]
    """Patterns of development environments."""


class DeclaredDeployments(Section):
    """Deployments made out of something else that was exported."""

    origin: Literal["tags", "releases", "runs", "jobs", "merges"] = Field(alias="from")
    """What was exported: tags, releases, runs, jobs or merges."""
    service: str | None = None
    """The service deployed; without it, every service of the repository."""
    repository: str | None = None
    """Only from this repository."""
    pattern: Pattern | None = None
    """What the tag, release, workflow or job must match."""
    branch: Pattern | None = None
    """What the branch must match (runs, jobs, merges)."""
    environment: str = "production"
    """The environment deployed to."""


class Definitions(Section):
    """The default choices of the metrics; the report prints each beside its number."""

    lead_time_start: Literal["committed_at", "authored_at"] = "committed_at"
    """Where change lead time starts; a rebase moves committed_at, not authored_at."""
    count_merge_commits: bool = False
    """Count merge commits in change lead time."""
    count_bots: bool = False
    """Count commits of bots in change lead time."""
    attribution_window_hours: float = Field(default=24.0, gt=0)
    """How long after a deployment an incident may be blamed on it."""
    sensitivity_windows_hours: list[float] = [4.0, 24.0, 72.0]
    """Windows of the sensitivity table beside the change fail rate."""
    hotfix_labels: list[str] = ["hotfix"]
    """Labels that mark a change as a hotfix."""
    hotfix_branches: list[Pattern] = [r"^hotfix[/-]"]
    """Patterns of branches that mark one."""
    hotfix_titles: list[Pattern] = [r"^(hotfix\b|\[hotfix\])"]
    """Patterns of titles (any case) that mark one."""
    history_months: int = Field(default=24, gt=0)
    """Months of history that file statistics and pending commits are looked at."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of every interval."""
    minimum_n: int = Field(default=6, ge=1)
    """Fewest observations for a median, and for a percentage as a headline."""
    minimum_n_p85: int = Field(default=23, ge=1)
    """Fewest observations for an 85 % quantile."""
    minimum_n_p90: int = Field(default=36, ge=1)
    """Fewest observations for a 90 % quantile."""
    minimum_group: int = Field(default=5, ge=5)
    """Fewest people that a number about people may rest on; it may be raised, not lowered."""
    scan_valid_days: float = Field(default=35.0, gt=0)
    """How long a scan, a score or a bill of materials tells of the present."""


class People(Section):
    """How people are kept out: their names become pseudonyms as they are read."""

    salt: str = ""
    """Secret that pseudonyms are made with; without one they can be guessed."""
    bot_patterns: list[Pattern] = [
        r"\[bot\]",
        r"\bbot\b",
        r"^(dependabot|renovate|github-actions|greenkeeper|snyk)",
    ]
    """Patterns (any case) of names that are programs."""


class Maturity(Section):
    """Which maturity model the assessments are made by."""

    model: str = ""
    """A TOML file of your own, relative to this file; empty: the model of the package."""


class Settings(Section):
    """All of `devops.toml`."""

    organisation: Organisation = Organisation()
    teams: dict[str, Team] = {}
    """Teams by key."""
    environments: Environments = Environments()
    sources: list[Source] = []
    """The exports."""
    deployments: list[DeclaredDeployments] = []
    """Deployments made out of what there is."""
    definitions: Definitions = Definitions()
    annotations: list[Annotation] = []
    """What happened that charts should say."""
    people: People = People()
    maturity: Maturity = Maturity()
    value: Value = Value()

    @property
    def service_teams(self) -> dict[str, str]:
        """Team of each declared service."""
        return {
            service: team for team, settings in self.teams.items() for service in settings.services
        }

    @property
    def services(self) -> dict[str, Service]:
        """Every declared service by name."""
        return {
            name: service for team in self.teams.values() for name, service in team.services.items()
        }

    @property
    def service_aliases(self) -> dict[str, str]:
        """Name that an export may use → the service's own name."""
        return {alias: name for name, service in self.services.items() for alias in service.aliases}


def read_settings(path: Path) -> Settings:
    """Read and check a settings file.

    Raises:
        SettingsError: the file is not there, is no TOML, or a key or value is not allowed; the
            text names file, key, value found and values allowed.
    """
    if not path.is_file():
        raise SettingsError(
            f"{path}: no such settings file. Run `devops-analytics init` to write one, or give "
            "--config FILE, or --git PATH to look at a clone without one."
        )
    settings = settings_from(_read_toml(path), where=str(path))
    beside = path.with_name(ANNOTATIONS_FILE)
    if not beside.is_file():
        return settings
    found = settings_from(_read_toml(beside), where=str(beside))
    if found.model_fields_set - {"annotations"}:
        others = ", ".join(sorted(found.model_fields_set - {"annotations"}))
        raise SettingsError(f"{beside}: found {others}; allowed here: annotations.")
    return settings.model_copy(update={"annotations": [*settings.annotations, *found.annotations]})


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: can't be read as UTF-8 text ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}.") from error


def settings_from(data: Mapping[str, object], *, where: str = "settings") -> Settings:
    """Check settings given as a mapping; `where` names them in errors.

    Raises:
        SettingsError: a key or value is not allowed.
    """
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(explained(error, where, _section_of, kinds=SOURCE_TYPES)) from error
    _check_names(settings, where)
    return settings


def _check_names(settings: Settings, where: str) -> None:
    seen: dict[str, str] = {}
    for team, team_settings in settings.teams.items():
        for service in team_settings.services:
            if service in seen:
                raise SettingsError(
                    f"{where}: service {service!r} belongs to two teams, {seen[service]!r} and "
                    f"{team!r}; a service has one team."
                )
            seen[service] = team
    for index, declared in enumerate(settings.deployments):
        if declared.service is not None and declared.service not in seen:
            raise SettingsError(
                f"{where}: deployments[{index}].service: found {declared.service!r}; allowed: "
                f"{', '.join(sorted(seen)) or 'none, as no service is declared under teams'}."
            )


def environment_kind(settings: Settings, service: str, environment: str) -> str:
    """Return the kind of an environment: the service's own names first, then the patterns."""
    declared = settings.services.get(service)
    if declared is not None and environment in declared.production_environments:
        return "production"
    for kind in ("production", "staging", "test", "development"):
        patterns = getattr(settings.environments, kind)
        if any(re.search(pattern, environment, re.IGNORECASE) for pattern in patterns):
            return kind
    return "unknown"


def _section_of(location: tuple[str | int, ...]) -> type[Section]:  # noqa: PLR0911 - one a case
    """Return the section that holds the key at a location."""
    match location[:-1]:
        case ("teams", _):
            return Team
        case ("teams", _, "services", _):
            return Service
        case ("teams", _, "services", *_):
            return Repository
        case ("sources", int(), str(kind)):
            return SOURCE_TYPES[kind]
        case ("sources", int(), str(kind), str(key), *_):
            held: dict[str, type[Section]] = {"items": Item, "deployments": GitopsPath}
            return held.get(key, Column)
        case ("deployments", int()):
            return DeclaredDeployments
        case ("value", _):
            return Amount
        case ("annotations", int()):
            return Annotation
        case (str(name), *_):
            return type(getattr(Settings(), name))
        case _:
            return Settings
