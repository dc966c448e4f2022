"""Drafts of rows → canonical rows, quarantined records and counted duplicates."""

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from devops_analytics.config import Settings, SourceBase, environment_kind
from devops_analytics.errors import ExportError
from devops_analytics.schema import TABLES, polars_schema
from devops_analytics.schema_columns import TIME
from devops_analytics.sources.casting import (
    as_text,
    flags,
    known_values,
    most_frequent,
    numbers,
    whole_numbers,
    word_lists,
)
from devops_analytics.sources.people import GUESSABLE, PEOPLE, are_bots, pseudonyms
from devops_analytics.sources.problems import (
    NOT_A_FIGURE,
    NOT_A_FLAG,
    NOT_A_NUMBER,
    Problem,
    bad_rows,
    gated,
    quarantined,
    redacted,
)
from devops_analytics.sources.source import Context, Draft
from devops_analytics.sources.times import judged_times
from devops_analytics.text import filled

NOT_ALLOWED: Final = "not_allowed"
MISSING: Final = "missing_value"

_SHAS: Final = ("sha", "merge_sha", "head_sha", "reverts_sha")


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
    n_absorbed: int = 0
    notes: tuple[str, ...] = ()


def conform(draft: Draft, *, entry: SourceBase, context: Context) -> Batch:
    """Judge a draft: what is a canonical row, what is quarantined and why, what occurs twice.

    Times become UTC, people pseudonyms, other names of services the declared ones; a result word
    that no source knows becomes `unknown` and is counted in the notes. Of rows with one key the
    newest by `updated_at` stays, else the last.

    Raises:
        ExportError: the declared `time_format` can't be used.
    """
    drafted = _numbered(draft.rows)
    notes = list(draft.notes)
    try:
        typed, problems = _typed(drafted, draft, notes)
    except ExportError as error:
        raise ExportError(f"{entry.label}: {error}") from error
    rows = _completed(typed, draft.table, context.settings, notes)
    problems += _unfit(rows, draft.table)
    rows = _without_people(rows, draft, context.settings, notes)
    bad = bad_rows(problems, drafted["record"], file=context.label, zone=draft.time_zone)
    is_bad = pl.select(pl.int_range(drafted.height).is_in(bad["row"].implode())).to_series()
    good = rows.filter(~is_bad)
    newest = _newest(good, draft.table)
    traced = _traced(newest, draft.table, entry.label, context.label)
    kept, refused = gated(traced, TABLES[draft.table], table=draft.table, file=context.label)
    asides = [quarantined(drafted, bad, table=draft.table, file=context.label), refused]
    if draft.rejected is not None:
        asides.append(redacted(draft.rejected))
    batch = Batch(
        table=draft.table,
        rows=kept,
        quarantined=pl.concat(asides),
        n_read=draft.n_read,
        n_duplicates=good.height - newest.height,
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


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    if "record" in rows.columns:
        return rows.with_columns(pl.col("record").cast(pl.Int64))
    return rows.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def _own_columns(table: str) -> dict[str, pl.DataType]:
    schema = polars_schema(table)
    return {name: schema[name] for name in schema if name not in {"source", "source_ref"}}


# ---- Types ---- #


def _typed(
    drafted: pl.DataFrame, draft: Draft, notes: list[str]
) -> tuple[pl.DataFrame, list[Problem]]:
    """Return the rows with canonical types, and what could not be converted."""
    columns = [drafted["record"]]
    problems = []
    for name, dtype in _own_columns(draft.table).items():
        if name not in drafted.columns or drafted[name].dtype == pl.Null:
            nothing = pl.Series(name, [None], dtype=dtype)
            columns.append(nothing.new_from_index(0, drafted.height))
            continue
        values, reasons = _converted(drafted[name], dtype, draft, notes)
        columns.append(values.alias(name))
        if reasons is not None and reasons.null_count() < len(reasons):
            problems.append(Problem(column=name, reasons=reasons, found=drafted[name]))
    return pl.DataFrame(columns), problems


def _converted(
    found: pl.Series, dtype: pl.DataType, draft: Draft, notes: list[str]
) -> tuple[pl.Series, pl.Series | None]:
    """Return the values with the type, and the reason where one can't be (None: all can)."""
    if isinstance(dtype, pl.List):
        return word_lists(found, at_blanks=found.name == "parents"), None
    values = known_values(found)
    if dtype == TIME:
        times = judged_times(values, zone=draft.time_zone, time_format=draft.time_format)
        if times.n_ambiguous:
            notes.append(
                f"{draft.table}.{found.name}: {times.n_ambiguous} times occur twice in "
                f"{draft.time_zone}, as clocks go back; the earlier one is taken"
            )
        return times.values, times.reasons
    if dtype == pl.Boolean:
        return _or_reason(values, flags(values), NOT_A_FLAG)
    if dtype == pl.Int64:
        return _or_reason(values, whole_numbers(values), NOT_A_NUMBER)
    if dtype == pl.Float64:
        return _or_reason(values, numbers(values), NOT_A_FIGURE)
    return as_text(values), None


def _or_reason(values: pl.Series, found: pl.Series, reason: str) -> tuple[pl.Series, pl.Series]:
    is_lost = values.is_not_null() & found.is_null()
    return found, pl.select(pl.when(is_lost).then(pl.lit(reason))).to_series()


# ---- What the settings add ---- #


def _completed(
    rows: pl.DataFrame, table: str, settings: Settings, notes: list[str]
) -> pl.DataFrame:
    rows = rows.with_columns(_defaults(table) + _spellings(table))
    if "parents" in rows.columns:
        rows = rows.with_columns(
            is_merge=pl.coalesce("is_merge", pl.col("parents").list.len() > 1),
        )
    for name, column in TABLES[table].columns().items():
        if _may_be_unknown(column):
            rows = _with_known_words(rows, table, name, notes)
    if "service" in rows.columns:
        rows = rows.with_columns(pl.col("service").replace(settings.service_aliases))
    if "environment_kind" in rows.columns:
        rows = _with_environment_kind(rows, settings)
    return rows


def _defaults(table: str) -> list[pl.Expr]:
    """Return what a required column is where an export doesn't have it."""
    filled = [
        pl.col(name).fill_null(1)
        for name in ("attempt", "number")
        if name in TABLES[table].primary_key()
    ]
    filled += [
        pl.col(name).fill_null("")
        for name, column in TABLES[table].columns().items()
        if (column.metadata or {}).get("may_be_empty")
    ]
    if table == "deployments":
        filled.append(pl.col("method").fill_null("reported"))
    return filled


def _spellings(table: str) -> list[pl.Expr]:
    """Return the columns in which case and blanks mean nothing, spelt one way."""
    spelt = []
    for name, column in TABLES[table].columns().items():
        if name in _SHAS or (_allowed(column) and not _may_be_unknown(column)):
            spelt.append(pl.col(name).str.strip_chars().str.to_lowercase())
        elif name == "parents":
            spelt.append(pl.col(name).list.eval(pl.element().str.to_lowercase()))
    return spelt


def _allowed(column: dy.Column) -> tuple[str, ...]:
    return tuple((column.metadata or {}).get("allowed", ()))


def _may_be_unknown(column: dy.Column) -> bool:
    """Say whether a word that nobody knows becomes `unknown` in this column."""
    return not column.nullable and "unknown" in _allowed(column)


def _with_known_words(rows: pl.DataFrame, table: str, name: str, notes: list[str]) -> pl.DataFrame:
    """Return the rows with `unknown` where a word is none of those allowed, and count these."""
    word = pl.col(name).str.strip_chars().str.to_lowercase()
    is_known = word.is_in(_allowed(TABLES[table].columns()[name])).fill_null(value=False)
    strange = rows.filter(~is_known)[name].fill_null("(none)")
    rows = rows.with_columns(pl.when(is_known).then(word).otherwise(pl.lit("unknown")).alias(name))
    if strange.is_empty():
        return rows
    kinds = {"result": "results", "severity": "severities"}[name]
    notes.append(
        f"{table}: {len(strange)} {kinds} are taken as unknown, as nobody knows the words: "
        f"{most_frequent(strange)}"
    )
    return rows


def _with_environment_kind(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    pairs = rows.select("service", "environment").drop_nulls().unique()
    kinds = [environment_kind(settings, service, name) for service, name in pairs.iter_rows()]
    by_rule = pairs.with_columns(by_rule=pl.Series(kinds, dtype=pl.String))
    return (
        rows.join(by_rule, on=["service", "environment"], how="left", maintain_order="left")
        .with_columns(environment_kind=pl.coalesce("environment_kind", "by_rule"))
        .drop("by_rule")
    )


def _without_people(
    rows: pl.DataFrame, draft: Draft, settings: Settings, notes: list[str]
) -> pl.DataFrame:
    named = [name for name in PEOPLE if name in rows.columns and rows[name].count()]
    if named and not settings.people.salt:
        notes.append(GUESSABLE)
    if draft.has_pseudonyms:
        return rows
    for name in named:
        identities = rows[name]
        if name == "author":
            bots = are_bots(identities, settings.people.bot_patterns)
            rows = rows.with_columns(is_bot=pl.coalesce("is_bot", bots))
        rows = rows.with_columns(pseudonyms(identities, settings.people.salt).alias(name))
    return rows


# ---- Rules ---- #


def _unfit(rows: pl.DataFrame, table: str) -> list[Problem]:
    """Return what the table's declaration forbids."""
    problems = []
    for name, column in TABLES[table].columns().items():
        if name not in rows.columns:
            continue
        allowed = _allowed(column)
        if allowed:
            advice = f"allowed: {', '.join(allowed)}; map the export's words with `values`"
            is_wrong = pl.col(name).is_not_null() & ~pl.col(name).is_in(allowed)
            problems.append(_problem(rows, name, is_wrong, NOT_ALLOWED, advice))
        if not column.nullable or column.primary_key:
            advice = f"is empty, but {table} need it; fill it in the export, or map it otherwise"
            problems.append(_problem(rows, name, pl.col(name).is_null(), MISSING, advice))
    return [problem for problem in problems if problem.reasons.count()]


def _problem(
    rows: pl.DataFrame, column: str, is_wrong: pl.Expr, reason: str, advice: str
) -> Problem:
    return Problem(
        column=column,
        reasons=rows.select(pl.when(is_wrong).then(pl.lit(reason))).to_series(),
        found=None if reason == MISSING else rows[column],
        advice=advice,
    )


def _newest(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return one row for each key, in the order of the export."""
    key = TABLES[table].primary_key()
    is_repeated = rows.select(key).is_duplicated()
    if not is_repeated.any():
        return rows
    numbered = rows.with_row_index("row")
    newest = (
        numbered.filter(is_repeated)
        .sort("updated_at", "record", nulls_last=False, maintain_order=True)
        .unique(key, keep="last", maintain_order=True)
    )
    return pl.concat([numbered.filter(~is_repeated), newest]).sort("row").drop("row")


# ---- What comes out ---- #


def _traced(rows: pl.DataFrame, table: str, source: str, file: str) -> pl.DataFrame:
    traced = rows.with_columns(
        source=pl.lit(source), source_ref=filled("{}:{}", pl.lit(file), "record")
    )
    return traced.select(list(polars_schema(table)))
