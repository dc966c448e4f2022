"""The page that lists the reports of a folder, kept by a small JSON file beside it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from devops_analytics.atomic import write_atomically
from devops_analytics.errors import ReportError
from devops_analytics.reporting.html_file import list_page

PAGE: Final = "index.html"
LIST: Final = "index.json"
_FIRST: Final = "Executive summary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A report that was rendered."""

    file: str
    organisation: str
    team: str
    heading: str
    period: str
    days: str
    as_of: str
    version: str

    @classmethod
    def of(cls, facts: dict[str, str], file: str) -> Self:
        """Return the entry of a report from the facts that its title states."""
        names = {field.name for field in fields(cls)} - {"file"}
        known = {name: facts.get(name, "") for name in names}
        known["heading"] = known["heading"] or Path(file).stem
        return cls(file=file, **known)


def update_index(folder: Path, entries: Iterable[Entry]) -> Path:
    """Add reports to a folder's list, or replace them; reports whose file is gone are left out.

    Raises:
        ReportError: the list is damaged.
    """
    listed = {entry.file: entry for entry in read_list(folder)}
    listed.update({entry.file: entry for entry in entries})
    kept = [entry for file, entry in sorted(listed.items()) if (folder / file).is_file()]
    text = json.dumps([asdict(entry) for entry in kept], indent=1, ensure_ascii=False)
    write_atomically(folder / LIST, f"{text}\n".encode())
    page = folder / PAGE
    write_atomically(page, list_page(_by_organisation(kept)).encode())
    return page


def read_list(folder: Path) -> list[Entry]:
    """Return the reports that a folder's list holds; none where there is no list.

    Raises:
        ReportError: the list is damaged.
    """
    path = folder / LIST
    if not path.is_file():
        return []
    try:
        return [Entry(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ReportError(
            f"{path}: the list of reports is damaged ({error}). Delete it; it is made again from "
            "the reports that are rendered."
        ) from error


def _by_organisation(entries: list[Entry]) -> list[tuple[str, list[dict[str, str]]]]:
    """Return entries by organisation; in each the latest period first, the whole before teams."""
    by_name = sorted(
        entries, key=lambda entry: (entry.team, entry.heading != _FIRST, entry.heading)
    )
    latest_first = sorted(by_name, key=lambda entry: entry.period, reverse=True)
    ordered = sorted(latest_first, key=lambda entry: entry.organisation)
    return [
        (organisation, [asdict(entry) for entry in group])
        for organisation, group in groupby(ordered, key=lambda entry: entry.organisation)
    ]
