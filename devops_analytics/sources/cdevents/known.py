"""What events of an entry say of each other's subjects: names, repositories, artifacts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote

from devops_analytics.config import Settings
from devops_analytics.sources.cdevents.events import Event, Key, Reference
from devops_analytics.sources.moments import moments
from devops_analytics.sources.scanners import as_declared, repository_of_url

_SHA: Final = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/")
"""Begins an address without a scheme, as the specification's own examples have them."""
_MAKES: Final = frozenset(
    {("artifact", "packaged"), ("artifact", "published"), ("build", "finished")}
)
"""Events that say what an artifact was made of, or by their chain, in which repository."""


class Artifact(NamedTuple):
    """What a package URL says of the code that it was made of."""

    repo: str | None
    sha: str | None
    ref: str | None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the events of all files of an entry tell together."""

    entry: Any
    settings: Settings
    at: Mapping[str, datetime]
    """Each time as it is written, with its moment."""
    used: frozenset[tuple[int, int]]
    """Places of events that complete rows of other subjects, and are no rows themselves."""
    names: Mapping[Key, str]
    """What people call subjects that events only name by their ids."""
    reported: frozenset[str]
    """Addresses of the tickets that incidents were reported by."""
    _made_by: Mapping[str, Event]
    _of_changes: Mapping[Key, str]
    _of_chains: Mapping[str, str | None]

    def name_of(self, event: Event, reference: Reference | None) -> str | None:
        """Return what people call a subject that an event names."""
        key = event.key_of(reference)
        if reference is None or key is None:
            return None
        return reference.name or self.names.get(key) or key[1]

    def repository(self, event: Event, own: str | None = None) -> str | None:
        """Return the repository that an event belongs to.

        It is what the event itself says (`own`), else what all others of its chain agree on, else
        what the entry declares.
        """
        chained = self._of_chains.get(event.chain) if event.chain is not None else None
        return as_declared(own or chained or self.entry.repository, self.settings)

    def artifact(self, text: str) -> Artifact:
        """Return what an artifact was made of.

        That is what its package URL says, else what the event of its making says: the change that
        it names, else the repository of its chain.
        """
        found = artifact_of(text)
        event = self._made_by.get(text)
        if event is None:
            return found
        repo = self._of_chains.get(event.chain) if event.chain is not None else None
        change = event.content.change
        key = event.key_of(change)
        if change is None or key is None:
            return found._replace(repo=found.repo or repo)
        repo = self._of_changes.get(key) or _repository_at(change.source) or repo
        sha = key[1].lower() if _SHA.fullmatch(key[1]) else None
        return Artifact(found.repo or repo, found.sha or sha, found.ref)


def known_of(events: Iterable[Event], entry: Any, settings: Settings) -> Known:
    """Return what events tell of each other's subjects."""
    ordered = sorted(events, key=lambda event: event.number)
    names = {event.key: name for event in ordered if (name := _name(event)) is not None}
    of_changes: dict[Key, str] = {}
    of_chains: dict[str, str | None] = {}
    for event in ordered:
        repo = repository_named(event, names)
        if repo is None:
            continue
        if event.subject == "change":
            of_changes[event.key] = repo
        if event.chain is not None:
            # A chain that runs through several repositories belongs to none of them.
            is_same = of_chains.setdefault(event.chain, repo) == repo
            of_chains[event.chain] = repo if is_same else None
    return Known(
        entry=entry,
        settings=settings,
        at=moments(event.written_at for event in ordered),
        used=_used(ordered),
        names=names,
        reported=frozenset(
            event.content.ticket_uri for event in ordered if event.content.ticket_uri is not None
        ),
        _made_by=_makers(ordered),
        _of_changes=of_changes,
        _of_chains=of_chains,
    )


def _makers(events: Iterable[Event]) -> dict[str, Event]:
    """Return for each artifact the event that says most of its making."""
    found: dict[str, Event] = {}
    for event in events:
        artifact = _made(event)
        if artifact is not None and (artifact not in found or event.content.change is not None):
            found[artifact] = event
    return found


def _made(event: Event) -> str | None:
    """Return the artifact that an event tells the making of."""
    if (event.subject, event.predicate) not in _MAKES:
        return None
    return event.key[1] if event.subject == "artifact" else event.content.artifact_id


def _repository_at(source: str | None) -> str | None:
    """Return the repository whose changes a source gives ids to, where it is an address."""
    source = source or ""
    return repository_of_url(f"https://{source}" if _HOST.match(source) else source)


def repository_named(event: Event, names: Mapping[Key, str]) -> str | None:
    """Return the repository that an event names."""
    reference = event.content.repository
    key = event.key_of(reference)
    if reference is None or key is None:
        return None
    name = names.get(key) or key[1]
    return repository_of_url(name) if "://" in name else name


def _name(event: Event) -> str | None:
    content = event.content
    match event.subject:
        case "repository" if content.name is not None:
            return f"{content.owner}/{content.name}" if content.owner else content.name
        case "environment":
            return content.name
        case "testsuiterun" if content.test_suite is not None:
            return content.test_suite.name or _text(content.test_suite.id)
        case _:
            return None


def _text(found: str | int | None) -> str | None:
    return None if found is None else str(found)


def _used(events: list[Event]) -> frozenset[tuple[int, int]]:
    """Return the places of events that name what rows of other subjects refer to."""
    named: set[Key | None] = set()
    deployed: set[str | None] = set()
    for event in events:
        content = event.content
        if event.subject == "change":
            named.add(event.key_of(content.repository))
        elif event.subject == "testcaserun":
            named.add(event.key_of(content.test_suite_run))
        elif event.subject in {"service", "incident"}:
            named.add(event.key_of(content.environment))
            deployed.add(content.artifact_id)
    return frozenset(
        event.place
        for event in events
        if (event.subject in {"repository", "environment", "testsuiterun"} and event.key in named)
        or (_made(event) is not None and _made(event) in deployed)
    )


def artifact_of(text: str) -> Artifact:
    """Return what a package URL says of the code that an artifact was made of."""
    if not text.lower().startswith("pkg:"):
        return Artifact(None, None, None)
    path, _, rest = text.partition("#")[0].partition("?")
    package, at, version = path.rpartition("@")
    version = "" if not at or "/" in version else unquote(version)
    said = parse_qs(rest)
    address, at, revision = said.get("vcs_url", [""])[-1].rpartition("@")
    if not at or "/" in revision:
        address, revision = f"{address}{at}{revision}", ""
    sha = next((one.lower() for one in (revision, version) if _SHA.fullmatch(one)), None)
    # A version with a colon is a digest, which no ref is named by.
    is_ref = bool(version) and ":" not in version and not _SHA.fullmatch(version)
    ref = said.get("tag", [version if is_ref else None])[-1]
    return Artifact(repository_of_url(address) or _repository_in(package), sha, ref)


def _repository_in(package: str) -> str | None:
    """Return the repository that a package is named by, where its type names them so."""
    kind, _, name = package.partition(":")[2].strip("/").partition("/")
    match kind.lower(), unquote(name).split("/"):
        case (("github" | "bitbucket"), [owner, repo]):
            return f"{owner}/{repo}"
        case "golang", [host, owner, repo, *_] if "." in host:
            return f"{owner}/{repo}"
        case _:
            return None
