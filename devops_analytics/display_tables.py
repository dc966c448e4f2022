"""Frames as people read them on the command line."""

import polars as pl

from devops_analytics.display import DASH, STATUS_WORDS, format_count, format_value


def peer_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what other tools would show (`peers.AS_PEER`) beside ours, and why they differ."""
    rows = [
        (
            row["tool"],
            row["metric"],
            row["entity"],
            _value(row["value"], row["unit"]),
            format_count(row["n"]),
            _value(row["ours"], row["unit"])
            if row["our_status"] == "ok"
            else STATUS_WORDS[row["our_status"]],
            f"{row['definition']} {row['differs']}",
        )
        for row in frame.iter_rows(named=True)
    ]
    columns = ("tool", "metric", "entity", "theirs", "n", "ours", "their definition, and why")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def _value(value: float | None, unit: str) -> str:
    return DASH if value is None else format_value(value, unit)
