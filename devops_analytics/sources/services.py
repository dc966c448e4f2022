"""Which service a record is about, where it may name several, or none that the settings know."""

from collections.abc import Iterable

from devops_analytics.config import Settings


def service_of(
    named: Iterable[str | None], *, declared: str | None, settings: Settings
) -> str | None:
    """Return the service that a record is about.

    It is the first of those that it names that the settings know, by name or alias; else the one
    that its `[[sources]]` entry declares; else the only one that it names. Of several that nobody
    knows none is taken.
    """
    names = list(dict.fromkeys(name.strip() for name in named if name and name.strip()))
    known = settings.services.keys() | settings.service_aliases.keys()
    for name in names:
        if name in known:
            return name
    if declared is not None or len(names) != 1:
        return declared
    return names[0]
