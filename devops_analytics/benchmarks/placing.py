"""Where measurements lie among the respondents of a year's survey."""

from typing import Any, Final

import polars as pl

from devops_analytics.benchmarks.published import DISTRIBUTIONS, LICENCE, Distribution

PLACEMENT: Final[dict[str, Any]] = {
    "metric": pl.String(),
    "by": pl.String(),
    "entity": pl.String(),
    "period": pl.String(),
    "value": pl.Float64(),
    "answer": pl.String(),
    "answer_at_low": pl.String(),
    "answer_at_high": pl.String(),
    "share_at_or_better": pl.Float64(),
    "report_year": pl.Int64(),
    "reason": pl.String(),
    "note": pl.String(),
    "source": pl.String(),
    "licence": pl.String(),
}
"""Columns of `place`: the answer of DORA's survey that holds the value, and those that hold the
limits of its interval; the share (0-1) of the year's respondents who gave this answer or a better
one; where there is no answer, the reason."""

_NO_BENCHMARK: Final = "DORA's figures of {year} have no distribution of this metric"


def place(measurements: pl.DataFrame, *, report_year: int = 2025) -> pl.DataFrame:
    """Return where each measurement lies among the respondents of a report year.

    Args:
        measurements: rows of the schema `Measurements`.
        report_year: of DORA's report; the distributions begin with 2025.

    Returns:
        One row for each measurement, with the columns of `PLACEMENT`. Only a measurement with a
        value gets an answer; respondents tell of their primary service, so a value of a team or
        an organisation, which pools services, says so in `note`.
    """
    rows = [_placed(row, report_year) for row in measurements.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=PLACEMENT, orient="row")


def _placed(row: dict[str, Any], year: int) -> dict[str, Any]:
    about = {name: row[name] for name in ("metric", "by", "entity", "period", "value")}
    spread = DISTRIBUTIONS.get((row["metric"], year))
    if spread is None:
        return about | {"reason": _NO_BENCHMARK.format(year=year), "report_year": year}
    told = {"report_year": year, "source": spread.source, "licence": LICENCE}
    if row["value"] is None:
        return about | told | {"reason": f"the value is {row['status'].replace('_', ' ')}"}
    return about | told | _answers(row, spread)


def _answers(row: dict[str, Any], spread: Distribution) -> dict[str, Any]:
    level = spread.level(row["value"])
    limits = {
        f"answer_at_{end}": None if row[end] is None else spread.bins[spread.level(row[end])].label
        for end in ("low", "high")
    }
    pooled = (
        "respondents tell of one service; this value pools all of them"
        if row["by"] != "service"
        else None
    )
    notes = [text for text in (pooled, spread.note) if text]
    return {
        "answer": spread.bins[level].label,
        **limits,
        "share_at_or_better": round(spread.share_at_or_better(level), 4),
        "note": "; ".join(notes) or None,
    }
