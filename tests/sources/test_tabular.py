"""CSV, TSV, Parquet and Excel as frames of text."""

import csv
import gzip
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources import tabular
from devops_analytics.sources.tabular import column_names, read_tabular


def read(folder: Path, content: str | bytes, name: str = "x.csv", **how: Any) -> tabular.Tabular:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tabular(path, **how)


def book(folder: Path, *rows: list[Any], name: str = "x.xlsx") -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    made.create_sheet("second").append(["only"])
    made.save(folder / name)
    return folder / name


# ---- Lines and records ---- #


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ("a,b\n1,2\n3,4\n", [2, 3]),
        ("a,b\r\n1,2\r\n3,4", [2, 3]),
        ("a,b\r1,2\r3,4\r", [2, 3]),
        ("\n\na,b\n1,2\n3,4\n", [4, 5]),
        ("a,b\n\n1,2\n\n3,4\n\n", [3, 5]),
        ('"a",b\n"1",2\n3,"4"\n', [2, 3]),
        ("\ufeffa,b\n1,2\n3,4\n", [2, 3]),
        ("a;b\n1;2\n3;4\n", [2, 3]),
        ("a\tb\n1\t2\n3\t4\n", [2, 3]),
        ('a|b\n"1"|2\n3|4\n', [2, 3]),
        (" a , b \n1,2\n3,4\n", [2, 3]),
        ("a,b,,\n1,2,,\n3,4,,\n", [2, 3]),
    ],
)
def test_every_shape_of_text_gives_the_same_rows(
    tmp_path: Path, content: str, records: list[int]
) -> None:
    found = read(tmp_path, content)
    assert found.rows.to_dicts() == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert found.records.to_list() == records
    assert found.rejected == []


@pytest.mark.parametrize(
    ("content", "rows", "records"),
    [
        # A cell with line breaks: the next record begins three lines later.
        ('a,b\n1,"x\n\ny"\n2,z\n', [("1", "x\n\ny"), ("2", "z")], [2, 5]),
        ('"a\nb",c\n1,2\n', [("1", "2")], [3]),
        ('a,b\n1,"say ""hi"", now"\n', [("1", 'say "hi", now')], [2]),
        ('a,b\n5" disk,3" disk\n', [('5" disk', '3" disk')], [2]),
        ("a,b\n,\n", [("", "")], [2]),
        ("a\nx\n\ny\n", [("x",), ("y",)], [2, 4]),
    ],
)
def test_quotes_and_blanks_are_read_as_csv_has_them(
    tmp_path: Path, content: str, rows: list[tuple[str, ...]], records: list[int]
) -> None:
    found = read(tmp_path, content)
    assert (found.rows.rows(), found.records.to_list()) == (rows, records)


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    found = read(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n4,w\n')
    assert found.rows["a"].to_list() == ["1", "3", "4"]
    assert [(line, reason) for line, reason, _, _ in found.rejected] == [(3, "not_csv")]


def test_lines_with_too_many_or_too_few_fields_are_rejected(tmp_path: Path) -> None:
    # Together the two wrong lines have as many separators as two right ones.
    found = read(tmp_path, "a,b\n1\n2,3\n4,5,6\n")
    assert found.rows.rows() == [("2", "3")]
    assert [(line, reason) for line, reason, _, _ in found.rejected] == [
        (2, "wrong_number_of_fields"),
        (4, "wrong_number_of_fields"),
    ]


def test_a_cell_of_any_length_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, f'a,b\n1,"{"x" * 200_000}\n"\n')
    assert found.rows["b"].str.len_chars().to_list() == [200_001]
    assert csv.field_size_limit() == 131_072


def test_a_declared_separator_is_not_sniffed(tmp_path: Path) -> None:
    assert read(tmp_path, "a;b,c\n1;2,3\n", separator=",").rows.columns == ["a;b", "c"]
    with pytest.raises(ExportError, match=r"separator: found '\|\|'; expected one sign"):
        read(tmp_path, "a||b\n", separator="||")


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    text = b"a,b\n1,2\n"
    squeezed = pa.compress(text, codec="zstd", asbytes=True)
    for name, content in (("x.csv.gz", gzip.compress(text)), ("x.csv.zst", squeezed)):
        assert read(tmp_path, content, name).rows.rows() == [("1", "2")]
    with pytest.raises(ExportError, match="the compressed file ends too early"):
        read(tmp_path, gzip.compress(text)[:-9], "x.csv.gz")


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"", "utf-8", "the file is empty; expected a header line"),
        (b"\n \n", "utf-8", "the file is empty"),
        (b"a,b,a\n", "utf-8", "column 'a' occurs twice"),
        (b'"a,b\n1,2\n', "utf-8", "line 1: the quotes in the header don't pair up"),
        (b"a,b\n1,\xff\n", "utf-8", r"line 2 \(byte 7\) is not utf-8 text: found byte 0xff"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-8", "holds zero bytes. Set `encoding`"),
        ("a,b\n".encode("utf-16-le") + b"x", "utf-16", "is not utf-16 text"),
    ],
)
def test_text_that_cannot_be_read_says_where_and_what_to_do(
    tmp_path: Path, content: bytes, encoding: str, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        read(tmp_path, content, encoding=encoding)


CELLS = st.text(alphabet=st.sampled_from('ab"",;\n é'), max_size=6)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)


@settings(max_examples=150, deadline=None)
@given(TABLES, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], quoting: Any, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=end)
    header = [f"column {number}" for number in range(len(rows[0]))]
    writer.writerows([header, *rows])
    found = read(tmp_path_factory.mktemp("csv"), text.getvalue(), separator=",")
    assert [list(row) for row in found.rows.rows()] == rows
    assert found.rejected == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab"",,\n\n é'), max_size=16), st.integers(1, 3))
def test_the_quick_way_never_differs_from_the_careful_one(body: str, width: int) -> None:
    names = [f"c{number}" for number in range(width)]
    quick = tabular._quick(body, 1, names, ",")
    careful = tabular._careful(tabular._lines(body), 1, names, ",")
    if quick is not None:
        assert quick.rows.equals(careful.rows)
        assert quick.records.equals(careful.records)
        assert careful.rejected == []


# ---- Workbooks and Parquet ---- #


def test_a_workbook_is_text_numbered_by_its_rows(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        [None, None, None],
        ["id", "when", "on"],
        [1, datetime(2026, 5, 1, 10, 0, 1), True],  # noqa: DTZ001 - Excel knows no zones
        [None, None, None],
        ["B-2", None, 0.5],
    )
    found = read_tabular(path)
    assert found.rows.rows() == [
        ("1", "2026-05-01 10:00:01", "true"),
        ("B-2", "", "0.5"),
    ]
    assert found.records.to_list() == [3, 5]


def test_no_value_is_lost_where_a_column_changes_its_mind(tmp_path: Path) -> None:
    rows = [[number] for number in range(1500)]
    found = read_tabular(book(tmp_path, ["id"], *rows, ["late-word"]))
    assert found.rows["id"][-1] == "late-word"
    assert found.rows["id"].n_unique() == 1501


@pytest.mark.parametrize(
    ("rows", "sheet", "message"),
    [
        ([["a", "b", "a"]], None, "column 'a' occurs twice"),
        ([], None, "the sheet is empty"),
        ([["a"]], "none", "found none called 'none'; sheets: Sheet, second"),
    ],
)
def test_a_workbook_that_cannot_be_read_says_why(
    tmp_path: Path, rows: list[list[str]], sheet: str | None, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        read_tabular(book(tmp_path, *rows), sheet=sheet)


def test_another_sheet_can_be_chosen(tmp_path: Path) -> None:
    assert read_tabular(book(tmp_path, ["a"]), sheet="second").rows.columns == ["only"]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [1, 2], "ok": [True, None]})
    frame.write_parquet(tmp_path / "x.parquet")
    found = read_tabular(tmp_path / "x.parquet")
    assert found.rows.equals(frame)
    assert found.records.to_list() == [1, 2]


def test_column_names_are_found_without_reading_everything(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a;b\n" + "1;2\n" * 100_000)
    pl.DataFrame({"p": [1]}).write_parquet(tmp_path / "x.parquet")
    (tmp_path / "wide.csv").write_bytes("u,v\n1,2\n".encode("utf-16"))
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nonsense")
    assert column_names(tmp_path / "x.csv") == ["a", "b"]
    assert column_names(tmp_path / "x.parquet") == ["p"]
    assert column_names(tmp_path / "wide.csv") == ["u", "v"]
    assert column_names(book(tmp_path, ["e", "f"])) == ["e", "f"]
    assert column_names(tmp_path / "empty.csv") == []
    assert column_names(tmp_path / "broken.parquet") == []
