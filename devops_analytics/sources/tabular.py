"""CSV, TSV, Parquet and Excel files as frames; nobody guesses the type of a text column."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content

PARQUET_START: Final = b"PAR1"
_ZIP_START: Final = b"PK\x03\x04"
_OLD_EXCEL_START: Final = b"\xd0\xcf\x11\xe0"
_SEPARATORS: Final = (",", ";", "\t", "|")
WRONG_NUMBER_OF_FIELDS: Final = "wrong_number_of_fields"


@dataclass(frozen=True, kw_only=True)
class Tabular:
    """The rows of a file: its columns, and `record`, the line (or row) each begins in.

    `rejected` are lines that are no rows: number, reason, message, raw text.
    """

    rows: pl.DataFrame
    rejected: list[tuple[int, str, str, str]]


def file_format(path: Path) -> str:
    """Return parquet, excel, json or text, by the first bytes of the content."""
    start = read_content(path, limit=4096).data
    if start.startswith(PARQUET_START):
        return "parquet"
    if start.startswith((_ZIP_START, _OLD_EXCEL_START)):
        return "excel"
    stripped = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "json" if stripped[:1] in {b"{", b"["} else "text"


def read_tabular(
    path: Path, *, encoding: str = "utf-8", separator: str | None = None, sheet: str | None = None
) -> Tabular:
    """Read a table of any format but JSON; every column of a text file is text.

    Raises:
        ExportError: the file is empty or damaged, is not in the declared encoding, has a column
            name twice, or lacks the sheet.
    """
    kind = file_format(path)
    if kind == "text":
        return _from_text(path, encoding, separator)
    try:
        frame = pl.read_parquet(path) if kind == "parquet" else _from_excel(path, sheet)
    except (PolarsError, OSError) as error:
        raise ExportError(f"{path}: can't be read as {kind}: {_first_line(error)}.") from error
    return Tabular(
        rows=frame.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)), rejected=[]
    )


def _from_excel(path: Path, sheet: str | None) -> pl.DataFrame:
    import fastexcel  # noqa: PLC0415 - only workbooks need it

    try:
        names = fastexcel.read_excel(path).sheet_names
    except fastexcel.FastExcelError as error:
        raise ExportError(f"{path}: can't be read as a workbook: {_first_line(error)}.") from error
    if sheet is not None and sheet not in names:
        raise ExportError(
            f"{path}: sheet: found none called {sheet!r}; sheets: {', '.join(names)}."
        )
    return pl.read_excel(path, sheet_name=sheet or names[0])


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "damaged"


def _from_text(path: Path, encoding: str, separator: str | None) -> Tabular:
    text = _decoded(path, encoding)
    if not text.strip():
        raise ExportError(f"{path}: the file is empty; expected a header line. Export it again.")
    first = text[: text.find("\n") if "\n" in text else len(text)]
    parted_by = separator or _sniffed(first)
    names = next(csv.reader([first.rstrip("\r")], delimiter=parted_by))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ExportError(f"{path}: column {twice[0]!r} occurs twice in the header; rename one.")
    quick = _quick(text, names, parted_by)
    return quick if quick is not None else _careful(text, names, parted_by)


def _decoded(path: Path, encoding: str) -> str:
    content = read_content(path)
    if not content.complete:
        raise ExportError(f"{path}: the compressed file ends too early; copy it again.")
    try:
        return content.data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        found = content.data[error.start : error.start + 1].hex()
        line = content.data.count(b"\n", 0, error.start) + 1
        raise ExportError(
            f"{path}: line {line} (byte {error.start + 1}) is not {encoding} text: found byte "
            f"0x{found}. Set `encoding` on the source to utf-8, utf-16 or latin-1, or save it again."
        ) from error


def _sniffed(header: str) -> str:
    return max(_SEPARATORS, key=header.count)


def _quick(text: str, names: list[str], separator: str) -> Tabular | None:
    """Read plain text with one line a row; None where a line needs a closer look."""
    plain = text.rstrip("\r\n")
    n_lines = plain.count("\n") + 1
    if '"' in plain or "\n\n" in plain or "\n\r\n" in plain:
        return None
    if plain.count(separator) != n_lines * (len(names) - 1):
        return None
    try:
        rows = pl.read_csv(
            plain.encode(),
            separator=separator,
            infer_schema=False,
            quote_char=None,
            raise_if_empty=False,
            truncate_ragged_lines=False,
        )
    except PolarsError:
        return None
    if rows.height != n_lines - 1 or rows.columns != names:
        return None
    return Tabular(
        rows=rows.with_columns(record=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)), rejected=[]
    )


def _careful(text: str, names: list[str], separator: str) -> Tabular:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    next(reader)
    columns: list[list[str]] = [[] for _ in names]
    records: list[int] = []
    rejected: list[tuple[int, str, str, str]] = []
    begins = reader.line_num + 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            rejected.append((begins, "not_csv", f"line {begins}: {error}", ""))
        else:
            if len(fields) == len(names):
                records.append(begins)
                for column, field in zip(columns, fields, strict=True):
                    column.append(field)
            elif fields:
                message = (
                    f"line {begins}: expected {len(names)} fields as in the header, found "
                    f"{len(fields)}; a field that holds {separator!r} or a quote must be quoted"
                )
                rejected.append((begins, WRONG_NUMBER_OF_FIELDS, message, separator.join(fields)))
        begins = reader.line_num + 1
    data = {
        name: pl.Series(column, dtype=pl.String)
        for name, column in zip(names, columns, strict=True)
    }
    rows = pl.DataFrame(data).with_columns(record=pl.Series(records, dtype=pl.Int64))
    return Tabular(rows=rows, rejected=rejected)
