"""Reports as files: complete, offline, the same bytes twice, and never half written."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from devops_analytics import Workspace
from devops_analytics.errors import ReportError, UnknownNameError
from devops_analytics.reporting.block import PLOTLY
from devops_analytics.reporting.html_file import (
    POLICY,
    charts_of,
    css_variables,
    html_of,
    plotly_bundle,
    with_anchors,
)
from devops_analytics.reporting.render import file_name, render_report, render_reports
from devops_analytics.reporting.runner import (
    ReportParameters,
    notebook_folder,
    notebook_path,
)

LARGEST = 2_200_000


def executed(*cells) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def result(data: dict[str, object], kind: str = "execute_result") -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("page.secret_code()")
    cell.outputs = [nbformat.v4.new_output(kind, data=data)]
    return cell


class Outline(HTMLParser):
    """What of a page matters to a reader who can't see it, and to a browser that is offline."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# ---- The template, without a kernel ---- #


def test_no_chart_and_no_result_is_lost_and_no_code_is_shown() -> None:
    figure = {"data": [], "layout": {"height": 100, "meta": {"title": "T<1>", "alt": 'a "b" <c>'}}}
    page = html_of(
        executed(
            nbformat.v4.new_markdown_cell("# Title"),
            result({PLOTLY: figure, "text/html": "<p>numbers</p>"}),
            result({PLOTLY: figure, "text/html": ""}, kind="display_data"),
            result({"text/html": "<p>table</p>", "text/plain": "lost?"}),
            result({"text/plain": "<plain & simple>"}),
        )
    )
    assert page.count('<figure class="chart">') == 2
    assert "<p>numbers</p>" in page
    assert "<p>table</p>" in page
    assert "&lt;plain &amp; simple&gt;" in page
    assert "lost?" not in page
    assert "secret_code" not in page
    assert "<figcaption>T&lt;1&gt;</figcaption>" in page
    images = [div for div in Outline(page).all("div") if div.get("role") == "img"]
    assert [image["aria-label"] for image in images] == ['a "b" <c>'] * 2


def test_what_a_cell_prints_is_text_and_what_it_warns_of_is_left_out() -> None:
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="<script>1</script>"),
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
    ]
    page = html_of(executed(cell))
    assert "<pre>&lt;script&gt;1&lt;/script&gt;</pre>" in page
    assert "a warning" not in page


def test_a_dataframe_shown_by_itself_scrolls_in_its_own_box() -> None:
    page = html_of(executed(result({"text/html": "<table><tr><td>wide</td></tr></table>"})))
    assert '<div aria-label="output" class="foreign"' in page


def test_a_page_without_charts_carries_no_bundle() -> None:
    page = html_of(executed(nbformat.v4.new_markdown_cell("# Title\n\n## Part")))
    assert len(page) < 40_000
    assert 'id="plotly"' not in page
    assert "Plotly" not in page


def test_headings_get_anchors_of_their_own() -> None:
    body, headings = with_anchors("<h1>A</h1><h2 id='x'>B &amp; <em>c</em></h2><h2>B c</h2>")
    assert body == '<h1 id="a">A</h1><h2 id="b-c">B &amp; <em>c</em></h2><h2 id="b-c-2">B c</h2>'
    assert [(h.level, h.text, h.anchor) for h in headings[1:]] == [
        (2, "B &amp; c", "b-c"),
        (2, "B c", "b-c-2"),
    ]


def test_dark_is_for_screens_alone() -> None:
    assert css_variables().count("@media screen and (prefers-color-scheme: dark)") == 1


def test_the_bundle_is_the_same_bytes_every_time() -> None:
    first = plotly_bundle()
    plotly_bundle.cache_clear()
    assert plotly_bundle() == first


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (["GOV.UK", "2026-Q2", "", "delivery"], "GOV.UK-2026-Q2-delivery.html"),
        (["Harbour Parcels", "2026-Q2", "a_b", "x"], "Harbour-Parcels-2026-Q2-a_b-x.html"),
        (["o", "2026-01-01..2026-03-31", "", "x"], "o-2026-01-01..2026-03-31-x.html"),
    ],
)
def test_files_say_what_they_are(parts: list[str], name: str) -> None:
    assert file_name(parts) == name


def test_names_that_would_be_lost_never_share_a_file() -> None:
    one, other = (file_name(["o", team]) for team in ("../é", "../è"))
    assert one != other
    assert "/" not in one


# ---- Through a kernel ---- #


@pytest.mark.notebook
def test_a_report_is_one_small_file_that_asks_for_nothing(rendered: list[Path]) -> None:
    for path in rendered:
        page = path.read_text(encoding="utf-8")
        assert len(page.encode()) < LARGEST
        outline = Outline(page)
        asked = [
            value
            for tag, attributes in outline.tags
            for name, value in attributes.items()
            if name in {"src", "href", "srcset", "action", "data"}
            and not (value or "").startswith(("#", "data:"))
            and tag != "a"
        ]
        assert asked == []
        assert "@import" not in page
        policies = [m["content"] for m in outline.all("meta") if "http-equiv" in m]
        assert policies == [POLICY]
        assert page.count('id="plotly"') == (0 if path.name == "index.html" else 1)


@pytest.mark.notebook
def test_a_report_can_be_read_aloud(rendered: list[Path]) -> None:
    for path in rendered:
        page = path.read_text(encoding="utf-8")
        outline = Outline(page)
        levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert outline.all("html")[0]["lang"] == "en"
        assert len(outline.all("table")) == len(outline.all("caption"))
        assert all("scope" in attributes for attributes in outline.all("th"))
        anchors = [a["id"] for _, a in outline.tags if "id" in a]
        assert len(anchors) == len(set(anchors))
        links = [a["href"] for a in outline.all("a") if (a["href"] or "").startswith("#")]
        assert "#content" in links
        assert {link[1:] for link in links} <= set(anchors)
        images = [a for _, a in outline.tags if a.get("role") == "img"]
        assert len(images) == page.count('<figure class="chart">')
        assert all(image["aria-label"] for image in images)


@pytest.mark.notebook
def test_names_that_try_to_be_code_are_text_in_the_whole_file(rendered, hostile) -> None:
    for path in rendered:
        page = path.read_text(encoding="utf-8")
        assert hostile not in page
        assert "<i>Sons</i>" not in page
        assert "Tools &amp; &lt;i&gt;Sons&lt;/i&gt;" in page


@pytest.mark.notebook
def test_the_numbers_are_beside_the_report_as_json(rendered: list[Path], workspace) -> None:
    summary = json.loads(rendered[0].with_suffix(".json").read_text(encoding="utf-8"))
    assert summary["report"]["period"] == "2026-Q2"
    (assessment,) = summary["scores"]
    assert (assessment["lens"], assessment["period"]) == ("calms", "2026-Q2")
    assert [row["dimension"] for row in assessment["dimensions"]][:2] == ["culture", "automation"]
    assert {row["outcome"] for row in assessment["evidence"]} >= {"scored", "not_available"}
    by_key = {(r["metric"], r["period"]): r for r in summary["measurements"]}
    assert len(by_key) == len(summary["measurements"])
    (row,) = workspace.measure("2026-Q2", metrics=["change_lead_time"]).to_dicts()
    found = by_key["change_lead_time", "2026-Q2"]
    assert list(found) == list(row)
    assert (found["value"], found["low"], found["n"]) == (row["value"], row["low"], row["n"])
    assert found["period_start"] == "2026-03-31T23:00:00Z"


@pytest.mark.notebook
def test_the_index_lists_the_reports_and_drops_those_that_are_gone(rendered) -> None:
    index = rendered[-1]
    assert index.name == "index.html"
    links = [a["href"] for a in Outline(index.read_text(encoding="utf-8")).all("a")]
    assert [link for link in links if link != "#content"] == [path.name for path in rendered[:-1]]


@pytest.mark.notebook
def test_the_same_inputs_give_the_same_bytes(rendered, workspace, tmp_path: Path) -> None:
    again = render_reports(
        workspace, notebooks=["executive_summary"], period="2026-Q2", out=tmp_path
    )
    assert again[0].read_bytes() == rendered[0].read_bytes()
    assert again[0].stat().st_mode & 0o044


@pytest.mark.notebook
def test_a_failed_notebook_leaves_no_half_report_but_itself(organisation, tmp_path: Path) -> None:
    source = nbformat.read(notebook_path("explore"), as_version=4)
    source.cells = [
        *source.cells[:2],
        nbformat.v4.new_code_cell('raise ValueError("first line\\nsecond line")'),
    ]
    notebook = tmp_path / "mine.ipynb"
    nbformat.write(source, notebook)
    out = tmp_path / "reports" / "mine.html"
    out.parent.mkdir()
    out.write_text("an earlier report", encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        render_report(notebook=notebook, parameters=ReportParameters(), out=out)
    kept = out.with_name("mine.failed.ipynb")
    assert str(caught.value) == (
        f"mine.ipynb failed in its cell [3]: ValueError: first line. "
        f"The executed notebook is {kept}."
    )
    assert out.read_text(encoding="utf-8") == "an earlier report"
    assert sorted(path.name for path in out.parent.iterdir()) == ["mine.failed.ipynb", "mine.html"]
    nbformat.validate(nbformat.read(kept, as_version=4))


# ---- What can't be rendered ---- #


def test_a_workspace_of_dataframes_has_no_reports(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="made of dataframes"):
        render_reports(Workspace.from_frames({}), period="2026-Q2", out=tmp_path)


def test_an_unknown_notebook_is_named_with_those_there_are(workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="notebooks: data_quality, delivery"):
        render_reports(workspace, notebooks=["delivry"], period="2026-Q2", out=tmp_path)


def test_a_file_that_is_no_notebook_is_said_to_be_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{not json", encoding="utf-8")
    with pytest.raises(ReportError, match="can't be read as a notebook"):
        render_report(notebook=broken, parameters=ReportParameters(), out=tmp_path / "x.html")


def test_every_chart_of_a_run_is_in_its_page() -> None:
    figure = {"data": [1], "layout": {"height": 1, "meta": {"title": "t", "alt": "a"}}}
    run = executed(result({PLOTLY: figure}), result({"text/html": ""}), result({PLOTLY: figure}))
    assert charts_of(run) == [{"data": [1], "layout": figure["layout"]}] * 2


def test_the_notebooks_are_where_the_package_looks_for_them() -> None:
    assert (notebook_folder() / "executive_summary.ipynb").is_file()
