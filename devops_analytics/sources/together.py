"""Drafts of many small files, judged in one go: judging one record costs as much as a thousand.

They are put one below the other as if they were one file, and what comes of them is parted again.
Where that could make a difference (a record in two of the files, something to be said of one of
them), each is judged by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from devops_analytics.config import SourceBase
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.problems import redacted
from devops_analytics.sources.source import Context, Draft

_ALL: Final = "\x1f"
"""Stands for the files' names while they are one."""
_PLACE: Final = rf"^{_ALL} record \d+"


def conform_together(
    drafts: Sequence[tuple[str, Draft]], *, entry: SourceBase, context: Context
) -> list[Batch]:
    """Judge drafts of one table, each with its file's name; they are to be read the same way.

    Returns:
        The batches in the same order, each as `conform` alone would give it.

    Raises:
        ExportError: the declared `time_format` can't be used.
    """
    if len(drafts) > 1:
        found = _judged(drafts, entry, context)
        if found is not None:
            return found
    return [
        conform(draft, entry=entry, context=replace(context, label=label))
        for label, draft in drafts
    ]


def _judged(
    drafts: Sequence[tuple[str, Draft]], entry: SourceBase, context: Context
) -> list[Batch] | None:
    """Return the batches; None where each draft has to be judged by itself."""
    rows = pl.concat(
        [
            _numbered(draft.rows).with_columns(_file=pl.lit(number, dtype=pl.Int64))
            for number, (_, draft) in enumerate(drafts)
        ],
        how="diagonal_relaxed",
    ).with_row_index("_row", offset=1)
    together = replace(
        drafts[0][1],
        rows=rows.drop("_file", "_row", "record").with_columns(record=rows["_row"].cast(pl.Int64)),
        n_read=rows.height,
        n_absorbed=0,
        rejected=None,
        notes=(),
    )
    batch = conform(together, entry=entry, context=replace(context, label=_ALL))
    if batch.n_duplicates or batch.notes:
        return None
    names = pl.DataFrame({"_label": [label for label, _ in drafts]}).with_row_index("_file")
    places = rows.select(
        pl.col("_row").cast(pl.Int64), "_file", pl.col("record").alias("_record")
    ).join(names.with_columns(pl.col("_file").cast(pl.Int64)), on="_file", maintain_order="left")
    kept = _parted(_with_own_refs(batch.rows, places), len(drafts), batch.rows)
    aside = _parted(_with_own_places(batch.quarantined, places), len(drafts), batch.quarantined)
    return [
        _batch(draft, kept[number], aside[number], batch.table)
        for number, (_, draft) in enumerate(drafts)
    ]


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    if "record" in rows.columns:
        return rows
    return rows.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def _with_own_refs(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    found = rows.with_columns(_row=pl.col("source_ref").str.slice(len(_ALL) + 1).cast(pl.Int64))
    return found.join(places, on="_row", how="left", maintain_order="left").with_columns(
        source_ref=pl.concat_str("_label", pl.lit(":"), "_record")
    )


def _with_own_places(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    found = rows.join(places, left_on="record", right_on="_row", how="left", maintain_order="left")
    said = pl.col("message").str.replace(_PLACE, "")
    return found.with_columns(
        file="_label",
        record="_record",
        message=pl.concat_str("_label", pl.lit(" record "), "_record", said),
    )


def _parted(rows: pl.DataFrame, n_files: int, like: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the rows of each file, with the columns that they should have."""
    found = rows.partition_by("_file", as_dict=True, maintain_order=True)
    nothing = like.clear()
    return [
        found[number,].select(like.columns) if (number,) in found else nothing
        for number in range(n_files)
    ]


def _batch(draft: Draft, kept: pl.DataFrame, aside: pl.DataFrame, table: str) -> Batch:
    if draft.rejected is not None:
        aside = pl.concat([aside, redacted(draft.rejected)])
    return Batch(
        table=table,
        rows=kept,
        quarantined=aside,
        n_read=draft.n_read,
        n_duplicates=0,
        n_absorbed=draft.n_absorbed,
        notes=draft.notes,
    )
