"""States are told at the end of a period, and scores of groups of people."""

from datetime import UTC, datetime, timedelta
from statistics import mean, stdev
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from devops_analytics.config import Definitions
from devops_analytics.estimates import counted_time, estimate
from devops_analytics.metrics.metric import Better, Kind, Metric, Observations, Unit
from devops_analytics.periods import named_period

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
END = AS_OF - timedelta(microseconds=1)
SERVICES = pl.DataFrame(
    {"service": ["a", "b", "c"], "team": ["red", "red", "blue"]},
    schema={"service": pl.String(), "team": pl.String()},
)


def period(text):
    return named_period(text, zone=ZoneInfo("UTC"), as_of=AS_OF)


def a_metric(kind, unit, *, state_days=7, for_all=False):
    return Metric(
        id="some_state", name="Some state", question="How?", family="security", kind=kind,
        unit=unit, better=Better.LOWER, definition="What.", choices="None.",
        unknown_when="Never.", misleads_when="Always.", moved_without_improvement="Easily.",
        source="Nobody.", needs=("scans",), observe=lambda evidence: evidence.tables["scans"],
        state_days=state_days, feeds_speak_for_all=for_all,
    )  # fmt: skip


SHARE = a_metric(Kind.PROPORTION, Unit.SHARE)
SCORE = a_metric(Kind.SCORE, Unit.SCALE_POINTS, state_days=183, for_all=True)


def rows(*given):
    """Rows of (service, at, value, key)."""
    frame = [
        {"service": service, "at": at, "value": float(value), "key": key, "observed": True}
        for service, at, value, key in given
    ]
    return pl.DataFrame(
        [row | {"source_ref": None} for row in frame], schema=Observations.create_empty().schema
    )


def covered(*spans):
    columns = ("table", "service", "live_from", "live_to")
    return pl.DataFrame(
        [dict(zip(columns, ("scans", *span), strict=True)) for span in spans],
        schema={
            "table": pl.String(),
            "service": pl.String(),
            "live_from": pl.Datetime("us", "UTC"),
            "live_to": pl.Datetime("us", "UTC"),
        },
    )


ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)
ALIVE = covered(*((service, ALWAYS, AS_OF) for service in ("a", "b", "c")))


def measured(observed, metric, *, by="organisation", coverage=ALIVE, text="2026-Q2", **more):
    found = estimate(
        observed,
        metric,
        periods=[period(text)],
        by=by,
        services=SERVICES,
        coverage=coverage,
        definitions=Definitions(),
        organisation="all",
        as_of=AS_OF,
        **more,
    )
    return {row["entity"]: row for row in found.iter_rows(named=True)}


# ---- States ---- #


def test_of_a_state_only_the_last_snapshot_of_the_period_counts():
    earlier = END - timedelta(days=3)
    observed = rows(
        *(("a", earlier, 0, f"r{n}") for n in range(8)),
        *(("a", END, n < 6, f"r{n}") for n in range(8)),
    )
    found = measured(observed, SHARE)["all"]
    assert (found["value"], found["numerator"], found["n"]) == (6 / 8, 6, 8)


def test_a_snapshot_longer_ago_than_a_state_lasts_is_not_told():
    found = measured(rows(("a", END - timedelta(days=8), 1, "r")), SHARE)["all"]
    assert (found["status"], found["n"]) == ("none", 0)
    assert found["note"] == "nothing to measure at that moment"


def test_a_service_whose_feed_died_before_the_end_is_unknown():
    died = AS_OF - timedelta(days=20)
    coverage = covered(("a", ALWAYS, died), ("b", ALWAYS, AS_OF))
    observed = rows(*((s, END, 1, f"{s}{n}") for s in "ab" for n in range(6)))
    by_service = measured(observed, SHARE, by="service", coverage=coverage)
    assert by_service["a"]["status"] == "unknown"
    assert by_service["a"]["note"] == "feed of scans covers 2020-01-01 to 2026-06-11 only"
    assert (by_service["b"]["status"], by_service["b"]["n"]) == ("ok", 6)
    whole = measured(observed, SHARE, coverage=coverage)["all"]
    assert whole["n"] == 6
    assert "unknown: a" in whole["note"]


def test_the_state_of_a_period_that_is_not_over_is_that_as_of_now():
    now = datetime(2026, 5, 10, tzinfo=UTC)
    counted = counted_time(
        pl.Series([now, now - timedelta(days=2), END]), SHARE, period("2026-Q2"), now
    )
    assert counted.start == now
    assert counted.end - counted.start == timedelta(microseconds=1)


def test_where_feeds_speak_for_all_who_is_in_none_is_known_too():
    seen = a_metric(Kind.PROPORTION, Unit.SHARE, for_all=True)
    observed = rows(*(("a", END, 1, f"a{n}") for n in range(6)), ("c", END, 0, "c"))
    only_a = covered(("a", ALWAYS, AS_OF))
    assert measured(observed, SHARE, coverage=only_a)["all"]["n"] == 6
    whole = measured(observed, seen, coverage=only_a)["all"]
    assert (whole["numerator"], whole["n"]) == (6, 7)
    assert measured(observed, seen, by="team", coverage=only_a)["blue"]["note"] == "0 of 1"
    assert measured(observed, seen, coverage=covered())["all"]["status"] == "unknown"


# ---- Scores ---- #

WAVE = datetime(2026, 5, 20, tzinfo=UTC)


def people(sizes, *, of_none=0):
    """Answers 1, 2, 3 … of so many respondents of team red (services a and b) and blue (c)."""
    red, blue = sizes
    return rows(
        *(("a", WAVE, n + 1, f"red{n}") for n in range(red)),
        *(("b", WAVE, n + 1, f"red{n}") for n in range(red)),
        *(("c", WAVE, n + 1, f"blue{n}") for n in range(blue)),
        *((None, WAVE, n + 1, f"none{n}") for n in range(of_none)),
    )


def test_a_score_is_the_mean_of_respondents_with_students_t():
    found = measured(people((5, 7)), SCORE, by="team", text="2026-Q2")
    values = [1, 2, 3, 4, 5]
    half = 2.7764451052 * stdev(values) / 5**0.5  # t of 4 degrees of freedom at 97.5 %
    red = found["red"]
    assert (red["value"], red["n"], red["numerator"]) == (mean(values), 5, 15)
    assert red["low"] == pytest.approx(3 - half)
    assert red["high"] == pytest.approx(3 + half)
    whole = measured(people((5, 7)), SCORE)["all"]
    assert (whole["n"], whole["value"]) == (12, (15 + 28) / 12)


def test_a_team_of_four_and_its_sibling_are_withheld_without_a_trace():
    teams = measured(people((4, 9)), SCORE, by="team")
    assert [row["status"] for row in teams.values()] == ["suppressed", "suppressed"]
    for row in teams.values():
        shown = [row[name] for name in ("value", "low", "high", "n", "numerator", "denominator")]
        assert shown == [None] * 6
    assert teams["red"]["note"] == teams["blue"]["note"]
    assert measured(people((4, 9)), SCORE)["all"]["n"] == 13


def test_four_of_no_team_are_not_told_by_subtraction():
    assert measured(people((6, 8), of_none=4), SCORE, by="team")["red"]["status"] == "suppressed"
    assert measured(people((6, 8), of_none=5), SCORE, by="team")["red"]["status"] == "ok"


def test_four_people_are_too_few_for_the_organisation_as_well():
    found = measured(people((2, 2)), SCORE)["all"]
    assert (found["status"], found["n"]) == ("suppressed", None)


def test_no_score_is_told_of_a_service():
    found = measured(people((6, 8)), SCORE, by="service")
    assert {row["status"] for row in found.values()} == {"not_applicable"}


def test_a_wave_counts_for_half_a_year_and_says_what_is_to_be_known_of_it():
    remarks = pl.DataFrame({"at": [WAVE, ALWAYS], "note": ["wave 2026-spring", "wave 2019"]})
    found = measured(people((6, 8)), SCORE, remarks=remarks)["all"]
    assert found["note"] == "wave 2026-spring"
    later = estimate(
        people((6, 8)),
        SCORE,
        periods=[named_period("2026-Q4", zone=ZoneInfo("UTC"), as_of=AS_OF)],
        by="organisation",
        services=SERVICES,
        coverage=covered(("*", ALWAYS, WAVE)),
        definitions=Definitions(),
        organisation="all",
        as_of=datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert later["status"].to_list() == ["unknown"]
