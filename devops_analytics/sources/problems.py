"""What keeps records out of a table, and the quarantine that they go to: where, why, what to do."""

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from devops_analytics.sources.casting import as_text
from devops_analytics.sources.people import PEOPLE, without_addresses, without_identities
from devops_analytics.sources.source import QUARANTINE
from devops_analytics.sources.times import (
    DOES_NOT_EXIST,
    NOT_A_TIME,
    OUT_OF_RANGE,
    WITHOUT_ZONE,
)
from devops_analytics.text import filled

NOT_A_NUMBER: Final = "not_a_number"
NOT_A_FIGURE: Final = "not_a_figure"
NOT_A_FLAG: Final = "not_a_flag"

_SHOWN: Final = 80
_ADVICE: Final = {
    NOT_A_TIME: "expected an ISO 8601 time such as 2026-03-01T09:30:00Z; correct the export, or "
    "say how its times are written with `time_format`",
    WITHOUT_ZONE: "it has no offset; set `time_zone` on the source, or export times with one",
    DOES_NOT_EXIST: "clocks went forward over this time in {zone}; correct the export, or its "
    "`time_zone`",
    OUT_OF_RANGE: "expected a year from 1990 to 2100; correct the export, or leave it empty",
    NOT_A_NUMBER: "expected a whole number; correct the export, or take the number out with "
    "`pattern`",
    NOT_A_FIGURE: "expected a number, with a point before its decimals; correct the export",
    NOT_A_FLAG: "expected true or false (1, 0, yes, no); map the export's words with `values`",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What keeps rows out because of one column.

    `reasons` has a code for each row, null where there is no problem; `found` the values as the
    export has them, None where there are none; `advice` what is allowed and what to do, where the
    reason alone doesn't say it.
    """

    column: str
    reasons: pl.Series
    found: pl.Series | None = None
    advice: str = ""


def bad_rows(
    problems: list[Problem], records: pl.Series, *, file: str, zone: str | None
) -> pl.DataFrame:
    """Return row, reason and message of every row that has a problem: of several, the first."""
    schema = pl.Schema({"row": pl.UInt32(), "reason": pl.String(), "message": pl.String()})
    parts = [pl.DataFrame(schema=schema)]
    is_taken = pl.repeat(False, len(records), eager=True)  # noqa: FBT003 - a column's value
    for problem in problems:
        is_new = problem.reasons.is_not_null() & ~is_taken
        which = is_new.arg_true()
        if which.is_empty():
            continue
        parts.append(_worded(problem, which, records, file=file, zone=zone).cast(schema))
        is_taken = is_taken | is_new
    return pl.concat(parts).sort("row")


def _worded(
    problem: Problem, which: pl.Series, records: pl.Series, *, file: str, zone: str | None
) -> pl.DataFrame:
    reasons = problem.reasons.gather(which)
    advice = {
        reason: problem.advice or _ADVICE[reason].replace("{zone}", zone or "")
        for reason in reasons.unique()
    }
    what = pl.col("reason").replace_strict(advice, return_dtype=pl.String)
    frame = pl.DataFrame({"row": which, "reason": reasons, "record": records.gather(which)})
    if problem.found is not None:
        found = as_text(problem.found.gather(which)).str.head(_SHOWN)
        frame = frame.with_columns(found=found.fill_null("?"))
        what = filled("found '{}'; {}", "found", what)
    where = filled("{} record {}: {}: ", pl.lit(file), "record", pl.lit(problem.column))
    return frame.select("row", "reason", message=where + what)


def quarantined(drafted: pl.DataFrame, bad: pl.DataFrame, *, table: str, file: str) -> pl.DataFrame:
    """Return the bad rows of a draft as quarantined records, without the people in them."""
    rows = drafted.select(pl.all().gather(bad["row"]))
    return redacted(
        bad.select(
            file=pl.lit(file),
            table=pl.lit(table),
            record=rows["record"],
            reason="reason",
            message="message",
            raw=_raw(rows),
        )
    )


def _raw(rows: pl.DataFrame) -> pl.Series:
    if "raw" in rows.columns:
        texts = rows["raw"].cast(pl.String)
        for name in PEOPLE:
            if name in rows.columns:
                texts = without_identities(texts, as_text(rows[name]))
        return texts
    shown = [as_text(rows[name]) for name in rows.columns if name not in {"record", *PEOPLE}]
    if not shown or rows.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    return pl.DataFrame(shown).select(pl.struct(pl.all()).struct.json_encode()).to_series()


def redacted(rows: pl.DataFrame) -> pl.DataFrame:
    """Return quarantined records without anybody's address."""
    return rows.select(pl.col(name).cast(dtype) for name, dtype in QUARANTINE.items()).with_columns(
        without_addresses(pl.col("raw")), without_addresses(pl.col("message"))
    )


def gated(
    rows: pl.DataFrame, schema: type[dy.Schema], *, table: str, file: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let a table's own declaration have the last word.

    Returns:
        The rows that keep every rule, and the others as quarantined records whose reason is the
        name of the rule they break.
    """
    kept, failed = schema.filter(rows)
    if not len(failed):
        return kept, pl.DataFrame(schema=QUARANTINE)
    details = failed.details()
    rules = [name for name in details.columns if name not in schema.column_names()]
    broken = pl.coalesce(pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in rules)
    record = pl.col("source_ref").str.extract(r":(\d+)$").cast(pl.Int64)
    refused = details.select(
        file=pl.lit(file),
        table=pl.lit(table),
        record=record,
        reason=broken,
        message=filled(
            "{} record {}: breaks the rule {} of {}; correct the export",
            pl.lit(file),
            record,
            broken,
            pl.lit(table),
        ),
        raw=pl.lit(None, dtype=pl.String),
    )
    return kept, refused
