"""Feeds and coverage: when a source can speak, and for whom."""

import itertools
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.errors import SettingsError
from devops_analytics.feeds import coverage, feeds
from devops_analytics.schema import empty, polars_schema

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
SOURCE = "table:deploys.csv"


def at(month, day, hour=0):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def table(name, rows):
    """A canonical table of a few columns; the rest are null."""
    schema = polars_schema(name)
    filled = [{"source": SOURCE, "source_ref": "x:1"} | row for row in rows]
    given = pl.DataFrame(filled, schema={key: schema[key] for key in filled[0]})
    return pl.concat([empty(name), given], how="diagonal").lazy()


def deployments(*pairs, source=SOURCE):
    rows = [{"service": name, "finished_at": when, "source": source} for name, when in pairs]
    return {"deployments": table("deployments", rows)}


def entry(name="deployments", **keys):
    columns = {"deployment_id": "id"} if name == "deployments" else {"incident_id": "id"}
    return {"kind": "table", "path": "deploys.csv", "table": name, "columns": columns} | keys


def found_feeds(tables, *entries, as_of=AS_OF):
    return feeds(tables, settings_from({"sources": list(entries)}), as_of)


def whole(tables, *entries, as_of=AS_OF):
    return found_feeds(tables, *entries, as_of=as_of).row(
        by_predicate=pl.col("service") == "*", named=True
    )


def covered(tables, *, sources=(), teams=None, as_of=AS_OF):
    """Coverage as {(table, service): [(from, to)]}."""
    settings = settings_from({"sources": list(sources), "teams": teams or {}})
    found = coverage(feeds(tables, settings, as_of), tables, settings, as_of)
    spans = {}
    for name, service, start, end in found.iter_rows():
        spans.setdefault((name, service), []).append((start, end))
    return spans


# ---- Feeds ---- #


def test_a_feed_counts_rows_and_tells_first_last_and_longest_silence():
    tables = deployments(("a", at(3, 1)), ("a", at(3, 9)), ("b", at(3, 4)), ("a", at(3, 10)))
    found = found_feeds(tables).select(
        "source", "table", "service", "first_at", "last_at", "rows", "longest_gap"
    )
    days = timedelta(days=1)
    assert found.rows() == [
        # In all: 1, 4, 9 and 10 March; the longest silence is the 5 days from the 4th to the 9th.
        (SOURCE, "deployments", "*", at(3, 1), at(3, 10), 4, 5 * days),
        (SOURCE, "deployments", "a", at(3, 1), at(3, 10), 3, 8 * days),
        (SOURCE, "deployments", "b", at(3, 4), at(3, 4), 1, None),
    ]


def test_silence_is_measured_from_the_last_event_of_a_day_to_the_first_of_the_next():
    tables = deployments(
        ("a", at(3, 1, 8)), ("a", at(3, 1, 20)), ("a", at(3, 3, 9)), ("a", at(3, 3, 23))
    )
    # From 1 March 20:00 to 3 March 09:00 are 37 hours.
    assert whole(tables)["longest_gap"] == timedelta(hours=37)


def test_a_source_whose_silence_is_not_new_is_still_alive():
    # Silent for 40 days once; now, on 1 July, for 39 days since 23 May.
    tables = deployments(("a", at(4, 1)), ("a", at(5, 11)), ("a", at(5, 23)))
    assert whole(tables)["live_to"] == AS_OF


def test_a_source_ends_with_its_last_event_once_it_is_silent_for_longer_than_ever():
    tables = deployments(("a", at(4, 1)), ("a", at(5, 11)), ("a", at(5, 21)))
    assert whole(tables)["live_to"] == at(5, 21)


def test_a_week_of_silence_is_tolerated_where_there_are_two_events():
    tables = deployments(("a", at(6, 23)), ("a", at(6, 24)))
    assert whole(tables)["live_to"] == AS_OF
    assert whole(tables, as_of=AS_OF + timedelta(seconds=1))["live_to"] == at(6, 24)


def test_two_events_of_one_day_are_two_events():
    tables = deployments(("a", at(6, 24)), ("b", at(6, 24)))
    assert whole(tables)["live_to"] == AS_OF


def test_a_source_with_one_event_ends_with_it():
    feed = whole(deployments(("a", at(6, 30))))
    assert (feed["live_from"], feed["live_to"]) == (at(6, 30), at(6, 30))


def test_what_a_source_declares_to_cover_overrides_both_ends():
    tables = deployments(("a", at(2, 10)), ("a", at(2, 20)))
    feed = whole(tables, entry(covers="2026-Q1"))
    assert (feed["live_from"], feed["live_to"]) == (at(1, 1), at(4, 1))
    feed = whole(tables, entry(covers="2026-02-15..2026-02-16"))
    assert (feed["live_from"], feed["live_to"]) == (at(2, 15), at(2, 17))


def test_declared_cover_ends_at_the_as_of_time():
    feed = whole(deployments(("a", at(2, 10))), entry(covers="2026"))
    assert feed["live_to"] == AS_OF


def test_declared_cover_that_begins_after_the_as_of_time_is_none():
    found = found_feeds(deployments(("a", at(2, 10))), entry(covers="2027"))
    assert found.select("service", "live_from", "live_to").rows() == [
        ("*", None, None),
        ("a", None, None),
    ]


def test_declared_cover_is_counted_in_the_reporting_zone():
    settings = settings_from(
        {"organisation": {"time_zone": "Europe/London"}, "sources": [entry(covers="2026-Q2")]}
    )
    feed = feeds(deployments(("a", at(5, 1))), settings, AS_OF).row(0, named=True)
    assert (feed["live_from"], feed["live_to"]) == (at(3, 31, 23), at(6, 30, 23))


def test_cover_that_is_no_period_is_an_error_that_names_the_entry():
    with pytest.raises(SettingsError, match=r"covers of table:deploys.csv: .*'2026-Q7'"):
        found_feeds(deployments(("a", at(2, 10))), entry(covers="2026-Q7"))


def test_an_empty_export_that_declares_its_cover_is_alive():
    tables = {"incidents": empty("incidents").lazy()}
    feed = whole(tables, entry("incidents", covers="2026-Q1"))
    assert (feed["table"], feed["rows"]) == ("incidents", 0)
    assert (feed["live_from"], feed["live_to"]) == (at(1, 1), at(4, 1))


def test_an_empty_export_that_declares_nothing_is_no_feed():
    assert found_feeds({"incidents": empty("incidents").lazy()}, entry("incidents")).is_empty()


def test_cover_of_one_table_says_nothing_of_another_from_the_same_file():
    tables = deployments(("a", at(2, 10)), ("a", at(2, 20)))
    found = found_feeds(tables, entry("incidents", covers="2026-Q1"), entry())
    assert found.filter(service="*").select("table", "live_to").rows() == [
        ("deployments", at(2, 20)),
        ("incidents", at(4, 1)),
    ]


def test_rows_without_a_date_count_but_say_nothing_of_time():
    tables = {
        "refs": table(
            "refs",
            [
                {"repo": "r", "name": "v1", "kind": "tag", "created_at": None},
                {"repo": "r", "name": "v2", "kind": "tag", "created_at": at(3, 1)},
            ],
        )
    }
    feed = whole(tables)
    assert (feed["rows"], feed["first_at"], feed["longest_gap"]) == (2, at(3, 1), None)
    assert feed["live_to"] == at(3, 1)


def test_a_repository_without_any_date_is_not_known_even_if_its_source_is():
    rows = [
        {"repo": "r", "name": "v1", "kind": "tag", "created_at": at(6, 30)},
        {"repo": "r", "name": "v2", "kind": "tag", "created_at": at(6, 29)},
        {"repo": "undated", "name": "v1", "kind": "tag", "created_at": None},
    ]
    tables = {"refs": table("refs", rows)}
    assert found_feeds(tables).select("service", "live_from").rows() == [
        ("*", at(6, 29)),
        ("r", at(6, 29)),
        ("undated", None),
    ]
    built = tables | {"service_repositories": built_from(("a", "r"), ("b", "undated"))}
    assert set(covered(built)) == {("refs", "a")}


def test_rows_of_no_service_count_for_the_whole_source_alone():
    tables = {
        "incidents": table(
            "incidents",
            [
                {"incident_id": "1", "service": None, "created_at": at(6, 28)},
                {"incident_id": "2", "service": "a", "started_at": at(6, 30)},
            ],
        )
    }
    assert found_feeds(tables).select("service", "rows").rows() == [("*", 2), ("a", 1)]


def test_file_changes_are_dated_by_their_commits():
    tables = {
        "commits": table("commits", [{"repo": "r", "sha": "1", "committed_at": at(6, 30)}]),
        "file_changes": table(
            "file_changes", [{"repo": "r", "sha": "1", "path": path} for path in ("x", "y")]
        ),
    }
    found = found_feeds(tables).filter(pl.col("table") == "file_changes")
    assert found.select("service", "first_at", "rows").rows() == [
        ("*", at(6, 30), 2),
        ("r", at(6, 30), 2),
    ]


def test_no_tables_and_no_sources_make_no_feeds_and_no_coverage():
    settings = settings_from({})
    found = feeds({}, settings, AS_OF)
    assert found.is_empty()
    assert coverage(found, {}, settings, AS_OF).is_empty()


# ---- Coverage ---- #


def test_a_service_is_known_from_its_own_first_deployment_to_its_sources_end():
    tables = deployments(("a", at(4, 1)), ("b", at(4, 20)), ("a", at(6, 29)))
    assert covered(tables) == {
        ("deployments", "a"): [(at(4, 1), AS_OF)],
        # b is not dead: its source is alive.
        ("deployments", "b"): [(at(4, 20), AS_OF)],
    }


def test_a_service_that_no_source_mentions_is_not_covered():
    teams = {"t": {"services": {"a": {}, "quiet": {}}}}
    tables = deployments(("a", at(6, 29)), ("a", at(6, 30)))
    assert ("deployments", "quiet") not in covered(tables, teams=teams)


def test_declared_cover_does_not_make_a_service_older_than_its_first_deployment():
    tables = deployments(("a", at(2, 10)), ("b", at(3, 3)))
    spans = covered(tables, sources=[entry(covers="2026-02-15..2026-03-31")])
    assert spans[("deployments", "a")] == [(at(2, 15), at(4, 1))]
    assert spans[("deployments", "b")] == [(at(3, 3), at(4, 1))]


def test_services_that_an_entry_lists_are_known_for_all_the_time_of_the_source():
    tables = deployments(("a", at(6, 1)), ("a", at(6, 29)), ("b", at(6, 2)))
    spans = covered(tables, sources=[entry(services=["a", "quiet"])])
    assert spans == {
        ("deployments", "a"): [(at(6, 1), AS_OF)],
        ("deployments", "quiet"): [(at(6, 1), AS_OF)],
    }


def commits(*pairs, source=SOURCE):
    rows = [
        {"repo": repo, "sha": str(number), "committed_at": when, "source": source}
        for number, (repo, when) in enumerate(pairs)
    ]
    return table("commits", rows)


def built_from(*pairs):
    rows = [{"service": service, "repo": repo, "path_prefix": ""} for service, repo in pairs]
    return table("service_repositories", rows)


def test_a_service_is_covered_through_any_of_its_repositories_from_the_earliest_on():
    tables = {
        "commits": commits(("one", at(5, 1)), ("two", at(4, 1)), ("one", at(6, 25))),
        "service_repositories": built_from(("a", "one"), ("a", "two"), ("b", "one"), ("c", "x")),
    }
    assert covered(tables) == {
        ("commits", "a"): [(at(4, 1), AS_OF)],
        ("commits", "b"): [(at(5, 1), AS_OF)],
    }


def test_deployments_tell_what_a_service_is_built_from_too():
    row = {"service": "a", "repo": "one", "finished_at": at(6, 30)}
    tables = {
        "deployments": table("deployments", [row]),
        "commits": commits(("one", at(6, 1)), ("one", at(6, 30))),
    }
    assert covered(tables)[("commits", "a")] == [(at(6, 1), AS_OF)]


def test_repositories_of_no_service_are_covered_as_such():
    tables = {"commits": commits(("one", at(6, 1)), ("one", at(6, 30)))}
    assert covered(tables) == {("commits", "*"): [(at(6, 1), AS_OF)]}


def incidents(*pairs):
    rows = [
        {"incident_id": str(number), "service": service, "started_at": when}
        for number, (service, when) in enumerate(pairs)
    ]
    return table("incidents", rows)


def test_a_source_of_incidents_speaks_for_every_service_that_is_known():
    tables = deployments(("deployed", at(6, 29)), source="table:other.csv") | {
        "incidents": incidents(("hurt", at(6, 1)), (None, at(6, 30)))
    }
    spans = covered(tables, teams={"t": {"services": {"declared": {}}}})
    known = {service for name, service in spans if name == "incidents"}
    assert known == {"deployed", "declared", "hurt", "*"}
    assert spans[("incidents", "declared")] == [(at(6, 1), AS_OF)]


def test_a_source_of_incidents_that_lists_services_speaks_for_these_alone():
    tables = {"incidents": incidents(("a", at(6, 1)), ("b", at(6, 30)))}
    spans = covered(tables, sources=[entry("incidents", services=["a", "c"])])
    assert set(spans) == {("incidents", "a"), ("incidents", "c")}


def test_sources_that_meet_are_one_span_and_those_that_do_not_leave_a_hole():
    parts = [
        deployments(("a", at(1, 1)), ("a", at(2, 1)), source="table:one.csv"),
        deployments(("a", at(1, 20)), ("a", at(2, 20)), source="table:two.csv"),
        deployments(("a", at(4, 1)), ("a", at(5, 1)), source="table:three.csv"),
    ]
    tables = {"deployments": pl.concat([part["deployments"] for part in parts])}
    assert covered(tables)[("deployments", "a")] == [
        (at(1, 1), at(2, 20)),
        (at(4, 1), at(5, 1)),
    ]


EVENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 24 * 180)), min_size=1, max_size=20
)


def as_deployments(events):
    start = at(1, 1)
    return deployments(*((name, start + timedelta(hours=hours)) for name, hours in events))


@settings(max_examples=50)
@given(events=EVENTS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(events, seed):
    shuffled = list(events)
    seed.shuffle(shuffled)
    assert found_feeds(as_deployments(events)).equals(found_feeds(as_deployments(shuffled)))


@settings(max_examples=50)
@given(events=EVENTS)
def test_every_event_lies_in_the_time_that_its_feed_covers(events):
    spans = covered(as_deployments(events))
    for name, hours in events:
        moment = at(1, 1) + timedelta(hours=hours)
        [(start, end)] = spans[("deployments", name)]
        assert start <= moment <= end <= AS_OF


@settings(max_examples=50)
@given(events=EVENTS)
def test_longest_silence_agrees_with_a_plain_walk_over_the_days(events):
    moments = sorted(at(1, 1) + timedelta(hours=hours) for _, hours in events)
    gaps = [
        later - earlier
        for earlier, later in itertools.pairwise(moments)
        if later.date() != earlier.date()
    ]
    assert whole(as_deployments(events))["longest_gap"] == max(gaps, default=None)
