"""Which service and environment an application is, and which version a sync put out."""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from devops_analytics.config import Settings, environment_kind
from devops_analytics.sources.argocd.records import Application, Origin, Versions
from devops_analytics.sources.json_kinds import Reading
from devops_analytics.sources.scanners import as_declared

_ENVIRONMENT_LABELS: Final = ("app.kubernetes.io/environment", "environment", "env")
_SERVICE_LABEL: Final = "app.kubernetes.io/name"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_IN_NO_NAME: Final = re.compile(r"[*^~<>=\s|]")
"""No branch or tag: whatever is there now, or a range of versions."""
_SEVERAL: Final = (
    "a sync is of several repositories, and the settings don't say which of them is the service's; "
    "its commit is not known"
)


class Target(NamedTuple):
    """What an application deploys: which service, to which environment."""

    service: str
    environment: str | None


def target_of(one: Application, reading: Reading) -> Target:
    """Return the service and environment of an application.

    The service is the entry's, else the first that the settings know of: the label
    `app.kubernetes.io/name`, the application's name, and this without an environment at its
    beginning or end; else the first of these. The environment is a label, else the first that a
    rule of the settings knows of: namespace, cluster, application, project; else the namespace.
    """
    settings = reading.context.settings
    label = _label(one, (_SERVICE_LABEL,))
    name = one.metadata.name
    service = reading.entry.service or _first_known(
        [label, name, *_shortened(one, settings)], settings, default=label or name
    )
    places = _places(one)
    known = (place for place in [*places, name, one.spec.project] if place)
    environment = _label(one, _ENVIRONMENT_LABELS) or next(
        (place for place in known if environment_kind(settings, service, place) != "unknown"),
        next((place for place in places if place), None),
    )
    return Target(service, environment)


def _label(one: Application, names: Iterable[str]) -> str | None:
    labels = one.metadata.labels or {}
    found = (labels.get(name) for name in names)
    return next((text for text in found if isinstance(text, str) and text), None)


def _first_known(names: Iterable[str | None], settings: Settings, *, default: str) -> str:
    known = settings.services.keys() | settings.service_aliases.keys()
    return next((name for name in names if name in known), default)


def _places(one: Application) -> list[str | None]:
    """Return namespace, cluster and the cluster's host, as far as they are told."""
    where = one.spec.destination
    if where is None:
        return []
    try:
        host = urlsplit(where.server or "").hostname
    except ValueError:
        host = None
    return [where.namespace, where.name, host]


def _shortened(one: Application, settings: Settings) -> list[str]:
    """Return the application's name without the environment at its beginning or end."""
    name = one.metadata.name
    parts = name.split("-")
    ends = {place for place in _places(one) if place}
    ends |= {
        end for end in (parts[0], parts[-1]) if environment_kind(settings, "", end) != "unknown"
    }
    found = [name.removesuffix(f"-{end}") for end in sorted(ends)]
    found += [name.removeprefix(f"{end}-") for end in sorted(ends)]
    return [text for text in found if text != name]


# ---- Versions ---- #


def version_of(
    one: Application, told: Versions, target: Target, reading: Reading
) -> dict[str, Any]:
    """Return repository, commit, ref and artifact that a sync put out."""
    pairs = told.pairs() or _declared(one, told)
    origin, revision = _chosen(pairs, target, reading)
    packages = [package for one, at in pairs if (package := one.package(at))]
    images = [image for one, _ in pairs for image in one.images()]
    artifacts = images or packages
    is_commit = bool(revision and _COMMIT.fullmatch(revision))
    names = [origin.target_revision] if is_commit else [revision, origin.target_revision]
    return {
        "repo": as_declared(
            origin.repository or reading.entry.repository, reading.context.settings
        ),
        "sha": revision if is_commit else None,
        "ref": next((name for name in names if name and _is_name(name)), None),
        "artifact": artifacts[0] if len(artifacts) == 1 else None,
    }


def _is_name(text: str) -> bool:
    return text != "HEAD" and not _COMMIT.fullmatch(text) and not _IN_NO_NAME.search(text)


def _declared(one: Application, told: Versions) -> list[tuple[Origin, str | None]]:
    """Return the sources that are declared now, where a sync does not say which it had.

    Which branch or tag was declared then is not known.
    """
    now = Versions(
        revision=told.revision,
        revisions=told.revisions,
        source=one.spec.source,
        sources=one.spec.sources,
    )
    return [
        (msgspec.structs.replace(origin, target_revision=None, helm=None, kustomize=None), revision)
        for origin, revision in now.pairs()
    ]


def _chosen(
    pairs: list[tuple[Origin, str | None]], target: Target, reading: Reading
) -> tuple[Origin, str | None]:
    """Return the repository that the commit is of: the service's, else the only one."""
    settings = reading.context.settings
    in_git = [(origin, revision) for origin, revision in pairs if origin.is_git]
    name = settings.service_aliases.get(target.service, target.service)
    service = settings.services.get(name)
    own = {one.name for one in service.repositories} if service else set()
    of_service = [
        pair for pair in in_git if as_declared(pair[0].repository, settings) in own
    ] or in_git
    if len({(origin.repository, revision) for origin, revision in of_service}) == 1:
        return of_service[0]
    if in_git:
        reading.notes[_SEVERAL] += 1
    return Origin(), None
