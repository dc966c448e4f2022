"""Times as exports write them → UTC, or the reason why that can't be."""

from typing import Final

import polars as pl

from devops_analytics.schema import TIME

NOT_A_TIME: Final = "not_a_time"
WITHOUT_ZONE: Final = "time_without_zone"
DOES_NOT_EXIST: Final = "time_does_not_exist"
OUT_OF_RANGE: Final = "time_out_of_range"

_OFFSET: Final = r"\d[T ]\d{2}:\d{2}.*?\s*(?:[Zz]|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)$"
_ZONED: Final = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_NAIVE: Final = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_SECONDS: Final = r"^\d{9,10}(?:\.\d+)?$"
_MILLISECONDS: Final = r"^\d{12,13}$"
_EARLIEST_YEAR: Final = 1990
_LATEST_YEAR: Final = 2100


def utc_times(
    values: pl.Series, *, zone: str | None, time_format: str | None = None
) -> tuple[pl.Series, pl.Series]:
    """Return the times in UTC, and for each value that gives none the reason (else null).

    Text is ISO 8601, with or without an offset (a blank may stand for the T), or what
    `time_format` says, or seconds (9 or 10 digits) or milliseconds (12 or 13) since 1970. A date
    is its first moment. A time without an offset is in `zone`; where there is none it is no time.
    A time that occurs twice, when clocks go back, is taken for the earlier one.
    """
    if values.dtype == pl.String:
        frame = _from_text(values, zone, time_format)
    elif values.dtype.is_numeric():
        as_text = values.cast(pl.Int64, strict=False).cast(pl.String)
        frame = _from_text(as_text, zone, None)
    elif isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None:
        frame = pl.DataFrame({"zoned": values.cast(TIME)}).with_columns(
            naive=pl.lit(None, dtype=pl.Datetime("us"))
        )
    elif values.dtype in (pl.Datetime, pl.Date):
        frame = pl.DataFrame({"naive": values.cast(pl.Datetime("us"))}).with_columns(
            zoned=pl.lit(None, dtype=TIME)
        )
    else:
        frame = pl.DataFrame({"zoned": pl.Series([None] * len(values), dtype=TIME)}).with_columns(
            naive=pl.lit(None, dtype=pl.Datetime("us"))
        )
    return _judged(frame, ~values.is_null(), zone)


def _from_text(values: pl.Series, zone: str | None, time_format: str | None) -> pl.DataFrame:
    """Return columns `zoned` (UTC) and `naive`, at most one of which is not null."""
    frame = pl.DataFrame({"text": values.str.strip_chars()})
    text = pl.col("text")
    if time_format is not None:
        return frame.select(**_declared(text, time_format))
    has_offset = text.str.contains(_OFFSET)
    plain = text.str.replace(r"^(\d{4}-\d{2}-\d{2}) +", "${1}T")
    offset = plain.str.replace(r"\s*(?:UTC|GMT|z)$", "Z").str.replace(r"\s+([+-])", "${1}")
    seconds = pl.when(text.str.contains(_SECONDS)).then(text).cast(pl.Float64) * 1e6
    milliseconds = pl.when(text.str.contains(_MILLISECONDS)).then(text).cast(pl.Int64) * 1000
    epoch = pl.coalesce(seconds.round().cast(pl.Int64), milliseconds).cast(TIME)
    zoned = pl.when(has_offset).then(offset)
    naive = pl.when(~has_offset).then(plain)
    return frame.select(
        zoned=pl.coalesce(
            epoch,
            *(
                zoned.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
                for form in _ZONED
            ),
        ),
        naive=pl.coalesce(
            naive.str.to_datetime(form, time_unit="us", strict=False) for form in _NAIVE
        ),
    )


def _declared(text: pl.Expr, time_format: str) -> dict[str, pl.Expr]:
    if "%z" in time_format or "%:z" in time_format or "%#z" in time_format:
        return {
            "zoned": text.str.to_datetime(
                time_format, time_unit="us", time_zone="UTC", strict=False
            ),
            "naive": pl.lit(None, dtype=pl.Datetime("us")),
        }
    parsed = text.str.to_datetime(time_format, time_unit="us", strict=False)
    if not any(sign in time_format for sign in ("%H", "%I", "%T", "%R", "%X", "%c")):
        parsed = text.str.to_date(time_format, strict=False).cast(pl.Datetime("us"))
    return {"zoned": pl.lit(None, dtype=TIME), "naive": parsed}


def _judged(frame: pl.DataFrame, given: pl.Series, zone: str | None) -> tuple[pl.Series, pl.Series]:
    local = pl.lit(None, dtype=TIME)
    if zone is not None:
        local = (
            pl.col("naive")
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
        )
    found = frame.with_columns(given=given, found=pl.coalesce("zoned", local))
    is_naive = pl.col("naive").is_not_null()
    year = pl.col("found").dt.year()
    judged = found.select(
        "found",
        reason=pl.when(~pl.col("given"))
        .then(None)
        .when(pl.col("found").is_null() & is_naive & pl.lit(zone is None))
        .then(pl.lit(WITHOUT_ZONE))
        .when(pl.col("found").is_null() & is_naive)
        .then(pl.lit(DOES_NOT_EXIST))
        .when(pl.col("found").is_null())
        .then(pl.lit(NOT_A_TIME))
        .when(~year.is_between(_EARLIEST_YEAR, _LATEST_YEAR))
        .then(pl.lit(OUT_OF_RANGE)),
    )
    return judged["found"], judged["reason"]
