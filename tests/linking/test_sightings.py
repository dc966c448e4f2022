"""What comparing scans tells: since when a finding is there, and when it was gone."""

from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.linking.sightings import findings_from_sightings
from devops_analytics.schema import TABLES, polars_schema

TRACE = {"source": "sarif:scans", "source_ref": "scans/a.sarif:1"}


def at(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


def scan(day: int, findings: int | None = 0, **fields: Any) -> dict[str, Any]:
    row = {"tool": "lighthouse", "repo": "shop", "check": "", "at": at(day), "succeeded": True}
    return row | {"findings": findings} | TRACE | fields


def seen(day: int, fingerprint: str = "f", **fields: Any) -> dict[str, Any]:
    row = {"tool": "lighthouse", "repo": "shop", "fingerprint": fingerprint, "at": at(day)}
    return row | {"severity": "high", "rule": "R1"} | TRACE | fields


def findings(scans: list[dict[str, Any]], sightings: list[dict[str, Any]]) -> pl.DataFrame:
    tables = {
        name: pl.DataFrame(rows, schema=polars_schema(name)).lazy()
        for name, rows in (("scans", scans), ("sightings", sightings))
    }
    found = findings_from_sightings(tables["scans"], tables["sightings"]).collect()
    declared: type[dy.Schema] = TABLES["findings"]
    declared.validate(found)
    return found


@pytest.fixture
def only():
    """Return (first seen, fixed) of the only finding."""
    return lambda scans, sightings: (
        findings(scans, sightings).select("first_seen_at", "fixed_at").row(0)
    )


def test_a_finding_is_fixed_by_the_first_later_scan_that_does_not_see_it(only):
    # seen on the 1st and 3rd; the scans of the 5th and 7th are clean: fixed on the 5th
    scans = [scan(1, 1), scan(3, 1), scan(5), scan(7)]
    assert only(scans, [seen(1), seen(3)]) == (at(1), at(5))


def test_while_nothing_later_scanned_it_is_open(only):
    assert only([scan(1, 1), scan(3, 1)], [seen(1), seen(3)]) == (at(1), None)


def test_a_scan_that_failed_or_does_not_say_proves_nothing(only):
    failed = [scan(3, succeeded=False), scan(4, succeeded=None), scan(5, None)]
    assert only([scan(1, 1), *failed], [seen(1)]) == (at(1), None)
    assert only([scan(1, 1), *failed, scan(6)], [seen(1)]) == (at(1), at(6))


def test_a_scan_without_a_number_proves_what_it_saw_of_others(only):
    # the scan of the 3rd does not count its findings, but it saw another one and not this
    scans = [scan(1, 2), scan(3, None)]
    found = findings(scans, [seen(1), seen(1, "other"), seen(3, "other")])
    assert found.select("fingerprint", "fixed_at").rows() == [("f", at(3)), ("other", None)]


def test_scores_of_single_checks_are_no_scans(only):
    assert only([scan(3, check="Code-Review", score=9.0)], [seen(1)]) == (at(1), None)


def test_a_finding_that_comes_back_is_open_again_and_as_old_as_it_was(only):
    scans = [scan(1, 1), scan(3), scan(5, 1)]
    assert only(scans, [seen(1), seen(5)]) == (at(1), None)
    assert only([*scans, scan(9)], [seen(1), seen(5)]) == (at(1), at(9))


def test_scans_of_other_tools_and_repositories_prove_nothing(only):
    others = [scan(3, tool="sonar"), scan(4, repo="pier")]
    assert only([scan(1, 1), *others], [seen(1)]) == (at(1), None)


def test_the_scan_that_saw_it_does_not_fix_it(only):
    assert only([scan(1, 1), scan(1, 0, updated_at=at(2))], [seen(1)]) == (at(1), None)


def test_the_latest_sighting_says_what_it_is(only):
    told = [
        seen(5, suppressed=True, severity="low", path="b.py", source_ref="b:2"),
        seen(1, suppressed=False, severity="high", path="a.py", dependency="waves"),
    ]
    row = findings([scan(1, 1), scan(5, 1)], told).row(0, named=True)
    assert (row["suppressed"], row["severity"], row["path"]) == (True, "low", "b.py")
    assert (row["dependency"], row["source_ref"], row["first_seen_at"]) == (None, "b:2", at(1))


def test_a_fix_is_the_later_change():
    row = findings([scan(1, 1), scan(5)], [seen(1, updated_at=at(1))]).row(0, named=True)
    assert row["updated_at"] == at(5)


def test_a_repository_without_a_name_is_compared_with_itself(only):
    assert only([scan(1, 1, repo=""), scan(3, repo="")], [seen(1, repo="")]) == (at(1), at(3))


def test_of_nothing_comes_nothing():
    assert findings([], []).is_empty()
    assert findings([scan(1)], []).is_empty()
    assert findings([], [seen(1)])["fixed_at"].to_list() == [None]


@given(
    scans=st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=8),
    sights=st.lists(st.tuples(st.integers(1, 9), st.sampled_from("fgh")), max_size=12),
)
def test_it_is_what_a_plain_reading_gives_whatever_the_order(scans, sights):
    found = findings(
        [scan(day, 1, succeeded=ended) for day, ended in scans],
        [seen(day, name) for day, name in sights],
    )
    expected = []
    for name in sorted({name for _, name in sights}):
        days = [day for day, other in sights if other == name]
        later = [day for day, ended in scans if ended and day > max(days)]
        expected.append((name, at(min(days)), at(min(later)) if later else None))
    assert found.select("fingerprint", "first_seen_at", "fixed_at").rows() == expected
