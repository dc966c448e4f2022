"""ServiceNow: incident and change tables as JSON or CSV, and event logs of incidents."""

from typing import Final

from devops_analytics.sources.servicenow.reading import read
from devops_analytics.sources.servicenow.recognition import recognise
from devops_analytics.sources.servicenow.words import (
    CHANGE_STATES,
    CHANGE_TYPES,
    CLOSE_CODES,
    INCIDENT_STATES,
)
from devops_analytics.sources.source import SourceKind

SERVICENOW: Final = SourceKind(
    kind="servicenow",
    title="ServiceNow",
    reads="incident and change tables as JSON or CSV, and event logs of incidents",
    tables=("incidents", "deployments"),
    read=read,
    recognise=recognise,
    words={
        "incident state": INCIDENT_STATES,
        "change state": CHANGE_STATES,
        "change close code": CLOSE_CODES,
        "change type": CHANGE_TYPES,
    },
)
