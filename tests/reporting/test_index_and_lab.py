"""The list of reports is kept beside them; JupyterLab gets copies that are never overwritten."""

import json
from pathlib import Path

import pytest

from devops_analytics.errors import ReportError
from devops_analytics.reporting.index import Entry, read_list, update_index
from devops_analytics.reporting.lab import copy_notebooks
from devops_analytics.reporting.opening import PAGES


def entry(file: str, **values: str) -> Entry:
    facts = {
        "organisation": "Tools",
        "team": "",
        "heading": "Delivery",
        "period": "2026-Q2",
        "days": "1 April to 30 June 2026",
        "as_of": "1 July 2026",
        "version": "0",
        **values,
    }
    return Entry.of(facts, file)


def test_reports_are_listed_latest_first_the_whole_before_teams(tmp_path: Path) -> None:
    entries = [
        entry("b.html", period="2026-Q1"),
        entry("t.html", team="<shop>"),
        entry("d.html"),
        entry("e.html", heading="Executive summary"),
        entry("x.html", organisation="Another"),
    ]
    for one in entries:
        (tmp_path / one.file).write_text("", encoding="utf-8")
    page = update_index(tmp_path, entries).read_text(encoding="utf-8")
    places = [page.index(f'href="{name}.html"') for name in ("x", "e", "d", "t", "b")]
    assert places == sorted(places)
    assert "&lt;shop&gt;" in page
    assert "<shop>" not in page


def test_a_report_is_listed_once_and_no_longer_when_it_is_gone(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text("", encoding="utf-8")
        update_index(tmp_path, [entry(name)])
    update_index(tmp_path, [entry("a.html", period="2026-Q3")])
    assert [(one.file, one.period) for one in read_list(tmp_path)] == [
        ("a.html", "2026-Q3"),
        ("b.html", "2026-Q2"),
    ]
    (tmp_path / "b.html").unlink()
    update_index(tmp_path, [])
    assert [one.file for one in read_list(tmp_path)] == ["a.html"]


def test_a_report_without_a_title_is_listed_by_its_file() -> None:
    assert Entry.of({}, "mine.html").heading == "mine"


@pytest.mark.parametrize("content", ["{", "[1]", json.dumps([{"file": "a"}])])
def test_a_damaged_list_is_said_to_be_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "index.json").write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match="the list of reports is damaged"):
        read_list(tmp_path)


def test_notebooks_are_copied_where_they_are_missing_and_never_over_changed_ones(tmp_path) -> None:
    folder = tmp_path / "notebooks"
    names = [f"{name}.ipynb" for name in sorted(PAGES)]
    assert [path.name for path in copy_notebooks(folder)] == names
    (folder / "delivery.ipynb").write_text("mine", encoding="utf-8")
    (folder / "maturity.ipynb").unlink()
    assert [path.name for path in copy_notebooks(folder)] == ["maturity.ipynb"]
    assert (folder / "delivery.ipynb").read_text(encoding="utf-8") == "mine"
