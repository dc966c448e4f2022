"""Sentences say what was measured and how sure that is, and never more."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from devops_analytics import story
from devops_analytics.change import ProcessPoints
from devops_analytics.display import Measurement
from devops_analytics.display_changes import Change
from devops_analytics.estimates import STATUSES
from devops_analytics.metrics import METRICS, metric
from devops_analytics.schema import TABLES


def measured(metric_id: str, **values: object) -> Measurement:
    given = {
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
    return Measurement(**{**given, **values})


def lead_time(value: float, low: float | None, high: float | None, **more: object) -> Measurement:
    rests = {"n": 212, "numerator": 200.0, "denominator": 212.0, "status": "ok", **more}
    return measured("change_lead_time", value=value, low=low, high=high, **rests)


def test_a_duration_is_told_as_what_half_took_at_most() -> None:
    assert story.headline(lead_time(5.2, 4.1, 6.9), confidence=0.95) == (
        "Half of changes reached production within 5.2 h "
        "(95 % interval 4.1–6.9 h; n = 212, 12 of them open)."
    )


def test_a_rate_is_told_as_times() -> None:
    rate = measured(
        "deployment_frequency",
        value=3.29,
        low=2.9,
        high=3.7,
        n=299,
        numerator=299.0,
        denominator=91.0,
        status="ok",
    )
    assert story.headline(rate, confidence=0.9) == (
        "Production was deployed to 3.3 times per day "
        "(90 % interval 2.9–3.7 per day; 299 in 91 live days)."
    )


def test_a_share_is_told_with_its_count() -> None:
    share = measured(
        "change_fail_rate",
        value=0.062,
        low=0.04,
        high=0.095,
        n=306,
        numerator=19.0,
        denominator=306.0,
        status="ok",
    )
    assert story.headline(share, confidence=0.95) == (
        "6.2 % of deployments failed (95 % interval 4.0–9.5 %; 19 of 306)."
    )


def test_metrics_without_a_sentence_of_their_own_are_named_with_their_quantile() -> None:
    slow = lead_time(49.5, None, None, metric="change_lead_time_p85", numerator=212.0)
    assert story.headline(slow, confidence=0.95) == (
        "Change lead time, 85th percentile: 85 % took at most 2.1 d (n = 212)."
    )


def test_what_is_unknown_says_why_and_what_export_would_fill_it() -> None:
    unknown = measured("time_to_restore", note="no feed of incidents")
    assert story.headline(unknown, confidence=0.95) == (
        "Time to restore is not known: no feed of incidents. It needs an export of incidents."
    )
    assert story.in_short(unknown, confidence=0.95) == (
        "Time to restore: not known (no feed of incidents)."
    )


def test_nothing_that_happened_is_no_zero_but_says_what_is_compatible_with_it() -> None:
    none = measured(
        "deployment_frequency",
        high=0.0405,
        low=0.0,
        n=0,
        numerator=0.0,
        denominator=91.0,
        status="none",
        note="none in 91 live days",
    )
    # 0.0405 a day is 0.28 a week.
    assert story.headline(none, confidence=0.95) == (
        "Deployment frequency: none in 91 live days. Up to 0.28 per week is compatible with that."
    )


def test_too_few_are_listed_rather_than_averaged() -> None:
    few = measured("time_to_restore", n=2, status="insufficient", note="only 2: 2.0, 3.0 hours")
    assert story.headline(few, confidence=0.95) == (
        "Time to restore: too few for a number; only 2: 2.0, 3.0 hours."
    )


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("declared", METRICS, ids=lambda declared: declared.id)
def test_every_metric_has_a_sentence_for_every_status(declared, status) -> None:
    value = 0.5 if status == "ok" else None
    one = measured(declared.id, value=value, status=status, n=7, numerator=3.0, denominator=7.0)
    for text in (
        story.headline(one, confidence=0.95),
        story.in_short(one, confidence=0.95),
        story.what_fills(one),
    ):
        assert text.endswith(".")
        assert "None" not in text
        assert "{" not in text


# ---- Changes ---- #


def change(verdict: str = "no detectable change", **values: object) -> Change:
    given = {
        **dict.fromkeys(Change.__dataclass_fields__),
        "metric": "change_lead_time",
        "by": "organisation",
        "entity": "Tools",
        "period": "2026-Q2",
        "baseline": "2026-Q1",
        "unit": "hours",
        "scale": "ratio",
        "verdict": verdict,
    }
    return Change(**{**given, **values})


NOISE = change(change=0.87, low=0.6, high=1.26, p=0.4, q=0.4)
QUICKER = change("better", change=0.58, low=0.42, high=0.81, p=0.001, q=0.006)
UNLIKE = change("not comparable", scale=None, reason="2026-Q2 is not over")


@pytest.mark.parametrize(
    ("found", "ending"),
    [
        (NOISE, "No detectable change from 2026-Q1: −13 % (95 % interval −40 to +26 %)."),
        (QUICKER, "Better than in 2026-Q1: −42 % (95 % interval −58 to −19 %)."),
        (UNLIKE, "Not comparable with 2026-Q1: 2026-Q2 is not over."),
    ],
)
def test_a_comparison_states_the_earlier_value_and_the_verdict_with_its_interval(
    found, ending
) -> None:
    before = lead_time(6.0, 4.8, 7.9, period="2026-Q1")
    text = story.comparison(lead_time(5.2, 4.1, 6.9), before, found, confidence=0.95)
    assert text == (
        "In 2026-Q1 it was 6.0 h (95 % interval 4.8–7.9 h; n = 212, 12 of them open). " + ending
    )


def test_what_only_looks_like_a_change_among_many_is_said_to() -> None:
    found = change(change=0.7, low=0.5, high=0.98, p=0.04, q=0.2)
    assert story.verdict(found, confidence=0.95).endswith(
        "(95 % interval −50 to −2 %). Beside so many comparisons that may be chance."
    )


def test_a_change_from_nothing_has_a_lower_limit_only() -> None:
    found = change("better", metric="deployment_frequency", unit="per day", low=3.2, p=0.0, q=0.0)
    assert story.verdict(found, confidence=0.95) == (
        "Better than in 2026-Q1 (95 % interval at least +220 %)."
    )


def test_a_comparison_with_nothing_says_why_there_is_nothing() -> None:
    before = measured("change_lead_time", note="no feed of commits")
    text = story.comparison(lead_time(5.2, 4.1, 6.9), before, UNLIKE, confidence=0.95)
    assert text == "There is no number for 2026-Q2: no feed of commits."


def test_a_rate_is_compared_on_one_scale() -> None:
    both = {"n": 9, "numerator": 9.0, "denominator": 9.0, "status": "ok"}
    now = measured("deployment_frequency", value=1.2, **both)
    before = measured("deployment_frequency", value=0.9, **both)
    text = story.comparison(now, before, UNLIKE, confidence=0.95)
    assert text.startswith("In 2026-Q2 it was 0.90 per day")


def test_several_verdicts_are_told_in_one_sentence() -> None:
    failing = change(metric="change_fail_rate")
    assert story.verdicts_in_short([NOISE, failing]) == "No detectable change from 2026-Q1."
    assert story.verdicts_in_short([QUICKER, failing]) == (
        "Compared with 2026-Q1, change lead time: better and change fail rate: "
        "no detectable change."
    )
    assert story.verdicts_in_short([UNLIKE, failing]) == (
        "No detectable change from 2026-Q1 in change fail rate."
    )
    assert story.verdicts_in_short([UNLIKE]) == ""


def test_what_it_takes_is_said_where_there_are_too_few() -> None:
    row = {"period": "2026-Q2", "ratio": 0.5, "n": 296, "needed_n": 1327}
    assert story.what_it_takes(row) == (
        "To see it halve, each period would need about 1,327 observations; 2026-Q2 has 296."
    )
    assert story.what_it_takes({**row, "ratio": 2.0}).startswith("To see it double,")
    for enough in (296, 20, None):
        assert story.what_it_takes({**row, "needed_n": enough}) == ""


def test_a_trend_is_told_with_its_direction_and_never_with_a_forecast() -> None:
    row = {"n": 13, "first": "2025-06", "last": "2026-06", "tau": -0.6, "reason": None}
    assert story.trend_sentence({**row, "verdict": "better"}) == (
        "Over 13 periods, 2025-06 to 2026-06: a falling trend, for the better."
    )
    assert story.trend_sentence({**row, "verdict": "no detectable change"}).endswith(
        ": no detectable trend."
    )
    few = {**row, "verdict": "not comparable", "reason": "3 periods with a number"}
    assert story.trend_sentence(few) == "No trend was looked for: 3 periods with a number."


def points(n: int, signals: dict[int, list[str]], *, baseline: int) -> pl.DataFrame:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [
        {
            "metric": "deployment_frequency",
            "entity": "Tools",
            "at": start + timedelta(weeks=place),
            "label": f"W{place + 2:02}",
            "value": 3.0,
            "n": 21,
            "in_baseline": place < baseline,
            "is_new_baseline": False,
            "signals": signals.get(place, []),
            "chart": "u′",
        }
        for place in range(n)
    ]
    return pl.DataFrame(rows, schema=ProcessPoints.create_empty().schema)


def test_signals_are_named_by_rule_and_never_without_how_many_are_chance() -> None:
    signals = {1: ["outside"], 13: ["outside"], **{place: ["run"] for place in (15, 16, 17, 18)}}
    found = points(20, signals, baseline=12)
    since = datetime(2026, 3, 30, tzinfo=UTC)
    assert story.signals_sentence(found, period="2026-Q2", since=since) == (
        "In 2026-Q2 signals among 8 points: W15 (a point outside the limits) and 4 from W17 to "
        "W20 (eight in a row on one side). The limits come from 12 points; on a stable series "
        "1 to 4 of 100 points are signals too."
    )
    calm = story.signals_sentence(points(20, {}, baseline=12), period="2026-Q2", since=since)
    assert calm.startswith("In 2026-Q2 no signal among 8 points.")
    young = story.signals_sentence(points(7, {}, baseline=0), period="2026-Q2", since=since)
    assert young == "No limits yet: 7 points, and limits take 12."


def test_a_remark_stands_only_beside_a_number() -> None:
    noted = lead_time(5.2, 4.1, 6.9, note="1 of 3 services unknown: web")
    assert story.remark(noted) == "1 of 3 services unknown: web."
    assert story.remark(measured("change_lead_time", note="no feed")) == ""
    assert story.remark(lead_time(5.2, 4.1, 6.9)) == ""


def test_every_table_with_events_can_be_asked_for() -> None:
    needed = {table for declared in METRICS for table in declared.needs}
    assert needed <= set(story.EXPORTS) <= set(TABLES)


def test_the_summary_says_what_has_no_number_and_who_is_left_out() -> None:
    found = [lead_time(5.2, 4.1, 6.9), measured("time_to_restore")]
    assert story.unknown_line(found, left_out=2, services=12) == (
        "Without a number: time to restore (not known). The numbers leave out 2 of 12 services, "
        "whose exports are missing or have ended."
    )
    assert story.unknown_line(found[:1], left_out=0, services=12) == ("All of these have a number.")


NAMES = {"lean": "Lean", "culture": "Culture", "sharing": "Sharing"}
LEAN = {
    "dimension": "lean", "score": 81.5, "low": 77.8, "high": 85.0, "coverage": 0.67,
    "range_low": 54.3, "range_high": 87.7, "level": 2, "status": "assessed",
}  # fmt: skip
CULTURE = {"dimension": "culture", "score": None, "level": None, "status": "not assessed"}


def test_a_dimension_is_told_with_its_interval_and_how_far_the_unknown_could_move_it() -> None:
    assert story.dimension_sentence(LEAN, name="Lean") == (
        "Lean: level 2, 82 points of 100 (78–85 points); 67 % of the evidence is known, with the "
        "rest it would be 54–88 points."
    )
    full = story.dimension_sentence({**LEAN, "coverage": 1.0}, name="Lean")
    assert full == "Lean: level 2, 82 points of 100 (78–85 points); all of the evidence is known."
    assert story.dimension_sentence(CULTURE, name="Culture") == "Culture is not assessed."


def test_levels_are_listed_and_what_is_not_assessed_is_named() -> None:
    assert story.maturity_line([LEAN, CULTURE], NAMES) == (
        "Maturity levels (of 5): Lean 2. Culture is not assessed: too little evidence."
    )
    both = [CULTURE, {**CULTURE, "dimension": "sharing"}]
    assert story.maturity_line(both, NAMES) == (
        "Culture and Sharing are not assessed: too little evidence."
    )


def test_a_finding_on_the_data_says_its_effect_and_what_to_do() -> None:
    row = {
        "title": "Incidents without a service", "count": 1234, "total": 5000, "among": "incidents",
        "examples": ["i1", "i2", f"shop@{'a' * 40}", "i4"], "effect": "Blamed on nothing.",
        "what_to_do": "Name it.",
    }  # fmt: skip
    assert story.quality_line(row) == (
        "Incidents without a service: 1,234 of 5,000 incidents (such as i1, i2, shop@aaaaaaaaaa…). "
        "Blamed on nothing. Name it."
    )
    alone = row | {"total": None, "among": None, "examples": ["i1"]}
    assert story.quality_line(alone).startswith("Incidents without a service: 1,234 (such as i1). ")
