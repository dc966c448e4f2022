"""Frames as people read them on the command line."""

import polars as pl

from devops_analytics.display import format_count, format_known, format_value
from devops_analytics.maturity import Assessment, change_index
from devops_analytics.text import filled


def peer_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what other tools would show (`peers.AS_PEER`) beside ours, and why they differ."""
    rows = [
        (
            row["tool"],
            row["metric"],
            row["entity"],
            format_known(row["value"], row["unit"]),
            format_count(row["n"]),
            format_known(row["ours"], row["unit"], status=row["our_status"]),
            f"{row['definition']} {row['differs']}",
        )
        for row in frame.iter_rows(named=True)
    ]
    columns = ("tool", "metric", "entity", "theirs", "n", "ours", "their definition, and why")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def assessment_tables(
    now: Assessment, what: str, *, before: Assessment | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a frame of an assessment, and how people read it.

    Args:
        now: the assessment.
        what: dimensions, evidence or improvements.
        before: an earlier one; then the change index is returned.
    """
    if before is not None:
        index = change_index(before, now)
        return index, change_table(index)
    frame = getattr(now, what)
    made = {
        "dimensions": dimension_table,
        "evidence": evidence_table,
        "improvements": improvement_table,
    }
    return frame, made[what](frame)


def dimension_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return dimensions of an assessment as people read them: points, coverage, level, blocking."""
    return frame.select(
        "dimension",
        points=_points("score", "low", "high"),
        range=filled(
            "{}–{}", *(pl.col(end).round().cast(pl.Int64) for end in ("range_low", "range_high"))
        ),
        coverage=filled("{} %", (pl.col("coverage") * 100).round().cast(pl.Int64)),
        level=pl.coalesce(pl.col("level").cast(pl.String), "status"),
        what_blocks_the_next_level=pl.coalesce(
            "blocking", pl.when(pl.col("level").is_not_null()).then(pl.lit("nothing"))
        ),
    )


def evidence_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the evidence of an assessment as people read it: outcome, points and reason."""
    return frame.select(
        "dimension",
        "indicator",
        "role",
        "outcome",
        "value",
        "unit",
        "n",
        points=_points("points", "points_low", "points_high"),
        reason="reason",
    )


def improvement_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what would move an assessment as people read it: gain, what to reach, capability."""
    return frame.select(
        "dimension",
        "indicator",
        gain=filled("+{}", _whole("gain")),
        at_most=filled("+{}", _whole("gain_most")),
        by=pl.struct("kind", "target", "unit").map_elements(_by, return_dtype=pl.String()),
        blocks_level="blocks_level",
        capability="capability",
        now="reason",
    )


def change_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a change index as people read it: levels, and points on the same evidence."""
    return frame.select(
        "dimension",
        "level_before",
        "level_after",
        levels=pl.when(pl.col("change") > 0)
        .then(filled("+{}", pl.col("change")))
        .otherwise(pl.col("change").cast(pl.String)),
        points_on_the_same_evidence=filled(
            "{} → {}", _whole("points_before"), _whole("points_after")
        ),
        indicators_alike="n_alike",
        no_longer_known=pl.col("lost").list.join(", "),
        newly_known=pl.col("found").list.join(", "),
        asked_differently=pl.col("reworded").list.join(", "),
    )


def _by(row: dict[str, object]) -> str:
    target = row["target"]
    if row["kind"] == "measure" or not isinstance(target, float):
        return "measuring it"
    return f"reaching {format_value(target, str(row['unit']))}"


def _whole(name: str) -> pl.Expr:
    return pl.col(name).round().cast(pl.Int64)


def _points(value: str, low: str, high: str) -> pl.Expr:
    whole = [_whole(name) for name in (value, low, high)]
    return pl.when(pl.col(value).is_not_null()).then(filled("{} ({}–{})", *whole))
