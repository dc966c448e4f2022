"""What records' repositories are called in the settings, and which service they belong to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from devops_analytics.config import Settings
from devops_analytics.config_sources import InRepository


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The entry and the settings, as far as they name repositories and services."""

    entry: InRepository
    services: Mapping[str, tuple[str, ...]]
    """Declared repository → the services built from it."""
    by_name: Mapping[str, tuple[str, ...]]
    """Name of a repository in small letters, whole and without its owner → as it is declared."""


def names_of(entry: InRepository, settings: Settings) -> Names:
    """Return what the settings call repositories and services."""
    services: dict[str, dict[str, None]] = {}
    for service, declared in settings.services.items():
        for repository in declared.repositories:
            services.setdefault(repository.name, {})[service] = None
    by_name: dict[str, dict[str, None]] = {}
    for name in services:
        for known_as in (name.casefold(), _short(name)):
            by_name.setdefault(known_as, {})[name] = None
    return Names(
        entry=entry,
        services={name: tuple(owners) for name, owners in services.items()},
        by_name={name: tuple(declared) for name, declared in by_name.items()},
    )


def repository_name(names: Names, said: str | None) -> str | None:
    """Return the name of a repository as the settings write it, else as the record does.

    What the record says comes before the entry's `repository`. The settings may leave out the
    owner, and the case of letters does not matter, as on the platforms themselves.
    """
    said = said or names.entry.repository
    if said is None:
        return None
    exact = [
        name
        for name in names.by_name.get(said.casefold(), ())
        if name.casefold() == said.casefold()
    ]
    if exact:
        return exact[0]
    alike = [
        name for name in names.by_name.get(_short(said), ()) if "/" not in name or "/" not in said
    ]
    return alike[0] if len(alike) == 1 else said


def services_of(names: Names, repository: str) -> tuple[str, ...]:
    """Return the services that a record of a repository may belong to.

    The entry's `service` where it names one; else those that the settings build from the
    repository; else one by the repository's own name, without its owner.
    """
    if names.entry.service is not None:
        return (names.entry.service,)
    return names.services.get(repository) or (repository.rsplit("/", 1)[-1],)


def is_declared(names: Names, repository: str) -> bool:
    """Say whether the settings know the repository, or the entry says whose its records are."""
    return names.entry.service is not None or repository in names.services


def service_affected(names: Names, repository: str, deployed: Collection[str]) -> str | None:
    """Return the service that an incident of a repository's tracker is about; None: not known.

    `deployed` holds the repositories that the entry has deployments of: an incident of any other
    that the settings don't know names no service.
    """
    services = services_of(names, repository)
    is_known = is_declared(names, repository) or repository in deployed or not names.services
    return services[0] if is_known and len(services) == 1 else None


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].casefold()
