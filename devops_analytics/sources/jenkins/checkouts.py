"""What a build was made of: repository, commit and branch, as the Git plugin tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from devops_analytics.sources.jenkins.names import Place, branch_name, filled_in
from devops_analytics.sources.jenkins.records import Action
from devops_analytics.sources.json_kinds import Reading
from devops_analytics.sources.scanners import as_declared, repository_of_url

_SEVERAL: Final = (
    "a build checked out several repositories, and neither the settings nor the name of its job "
    "tell which of them it is of; its commit is not known"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """What a build was made of."""

    repo: str | None = None
    sha: str | None = None
    branch: str | None = None


def checkout_of(actions: Iterable[Action | None], place: Place, reading: Reading) -> Checkout:
    """Return repository, commit and branch; nothing where several could be meant.

    A library that a pipeline is written with is checked out as its own repository is.
    """
    found = checkouts(actions)
    if len({one.repo for one in found}) <= 1:
        return found[0] if found else Checkout()
    meant = _meant(found, place, reading)
    if len({one.repo for one in meant}) == 1:
        return meant[0]
    reading.notes[_SEVERAL] += 1
    return Checkout()


def checkouts(actions: Iterable[Action | None]) -> list[Checkout]:
    """Return all that a build checked out, with its parameters in place of their names."""
    present = [action for action in actions if action is not None]
    values = {
        parameter.name: parameter.value
        for one in present
        for parameter in one.parameters or ()
        if parameter.name and isinstance(parameter.value, str)
    }
    return [
        _checked_out(action, values)
        for action in present
        if action.last_built_revision is not None or action.remote_urls
    ]


def _checked_out(action: Action, values: dict[str, str]) -> Checkout:
    urls = [filled_in(url, values) for url in action.remote_urls or () if url]
    revision = action.last_built_revision
    branches = [branch_name(one.name) for one in (revision.branch if revision else None) or ()]
    return Checkout(
        repo=next((repo for url in urls if (repo := repository_of_url(url))), None),
        sha=revision.sha if revision else None,
        branch=next((branch for branch in branches if branch), None),
    )


def _meant(found: list[Checkout], place: Place, reading: Reading) -> list[Checkout]:
    """Return the checkouts of repositories that the settings, else the job's name, know."""
    settings = reading.context.settings
    services = settings.services.values()
    known = {repository.name for one in services for repository in one.repositories}
    known.add(reading.entry.repository)
    declared = [one for one in found if as_declared(one.repo, settings) in known]
    if declared:
        return declared
    names = {name.casefold() for name in place.job.split("/")}
    return [one for one in found if (one.repo or "").rpartition("/")[2].casefold() in names]
