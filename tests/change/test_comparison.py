"""Comparisons: what is compared, what is not and why, and that noise stays noise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.change import Annotations, Asked, Comparisons, Observed, compare
from devops_analytics.config import Definitions
from devops_analytics.metrics.metric import Better, Kind, Metric, Observations, Unit
from devops_analytics.periods import Period, named_period

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
UNITS = {
    Kind.DURATION: Unit.HOURS,
    Kind.LEVEL: Unit.LINES,
    Kind.PROPORTION: Unit.SHARE,
    Kind.RATE: Unit.PER_DAY,
}


def a_period(text: str) -> Period:
    return named_period(text, zone=ZoneInfo("UTC"), as_of=AS_OF)


Q1, Q2 = a_period("2026-Q1"), a_period("2026-Q2")


def a_metric(kind=Kind.DURATION, *, better=Better.LOWER, quantile=0.5, name="some_metric", **more):
    return Metric(
        id=name,
        name="Some metric",
        question="How?",
        family="delivery",
        kind=kind,
        unit=UNITS[kind],
        better=better,
        definition="What.",
        choices="None.",
        unknown_when="Never.",
        misleads_when="Always.",
        moved_without_improvement="Easily.",
        source="Nobody.",
        needs=("deployments",),
        observe=lambda evidence: evidence.tables["deployments"],
        quantile=quantile,
        **more,
    )


def rows(values, period, *, service="a", at=None, observed=None):
    """One observation for each value, spread evenly over a period, or at given moments."""
    n = len(values)
    step = (period.end - period.start) / max(n, 1)
    moments = at or [period.start + step * place + timedelta(minutes=1) for place in range(n)]
    return pl.DataFrame(
        {
            "service": [service] * n,
            "at": moments,
            "value": [float(value) for value in values],
            "observed": [True] * n if observed is None else [bool(one) for one in observed],
            "key": [f"{service}{period.label}{place}" for place in range(n)],
            "source_ref": ["x:1"] * n,
        },
        schema=Observations.create_empty().schema,
    )


def alive(*spans):
    """Coverage of (service, from, to)."""
    schema = {"table": pl.String, "service": pl.String, "live_from": TIME, "live_to": TIME}
    return pl.DataFrame([("deployments", *span) for span in spans], schema=schema, orient="row")


YEAR = (datetime(2025, 1, 1, tzinfo=UTC), AS_OF)
ALIVE = alive(*((name, *YEAR) for name in "abc"))
SERVICES = pl.DataFrame({"service": ["a", "b", "c"], "team": ["red", "red", None]})


def happened(*entries):
    """Annotations of (day, label, metrics redefined)."""
    found = [
        {"start_at": day, "label": label, "redefines": list(redefines)}
        for day, label, *redefines in entries
    ]
    return pl.DataFrame(found, schema=Annotations.create_empty().schema)


def asked(period=Q2, baseline=Q1, *, by="organisation", as_of=AS_OF, annotations=None):
    return Asked(
        period=period,
        baseline=baseline,
        by=by,
        services=SERVICES,
        annotations=happened() if annotations is None else annotations,
        definitions=Definitions(),
        organisation="Org",
        as_of=as_of,
    )


def observed(metric, *frames, coverage=ALIVE):
    return Observed(metric=metric, rows=pl.concat(frames), coverage=coverage)


@pytest.fixture
def rng():
    return np.random.default_rng(20260701)


SLOW, QUICK = list(range(100, 130)), list(range(10, 40))
FLIPPED = {"better": "worse", "worse": "better"}


def one(metric, *frames, coverage=ALIVE, **given):
    found = compare([observed(metric, *frames, coverage=coverage)], asked(**given))
    return found.row(0, named=True)


# ---- Verdicts ---- #


@pytest.mark.parametrize(
    ("kind", "high", "low"),
    [
        (Kind.DURATION, SLOW, QUICK),
        (Kind.LEVEL, SLOW, QUICK),
        (Kind.PROPORTION, [1] * 40 + [0] * 20, [1] * 10 + [0] * 50),
        (Kind.RATE, [1] * 300, [1] * 100),
    ],
)
def test_the_direction_of_the_metric_decides_what_is_better(kind, high, low):
    for better, verdict in ((Better.HIGHER, "better"), (Better.LOWER, "worse")):
        metric = a_metric(kind, better=better)
        rng = np.random.default_rng(1)
        up, down = rng.permutation(high).tolist(), rng.permutation(low).tolist()
        assert one(metric, rows(up, Q2), rows(down, Q1))["verdict"] == verdict
        assert one(metric, rows(down, Q2), rows(up, Q1))["verdict"] == FLIPPED[verdict]


@given(
    kind=st.sampled_from([Kind.DURATION, Kind.LEVEL, Kind.PROPORTION, Kind.RATE]),
    seed=st.integers(0, 1000),
    n=st.integers(6, 40),
)
@settings(max_examples=30)
def test_the_same_observations_twice_are_never_better_or_worse(kind, seed, n):
    # As many days, so that the same rows are the same rate.
    first, second = a_period("2026-02-01..2026-02-28"), a_period("2026-03-01..2026-03-28")
    rng = np.random.default_rng(seed)
    values = {
        Kind.PROPORTION: rng.integers(0, 2, n),
        Kind.RATE: np.ones(n),
    }.get(kind, rng.integers(1, 50, n))
    row = one(
        a_metric(kind), rows(values, first), rows(values, second), period=second, baseline=first
    )
    assert row["verdict"] == "no detectable change"
    assert row["p"] == pytest.approx(1)


def test_values_and_counts_are_those_of_the_measurements():
    row = one(a_metric(), rows(QUICK, Q2), rows(SLOW, Q1))
    assert (row["value"], row["baseline_value"], row["n"], row["baseline_n"]) == (
        24.5,
        114.5,
        30,
        30,
    )
    assert (row["period"], row["baseline"], row["unit"], row["scale"]) == (
        "2026-Q2",
        "2026-Q1",
        "hours",
        "ratio",
    )
    assert row["low"] < row["change"] < row["high"] < 1
    assert row["reason"] is None


def test_shares_are_compared_by_their_difference_and_ties_of_rows_do_not_matter():
    row = one(a_metric(Kind.PROPORTION), rows([1, 0] * 30, Q2), rows([1, 0, 0] * 20, Q1))
    assert row["change"] == pytest.approx(1 / 2 - 1 / 3)


def test_nothing_in_a_live_feed_is_a_rate_to_compare_with():
    fell = one(a_metric(Kind.RATE, better=Better.HIGHER), rows([], Q2), rows([1] * 30, Q1))
    assert (fell["verdict"], fell["value"], fell["change"]) == ("worse", None, 0)
    rose = one(a_metric(Kind.RATE, better=Better.HIGHER), rows([1] * 30, Q2), rows([], Q1))
    assert (rose["verdict"], rose["change"]) == ("better", None)
    assert rose["low"] > 1


def test_bursts_are_told_from_a_change():
    # Sixty events in one week against thirty spread out: chance alone would make that a change.
    week = [Q2.start + (Q2.end - Q2.start) / 13 * (5 + place / 61) for place in range(60)]
    burst = one(a_metric(Kind.RATE), rows([1] * 60, Q2, at=week), rows([1] * 30, Q1))
    assert burst["verdict"] == "no detectable change"
    assert "bursts" in burst["method"]
    assert one(a_metric(Kind.RATE), rows([1] * 60, Q2), rows([1] * 30, Q1))["verdict"] == "worse"


def test_commits_of_one_deployment_are_no_witnesses_of_their_own():
    # Six deployments in each quarter, of 40 commits each, of ages that overlap.
    def deployed(period, ages):
        step = (period.end - period.start) / 7
        at = [period.start + step * (nth + 1) for nth in range(6) for _ in range(40)]
        return rows(np.repeat(ages, 40), period, at=at)

    frames = deployed(Q2, [4, 8, 12, 16, 20, 24]), deployed(Q1, [6, 10, 14, 18, 22, 26])
    row = one(a_metric(), *frames)
    assert row["verdict"] == "no detectable change"
    assert row["n"] == 240


def test_what_waits_has_no_earlier_counterpart_where_rows_are_dated_by_their_end():
    waiting = rows([500] * 20, Q2, observed=[0] * 20)
    ended = rows(QUICK, Q2), rows(QUICK, Q1)
    assert one(a_metric(dated_by_end=True), *ended, waiting)["change"] == 1
    assert one(a_metric(), *ended, waiting)["change"] > 1


def test_open_incidents_count_as_lasting_at_least_so_long():
    over = np.array(QUICK)
    row = one(a_metric(), rows(over * 3, Q2, observed=[1, 1, 0] * 10), rows(over, Q1))
    assert row["verdict"] == "worse"
    assert row["method"] == "Kaplan-Meier, weighted log-rank"


# ---- What is not comparable ---- #


def reason(*frames, metric=None, **given):
    row = one(metric or a_metric(), *frames, **given)
    assert row["verdict"] == "not comparable"
    assert (row["change"], row["p"], row["q"]) == (None, None, None)
    return row["reason"]


def test_a_period_that_is_not_over_is_not_compared():
    early = datetime(2026, 5, 1, tzinfo=UTC)
    assert reason(rows(QUICK, Q2), rows(SLOW, Q1), as_of=early) == "2026-Q2 is not over"


def test_periods_that_overlap_are_not_compared():
    given = {"period": Q2, "baseline": a_period("2026-03-15..2026-04-15")}
    assert reason(rows(QUICK, Q2), **given) == "the two periods overlap"


def test_unknown_and_too_few_are_not_compared():
    known = alive(("a", Q2.start, AS_OF))
    text = reason(rows(QUICK, Q2), coverage=known)
    assert text.startswith("2026-Q1: feed of deployments covers 2026-04-01")
    assert reason(rows([1, 2], Q2), rows(SLOW, Q1)) == "2026-Q2: only 2: 1.0, 2.0 hours"
    assert "nothing to measure" in reason(rows(QUICK, Q2))


def test_feeds_that_cover_less_of_one_period_are_not_compared():
    late = alive(("a", datetime(2026, 3, 1, tzinfo=UTC), AS_OF))
    text = reason(rows(QUICK, Q2), rows([1] * 60, Q1), coverage=late)
    assert text == "feed coverage differs: 31 of 90 days in 2026-Q1"


def test_rows_of_services_that_are_known_in_one_period_only_are_too_many_to_compare():
    coverage = alive(("a", *YEAR), ("b", Q2.start, AS_OF))
    both = rows(QUICK, Q2), rows(SLOW, Q1)
    text = reason(*both, rows(QUICK, Q2, service="b"), coverage=coverage)
    assert text == (
        "feed coverage differs: 30 of 60 rows in 2026-Q2 are of services known only then: b"
    )
    # Two of 32 are less than a tenth.
    assert one(a_metric(), *both, rows([1, 2], Q2, service="b"), coverage=coverage)["change"]


def test_a_redefined_metric_is_not_compared_across_the_change():
    march = datetime(2026, 3, 1, tzinfo=UTC)
    frames = rows(QUICK, Q2), rows(SLOW, Q1)
    new = happened((march, "New severities", "some_metric"))
    assert reason(*frames, annotations=new) == (
        "the definition changed on 2026-03-01: New severities"
    )
    for harmless in (
        happened((march, "Freeze")),
        happened((march, "New severities", "another_metric")),
        happened((Q1.start, "New severities", "some_metric")),
        happened((Q2.end, "New severities", "some_metric")),
    ):
        assert one(a_metric(), *frames, annotations=harmless)["reason"] is None


def test_three_events_could_show_no_change_whatever():
    days = [Q2.start, Q2.start, Q2.start, Q2.end - (Q2.end - Q2.start) / 2] * 2
    text = reason(rows([1] * 8, Q2, at=days), rows(SLOW, Q1, at=[Q1.start] * 30))
    assert text == "too few separate moments: 2 and 1"


# ---- Many at once ---- #


def test_every_metric_and_entity_has_a_row_and_all_are_read_together():
    metrics = [a_metric(name=f"metric_{nth}") for nth in range(12)]
    frames = rows(np.array(QUICK) * 1.5, Q2), rows(QUICK, Q1)
    alone = compare([observed(metrics[0], *frames)], asked())
    noise = [observed(m, rows(QUICK, Q2), rows(QUICK, Q1)) for m in metrics[1:]]
    together = compare([observed(metrics[0], *frames), *noise], asked())
    assert together.height == 12
    assert together["p"][0] == alone["p"][0]
    assert alone["verdict"][0] == "worse"
    assert together["q"][0] > alone["q"][0]
    by_service = compare([observed(metrics[0], *frames)], asked(by="service"))
    assert by_service["entity"].to_list() == ["a", "b", "c"]
    assert by_service["verdict"].to_list()[1:] == ["not comparable"] * 2
    assert compare([], asked()).schema == Comparisons.create_empty().schema


def test_stable_data_seldom_show_a_change_on_a_page(rng):
    """Of 50 pages with eight metrics and nothing changed, one in twenty may name a change."""

    def burst(period):
        weeks = rng.negative_binomial(3, 1 / 3, 13)
        step = (period.end - period.start) / 13
        at = [
            period.start + step * (week + rng.random())
            for week, n in enumerate(weeks)
            for _ in range(n)
        ]
        return rows(np.ones(len(at)), period, at=at)

    def deployed(period):
        sizes = rng.geometric(0.2, 30)
        step = (period.end - period.start) / 31
        at = [
            period.start + step * (nth + 1) for nth, size in enumerate(sizes) for _ in range(size)
        ]
        ages = np.repeat(rng.normal(3, 1, 30), sizes) + rng.normal(0, 0.5, len(at))
        return rows(np.exp(ages), period, at=at)

    def lasted(period):
        hours = rng.lognormal(1, 1.25, 40)
        seen = rng.lognormal(3, 1, 40)
        return rows(np.minimum(hours, seen), period, observed=hours <= seen)

    makers = (
        (a_metric(Kind.RATE, name="deployments"), burst),
        (a_metric(name="lead_time"), deployed),
        (a_metric(name="lead_time_p85", quantile=0.85), deployed),
        (a_metric(name="restore"), lasted),
        (a_metric(Kind.PROPORTION, name="fail_rate"), lambda p: rows(rng.random(60) < 0.1, p)),
        (a_metric(Kind.PROPORTION, name="few"), lambda p: rows(rng.random(8) < 0.3, p)),
        (a_metric(Kind.LEVEL, name="size"), lambda p: rows(rng.poisson(30, 50), p)),
        (a_metric(name="short"), lambda p: rows(rng.lognormal(0, 1, 8), p)),
    )
    pages = 50
    false = 0
    for _ in range(pages):
        page = [observed(metric, make(Q2), make(Q1)) for metric, make in makers]
        false += compare(page, asked())["verdict"].is_in(["better", "worse"]).any()
    # A binomial of 50 and 0.05 is at most 5 in 95 of 100 cases.
    assert false <= 5


def test_row_order_does_not_matter(rng):
    frames = rows(rng.lognormal(1, 1, 40), Q2), rows(rng.lognormal(1, 1, 40), Q1)
    whole = observed(a_metric(), *frames)
    mixed = replace(whole, rows=whole.rows.sample(fraction=1, shuffle=True, seed=3))
    assert compare([whole], asked()).equals(compare([mixed], asked()))
    assert isinstance(compare([whole], asked()), pl.DataFrame)
