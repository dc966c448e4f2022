"""CSV, TSV, Parquet and Excel files as frames; nobody guesses the type of a text column."""

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import (
    MOST_BYTES,
    is_marked_utf16,
    most_unpacked,
    read_content,
)
from devops_analytics.sources.source import Export

WRONG_NUMBER_OF_FIELDS: Final = "wrong_number_of_fields"
NOT_CSV: Final = "not_csv"

_PARQUET_START: Final = b"PAR1"
_ZIP_START: Final = b"PK\x03\x04"
_OLD_EXCEL_START: Final = b"\xd0\xcf\x11\xe0"
_JSON_ENDINGS: Final = frozenset({".json", ".ndjson", ".jsonl"})
_PACKED_ENDINGS: Final = frozenset({".gz", ".zst"})
_SEPARATORS: Final = (",", ";", "\t", "|")
_SAMPLE: Final = 1 << 16
_BLOCK: Final = 1 << 20
_MOST_COLUMNS: Final = 16_384
"""As many as a worksheet may have."""


Rejected = tuple[int, str, str, str | None]
"""Number, reason, message and text of what is no row."""


@dataclass(frozen=True, kw_only=True)
class Tabular:
    """The rows of a file.

    `rows` has the file's own columns, `records` the line (of a workbook and of Parquet, the row)
    that each row begins in, from 1; a header is a line too. `rejected` are lines that are no rows:
    number, reason, message, raw text.
    """

    rows: pl.DataFrame
    records: pl.Series
    rejected: list[Rejected]


def file_format(path: Export) -> str:
    """Return parquet, excel, json or text, by the first bytes of the content, else by the name."""
    start = read_content(path, limit=4096).data
    if start.startswith(_PARQUET_START):
        return "parquet"
    if start.startswith((_ZIP_START, _OLD_EXCEL_START)):
        return "excel"
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in _PACKED_ENDINGS:
        endings.pop()
    if endings and endings[-1] in _JSON_ENDINGS:
        return "json"
    begins = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return "json" if begins in {b"{", b"["} else "text"


def read_tabular(
    path: Export,
    *,
    encoding: str = "utf-8",
    separator: str | None = None,
    sheet: str | None = None,
    repeats: str | None = None,
) -> Tabular:
    """Read a table of any format but JSON; every column of text and workbooks is text.

    `repeats` is there for exports that have a column of lists once for each item: the second one
    of a name gets this sign and 2 behind its name, and so on.

    Raises:
        ExportError: the file is empty or damaged, is not in the declared encoding, has a column
            name twice, or lacks the sheet.
    """
    match file_format(path):
        case "parquet":
            return _from_parquet(path)
        case "excel":
            return _from_excel(path, sheet, repeats)
        case _:
            return _from_text(path, encoding, separator, repeats)


def column_names(path: Export, *, repeats: str | None = None) -> list[str]:
    """Return the names of a table's columns from its beginning; none where it is no table.

    `repeats` is as for `read_tabular`.
    """
    try:
        match file_format(path):
            case "parquet":
                return list(pl.read_parquet_schema(path.open("rb")))
            case "excel":
                return _from_excel(path, None, repeats).rows.columns
            case "json":
                return []
        start = read_content(path, limit=_SAMPLE).data
        is_wide = is_marked_utf16(start)
        lines = _lines(start.decode("utf-16" if is_wide else "utf-8-sig", "replace"))
        _, header, _ = _header(path, lines, None, repeats)
    except (ExportError, PolarsError, PanicException, OSError):
        return []
    return [name for name in header if name]


def _from_parquet(path: Export) -> Tabular:
    try:
        rows = pl.read_parquet(path.open("rb"))
    except (PolarsError, PanicException, OSError) as error:  # it panics where a page is damaged
        raise ExportError(f"{path}: can't be read as parquet: {_first_line(error)}.") from error
    return Tabular(rows=rows, records=_numbers(1, rows.height), rejected=[])


def _from_excel(path: Export, sheet: str | None, repeats: str | None) -> Tabular:
    import fastexcel  # noqa: PLC0415 - only workbooks need it

    try:
        book = fastexcel.read_excel(_workbook(path))
        if not book.sheet_names:
            raise ExportError(f"{path}: the workbook has no sheets. Export it again.")
        if sheet is not None and sheet not in book.sheet_names:
            raise ExportError(
                f"{path}: sheet: found none called {sheet!r}; "
                f"sheets: {', '.join(book.sheet_names)}."
            )
        # As text, since a column's type is guessed: what doesn't fit the guess gets lost.
        found = book.load_sheet(
            sheet or book.sheet_names[0], header_row=None, skip_rows=0, dtypes="string"
        ).to_polars()
    except (fastexcel.FastExcelError, PolarsError, PanicException, OSError) as error:
        raise ExportError(f"{path}: can't be read as a workbook: {_first_line(error)}.") from error
    cells = found.with_columns(pl.all().cast(pl.String).fill_null("").str.strip_chars())
    is_filled = cells.select(pl.any_horizontal(pl.all() != "")).to_series() if cells.width else None
    if is_filled is None or not is_filled.any():
        raise ExportError(f"{path}: the sheet is empty; expected a header row. Export it again.")
    header = int(is_filled.arg_true()[0])
    names = _checked_names(path, list(cells.row(header)), repeats)
    is_row = is_filled & (_numbers(0, cells.height) > header)
    return Tabular(
        rows=_named(cells.filter(is_row), names),
        records=_numbers(1, cells.height).filter(is_row),
        rejected=[],
    )


def _workbook(path: Export) -> bytes:
    """Return the bytes of a workbook that unpacks to no more than its size lets expect."""
    with path.open("rb") as file:
        data = file.read()
    if not data.startswith(_ZIP_START):
        return data
    left = min(MOST_BYTES, most_unpacked(len(data)))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for info in packed.infolist():
                with packed.open(info) as part:
                    while left >= 0 and (block := part.read(_BLOCK)):
                        left -= len(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise ExportError(
            f"{path}: can't be read as a workbook: {_first_line(error)}. Export it again."
        ) from error
    if left < 0:
        raise ExportError(
            f"{path}: the workbook unpacks to far more than its size lets expect, or to more than "
            f"{MOST_BYTES >> 20} MB. Save it as CSV if you trust it."
        )
    return data


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "damaged"


def _numbers(first: int, count: int) -> pl.Series:
    return pl.int_range(first, first + count, dtype=pl.Int64, eager=True)


def _checked_names(path: Export, found: list[str], repeats: str | None) -> list[str]:
    if len(found) > _MOST_COLUMNS:
        raise ExportError(
            f"{path}: has {len(found):,} columns; tables are read up to {_MOST_COLUMNS:,}. Check "
            "its `separator`, or export fewer columns."
        )
    names = [name.strip() for name in found]
    if repeats is not None:
        seen: Counter[str] = Counter()
        for number, name in enumerate(names):
            seen[name] += 1
            if name and seen[name] > 1:
                names[number] = f"{name}{repeats}{seen[name]}"
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise ExportError(f"{path}: column {twice[0]!r} occurs twice in the header; rename one.")
    return names


def _named(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return the columns under their names; those without a name are left out."""
    return rows.select(
        pl.col(given).alias(name) for given, name in zip(rows.columns, names, strict=True) if name
    )


# ---- Text ---- #


def _from_text(path: Export, encoding: str, separator: str | None, repeats: str | None) -> Tabular:
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise ExportError(
            f"{path}: separator: found {separator!r}; expected one sign, such as ';' or '\\t'."
        )
    text = _decoded(path, encoding)
    lines = _lines(text[:_SAMPLE])
    first, names, parted_by = _header(path, lines, separator, repeats)
    if first == len(lines) and len(text) > _SAMPLE:
        lines = _lines(text)
        first, names, parted_by = _header(path, lines, separator, repeats)
    body = text[sum(map(len, lines[:first])) :]
    quick = _quick(body, first, names, parted_by)
    return quick if quick is not None else _careful(_lines(body), first, names, parted_by)


def _decoded(path: Export, encoding: str) -> str:
    content = read_content(path)
    if not content.complete:
        raise ExportError(f"{path}: the compressed file ends too early; copy it again.")
    if is_marked_utf16(content.data):
        encoding = "utf-16"
    try:
        text = content.data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        found = content.data[error.start : error.start + 1].hex()
        line = content.data.count(b"\n", 0, error.start) + 1
        raise ExportError(
            f"{path}: line {line} (byte {error.start + 1}) is not {encoding} text: found byte "
            f"0x{found}. Set `encoding` on the source to utf-8, utf-16 or latin-1, or save it "
            "again."
        ) from error
    if "\0" in text[:_SAMPLE]:
        raise ExportError(
            f"{path}: is not {encoding} text, as it holds zero bytes. Set `encoding` on the source "
            "to utf-16, or save it again."
        )
    # The oldest Macs end lines with a carriage return.
    return text if "\n" in text else text.replace("\r", "\n")


def _lines(text: str) -> list[str]:
    """Return the lines, each with its end."""
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []


def _header(
    path: Export, lines: list[str], separator: str | None, repeats: str | None
) -> tuple[int, list[str], str]:
    """Return the line after the header, the columns' names, and what parts them."""
    begins = next((number for number, line in enumerate(lines) if line.strip()), None)
    if begins is None:
        raise ExportError(f"{path}: the file is empty; expected a header line. Export it again.")
    parted_by = separator or _sniffed(lines[begins])
    header = _records(lines, begins, parted_by)
    _, names = next(header)
    if names is None:
        raise ExportError(f"{path}: line {begins + 1}: the quotes in the header don't pair up.")
    first = next(header, (len(lines), None))[0]
    return first, _checked_names(path, names, repeats), parted_by


def _sniffed(header: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=outside_quotes.count)


def _records(
    lines: list[str], begins: int, separator: str
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the line that each record begins in and its fields; None where quotes don't pair up.

    A quote that is never closed would swallow every line after it, so its line alone is given up.
    """
    while begins < len(lines):
        rest = (lines[number] for number in range(begins, len(lines)))
        start = begins
        reader = csv.reader(rest, delimiter=separator, strict=True)
        try:
            for fields in reader:
                yield begins, fields
                begins = start + reader.line_num
        except csv.Error:
            yield begins, None
            begins += 1


def _quick(body: str, first: int, names: list[str], separator: str) -> Tabular | None:
    """Read lines of one record each; None where one needs a closer look."""
    body = body.rstrip("\r\n")
    height = body.count("\n") + 1 if body else 0
    if body.startswith(("\n", "\r\n")) or "\n\n" in body or "\n\r\n" in body:
        return None
    if '"' in body and not _quotes_pair_up(body, separator):
        return None
    try:
        rows = pl.read_csv(
            f"{body}\n".encode() if body else b"",
            has_header=False,
            separator=separator,
            schema={f"column_{number}": pl.String() for number in range(len(names))},
            empty_string_is_null=False,
            raise_if_empty=False,
        )
    except PolarsError:
        return None
    # Every separator either parts two fields of a row or is inside one, so this finds short rows.
    parting = body.count(separator) - (_n_inside(rows, separator) if '"' in body else 0)
    if rows.height != height or parting != height * (len(names) - 1):
        return None
    return Tabular(rows=_named(rows, names), records=_numbers(first + 1, height), rejected=[])


def _quotes_pair_up(body: str, separator: str) -> bool:
    """Say whether every line is strict CSV by itself; Polars also reads what is not."""
    lines = pl.Series([body]).str.split("\n").explode()
    sign = rf"\x{{{ord(separator):x}}}"
    field = rf'(?:"(?:[^"]|"")*"|[^"{sign}]*)'
    strict = rf"^{field}(?:{sign}{field})*\r?$"
    return lines.filter(lines.str.contains('"', literal=True)).str.contains(strict).all()


def _n_inside(rows: pl.DataFrame, sign: str) -> int:
    counts = rows.select(pl.all().str.count_matches(sign, literal=True).sum())
    return sum(counts.row(0))


def _careful(lines: list[str], first: int, names: list[str], separator: str) -> Tabular:
    """Read line by line; `first` lines stand before these."""
    found: list[list[str]] = []
    records: list[int] = []
    rejected: list[Rejected] = []
    limit = csv.field_size_limit(sum(map(len, lines)) + 1)
    try:
        for begins, fields in _records(lines, 0, separator):
            line = first + begins + 1
            if fields is None:
                rejected.append((line, NOT_CSV, _QUOTES.format(line), None))
            elif len(fields) == len(names):
                found.append(fields)
                records.append(line)
            elif fields:
                message = _FIELDS.format(line, len(names), len(fields), separator)
                rejected.append((line, WRONG_NUMBER_OF_FIELDS, message, None))
    finally:
        csv.field_size_limit(limit)
    columns = list(zip(*found, strict=True)) or [() for _ in names]
    rows = pl.DataFrame(
        {f"column_{n}": pl.Series(cells, dtype=pl.String) for n, cells in enumerate(columns)}
    )
    return Tabular(
        rows=_named(rows, names), records=pl.Series(records, dtype=pl.Int64), rejected=rejected
    )


_FIELDS: Final = (
    "line {}: expected {} fields as in the header, found {}; a field that holds {!r} or a quote "
    "must be quoted"
)
_QUOTES: Final = (
    "line {}: its quotes or line ends don't pair up; a field that holds a quote must be quoted, "
    "and the quote doubled"
)
