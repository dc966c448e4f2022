"""Drafts of rows → canonical rows, quarantined records and counted duplicates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from devops_analytics.config import Settings, environment_kind
from devops_analytics.schema import RESULTS, TABLES, TIME, polars_schema
from devops_analytics.sources.people import are_bots, pseudonyms, without_addresses
from devops_analytics.sources.source import QUARANTINE, Context, Draft
from devops_analytics.sources.times import (
    DOES_NOT_EXIST,
    NOT_A_TIME,
    OUT_OF_RANGE,
    WITHOUT_ZONE,
    utc_times,
)

PEOPLE: Final = ("author", "reviewer")
_SHAS: Final = ("sha", "merge_sha", "head_sha", "reverts_sha")
_TRUE: Final = ("1", "true", "t", "yes", "y", "1.0")
_FALSE: Final = ("0", "false", "f", "no", "n", "0.0")
_DEFAULTS: Final[Mapping[str, object]] = {"attempt": 1, "method": "reported"}
"""What a required column is where an export doesn't have it."""

_ADVICE: Final = {
    NOT_A_TIME: "expected an ISO 8601 time such as 2026-03-01T09:30:00Z; correct the export, or "
    "say how times are written with `time_format`",
    WITHOUT_ZONE: "it has no offset; set `time_zone` on the source, or export with an offset",
    DOES_NOT_EXIST: "clocks went forward over this time in the declared time zone; correct it, or "
    "the zone",
    OUT_OF_RANGE: "expected a year from 1990 to 2100; correct the export",
    "not_a_number": "expected a whole number",
    "not_a_flag": "expected true or false (1, 0, yes, no)",
}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Judged rows: n_read = rows + n_absorbed + quarantined + n_duplicates.

    `rows` have the canonical schema of `table`; `quarantined` the columns of `QUARANTINE`.
    """

    table: str
    rows: pl.DataFrame
    quarantined: pl.DataFrame
    n_read: int
    n_duplicates: int
    n_absorbed: int
    notes: tuple[str, ...]


def conform(draft: Draft, *, entry: Any, context: Context) -> Batch:
    """Judge a draft: what is a canonical row, what is quarantined and why, what occurs twice.

    Times become UTC, people pseudonyms, other names of services the declared ones; a result word
    that no source knows becomes `unknown` and is counted in the notes. Of rows with one key the
    newest by `updated_at` stays, else the last.
    """
    draft_rows = _with_record(draft.rows)
    typed, problems = _typed(draft_rows, draft)
    notes = list(draft.notes)
    typed = _completed(typed, draft.table, context.settings, notes)
    if not draft.has_pseudonyms:
        typed = _without_people(typed, draft_rows, context.settings)
    problems.extend(_rule_problems(typed, draft.table))
    verdict = _verdict(problems, typed.height)
    is_good = verdict["reason"].is_null()
    good = typed.filter(is_good)
    kept = _newest(good, draft.table)
    rejected = [_quarantined(draft_rows, verdict, draft.table, context.label)]
    if draft.rejected is not None:
        rejected.append(_redacted(draft.rejected))
    batch = Batch(
        table=draft.table,
        rows=_traced(kept, draft.table, entry.label, context.label),
        quarantined=pl.concat(rejected),
        n_read=draft.n_read,
        n_duplicates=good.height - kept.height,
        n_absorbed=draft.n_absorbed,
        notes=tuple(notes),
    )
    _check_conservation(batch, context.label)
    return batch


def _check_conservation(batch: Batch, label: str) -> None:
    accounted = batch.rows.height + batch.n_absorbed + batch.quarantined.height + batch.n_duplicates
    if accounted != batch.n_read:
        raise AssertionError(
            f"{label}: {batch.table}: read {batch.n_read} records but accounted for {accounted}"
        )


def _with_record(rows: pl.DataFrame) -> pl.DataFrame:
    if "record" in rows.columns:
        return rows
    return rows.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


# ---- Types ---- #


def _typed(rows: pl.DataFrame, draft: Draft) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return the rows with canonical types, and what could not be converted."""
    columns: list[pl.Series] = [rows["record"]]
    problems: list[pl.DataFrame] = []
    own = set(TABLES[draft.table].column_names()) - {"source", "source_ref"}
    for name, dtype in polars_schema(draft.table).items():
        if name not in own:
            continue
        if name not in rows.columns:
            columns.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, rows.height))
            continue
        values = rows[name]
        found, reasons = _converted(values, dtype, draft)
        columns.append(found.alias(name))
        if reasons.null_count() < len(reasons):
            problems.append(_problem(rows["record"], name, values, reasons))
    return pl.DataFrame(columns), problems


def _converted(values: pl.Series, dtype: pl.DataType, draft: Draft) -> tuple[pl.Series, pl.Series]:
    if values.dtype == pl.String:
        stripped = values.str.strip_chars()
        values = stripped.set(stripped == "", None)
    none = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    if dtype == TIME:
        return utc_times(values, zone=draft.time_zone, time_format=draft.time_format)
    if dtype == pl.Boolean:
        found = _flags(values)
        return found, _failed(values, found, "not_a_flag")
    if dtype == pl.Int64:
        found = _numbers(values)
        return found, _failed(values, found, "not_a_number")
    if isinstance(dtype, pl.List):
        if not isinstance(values.dtype, pl.List):
            found = values.cast(pl.String).to_frame("value").select(pl.concat_list("value"))
            return found.to_series().set(values.is_null(), None), none
        return values.cast(dtype), none
    return values.cast(dtype), none


def _numbers(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        values = values.str.replace(r"\.0+$", "")
    return values.cast(pl.Int64, strict=False)


def _flags(values: pl.Series) -> pl.Series:
    words = values.cast(pl.String).str.to_lowercase()
    mapping = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return words.replace_strict(mapping, default=None, return_dtype=pl.Boolean)


def _failed(values: pl.Series, found: pl.Series, reason: str) -> pl.Series:
    frame = pl.DataFrame({"lost": values.is_not_null() & found.is_null()})
    return frame.select(pl.when("lost").then(pl.lit(reason))).to_series()


def _problem(record: pl.Series, name: str, values: pl.Series, reasons: pl.Series) -> pl.DataFrame:
    """Return row, reason and message of the values that could not be converted."""
    shown = values.cast(pl.String, strict=False).str.head(80)
    return (
        pl.DataFrame({"record": record, "value": shown, "reason": reasons})
        .with_row_index("row")
        .filter(pl.col("reason").is_not_null())
        .select(
            "row",
            "reason",
            message=pl.format(
                "record {}: {}: found '{}'; {}",
                "record",
                pl.lit(name),
                pl.col("value").fill_null("?"),
                pl.col("reason").replace_strict(_ADVICE, return_dtype=pl.String),
            ),
        )
    )


# ---- What the settings add ---- #


def _completed(
    rows: pl.DataFrame, table: str, settings: Settings, notes: list[str]
) -> pl.DataFrame:
    defaults = [
        pl.col(name).fill_null(pl.lit(value))
        for name, value in _DEFAULTS.items()
        if name in rows.columns and (name in TABLES[table].primary_key() or name == "method")
    ]
    shas = [pl.col(name).str.to_lowercase() for name in _SHAS if name in rows.columns]
    rows = rows.with_columns(*defaults, *shas)
    if "result" in rows.columns:
        rows = _with_known_results(rows, table, notes)
    if "service" in rows.columns:
        rows = rows.with_columns(pl.col("service").replace(settings.service_aliases))
    if "environment_kind" in rows.columns:
        rows = _with_environment_kind(rows, settings)
    return rows


def _with_known_results(rows: pl.DataFrame, table: str, notes: list[str]) -> pl.DataFrame:
    strange = rows["result"].filter(~rows["result"].is_in(RESULTS) | rows["result"].is_null())
    if strange.is_empty():
        return rows
    words = strange.fill_null("(none)").value_counts(sort=True)
    shown = ", ".join(f"{word!r} {count}×" for word, count in words.head(5).iter_rows())
    notes.append(
        f"{table}: {len(strange)} results are taken as unknown, as nobody knows the words: {shown}"
    )
    known = pl.when(pl.col("result").is_in(RESULTS)).then("result").otherwise(pl.lit("unknown"))
    return rows.with_columns(result=known)


def _with_environment_kind(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    pairs = rows.select("service", "environment").drop_nulls().unique()
    kinds = [environment_kind(settings, service, name) for service, name in pairs.iter_rows()]
    by_rule = pairs.with_columns(by_rule=pl.Series(kinds, dtype=pl.String))
    return (
        rows.join(by_rule, on=["service", "environment"], how="left", maintain_order="left")
        .with_columns(environment_kind=pl.coalesce("environment_kind", "by_rule"))
        .drop("by_rule")
    )


def _without_people(rows: pl.DataFrame, drafted: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    for name in PEOPLE:
        if name not in rows.columns or name not in drafted.columns:
            continue
        identities = rows[name]
        if name == "author" and "is_bot" in rows.columns:
            bots = are_bots(identities, settings.people.bot_patterns)
            rows = rows.with_columns(is_bot=pl.coalesce(pl.col("is_bot"), bots))
        rows = rows.with_columns(pseudonyms(identities, settings.people.salt).alias(name))
    return rows


# ---- Rules ---- #


def _rule_problems(rows: pl.DataFrame, table: str) -> list[pl.DataFrame]:
    """Return row, reason and message of what the table's declaration forbids."""
    found = []
    numbered = rows.with_row_index("row")
    for name, column in TABLES[table].columns().items():
        if name not in rows.columns:
            continue
        if not column.nullable or name in TABLES[table].primary_key():
            text = (
                f"record {{}}: {name}: is empty, and {table} need it; correct the export or map it"
            )
            lost = numbered.filter(pl.col(name).is_null())
            found.append(_worded(lost, "missing_value", pl.format(text, "record")))
        allowed = (column.metadata or {}).get("allowed")
        if allowed:
            text = f"record {{}}: {name}: found '{{}}'; allowed: {', '.join(allowed)}"
            wrong = numbered.filter(~pl.col(name).is_in(allowed))
            found.append(_worded(wrong, "not_allowed", pl.format(text, "record", name)))
    return found


def _worded(rows: pl.DataFrame, reason: str, message: pl.Expr) -> pl.DataFrame:
    return rows.select("row", reason=pl.lit(reason), message=message)


def _verdict(problems: list[pl.DataFrame], height: int) -> pl.DataFrame:
    """Return reason and message for each row, null where it is good; the first problem counts."""
    schema = {"row": pl.UInt32, "reason": pl.String, "message": pl.String}
    every = pl.DataFrame({"row": pl.Series(range(height), dtype=pl.UInt32)})
    found = pl.concat([pl.DataFrame(schema=schema), *(p.cast(schema) for p in problems)])
    first = found.unique("row", keep="first", maintain_order=True)
    return every.join(first, on="row", how="left", maintain_order="left")


def _newest(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    key = TABLES[table].primary_key()
    if not rows.select(key).is_duplicated().any():
        return rows
    return (
        rows.sort("updated_at", "record", nulls_last=False, maintain_order=True)
        .unique(key, keep="last", maintain_order=True)
        .sort("record")
    )


# ---- What comes out ---- #


def _traced(rows: pl.DataFrame, table: str, source: str, file: str) -> pl.DataFrame:
    traced = rows.with_columns(
        source=pl.lit(source), source_ref=pl.format("{}:{}", pl.lit(file), "record")
    )
    return traced.select(list(polars_schema(table)))


def _quarantined(
    drafted: pl.DataFrame, verdict: pl.DataFrame, table: str, file: str
) -> pl.DataFrame:
    bad = pl.concat([drafted, verdict.select("reason", "message")], how="horizontal").filter(
        pl.col("reason").is_not_null()
    )
    if "raw" not in bad.columns:
        hidden = {"record", "reason", "message", *PEOPLE}
        shown = [name for name in bad.columns if name not in hidden]
        bad = bad.with_columns(raw=_as_text(bad.select(shown)))
    return _redacted(bad.with_columns(file=pl.lit(file), table=pl.lit(table)))


def _as_text(rows: pl.DataFrame) -> pl.Series:
    if not rows.height or not rows.width:
        return pl.Series("raw", [None] * rows.height, dtype=pl.String)
    return rows.select(pl.struct(pl.all()).struct.json_encode()).to_series()


def _redacted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in QUARANTINE.items()).with_columns(
        without_addresses(pl.col("raw")), without_addresses(pl.col("message"))
    )
