"""Rows of tables as records, and which service a record is of."""

import json

import polars as pl
import pytest

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.sources.moments import moment
from devops_analytics.sources.services import service_of
from devops_analytics.sources.table_records import is_table, table_columns, table_records
from devops_analytics.sources.tabular import read_tabular

COLUMNS = {"issue_key": "key", "label": "labels", "state": "state"}


def test_columns_that_occur_again_become_a_list(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "Issue  Key,Label,Secret,Label,Label,State\nA,a,no,,c,?\nB,,,,,Open\n,x\n", encoding="utf-8"
    )
    found = table_records(
        path, columns=COLUMNS, needed=("key",), lists=frozenset({"labels"}), missing="?"
    )
    assert [(number, json.loads(raw)) for number, raw in found.rows] == [
        (2, {"key": "A", "labels": ["a", "c"]}),
        (3, {"key": "B", "state": "Open"}),
    ]
    assert [(number, reason, raw) for number, reason, _, raw in found.rejected] == [
        (4, "wrong_number_of_fields", "")
    ]
    assert table_columns(path) == ["issue_key", "label", "secret", "state"]


def test_of_a_column_that_is_no_list_the_first_cell_counts(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("issue_key,state,state\nA,,second\nB,first,second\n")
    found = table_records(path, columns=COLUMNS, needed=("key",))
    assert [json.loads(raw)["state"] for _, raw in found.rows] == ["second", "first"]


def test_a_column_that_is_needed_is_named_where_it_is_absent(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ExportError, match=r"no column issue_key.*Found: a, b"):
        table_records(path, columns=COLUMNS, needed=("key",))


def test_workbooks_are_tables_and_json_is_none(tmp_path):
    book = tmp_path / "x.xlsx"
    pl.DataFrame({"Issue Key": ["A"], "State": ["Open"]}).to_pandas().to_excel(book, index=False)
    found = table_records(book, columns=COLUMNS, needed=("key",))
    assert [json.loads(raw) for _, raw in found.rows] == [{"key": "A", "state": "Open"}]
    text = tmp_path / "x.txt"
    text.write_text("[]")
    assert (is_table(book), is_table(text), is_table(tmp_path / "none")) == (True, False, False)


def test_a_repeated_column_is_an_error_unless_it_is_expected(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,a,b\n1,2,3\n")
    with pytest.raises(ExportError, match="'a' occurs twice"):
        read_tabular(path)
    assert read_tabular(path, repeats="#").rows.columns == ["a", "a#2", "b"]


@pytest.mark.parametrize(
    ("named", "declared", "service"),
    [
        ([], None, None),
        ([None, " "], "pay", "pay"),
        (["x", "Shop API", "shop"], "pay", "Shop API"),
        (["x"], "pay", "pay"),
        (["x", "x"], None, "x"),
        (["x", "y"], None, None),
    ],
)
def test_a_service_that_the_settings_know_comes_first(named, declared, service):
    known = {"shop": {"repositories": ["shop"], "aliases": ["Shop API"]}}
    settings = settings_from({"teams": {"web": {"services": known}}})
    assert service_of(named, declared=declared, settings=settings) == service


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-02T10:00:00.1234567+01:00", "2026-03-02T09:00:00.123456+00:00"),
        ("2026-03-02T17:00:00.000+0800", "2026-03-02T09:00:00+00:00"),
        ("2026-03-02T09:00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_needs_an_offset(text, found):
    at = moment(text)
    assert (at.isoformat() if at else None) == found
