"""What records' repositories are called in the settings, and which service they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass

from devops_analytics.config import GithubSource, Settings

SERVICE_NOT_KNOWN = "service_not_known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The entry and the settings, as far as they name repositories and services."""

    entry: GithubSource
    declared: tuple[str, ...]
    services: Mapping[str, tuple[str, ...]]
    """Declared repository → the services built from it."""


def names_of(entry: GithubSource, settings: Settings) -> Names:
    """Return what the settings call repositories and services."""
    services: dict[str, list[str]] = {}
    for service, declared in settings.services.items():
        for repository in declared.repositories:
            owners = services.setdefault(repository.name, [])
            if service not in owners:
                owners.append(service)
    return Names(
        entry=entry,
        declared=tuple(services),
        services={name: tuple(owners) for name, owners in services.items()},
    )


def repository_name(names: Names, said: str | None) -> str | None:
    """Return the name of a repository as the settings write it, else as the record does.

    What the record says comes before the entry's `repository`. The settings may leave out the
    owner, and the case of letters does not matter, as on GitHub.
    """
    said = said or names.entry.repository
    if said is None:
        return None
    exact = [name for name in names.declared if name.casefold() == said.casefold()]
    if exact:
        return exact[0]
    short = _short(said)
    alike = [
        name
        for name in names.declared
        if _short(name) == short and ("/" not in name or "/" not in said)
    ]
    return alike[0] if len(alike) == 1 else said


def services_of(names: Names, repository: str | None) -> tuple[str, ...]:
    """Return the services that a record of a repository may belong to.

    The entry's `service` where it names one; else those that the settings build from the
    repository; else one by the repository's own name, without its owner.
    """
    if names.entry.service is not None:
        return (names.entry.service,)
    if repository is None:
        return ()
    return names.services.get(repository) or (repository.rsplit("/", 1)[-1],)


def is_declared(names: Names, repository: str | None) -> bool:
    """Say whether the settings know the repository, or the entry says whose its records are."""
    return names.entry.service is not None or repository in names.services


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].casefold()
