"""Statuspage's Atom feed → records as its API gives them.

An entry's updates stand in its HTML as "Aug 21, 00:37 UTC - Resolved - …", without a year: it is
the one that puts the update at most a year before the entry's own time.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content
from devops_analytics.sources.json_records import Records
from devops_analytics.sources.moments import moment
from devops_analytics.sources.source import Export
from devops_analytics.sources.xml_text import Element, parse_xml

_FEED: Final = re.compile(rb"<feed[^>]{0,400}http://www\.w3\.org/2005/Atom")
_STATUSPAGE: Final = re.compile(rb"tag:[^<]{1,200},2005:/history")
_ID: Final = re.compile(r"Incident/(\w+)$")
_TAG: Final = re.compile(r"<[^<>]{0,300}>")
_UPDATE: Final = re.compile(
    r"<small>(?P<when>.{5,200}?)</small>.{0,40}?<strong>(?P<status>[^<]{1,40})</strong>", re.DOTALL
)
_WHEN: Final = re.compile(
    r"(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s*,\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})\s+UTC"
)
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
NOT_IN_UTC: Final = "not_in_utc"
NOT_AN_ENTRY: Final = "not_an_entry"


def is_feed(start: bytes) -> bool:
    """Say whether a file begins as the Atom feed of a status page's history."""
    return _FEED.search(start) is not None and _STATUSPAGE.search(start) is not None


def feed_records(export: Export) -> Records:
    """Return the entries of a feed as incidents with their updates, without any text.

    Raises:
        ExportError: the feed is no whole XML.
    """
    content = read_content(export)
    if not content.complete:
        raise ExportError(f"{export}: the compressed file ends too early; copy it again.")
    feed = parse_xml(content.data, name=str(export))
    records = Records(rows=[], rejected=[])
    for number, entry in enumerate(feed.all("entry"), 1):
        found = _ID.search(entry.text_of("id") or "")
        at = moment(entry.text_of("updated") or entry.text_of("published"))
        if found is None or at is None:
            said = "the entry has no id of an incident, or no time"
            records.rejected.append((number, NOT_AN_ENTRY, said, ""))
            continue
        updates = _updates(entry, at)
        if not updates:
            said = "no update in it has a time in UTC; set the page's zone to UTC, or use its JSON"
            records.rejected.append((number, NOT_IN_UTC, said, ""))
            continue
        record = {
            "id": found[1],
            "impact": None,
            "updated_at": at.isoformat(),
            "incident_updates": updates,
        }
        records.rows.append((number, msgspec.json.encode(record)))
    return records


def _updates(entry: Element, at: datetime) -> list[dict[str, str]]:
    updates = []
    for found in _UPDATE.finditer(entry.text_of("content") or ""):
        when = _WHEN.search(" ".join(_TAG.sub("", found["when"]).split()))
        written = _moment(when, at) if when is not None else None
        if written is not None:
            updates.append({"status": found["status"].strip(), "at": written.isoformat()})
    return updates


def _moment(when: re.Match[str], at: datetime) -> datetime | None:
    """Return when an update was written: in the year of the entry's time, or the one before."""
    if when["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(when["month"]) + 1
    year = at.year if (month, int(when["day"])) <= (at.month, at.day) else at.year - 1
    try:
        return datetime(
            year, month, int(when["day"]), int(when["hour"]), int(when["minute"]), tzinfo=UTC
        )
    except ValueError:
        return None
