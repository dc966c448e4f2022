"""Jira: issues of the types that are incidents, as search JSON with changelog or as CSV."""

from pathlib import Path
from typing import Final

from devops_analytics.sources.jira.reading import read, recognise
from devops_analytics.sources.jira.words import CATEGORIES, STATUSES
from devops_analytics.sources.source import SourceKind
from devops_analytics.sources.table_records import is_table


def _is_by_line(path: Path) -> bool:
    """Say whether each line is a record: in CSV, what people wrote goes over several."""
    return not is_table(path)


JIRA: Final = SourceKind(
    kind="jira",
    title="Jira",
    reads="issues that are incidents, as search JSON with changelog or as CSV",
    tables=("incidents",),
    read=read,
    recognise=recognise,
    words={"status category": CATEGORIES, "status": STATUSES},
    by_line=_is_by_line,
)
