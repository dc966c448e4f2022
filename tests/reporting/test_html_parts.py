"""Whatever is data is text in HTML; tables can be read aloud."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from devops_analytics.display import Measurement
from devops_analytics.metrics import metric
from devops_analytics.reporting.html import (
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
    unbroken,
)
from devops_analytics.reporting.tables import (
    Column,
    interval_marks,
    number_cell,
    table,
)

COLUMNS = (Column(heading="name"), Column(heading="n", kind="number"))


def measured(metric_id: str = "change_lead_time", **values: object) -> Measurement:
    given_values = {
        "metric": metric_id,
        "by": "organisation",
        "entity": "Tools",
        "period": "2026-Q2",
        "period_start": datetime(2026, 4, 1, tzinfo=UTC),
        "period_end": datetime(2026, 7, 1, tzinfo=UTC),
        "value": None,
        "low": None,
        "high": None,
        "n": None,
        "numerator": None,
        "denominator": None,
        "unit": metric(metric_id).unit.value,
        "status": "unknown",
        "method": None,
        "note": None,
    }
    return Measurement(**{**given_values, **values})


@given(st.text())
def test_any_text_is_escaped_in_content_and_attributes(text: str) -> None:
    made = element("p", text, attributes={"title": text})
    assert made == f'<p title="{escape(text)}">{escape(text)}</p>'


def test_elements_stay_elements() -> None:
    assert joined((element("b", "<"), " & ")) == "<b>&lt;</b> &amp; "
    assert classed("span", "n", Markup("<i>1</i>")) == '<span class="n"><i>1</i></span>'


def test_what_is_empty_is_left_out() -> None:
    assert paragraphs("", "a") == "<p>a</p>"
    assert definitions([("a", ""), ("b", "c")], css_class="facts") == (
        '<dl class="facts"><div class="entry"><dt>b</dt><dd>c</dd></div></dl>'
    )
    assert details("more", "x") == '<details class="more"><summary>more</summary>x</details>'


def test_a_number_keeps_its_unit_on_the_line() -> None:
    assert unbroken("in 5.2 h (95 % of n = 212; 4.1–6.9 h)") == (
        "in 5.2\xa0h (95\xa0% of n\xa0=\xa0212; 4.1–6.9\xa0h)"
    )
    assert unbroken("3 hours and 2 high") == "3 hours and 2 high"


def test_tables_have_caption_and_scope() -> None:
    made = table("Rows <1>", COLUMNS, [["a<b", "2"]])
    assert "<caption>Rows &lt;1&gt;</caption>" in made
    assert made.count('<th scope="col">') == 2
    assert '<tr><th scope="row">a&lt;b</th><td>2</td></tr>' in made
    assert '<table class="plain number2">' in made
    assert 'role="region" aria-label="Rows &lt;1&gt;"' in made


def test_cards_repeat_the_heading_of_each_cell() -> None:
    made = table("Rows", COLUMNS, [["a", "2"]], cards=True)
    assert '<td data-heading="n">2</td>' in made
    assert "tabindex" not in made


def test_a_cell_without_a_number_says_status_and_reason() -> None:
    cell = number_cell(measured(note="no feed of <commits>"))
    assert '<span class="status unknown">not known</span>' in cell
    assert "no feed of &lt;commits&gt;" in cell
    assert "0" not in cell


def test_a_cell_with_a_number_has_interval_and_n() -> None:
    rests = {"n": 9, "numerator": 9.0, "denominator": 9.0, "status": "ok"}
    cell = number_cell(measured(value=5.2, low=4.1, high=6.9, **rests))
    assert '<span class="value">5.2 h</span>' in cell
    assert '<span class="limits">4.1–6.9 h</span>' in cell
    assert '<span class="n">n = 9</span>' in cell


def test_both_intervals_are_drawn_to_one_scale() -> None:
    # 0 is at 6 and the highest end (8) at 126, so an hour is 15 wide.
    now = measured(value=4.0, low=2.0, high=6.0, status="ok")
    before = measured(value=6.0, low=4.0, high=8.0, status="ok")
    marks = interval_marks(now, before)
    assert '<line x1="36.0" x2="96.0" y1="9" y2="9"></line><circle cx="66.0"' in marks
    assert '<line x1="66.0" x2="126.0" y1="22" y2="22"></line><circle cx="96.0"' in marks
    assert 'aria-hidden="true"' in marks


def test_an_open_interval_reaches_to_the_edge_and_nothing_is_drawn_without_a_number() -> None:
    now = measured(value=4.0, low=2.0, high=None, status="ok")
    assert '<line x1="66.0" x2="126.0"' in interval_marks(now, measured())
    assert interval_marks(measured(), now) == ""


def test_wide_durations_are_drawn_on_a_log_scale() -> None:
    # From 1 h to 100 h: 10 h is half-way, at 66.
    now = measured(value=10.0, low=1.0, high=100.0, status="ok")
    marks = interval_marks(now, measured())
    assert 'cx="66.0"' in marks
    assert "zero" not in marks
