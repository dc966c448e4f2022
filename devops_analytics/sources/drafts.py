"""Drafts of the parts of one file → drafts of several parts together, counted from its beginning.

Judging a thousand rows costs nearly as much as judging ten thousand, so parts are put together.
"""

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from devops_analytics.sources.source import QUARANTINE, Draft


def counted_from(draft: Draft, before: int) -> Draft:
    """Return a draft of a part with its records counted from the beginning of the file.

    `before` lines of the file stand before the part.
    """
    if not before:
        return draft
    rejected = draft.rejected
    if rejected is not None:
        said = pl.lit(f" (counted from line {before + 1:,} of the file)")
        rejected = rejected.with_columns(pl.col("record") + before, pl.col("message") + said)
    return replace(draft, rows=_numbered(draft.rows, before), rejected=rejected)


def _numbered(rows: pl.DataFrame, before: int) -> pl.DataFrame:
    if "record" in rows.columns:
        return rows.with_columns(pl.col("record").cast(pl.Int64) + before)
    return rows.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + before)


def how_read(draft: Draft) -> tuple[object, ...]:
    """Return the table of a draft and all that decides how its values are read."""
    return draft.table, draft.has_pseudonyms, draft.time_zone, draft.time_format


def merged(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts with one for each table, as far as they are to be read the same way."""
    alike: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        alike.setdefault(how_read(draft), []).append(draft)
    return [_merged(found) for found in alike.values()]


def _merged(drafts: list[Draft]) -> Draft:
    if len(drafts) == 1:
        return drafts[0]
    rejected = [draft.rejected for draft in drafts if draft.rejected is not None]
    return replace(
        drafts[0],
        rows=pl.concat([draft.rows for draft in drafts], how="diagonal_relaxed"),
        n_read=sum(draft.n_read for draft in drafts),
        n_absorbed=sum(draft.n_absorbed for draft in drafts),
        rejected=pl.concat(
            rows.select(pl.col(name).cast(dtype) for name, dtype in QUARANTINE.items())
            for rows in rejected
        )
        if rejected
        else None,
        notes=tuple(dict.fromkeys(note for draft in drafts for note in draft.notes)),
    )
