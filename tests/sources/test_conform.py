"""Drafts judged: every record becomes a row, a quarantined record or a counted duplicate."""

from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import Settings, TableSource, settings_from
from devops_analytics.errors import ExportError
from devops_analytics.schema import polars_schema
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.problems import gated
from devops_analytics.sources.source import QUARANTINE, Context, Draft

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


COMMIT = {"repo": "r", "sha": "A1", "committed_at": "2026-05-01T00:00:00Z"}


def test_every_message_names_file_record_column_value_and_what_to_do() -> None:
    bad = judged([GOOD, GOOD | {"attempt": "two"}]).quarantined
    assert bad["message"].item() == (
        "x.csv record 2: attempt: found 'two'; expected a whole number; correct the export, or "
        "take the number out with `pattern`"
    )


def test_a_record_with_several_problems_is_told_and_counted_once() -> None:
    batch = judged([GOOD | {"attempt": "two", "planned": "perhaps", "service": ""}])
    assert batch.quarantined["reason"].to_list() == ["not_a_flag"]
    assert batch.n_read == batch.quarantined.height == 1


def test_whole_numbers_held_as_floats_stay_whole_and_others_are_no_numbers() -> None:
    rows = [
        {"repo": "r", "change_id": 7.0, "opened_at": GOOD["finished_at"], "files": files}
        for files in (3.0, 2.5, float("nan"))
    ]
    for number, row in enumerate(rows):
        row["change_id"] = 7.0 + number
    batch = judged(rows, table="changes")
    assert batch.rows.select("change_id", "files").rows() == [("7", 3), ("9", None)]
    assert batch.quarantined["reason"].to_list() == ["not_a_number"]


def test_words_are_known_in_any_case() -> None:
    row = judged([GOOD | {"result": " SUCCESS", "trigger": "Pipeline"}]).rows.row(0, named=True)
    assert (row["result"], row["trigger"]) == ("success", "pipeline")


def test_parents_are_a_list_in_lower_case_and_tell_a_merge() -> None:
    rows = [
        COMMIT | {"sha": sha, "parents": text}
        for sha, text in zip("abc", ["B C", "D", ""], strict=True)
    ]
    found = judged(rows, table="commits").rows
    assert found["parents"].to_list() == [["b", "c"], ["d"], []]
    assert found["is_merge"].to_list() == [True, False, False]
    assert judged([COMMIT], table="commits").rows["is_merge"].to_list() == [None]


def test_a_row_without_a_result_is_unknown_and_counted() -> None:
    batch = judged([GOOD | {"result": None}])
    assert batch.rows["result"].to_list() == ["unknown"]
    assert "'(none)' 1×" in batch.notes[0]


def test_a_run_without_attempts_is_a_first_one() -> None:
    batch = judged([{"repo": "r", "run_id": 1, "result": "success"}], table="pipeline_runs")
    assert batch.rows["attempt"].to_list() == [1]


def test_a_kind_of_environment_that_the_export_names_is_kept() -> None:
    rows = [
        GOOD | {"environment": "blue", "environment_kind": "production"},
        GOOD | {"deployment_id": "d2", "environment": "uat-1", "environment_kind": None},
    ]
    assert judged(rows).rows["environment_kind"].to_list() == ["production", "staging"]


def test_times_that_occur_twice_are_noted() -> None:
    batch = judged([GOOD | {"finished_at": "2026-10-25T02:30:00"}], zone="Europe/Amsterdam")
    assert "\n".join(batch.notes) == (
        "deployments.finished_at: 1 times occur twice in Europe/Amsterdam, as clocks go back; "
        "the earlier one is taken"
    )


def test_a_format_that_cannot_be_used_names_the_entry() -> None:
    with pytest.raises(ExportError, match=r"table:x\.csv: time_format: found '%Z'"):
        judged([GOOD], time_format="%Z")


@pytest.mark.parametrize(("salt", "n_notes"), [("", 1), ("s", 0)])
def test_pseudonyms_without_a_salt_are_said_to_be_guessable(salt: str, n_notes: int) -> None:
    given = settings_from({"people": {"salt": salt}})
    batch = judged([COMMIT | {"author": "login"}], table="commits", given=given)
    assert len([note for note in batch.notes if "people.salt is empty" in note]) == n_notes
    assert judged([COMMIT], table="commits", given=given).notes == ()


def test_pseudonyms_that_a_source_made_are_left_as_they_are() -> None:
    frame = pl.DataFrame([COMMIT | {"author": "p-1", "is_bot": None}])
    draft = Draft(table="commits", rows=frame, n_read=1, has_pseudonyms=True)
    context = Context(settings=settings_from({"people": {"salt": "s"}}), label="x.csv")
    found = conform(draft, entry=ENTRY, context=context).rows
    assert found.select("author", "is_bot").rows() == [("p-1", None)]


def test_what_the_export_says_of_bots_is_kept() -> None:
    rows = [
        COMMIT | {"sha": "a", "author": "someone", "is_bot": "1"},
        COMMIT | {"sha": "b", "author": "someone", "is_bot": ""},
    ]
    assert judged(rows, table="commits").rows["is_bot"].to_list() == [True, False]


def test_quarantine_names_no_person_of_the_record() -> None:
    row = COMMIT | {"author": "Ann Example <dev@example.invalid>", "committed_at": "never"}
    raws = [
        judged([row], table="commits").quarantined["raw"].item(),
        judged([row | {"raw": str(row)}], table="commits").quarantined["raw"].item(),
    ]
    for raw in raws:
        assert "never" in raw
        assert "Ann" not in raw
        assert "dev@" not in raw


def test_rejected_and_absorbed_records_are_accounted_for() -> None:
    lost = {
        "file": "x.csv",
        "table": "deployments",
        "record": 9,
        "reason": "not_json",
        "message": "by dev@example.invalid",
        "raw": "dev@example.invalid",
    }
    draft = Draft(
        table="deployments",
        rows=pl.DataFrame([GOOD, GOOD]),
        n_read=5,
        rejected=pl.DataFrame([lost], schema=QUARANTINE),
        n_absorbed=2,
        notes=("said before",),
    )
    batch = conform(draft, entry=ENTRY, context=Context(settings=Settings(), label="x.csv"))
    # 5 read = 1 row + 1 duplicate + 1 rejected + 2 absorbed.
    assert (batch.rows.height, batch.n_duplicates, batch.n_absorbed) == (1, 1, 2)
    assert batch.quarantined["raw"].to_list() == ["(address)"]
    assert batch.notes[0] == "said before"


def test_a_source_that_loses_a_record_is_caught() -> None:
    draft = Draft(table="deployments", rows=pl.DataFrame([GOOD]), n_read=2)
    with pytest.raises(AssertionError, match="read 2 records but accounted for 1"):
        conform(draft, entry=ENTRY, context=Context(settings=Settings(), label="x.csv"))


class Strict(dy.Schema):
    name = dy.String(primary_key=True)
    hours = dy.Int64(min=0)
    source_ref = dy.String()


def test_what_breaks_a_rule_of_the_schema_is_quarantined_under_its_name() -> None:
    rows = pl.DataFrame(
        {"name": ["a", "b"], "hours": [1, -1], "source_ref": ["x.csv:2", "x.csv:3"]}
    )
    kept, refused = gated(rows, Strict, table="strict", file="x.csv")
    assert kept["name"].to_list() == ["a"]
    assert refused.select("record", "reason", "message").rows() == [
        (3, "hours|min", "x.csv record 3: breaks the rule hours|min of strict; correct the export")
    ]


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


UPDATES = st.sampled_from([None, "2026-05-01T10:00:00Z", "2026-05-02T10:00:00Z"])
VERSIONS = st.lists(st.tuples(st.sampled_from(["d1", "d2", "d3"]), UPDATES), max_size=9)


@settings(max_examples=60, deadline=None)
@given(VERSIONS)
def test_the_newest_version_of_each_record_stays(versions: list[tuple[str, str | None]]) -> None:
    rows = [
        GOOD | {"deployment_id": name, "updated_at": updated, "ref": str(number)}
        for number, (name, updated) in enumerate(versions)
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys([*GOOD, "updated_at", "ref"], pl.String))
    draft = Draft(table="deployments", rows=frame, n_read=frame.height)
    batch = conform(draft, entry=ENTRY, context=Context(settings=Settings(), label="x.csv"))
    newest = {
        name: max(
            (updated or "", number)
            for number, (other, updated) in enumerate(versions)
            if other == name
        )[1]
        for name, _ in versions
    }
    kept = dict(batch.rows.select("deployment_id", "ref").iter_rows())
    assert kept == {name: str(number) for name, number in newest.items()}
    assert batch.n_duplicates == len(versions) - len(newest)
