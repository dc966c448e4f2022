"""Values as exports write them → text, whole numbers, flags and lists; null where they are none."""

import json
from typing import Any, Final

import polars as pl

_TRUE: Final = ("1", "true", "t", "yes", "y")
_FALSE: Final = ("0", "false", "f", "no", "n")
_FLAGS: Final = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
_EXACT_BELOW: Final = 2.0**53
"""From here on a float doesn't hold every whole number."""
_NUMERAL: Final = r"^[+-]?\d+(\.0*)?$"
_PARTS: Final = r"[^,;|]+"
_SHOWN: Final = 80
_PARTS_AT_BLANKS: Final = r"[^\s,;|]+"


def known_values(values: pl.Series) -> pl.Series:
    """Return the values without outer blanks, and null where nothing is said: blanks, NaN."""
    if values.dtype == pl.String:
        stripped = values.str.strip_chars()
        return pl.select(pl.when(stripped != "").then(stripped).alias(values.name)).to_series()
    if values.dtype.is_float():
        return values.fill_nan(None)
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        return known_values(values.cast(pl.String))
    return values


def as_text(values: pl.Series) -> pl.Series:
    """Return values of any type as a person would write them.

    A whole number that a workbook or pandas holds as a float has no decimals; flags are true and
    false; times are ISO 8601; lists and records are JSON.
    """
    dtype = values.dtype
    if dtype == pl.String:
        return values
    if dtype.is_float() or dtype.is_decimal():
        return _number_text(values.cast(pl.Float64))
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return values.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
        return values.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if dtype.is_nested():
        texts = [None if value is None else _json(value) for value in values.to_list()]
        return pl.Series(values.name, texts, dtype=pl.String)
    return values.cast(pl.String, strict=False)


def _number_text(values: pl.Series) -> pl.Series:
    is_whole = (values == values.round()) & (values.abs() < _EXACT_BELOW)
    whole = pl.when(is_whole).then(values).cast(pl.Int64, strict=False).cast(pl.String)
    rest = pl.when(~is_whole).then(values).cast(pl.String)
    return pl.select(pl.coalesce(whole, rest).alias(values.name)).to_series()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def whole_numbers(values: pl.Series) -> pl.Series:
    """Return whole numbers (12, "12", "12.0", 12.0); null where a value is none."""
    dtype = values.dtype
    if dtype == pl.String:
        text = values.str.strip_chars()
        digits = pl.when(text.str.contains(_NUMERAL)).then(text.str.replace(r"\.0*$", ""))
        return pl.select(digits.str.strip_prefix("+").cast(pl.Int64, strict=False)).to_series()
    if dtype.is_float() or dtype.is_decimal():
        found = values.cast(pl.Float64)
        whole = pl.when((found == found.round()) & (found.abs() < _EXACT_BELOW)).then(found)
        return pl.select(whole.cast(pl.Int64, strict=False)).to_series()
    if dtype.is_integer() or dtype in (pl.Boolean, pl.Null):
        return values.cast(pl.Int64, strict=False)
    return pl.Series([None], dtype=pl.Int64).new_from_index(0, len(values))


def numbers(values: pl.Series) -> pl.Series:
    """Return finite numbers, with or without decimals; null where a value is none."""
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    elif not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, len(values))
    found = values.cast(pl.Float64, strict=False)
    return pl.select(pl.when(found.is_finite()).then(found)).to_series()


def flags(values: pl.Series) -> pl.Series:
    """Return flags (true, 1, yes, t, y and their opposites, in any case); null where none."""
    if values.dtype == pl.Boolean:
        return values
    words = as_text(values).str.strip_chars().str.to_lowercase()
    return words.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)


def word_lists(
    values: pl.Series, *, separator: str | None = None, at_blanks: bool = False
) -> pl.Series:
    """Return lists of text: of lists and JSON arrays their items, of other text its parts.

    Text is parted at `separator`, without one at `,`, `;` and `|`, and `at_blanks` also at white
    space. Null stays null; empty text is an empty list.
    """
    if isinstance(values.dtype, pl.List | pl.Array):
        return _text_items(values)
    text = as_text(values)
    if separator is None:
        parts = text.str.extract_all(_PARTS_AT_BLANKS if at_blanks else _PARTS)
    else:
        parts = text.str.split(separator)
    parts = _stripped(parts)
    is_array = text.str.starts_with("[") & text.str.ends_with("]")
    if not is_array.any():
        return parts
    arrays = [_array(value) if value is not None else None for value in text.to_list()]
    return pl.select(
        pl.coalesce(pl.Series(values.name, arrays, dtype=pl.List(pl.String)), parts)
    ).to_series()


def _array(text: str) -> list[str] | None:
    if not text.startswith("["):
        return None
    try:
        return [_item(item) for item in json.loads(text)]
    except (ValueError, RecursionError):
        return None


def _text_items(values: pl.Series) -> pl.Series:
    inner = getattr(values.dtype, "inner", pl.Null)
    if inner in (pl.String, pl.Null, pl.Categorical):
        return values.cast(pl.List(pl.String))
    items = [
        None if value is None else [_item(item) for item in value] for value in values.to_list()
    ]
    return pl.Series(values.name, items, dtype=pl.List(pl.String))


def _item(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _stripped(parts: pl.Series) -> pl.Series:
    return parts.list.eval(pl.element().str.strip_chars()).list.eval(
        pl.element().filter(pl.element() != "")
    )


def most_frequent(words: pl.Series) -> str:
    """Return the five most frequent words with their counts, for people."""
    counts = words.drop_nulls().alias("word").value_counts()
    first = counts.sort("count", "word", descending=[True, False]).head(5)
    return ", ".join(f"{word[:_SHOWN]!r} {count}×" for word, count in first.iter_rows())
