"""What a load did, for people: many files of one folder are one line, alike notes are one."""

import re
from pathlib import PurePosixPath
from typing import Final

import polars as pl

MANY: Final = 5
"""More files than so many, of one folder, table and state, are shown as one line."""

_SUMS: Final = ("read", "loaded", "quarantined", "duplicates")
_VARYING: Final = re.compile(r"'[^']*'|\d[\d,]*")


def files_shown(files: pl.DataFrame) -> pl.DataFrame:
    """Return the files of a load report; those of one folder together where they are many."""
    kind = pl.col("source").str.split(":").list.first()
    folder = pl.col("file").map_elements(_folder, return_dtype=pl.String)
    place = ["source", "folder", "table", "state"]
    grouped = files.with_columns(folder=folder).with_row_index("order")
    sizes = grouped.with_columns(n=pl.len().over(place)).with_columns(
        shown=pl.when(pl.col("n") > MANY)
        .then(pl.concat_str("folder", pl.lit("/ ("), "n", pl.lit(" files)")))
        .otherwise("file")
    )
    return (
        sizes.group_by("source", "shown", "table", "state")
        .agg(pl.col(*_SUMS).sum(), pl.col("order").min())
        .sort("order")
        .select(kind, pl.col("shown").alias("file"), "table", "state", *_SUMS)
    )


def notes_shown(files: pl.DataFrame) -> list[str]:
    """Return the notes on files; of those that differ in their figures only, the first."""
    first: dict[tuple[str, str], str] = {}
    others: dict[tuple[str, str], int] = {}
    noted = files.filter(pl.col("notes") != "").select("file", "notes").unique(maintain_order=True)
    for file, note in noted.iter_rows():
        alike = (_folder(file), _VARYING.sub("", note))
        if alike in first:
            others[alike] = others.get(alike, 0) + 1
        else:
            first[alike] = f"{file}: {note}"
    return [
        text + (f" (and so of {others[alike]} more files there)" if alike in others else "")
        for alike, text in first.items()
    ]


def unread_shown(unread: tuple[tuple[str, str], ...]) -> list[str]:
    """Return the files left unread with the reason; of many in a folder, the first."""
    found: dict[tuple[str, str], list[str]] = {}
    for file, reason in unread:
        found.setdefault((_folder(file), reason), []).append(file)
    return [
        f"{names[0]}{f' and {len(names) - 1} more there' if names[1:] else ''}: {reason}"
        for (_, reason), names in found.items()
    ]


def _folder(file: str) -> str:
    return PurePosixPath(file).parent.as_posix()
