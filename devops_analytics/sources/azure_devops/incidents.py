"""Work items that their type or a tag makes incidents → incidents."""

from collections.abc import Iterator
from typing import Final

from devops_analytics.config_tools import AzuredevopsSource
from devops_analytics.sources.azure_devops.known import Known
from devops_analytics.sources.azure_devops.records import Fields, WorkItem, known_time
from devops_analytics.sources.azure_devops.words import OPEN, REMOVED
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.services import service_of

NOT_AN_INCIDENT: Final = "not_an_incident"


def incident(item: WorkItem, reading: Reading, _known: Known) -> Iterator[Row]:
    """Yield the incident that a work item is, if the entry says that its type or a tag is one."""
    fields = item.fields
    tags = _tags(fields)
    refused = _refused(item, tags, reading.entry)
    if refused is not None:
        yield "incidents", refused
        return
    is_open = (fields.state or "").lower() in OPEN
    created_at = known_time(fields.created)
    closed_at = known_time(fields.resolved) or known_time(fields.closed)
    priority = str(fields.priority) if fields.priority is not None else None
    yield (
        "incidents",
        {
            "incident_id": f"azuredevops:{item.id}",
            "service": _service(fields, tags, reading),
            "severity": fields.severity or priority,
            "started_at": created_at,
            "created_at": created_at,
            "resolved_at": None if is_open else closed_at,
            "updated_at": known_time(fields.changed),
        },
    )


def _tags(fields: Fields) -> list[str]:
    return [tag.strip() for tag in (fields.tags or "").split(";") if tag.strip()]


def _service(fields: Fields, tags: list[str], reading: Reading) -> str | None:
    """Return the service that the area or a tag is called by, if the settings know it."""
    settings = reading.context.settings
    area = (fields.area or "").rsplit("\\", 1)[-1]
    services = settings.services.keys() | settings.service_aliases.keys()
    named = [name for name in (area, *tags) if name in services]
    return service_of(named, declared=reading.entry.service, settings=settings)


def _refused(item: WorkItem, tags: list[str], entry: AzuredevopsSource) -> Refused | None:
    wanted = {label.casefold() for label in entry.incident_labels}
    if not wanted & {name.casefold() for name in (item.fields.type or "", *tags)}:
        said = (
            f"work item {item.id} is of a type and has tags that make no incident "
            f"({', '.join(entry.incident_labels)}); set `incident_labels` for others"
        )
        return Refused(NOT_AN_INCIDENT, said)
    if (item.fields.state or "").lower() == REMOVED:
        return Refused(NOT_AN_INCIDENT, f"work item {item.id} was removed")
    return None
