"""PagerDuty: incidents as the REST API's JSON with their log, and as analytics (JSON or CSV)."""

from typing import Final

from devops_analytics.sources.pagerduty.reading import read, read_many, recognise
from devops_analytics.sources.pagerduty.records import STATUSES
from devops_analytics.sources.source import SourceKind

PAGERDUTY: Final = SourceKind(
    kind="pagerduty",
    title="PagerDuty",
    reads="incidents and their log entries as JSON (pages, arrays, JSON lines), and the analytics "
    "of raw incidents as JSON or CSV",
    tables=("incidents",),
    read=read,
    read_many=read_many,
    recognise=recognise,
    words={"incident status": STATUSES},
)
