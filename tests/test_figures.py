"""Charts show what the tables say, gaps with their reason, and text as text."""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import polars as pl
import pytest

from devops_analytics import figures
from devops_analytics.change import Annotations, ProcessPoints
from devops_analytics.estimates import Measurements
from devops_analytics.figures.base import plain, value_axis
from devops_analytics.figures.palette import PALETTE
from devops_analytics.figures.trend import short_label
from devops_analytics.metrics import metric
from devops_analytics.periods import parse_period, periods_up_to

UTC_ZONE = ZoneInfo("UTC")
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
HOSTILE = "<b>x</b><script>&"


def frame(metric_id: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    base = {
        "metric": metric_id,
        "by": "service",
        "entity": "pay",
        "period": "2026-Q2",
        "period_start": datetime(2026, 4, 1, tzinfo=UTC),
        "period_end": AS_OF,
        "unit": metric(metric_id).unit.value,
        "status": "ok",
    }
    schema = Measurements.create_empty().schema
    full = [{**dict.fromkeys(schema), **base, **row} for row in rows]
    return Measurements.validate(pl.DataFrame(full, schema=schema))


def known(entity: str, value: float, low: float | None, high: float | None) -> dict[str, object]:
    numbers = {"value": value, "low": low, "high": high, "n": 9}
    return {"entity": entity, **numbers, "numerator": 9.0, "denominator": 9.0}


def unknown(entity: str, status: str = "unknown") -> dict[str, object]:
    return {"entity": entity, "status": status, "note": "no feed of commits"}


def over_time(values: list[float | None], statuses: dict[int, str] | None = None) -> pl.DataFrame:
    last = parse_period("2026-06", zone=UTC_ZONE, as_of=AS_OF)
    periods = periods_up_to(last, len(values), zone=UTC_ZONE)
    rows = []
    for place, (period, value) in enumerate(zip(periods, values, strict=True)):
        row = (
            unknown("pay", (statuses or {}).get(place, "unknown"))
            if value is None
            else known("pay", value, value * 0.8, value * 1.2)
        )
        times = {"period_start": period.start, "period_end": period.end}
        rows.append({**row, "period": period.label, **times})
    return frame("change_lead_time", rows)


def traces(figure: go.Figure, kind: str) -> list[Any]:
    return [trace for trace in figure.data if trace.type == kind]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


# ---- Colours ---- #


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_have_enough_contrast(scheme: str) -> None:
    colours = {name: getattr(colour, scheme) for name, colour in PALETTE.items()}
    stages = [name for name in colours if name.startswith("stage-")]
    for ground, inks, least in (
        ("paper", ("ink", "muted", "accent", "caution", *stages), 4.5),
        ("panel", ("ink", "muted", "accent"), 4.5),
        ("quiet-soft", ("ink",), 4.5),
        ("caution-soft", ("ink", "caution"), 4.5),
        ("paper", ("quiet",), 3.0),
    ):
        for ink in inks:
            assert contrast(colours[ink], colours[ground]) >= least, (ink, ground)


# Vienot's matrices for readers without red or green cones, on linear RGB.
BLINDNESS = {
    "protan": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "deutan": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


def seen(colour: str, rows: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    linear = [(int(colour[place : place + 2], 16) / 255) ** 2.2 for place in (1, 3, 5)]
    mixed = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in rows]
    return tuple(255 * max(0.0, value) ** (1 / 2.2) for value in mixed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_stages_beside_each_other_differ_for_the_colour_blind(scheme: str, kind: str) -> None:
    stages = [getattr(PALETTE[f"stage-{nth}"], scheme) for nth in range(1, 8)]
    for one, other in pairwise(stages):
        distance = math.dist(seen(one, BLINDNESS[kind]), seen(other, BLINDNESS[kind]))
        assert distance > 40, (one, other)


def test_light_colours_are_all_different_so_that_each_has_one_name() -> None:
    for one, other in combinations(PALETTE.values(), 2):
        assert one.light != other.light


# ---- Axes ---- #


def test_durations_that_span_widely_are_on_a_log_axis_with_ticks_people_know() -> None:
    wide = value_axis([0.5, 300.0], metric("change_lead_time")).settings
    assert wide["type"] == "log"
    assert wide["ticktext"] == ["1 h", "6 h", "1 d", "1 wk"]
    close = value_axis([10.0, 300.0], metric("change_lead_time")).settings
    assert "type" not in close
    assert close["ticktext"] == ["0", "3 d", "6 d", "9 d", "12 d", "15 d"]


def test_a_zero_duration_keeps_the_axis_linear() -> None:
    assert "type" not in value_axis([0.0, 300.0], metric("change_lead_time")).settings


@pytest.mark.parametrize("highest", [1e-9, 0.003, 0.7, 1.0, 4.9, 5.0, 23.9, 48, 999.0, 1e7])
@pytest.mark.parametrize(
    "metric_id", ["change_lead_time", "change_fail_rate", "deployment_frequency", "batch_size"]
)
def test_every_axis_begins_at_zero_and_holds_its_values(metric_id: str, highest: float) -> None:
    declared = metric(metric_id)
    value = min(highest, 1.0) if metric_id == "change_fail_rate" else highest
    axis = value_axis([0.0, value], declared)
    ticks = axis.settings["tickvals"]
    assert ticks[0] == axis.low == 0
    assert axis.high >= value or math.isclose(axis.high, value)
    assert 2 <= len(ticks) == len(axis.settings["ticktext"])
    assert metric_id == "change_lead_time" or len(ticks) <= 6
    assert len(set(axis.settings["ticktext"])) == len(ticks)


def test_shares_never_go_beyond_all() -> None:
    axis = value_axis([0.2, 0.97], metric("change_fail_rate"))
    assert axis.high == 1.0
    assert axis.settings["ticktext"][-1] == "100 %"


# ---- Services beside each other ---- #


def test_services_stand_from_low_to_high_and_those_without_a_number_below() -> None:
    own = frame(
        "change_lead_time",
        [known("slow", 9.0, 8.0, 12.0), unknown("silent"), known("quick", 2.0, 1.0, 3.0)],
    )
    figure = figures.dot_plot(own)
    assert figure.layout.yaxis.ticktext == ("quick", "slow", "silent")
    dots = next(trace for trace in traces(figure, "scatter") if trace.hoverinfo == "text")
    assert list(dots.x) == [2.0, 9.0]
    lines = next(trace for trace in traces(figure, "scatter") if trace.mode == "lines")
    assert list(lines.x) == [1.0, 3.0, None, 8.0, 12.0, None]
    words = [text for trace in figure.data if trace.mode == "text" for text in trace.text]
    assert [word.strip() for word in words] == ["2.0 h", "9.0 h", "not known"]
    assert figure.layout.meta["alt"] == (
        "Change lead time of 2 services in 2026-Q2: from 2.0 h (quick) to 9.0 h (slow). "
        "Without a number: 1 more service."
    )


def test_an_interval_without_an_upper_end_reaches_to_the_edge_with_an_arrow() -> None:
    figure = figures.dot_plot(frame("change_lead_time", [known("a", 5.0, 4.0, None)]))
    lines = next(trace for trace in traces(figure, "scatter") if trace.mode == "lines")
    arrow = next(
        trace for trace in figure.data if trace.mode == "markers" and trace.hoverinfo == "skip"
    )
    edge = figure.layout.xaxis.range[1]
    assert list(lines.x) == [4.0, edge, None]
    assert list(arrow.x) == [edge]


def test_the_whole_stands_above_but_never_for_a_rate_which_is_a_sum() -> None:
    whole = frame("change_lead_time", [{**known("Tools", 5.0, 4.0, 6.0), "by": "organisation"}])
    own = frame("change_lead_time", [known("a", 2.0, 1.0, 3.0)])
    assert figures.dot_plot(own, whole).layout.yaxis.ticktext == ("Tools", "a")
    whole = frame("deployment_frequency", [{**known("Tools", 5.0, 4.0, 6.0), "by": "team"}])
    own = frame("deployment_frequency", [known("a", 2.0, 1.0, 3.0)])
    assert figures.dot_plot(own, whole).layout.yaxis.ticktext == ("a",)


def test_without_any_number_there_is_no_chart() -> None:
    assert figures.dot_plot(frame("change_lead_time", [unknown("a"), unknown("b")])) is None
    assert figures.trend(over_time([None, None])) is None


def test_many_services_are_cut_and_the_title_says_so() -> None:
    own = [{**known(f"s{nth:02}", 1.0 + nth / 100, 1.0, 2.0), "n": nth} for nth in range(50)]
    others = map(unknown, "abcdefghijklmn")
    figure = figures.dot_plot(frame("change_lead_time", [*own, *others]))
    drawn = figure.layout.yaxis.ticktext
    assert len(drawn) == 40 + 12
    # The ten with the fewest observations are left out, not the ten slowest.
    assert drawn[:40] == tuple(f"s{nth}" for nth in range(10, 50))
    assert figure.layout.meta["title"].endswith("(12 more in the table)")


def test_names_that_try_to_be_markup_are_shown_as_text() -> None:
    own = frame("change_lead_time", [known(HOSTILE, 2.0, 1.0, 3.0), known("b", 3.0, 1.0, 4.0)])
    figure = figures.dot_plot(own)
    drawn = [
        text
        for text in texts({**json.loads(figure.to_json()), "meta": None})
        if "script" in text and text != figure.layout.meta["alt"]
    ]
    assert drawn
    for text in drawn:
        assert re.fullmatch(r"(?:[^<]|<b>|</b>|<br>)*", text)
        assert "&lt;script&gt;" in text


def test_plain_text_has_no_tags_left() -> None:
    assert plain("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"


# ---- Over time ---- #


def test_a_gap_breaks_line_and_ribbon_is_hatched_and_says_why() -> None:
    figure = figures.trend(over_time([5.0, 6.0, None, 7.0, None], {4: "insufficient"}))
    line = next(trace for trace in traces(figure, "scatter") if trace.mode == "lines+markers")
    assert list(line.y) == [5.0, 6.0, None, 7.0, None]
    assert line.connectgaps is False
    ribbons = [trace for trace in traces(figure, "scatter") if trace.fill == "toself"]
    assert [min(ribbon.x) for ribbon in ribbons] == [0, 2.8]
    (hatched,) = traces(figure, "bar")
    assert list(hatched.x) == [2]
    words = [(note.x, note.text) for note in figure.layout.annotations]
    assert words == [(2.0, "not known"), (4.0, "too few")]
    assert "Without a number: 2 periods." in figure.layout.meta["alt"]


def test_the_ribbon_holds_the_interval() -> None:
    figure = figures.trend(over_time([5.0, 10.0]))
    ribbon = next(trace for trace in traces(figure, "scatter") if trace.fill == "toself")
    assert list(ribbon.x) == [0, 1, 1, 0]
    assert list(ribbon.y) == pytest.approx([4.0, 8.0, 12.0, 6.0])


def test_the_periods_of_the_page_stand_on_a_ground() -> None:
    span = (datetime(2026, 4, 1, tzinfo=UTC), AS_OF)
    figure = figures.trend(over_time([5.0] * 6), highlighted=span)
    (ground,) = figure.layout.shapes
    assert (ground.x0, ground.x1) == (2.5, 5.5)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("2026-04", ("Apr", "2026")),
        ("2026-Q2", ("Q2", "2026")),
        ("2026-W07", ("W07", "2026")),
        ("2026", ("2026", "")),
        ("2026-01-01..2026-03-31", ("2026-01-01..2026-03-31", "")),
    ],
)
def test_labels_of_periods_are_short(label: str, shown: tuple[str, str]) -> None:
    assert short_label(label) == shown


# ---- Stages, maturity, coverage ---- #


def test_stages_of_an_entity_add_up_to_all_of_its_time() -> None:
    shares = pl.DataFrame(
        {
            "entity": ["Tools", "Tools", "pay", "pay"],
            "stage": ["coding", "deploy", "coding", "deploy"],
            "title": ["coding", "waiting for deployment"] * 2,
            "share": [0.25, 0.75, 0.5, 0.5],
            "hours": [1.0, 3.0, 2.0, 2.0],
            "n": [9, 9, 6, 6],
        }
    )
    figure = figures.stage_bars(shares)
    assert [bar.name for bar in figure.data] == ["coding", "waiting for deployment"]
    assert [sum(parts) for parts in zip(*(bar.x for bar in figure.data), strict=True)] == [1, 1]
    assert figures.stage_bars(shares.clear()) is None


def test_a_dimension_that_is_not_assessed_has_its_range_but_no_bar() -> None:
    dimensions = pl.DataFrame(
        {
            "dimension": ["lean", "culture"],
            "score": [80.0, None],
            "low": [70.0, None],
            "high": [85.0, None],
            "range_low": [60.0, 0.0],
            "range_high": [90.0, 100.0],
            "level": [3, None],
            "status": ["assessed", "not assessed"],
        }
    )
    figure = figures.maturity_bars(dimensions, {"lean": "Lean", "culture": "Culture"})
    ranges, scores = traces(figure, "bar")
    assert (list(ranges.base), list(ranges.x)) == ([60.0, 0.0], [30.0, 100.0])
    assert list(scores.x) == [80.0]
    assert [note.text for note in figure.layout.annotations] == ["<b>level 3</b>", "not assessed"]


def test_the_timeline_says_which_services_an_export_never_speaks_for() -> None:
    start, end = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
    coverage = pl.DataFrame(
        [("deployments", "a", start, end), ("deployments", "b", start, start)],
        schema=["table", "service", "live_from", "live_to"],
        orient="row",
    )
    figure = figures.coverage_timeline(
        coverage, ["a", "b", "c"], tables=["deployments", "incidents"], period=(start, end)
    )
    assert figure.layout.yaxis.ticktext == ("b", "a", "c", "all 3 services")
    words = [note.text for note in figure.layout.annotations]
    assert words == ["<b>Deployments</b>", "no export", "<b>Incidents</b>", "no export"]
    (bars,) = figure.data
    assert list(bars.base) == ["2026-01-05 00:00:00"] * 2
    nothing = figures.coverage_timeline(
        coverage, ["z"], tables=["deployments"], period=(start, end)
    )
    assert nothing is None


# ---- All of them ---- #


def test_every_colour_of_a_chart_has_a_name_and_every_chart_its_alt_text() -> None:
    charts = [
        figures.dot_plot(frame("change_lead_time", [known("a", 2.0, 1.0, 3.0), unknown("b")])),
        figures.trend(over_time([5.0, None, 6.0])),
    ]
    named = {colour.light for colour in PALETTE.values()}
    for figure in charts:
        found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", figure.to_json()))
        assert found <= named
        assert figure.layout.meta["alt"].endswith(".")
        assert figure.layout.meta["title"]
        assert figure.layout.template.layout.to_plotly_json() == {}


def test_the_same_numbers_give_the_same_bytes() -> None:
    own = frame("change_lead_time", [known("a", 2.0, 1.0, 3.0), unknown("b")])
    assert figures.dot_plot(own).to_json() == figures.dot_plot(own.reverse()).to_json()


# ---- What happened, and process charts ---- #


def happened(*entries: tuple[datetime, datetime | None, str]) -> pl.DataFrame:
    rows = [
        {"start_at": start, "end_at": end, "label": label, "redefines": []}
        for start, end, label in entries
    ]
    return pl.DataFrame(rows, schema=Annotations.create_empty().schema)


EVENTS = happened(
    (datetime(2020, 1, 1, tzinfo=UTC), None, "long ago"),
    (datetime(2026, 5, 16, 12, tzinfo=UTC), None, HOSTILE),
    (datetime(2026, 6, 16, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC), "freeze"),
)


def test_what_happened_is_marked_where_it_was_and_numbered_as_in_the_list() -> None:
    figure = figures.trend(over_time([5.0, 6.0, 7.0]), annotations=EVENTS)
    assert figure is not None
    moment, span = figure.layout.shapes
    # The middle of May is the place of May; half of June is left.
    assert (moment.x0, moment.x1) == (pytest.approx(1.0, abs=0.001), moment.x0)
    assert (span.x0, span.x1) == (pytest.approx(2.0), 2.5)
    assert [one.text for one in figure.layout.annotations] == ["2", "3"]
    assert HOSTILE not in json.dumps(figure.to_dict(), default=str)


def process(values: list[float], **columns: list[object]) -> pl.DataFrame:
    n = len(values)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    given: dict[str, list[object]] = {
        "metric": ["change_lead_time"] * n,
        "entity": ["pay"] * n,
        "at": [start + timedelta(weeks=place) for place in range(n)],
        "label": [f"2026-W{place + 2:02}" for place in range(n)],
        "value": [*values],
        "n": [7] * n,
        "centre": [5.0] * n,
        "low": [2.0] * n,
        "high": [12.5] * n,
        "in_baseline": [True] * n,
        "is_new_baseline": [False] * n,
        "signals": [[]] * n,
        "chart": ["XmR of logarithms"] * n,
    }
    return pl.DataFrame({**given, **columns}, schema=ProcessPoints.create_empty().schema)


def test_a_process_chart_shows_limits_signals_and_new_beginnings() -> None:
    frame = process(
        [5.0, 6.0, 20.0, 50.0],
        signals=[[], [], ["outside"], []],
        is_new_baseline=[False, False, False, True],
        centre=[5.0, 5.0, 5.0, 40.0],
    )
    figure = figures.process_chart(frame, annotations=EVENTS)
    assert figure is not None
    # Three lines for each set of limits, the points, the signals.
    assert len(figure.data) == 3 + 3 + 2
    assert list(figure.data[-1].y) == [20.0]
    assert "a point outside the limits" in figure.data[-1].hovertext[0]
    assert [one.text for one in figure.layout.annotations] == ["new baseline"]
    meta = figure.layout.meta
    assert meta["title"] == "Change lead time, pay: process chart (XmR of logarithms)"
    assert meta["alt"] == (
        "Change lead time of pay, 4 points from 2026-W02 to 2026-W05; centre 40 h, limits 2.0 h "
        "and 12 h. Signals: 2026-W04."
    )


def test_a_process_chart_without_limits_says_so_and_one_point_is_none() -> None:
    nothing = [None, None]
    frame = process([5.0, 6.0], centre=nothing, low=nothing, high=nothing)
    figure = figures.process_chart(frame, annotations=EVENTS)
    assert figure is not None
    assert figure.layout.meta["alt"].endswith("too few for limits.")
    assert figures.process_chart(process([5.0]), annotations=EVENTS) is None


@pytest.mark.parametrize(("start", "marked"), [(1, 1), (20, 0)])
def test_the_ground_of_the_period_is_shaded_where_it_is_on_the_chart(start, marked) -> None:
    first = datetime(2026, 1, start, tzinfo=UTC) if start == 1 else AS_OF
    figure = figures.process_chart(
        process([5.0, 6.0, 7.0]), annotations=happened(), highlighted=(first, AS_OF)
    )
    assert figure is not None
    assert len(figure.layout.shapes) == marked
