"""Files of REST answers: what they are taken for, that nothing is lost, also in real exports."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import Settings
from devops_analytics.config_tools import GithubSource
from devops_analytics.errors import ExportError
from devops_analytics.schema import TABLES
from devops_analytics.sources.conform import conform
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.source import Context

ENTRY = GithubSource(kind="github", path="exports")
CONTEXT = Context(settings=Settings(), label="exports/x.json")
RELEASE = {
    "url": "https://api.github.example/repos/acme/shop/releases/1",
    "tag_name": "v1.2",
    "draft": False,
    "target_commitish": "main",
    "author": {"login": "ada"},
    "created_at": "2026-03-01T09:00:00Z",
    "published_at": "2026-03-02T09:00:00Z",
}
TAG = {
    "name": "v1.2",
    "commit": {"sha": "A" * 40, "url": "https://api.github.example/repos/acme/shop/commits/a"},
    "zipball_url": "https://api.github.example/repos/acme/shop/zipball/refs/tags/v1.2",
}


def test_a_release_is_a_ref_dated_by_its_publication(load):
    row = load(files={"r.json": [RELEASE]})["r.json", "refs"].rows.row(0, named=True)
    assert (row["repo"], row["name"], row["kind"], row["sha"]) == ("shop", "v1.2", "release", None)
    assert row["created_at"].isoformat() == "2026-03-02T09:00:00+00:00"


def test_a_release_of_a_commit_names_it(load):
    release = RELEASE | {"target_commitish": "B" * 40}
    assert load(files={"r.json": [release]})["r.json", "refs"].rows["sha"].to_list() == ["b" * 40]


def test_a_draft_of_a_release_is_quarantined(load):
    batch = load(files={"r.json": [RELEASE | {"draft": True, "published_at": None}]})
    assert batch["r.json", "refs"].quarantined["reason"].to_list() == ["draft_release"]


def test_a_tag_names_its_commit_and_no_time(load):
    row = load(files={"t.json": [TAG]})["t.json", "refs"].rows.row(0, named=True)
    assert (row["repo"], row["kind"], row["sha"], row["created_at"]) == (
        "shop",
        "tag",
        "a" * 40,
        None,
    )


def test_one_file_may_hold_several_kinds(load, run, job, pull):
    text = "\n".join(json.dumps(record) for record in (run(), job(), pull(), {"odd": 1}))
    batches = load(files={"all.ndjson": text + "\n{broken\n"})
    assert {table: batch.rows.height for (_, table), batch in batches.items()} == {
        "pipeline_runs": 1,
        "pipeline_jobs": 1,
        "changes": 1,
    }
    reasons = [r for batch in batches.values() for r in batch.quarantined["reason"]]
    assert sorted(reasons) == ["not_json", "unknown_record"]
    sources = [ref for batch in batches.values() for ref in batch.rows["source_ref"]]
    assert sources == ["exports/all.ndjson:1", "exports/all.ndjson:2", "exports/all.ndjson:3"]


def test_a_field_of_another_type_is_quarantined_with_its_name(load, run):
    batch = load(files={"r.json": [run(name={"not": "text"}), run(2)]})["r.json", "pipeline_runs"]
    quarantined = batch.quarantined.row(0, named=True)
    assert (quarantined["record"], quarantined["reason"]) == (1, "unexpected_type")
    assert "$.name" in quarantined["message"]


def test_a_time_without_a_zone_is_quarantined(load, run):
    batch = load(files={"r.json": [run(created_at="2026-03-02T09:00:00")]})
    assert batch["r.json", "pipeline_runs"].quarantined.height == 1


def test_the_same_export_twice_in_a_file_is_counted_as_duplicates(load, run):
    text = json.dumps([run()]) * 3
    batch = load(files={"r.json": text})["r.json", "pipeline_runs"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (3, 1, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("<!DOCTYPE html><title>Sign in</title>", "login page"),
        ('{"message": "Not Found", "documentation_url": "https://docs.example"}', "Not Found"),
        ('[{"fields": 1}]', "gh api --paginate"),
        ('[{"id": 1, "na', "middle of a record"),
    ],
)
def test_a_file_with_nothing_to_read_is_an_error_that_says_why(load, content, said):
    with pytest.raises(ExportError, match=r"x\.json") as caught:
        load(files={"x.json": content})
    assert said in str(caught.value)


def test_an_empty_page_is_no_error_and_no_row(load):
    assert load(files={"x.json": {"total_count": 0, "workflow_runs": []}}) == {}


def test_records_of_which_nothing_is_computed_are_put_aside_without_their_text(load):
    comment = {"id": 1, "diff_hunk": "@@", "body": "Ada wrote this", "user": {"login": "ada"}}
    batch = load(files={"c.json": [comment]})["c.json", "reviews"]
    quarantined = batch.quarantined.row(0, named=True)
    assert quarantined["reason"] == "not_needed"
    assert "the reviews themselves are read" in quarantined["message"]
    assert quarantined["raw"] is None


def test_a_file_is_recognised_by_its_records(tmp_path, deployment):
    path = tmp_path / "anything.txt"
    path.write_text(json.dumps([deployment()]))
    found = GITHUB.recognise(path)
    assert found is not None
    assert (found.kind, found.suggestion) == ("github", {"repository": "acme/shop"})
    assert found.confidence > 0.9


def test_issues_without_an_incident_label_are_only_mentioned(tmp_path, issue):
    path = tmp_path / "issues.json"
    path.write_text(json.dumps([issue(labels=["bug"])]))
    found = GITHUB.recognise(path)
    assert found is not None
    assert found.confidence < 0.5
    path.write_text(json.dumps([issue(labels=["outage"])]))
    assert GITHUB.recognise(path).confidence > 0.9


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "[]", '[{"a": 1}]', "\x00\x01", "[" * 9999])
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    assert GITHUB.recognise(path) is None


def test_progress_is_told_for_each_file(tmp_path, run):
    told = []
    paths = [tmp_path / f"{n}.json" for n in range(2)]
    for path in paths:
        path.write_text(json.dumps([run()]))
    context = Context(settings=Settings(), label="0.json", progress=lambda *said: told.append(said))
    list(GITHUB.read_many(paths, ENTRY, context))
    assert told == [("github:exports", 1, 2), ("github:exports", 2, 2)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1), shape=st.sampled_from(["page", "array", "lines", "pretty"]))
def test_a_file_cut_anywhere_keeps_what_is_whole(tmp_path, run, share, shape):
    records = [run(n, name='a "}{" name', actor={"login": "é"}) for n in range(1, 4)]
    text = {
        "page": json.dumps({"total_count": 3, "workflow_runs": records}, ensure_ascii=False),
        "array": json.dumps(records, ensure_ascii=False),
        "lines": "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records),
        "pretty": json.dumps(records, indent=2, ensure_ascii=False),
    }[shape].encode()
    path = tmp_path / "cut.json"
    path.write_bytes(text[: int(len(text) * share)])
    try:
        drafts = list(GITHUB.read(path, ENTRY, CONTEXT))
    except ExportError:
        return
    batches = [conform(draft, entry=ENTRY, context=CONTEXT) for draft in drafts]
    kept = {run_id for batch in batches for run_id in batch.rows["run_id"]}
    assert sorted(kept) == [str(n) for n in range(1, len(kept) + 1)]
    reasons = Counter(reason for batch in batches for reason in batch.quarantined["reason"])
    assert reasons.keys() <= {"truncated_json"}
    assert reasons.total() <= 1
    assert len(kept) == 3 or reasons.total() == 1 or shape == "lines"


def test_every_table_it_says_it_reads_is_declared():
    assert set(GITHUB.tables) <= set(TABLES)
