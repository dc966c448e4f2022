"""Drafts judged: every record becomes a row, a quarantined record or a counted duplicate."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import Settings, TableSource, settings_from
from devops_analytics.schema import polars_schema
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context, Draft

ENTRY = TableSource(kind="table", path="x.csv", table="deployments", columns={})
GOOD = {
    "deployment_id": "d1",
    "service": "pay",
    "environment": "production",
    "finished_at": "2026-05-01T10:00:00Z",
    "result": "success",
}


def judged(
    rows: list[dict[str, Any]],
    *,
    table: str = "deployments",
    zone: str | None = None,
    time_format: str | None = None,
    given: Settings | None = None,
) -> Batch:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    draft = Draft(
        table=table, rows=frame, n_read=frame.height, time_zone=zone, time_format=time_format
    )
    context = Context(settings=given or Settings(), label="x.csv")
    return conform(draft, entry=ENTRY, context=context)


def test_a_good_row_is_typed_traced_and_judged_by_its_environment() -> None:
    batch = judged([GOOD])
    assert batch.rows.schema == pl.Schema(polars_schema("deployments"))
    row = batch.rows.row(0, named=True)
    assert row["finished_at"] == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert row["environment_kind"] == "production"
    assert (row["source"], row["source_ref"]) == ("table:x.csv", "x.csv:1")
    assert row["method"] == "reported"


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"deployment_id": ""}, "missing_value", "deployment_id: is empty"),
        ({"finished_at": "yesterday"}, "not_a_time", "found 'yesterday'; expected an ISO 8601"),
        ({"finished_at": "2026-05-01T10:00:00"}, "time_without_zone", "set `time_zone`"),
        ({"finished_at": "1026-05-01T10:00:00Z"}, "time_out_of_range", "1990 to 2100"),
        ({"attempt": "two"}, "not_a_number", "expected a whole number"),
        ({"planned": "perhaps"}, "not_a_flag", "expected true or false"),
        ({"trigger": "magic"}, "not_allowed", "allowed: pipeline, person, schedule"),
    ],
)
def test_a_bad_row_is_quarantined_with_record_found_and_advice(
    change: dict[str, str], reason: str, words: str
) -> None:
    batch = judged([GOOD, GOOD | {"deployment_id": "d2"} | change])
    assert batch.rows.height == 1
    bad = batch.quarantined.row(0, named=True)
    assert (bad["file"], bad["table"], bad["record"], bad["reason"]) == (
        "x.csv",
        "deployments",
        2,
        reason,
    )
    assert "record 2" in bad["message"]
    assert words in bad["message"]
    assert "production" in bad["raw"]


def test_a_word_that_nobody_knows_is_unknown_and_counted_never_success() -> None:
    batch = judged([GOOD | {"result": "SUPER"}])
    assert batch.rows["result"].to_list() == ["unknown"]
    assert "'SUPER' 1×" in batch.notes[0]


def test_of_two_versions_of_a_record_the_newest_wins() -> None:
    rows = [
        GOOD | {"updated_at": "2026-05-03T00:00:00Z", "ref": "newest"},
        GOOD | {"updated_at": "2026-05-02T00:00:00Z", "ref": "older"},
        GOOD | {"updated_at": None, "ref": "undated"},
    ]
    batch = judged(rows)
    assert batch.rows["ref"].to_list() == ["newest"]
    assert batch.n_duplicates == 2


def test_of_two_undated_versions_the_later_record_wins() -> None:
    assert judged([GOOD | {"ref": "first"}, GOOD | {"ref": "second"}]).rows["ref"].to_list() == [
        "second"
    ]


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-05-01 10:00:00+02:00", None, datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("2026-05-01T10:00+0530", None, datetime(2026, 5, 1, 4, 30, tzinfo=UTC)),
        ("2026-05-01 10:00:00 UTC", None, datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("1777629600", None, datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("1777629600000", None, datetime(2026, 5, 1, 10, tzinfo=UTC)),
        # Amsterdam: summer time is UTC+2. A date is its first moment there.
        ("2026-05-01T10:00:00", "Europe/Amsterdam", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("2026-05-01", "Europe/Amsterdam", datetime(2026, 4, 30, 22, tzinfo=UTC)),
        # 02:30 occurs twice on 25 October 2026; the earlier one is still summer time.
        ("2026-10-25T02:30:00", "Europe/Amsterdam", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_times_of_every_spelling_become_utc(
    text: str, zone: str | None, expected: datetime
) -> None:
    batch = judged([GOOD | {"finished_at": text}], zone=zone)
    assert batch.rows["finished_at"].to_list() == [expected]


def test_a_time_that_clocks_skip_is_quarantined() -> None:
    batch = judged([GOOD | {"finished_at": "2026-03-29T02:30:00"}], zone="Europe/Amsterdam")
    assert batch.quarantined["reason"].to_list() == ["time_does_not_exist"]


def test_a_declared_format_is_taken_at_its_word() -> None:
    batch = judged(
        [GOOD | {"finished_at": "03.04.2026 05:06"}], zone="UTC", time_format="%d.%m.%Y %H:%M"
    )
    assert batch.rows["finished_at"].to_list() == [datetime(2026, 4, 3, 5, 6, tzinfo=UTC)]


def test_names_of_services_are_resolved_by_alias() -> None:
    given = settings_from(
        {"teams": {"t": {"services": {"pay": {"aliases": ["payments.example"]}}}}}
    )
    assert judged([GOOD | {"service": "payments.example"}], given=given).rows["service"][0] == "pay"


def test_people_become_pseudonyms_and_programs_are_told_apart() -> None:
    rows = [
        {"repo": "r", "sha": sha, "author": author, "committed_at": "2026-05-01T00:00:00Z"}
        for sha, author in [
            ("A1", "One <dev@example.invalid>"),
            ("b2", "Another Name <DEV@example.invalid>"),
            ("c3", "dependabot[bot] <bot@example.invalid>"),
            ("d4", None),
        ]
    ]
    batch = judged(rows, table="commits", given=settings_from({"people": {"salt": "s"}}))
    authors = batch.rows["author"].to_list()
    assert batch.rows["sha"].to_list() == ["a1", "b2", "c3", "d4"]
    assert authors[0] == authors[1]  # one address, whatever the name and the case
    assert authors[0] != authors[2]
    assert authors[3] is None
    assert batch.rows["is_bot"].to_list() == [False, False, True, None]
    assert "example" not in str(batch.rows.to_dicts())
    other = judged(rows, table="commits", given=settings_from({"people": {"salt": "t"}}))
    assert other.rows["author"][0] != authors[0]


def test_quarantine_holds_no_address() -> None:
    rows = [{"repo": "r", "sha": "a", "author": "dev@example.invalid", "committed_at": "never"}]
    rows[0]["subject_kind"] = "by dev@example.invalid"
    bad = judged(rows, table="commits").quarantined.row(0, named=True)
    assert "dev@" not in str(bad)


VALUES = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["success", "2026-05-01T10:00:00Z", "2026-05-01", "1", "production", "d1"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(GOOD, VALUES)), min_size=1, max_size=8))
def test_nothing_is_lost_whatever_the_records_hold(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(GOOD, pl.String))
    draft = Draft(table="deployments", rows=frame, n_read=frame.height)
    batch = conform(draft, entry=ENTRY, context=Context(settings=Settings(), label="x.csv"))
    assert batch.n_read == batch.rows.height + batch.quarantined.height + batch.n_duplicates
    assert batch.quarantined["message"].null_count() == 0
    assert not batch.rows.select("deployment_id").is_duplicated().any()
