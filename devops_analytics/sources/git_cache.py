"""What was dear to read from a clone, kept as Parquet beside the store."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from devops_analytics.atomic import replacing


def kept(folder: Path | None, name: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return what was kept under a name; a file that can't be read or is of another shape is none.

    It can always be made again, so a damaged one is no reason to stop.
    """
    if folder is not None:
        with contextlib.suppress(OSError, pl.exceptions.PolarsError):
            frame = pl.read_parquet(folder / name)
            if frame.schema == pl.Schema(schema):
                return frame
    return pl.DataFrame(schema=schema)


def keep(folder: Path | None, name: str, frame: pl.DataFrame) -> None:
    """Keep a frame under a name; a reader sees the old one or the new one, never a half."""
    if folder is None:
        return
    with replacing(folder / name) as temporary:
        frame.write_parquet(temporary, compression="zstd", compression_level=1)
