"""Frames on standard output: a table for people, CSV, JSON or Parquet for programs."""

import json
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl
from rich.console import Console
from rich.table import Table

from devops_analytics.atomic import write_atomically
from devops_analytics.errors import DevopsAnalyticsError

PIPE_WIDTH: Final = 200
"""Characters in a line where no terminal says how wide it is."""


class Format(StrEnum):
    """How a frame is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def console() -> Console:
    """Return standard output; in a pipe or a file lines are long enough for a table."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def print_frame(
    frame: pl.DataFrame, *, form: Format, out: Path | None, shown: pl.DataFrame | None = None
) -> None:
    """Print a frame, or write it to a file.

    `shown` is what people see in its place when the format is a table.

    Raises:
        DevopsAnalyticsError: Parquet was asked for without a file to write to.
    """
    if form is Format.TABLE:
        table = shown if shown is not None else frame
        if out is None:
            console().print(rich_table(table))
        else:
            with out.open("w", encoding="utf-8") as file:
                Console(file=file, width=PIPE_WIDTH).print(rich_table(table))
        return
    content = encoded(frame, form)
    if out is not None:
        write_atomically(out, content)
    elif form is Format.PARQUET:
        raise DevopsAnalyticsError("--format parquet writes a file: say which with --out FILE.")
    else:
        sys.stdout.write(content.decode())


def encoded(frame: pl.DataFrame, form: Format) -> bytes:
    """Return a frame as the bytes of a CSV, JSON or Parquet file."""
    if form is Format.JSON:
        text = json.dumps(records(frame), indent=1, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()
    buffer = BytesIO()
    if form is Format.PARQUET:
        frame.write_parquet(buffer)
    else:
        _flat(frame).write_csv(buffer)
    return buffer.getvalue()


def records(frame: pl.DataFrame) -> list[dict[str, object]]:
    """Return a frame as records that JSON can hold; times are ISO 8601 in UTC, null is null."""
    return [
        {name: _plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)
    ]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(pl.col(name).list.join("|") for name in lists)


def rich_table(frame: pl.DataFrame) -> Table:
    """Return a frame as a table for the terminal; null is a dash, markup in data is text."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(
            name.replace("_", " "),
            justify="right" if dtype.is_numeric() else "left",
            overflow="fold",
        )
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}"
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, list):
        text = ", ".join(str(one) for one in value)
    else:
        text = str(value)
    return text.replace("[", r"\[")
