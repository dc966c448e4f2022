"""What one file gives to one table, on its way to a draft."""

from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from devops_analytics.schema import polars_schema
from devops_analytics.sources.github.answers import Refusal
from devops_analytics.sources.source import QUARANTINE, Draft

REPOSITORY_NOT_KNOWN: Final = (
    "repository_not_known",
    "the record names no repository; set `repository` on the source entry",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Rows (record number first, then `columns`), refused records, and how many were absorbed."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    absorbed: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def n_read(self) -> int:
        """All records of the file that are counted under this table."""
        return len(self.rows) + len(self.refused) + len(self.absorbed)


def draft_of(part: Part, label: str) -> Draft:
    """Return a part as a draft; times stay the strings that they were written as."""
    types = polars_schema(part.table) | {"record": pl.Int64()}
    names = ("record", *part.columns)
    # Column by column: of rows, Polars takes several times as long.
    cells = list(zip(*part.rows, strict=True)) or [() for _ in names]
    columns = [
        pl.Series(
            name, column, dtype=pl.String() if isinstance(types[name], pl.Datetime) else types[name]
        )
        for name, column in zip(names, cells, strict=True)
    ]
    refused = sorted(part.refused, key=lambda refusal: refusal.number)
    return Draft(
        table=part.table,
        rows=pl.DataFrame(columns),
        n_read=part.n_read,
        n_absorbed=len(part.absorbed),
        rejected=pl.DataFrame(
            [(label, part.table, one.number, one.reason, one.message, one.raw) for one in refused],
            schema=QUARANTINE,
            orient="row",
        ),
        notes=tuple(part.notes),
    )
