"""GitLab: merge requests with what notes, approvals and commits tell of them; issues, releases."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import GitlabSource
from devops_analytics.sources.conform import conform
from devops_analytics.sources.gitlab import GITLAB
from devops_analytics.sources.source import Context
from tests.sources.delivery.gitlab_records import (
    ADA,
    BOB,
    HOST,
    SHA,
    at,
    commit,
    deployment,
    issue,
    note,
    request,
    time,
)

APPROVED = "approved this merge request"
READY = "marked this merge request as **ready**"


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def rows(batch: Any) -> list[dict[str, Any]]:
    assert batch.quarantined.rows() == []
    return batch.rows.rows(named=True)


def system(body: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    return note(number, body=body, system=True, **fields)


def named(path: Path, label: str, **entry: Any) -> dict[str, Any]:
    """Read a file that its folder gives this name."""
    made = GitlabSource(kind="gitlab", path="exports", **entry)
    context = Context(settings=settings_from({}), label=label, labels={path: label})
    drafts = GITLAB.read_many([path], made, context)
    return {draft.table: conform(draft, entry=made, context=context) for _, draft in drafts}


# ---- Merge requests ---- #


def test_a_merge_request_is_a_change(load):
    (found,) = rows(load(GITLAB, [request(changes_count="12")])["changes"])
    assert (found["repo"], found["change_id"], found["base"]) == ("harbour/shop", "3", "main")
    assert (found["opened_at"], found["merged_at"], found["closed_at"]) == (at(8), at(11), at(11))
    assert (found["head_sha"], found["merge_sha"]) == ("1" * 40, "2" * 40)
    assert (found["files"], found["labels"], found["title_kind"]) == (12, ["backend"], "other")
    assert (found["ready_at"], found["first_review_at"], found["approved_at"]) == (None,) * 3
    assert found["is_bot"] is False
    assert found["author"].startswith("p-")


@pytest.mark.parametrize(
    ("fields", "sha"),
    [
        ({"squash_commit_sha": "3" * 40}, "2" * 40),
        ({"squash_commit_sha": "3" * 40, "merge_commit_sha": None}, "3" * 40),
        # The trunk was moved forward to the request's own last commit.
        ({"merge_commit_sha": None}, "1" * 40),
        ({"state": "opened", "merged_at": None, "merge_commit_sha": None}, None),
        ({"state": "closed", "merged_at": None, "closed_at": time(10)}, None),
    ],
)
def test_the_commit_that_reached_the_trunk(load, fields, sha):
    (found,) = rows(load(GITLAB, [request(**fields)])["changes"])
    assert found["merge_sha"] == sha


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"title": 'Revert "A change"'}, "revert"),
        ({"labels": ["hotfix"]}, "hotfix"),
        ({"labels": [{"id": 1, "name": "hotfix"}]}, "hotfix"),
        ({"source_branch": "hotfix/pay"}, "hotfix"),
        ({"labels": []}, "other"),
    ],
)
def test_what_a_merge_request_says_it_is(load, fields, kind):
    assert rows(load(GITLAB, [request(**fields)])["changes"])[0]["title_kind"] == kind


def test_more_files_than_gitlab_counts_are_not_known(load):
    (found,) = rows(load(GITLAB, [request(changes_count="1000+")])["changes"])
    assert found["files"] is None


@pytest.mark.parametrize("login", ["project_15_bot_1f2e", "group_7_bot", "renovate-bot"])
def test_programs_are_bots(load, login):
    author = {**ADA, "username": login}
    assert rows(load(GITLAB, [request(author=author)])["changes"])[0]["is_bot"] is True


# ---- Reviews ---- #


def test_the_first_comment_by_another_is_the_first_review(load):
    notes = [
        note(1, author=ADA, created_at=time(8, 30)),
        note(2, author={**BOB, "username": "project_15_bot"}, created_at=time(8, 40)),
        system("assigned to @bob.q", 3, created_at=time(8, 50)),
        note(4, created_at=time(9)),
        system(APPROVED, 5, author=BOB, created_at=time(10)),
        system(f"un{APPROVED}", 6, author=BOB, created_at=time(10, 5)),
        system(APPROVED, 7, author=BOB, created_at=time(10, 10)),
    ]
    batches = load(GITLAB, lines(request(), *notes))
    (found,) = rows(batches["changes"])
    assert (found["first_review_at"], found["approved_at"]) == (at(9), at(10))
    reviews = batches["reviews"]
    states = dict(reviews.rows.select("review_id", "state").rows())
    assert states == {
        "2": "commented",
        "4": "commented",
        "5": "approved",
        "6": "unapproved",
        "7": "approved",
    }
    assert sorted(reviews.quarantined["reason"]) == ["not_a_review", "not_needed"]
    assert reviews.quarantined["raw"].null_count() == 2


def test_notes_of_another_file_count(save):
    made = GitlabSource(kind="gitlab", path="exports")
    paths = [save([request()], "requests.json"), save([system(APPROVED)], "notes.json")]
    context = Context(settings=settings_from({}), label="x", labels={p: p.name for p in paths})
    found = {
        draft.table: conform(draft, entry=made, context=context)
        for _, draft in GITLAB.read_many(paths, made, context)
    }
    assert rows(found["changes"])[0]["approved_at"] == at(9)
    assert rows(found["reviews"])[0]["change_id"] == "3"


def test_a_note_names_its_request_even_where_that_is_not_there(load):
    lone = note(project_id=None)
    batch = load(GITLAB, [lone], repository="harbour/shop")["reviews"]
    assert batch.rows.select("repo", "change_id", "state").rows() == [
        ("harbour/shop", "3", "commented")
    ]
    batch = load(GITLAB, [lone])["reviews"]
    assert batch.quarantined["reason"].to_list() == ["change_not_known"]


def test_notes_on_other_things_are_not_needed(load):
    batch = load(GITLAB, [note(noteable_type="Issue")])["reviews"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


def test_threads_hold_notes(load):
    thread = {"id": "6a9c", "individual_note": False, "notes": [note(1), system(APPROVED, 2)]}
    batches = load(GITLAB, lines(request(), thread))
    assert sorted(batches["reviews"].rows["state"]) == ["approved", "commented"]
    assert (batches["reviews"].n_read, rows(batches["changes"])[0]["approved_at"]) == (2, at(9))


def test_a_draft_is_ready_when_it_last_left_draft(load):
    notes = [
        system(READY, 1, created_at=time(8, 10)),
        system("unmarked as a **Work In Progress**", 2, created_at=time(8, 5)),
    ]
    batches = load(GITLAB, lines(request(), *notes))
    assert rows(batches["changes"])[0]["ready_at"] == at(8, 10)
    assert batches["reviews"].n_absorbed == 2
    still = request(draft=True, state="opened", merged_at=None)
    assert rows(load(GITLAB, lines(still, *notes))["changes"])[0]["ready_at"] is None


def approvals(**fields: Any) -> dict[str, Any]:
    """Make approvals as GET projects/ID/merge_requests/NUMBER/approvals tells them."""
    given = {"user": BOB, "approved_at": time(10, 30)}
    return {
        "id": 903,
        "iid": 3,
        "project_id": 15,
        "approvals_required": 1,
        "approvals_left": 0,
        "approved_by": [given],
        **fields,
    }


def test_approvals_date_their_request(load):
    batches = load(GITLAB, lines(request(), approvals()))
    (found,) = rows(batches["changes"])
    assert (found["first_review_at"], found["approved_at"]) == (at(10, 30), at(10, 30))
    assert batches["reviews"].n_absorbed == 1


def test_approvals_without_a_time_tell_nothing_and_it_is_said(load):
    batches = load(GITLAB, lines(request(), approvals(approved_by=[{"user": BOB}])))
    assert rows(batches["changes"])[0]["approved_at"] is None
    assert any("approvals say not when" in note for note in batches["reviews"].notes)


def test_approvals_of_the_free_tier_are_named_by_their_path(save):
    free = {"user_has_approved": True, "user_can_approve": False, "approved": True}
    path = save({**free, "approved_by": [{"user": BOB, "approved_at": time(10)}]})
    label = "exports/merge_requests/3/approvals.json"
    assert named(path, label, repository="harbour/shop")["reviews"].n_absorbed == 1
    lost = named(path, "exports/approvals.json", repository="harbour/shop")["reviews"]
    assert lost.quarantined["reason"].to_list() == ["change_not_known"]


# ---- Commits ---- #


def test_a_commit_names_nobody_but_a_pseudonym(load):
    (found,) = rows(load(GITLAB, [commit()])["commits"])
    assert (found["repo"], found["sha"]) == ("harbour/shop", SHA)
    assert (found["authored_at"], found["committed_at"]) == (at(7), at(8))
    assert (found["subject_kind"], found["change_id"]) == ("other", None)
    assert found["author"].startswith("p-")


def test_the_path_of_a_file_names_the_request_of_its_commits(save):
    path = save([commit("1" * 40), commit("4" * 40)])
    found = named(path, "exports/merge_requests/3/commits.json")["commits"]
    assert found.rows["change_id"].to_list() == ["3", "3"]
    lost = named(path, "exports/2026/commits.json")["commits"]
    assert lost.rows["change_id"].to_list() == [None, None]
    assert any("names no merge request" in note for note in lost.notes)


def test_a_commit_in_two_files_has_what_both_tell(save, tmp_path):
    (tmp_path / "merge_requests/3").mkdir(parents=True)
    root, own, merge = "1" * 40, "2" * 40, "3" * 40
    whole = [commit(root), commit(own, parent_ids=[root]), commit(merge, parent_ids=[root, own])]
    paths = [save(whole), save([commit(own)], "merge_requests/3/commits.json")]
    made = GitlabSource(kind="gitlab", path="exports")
    labels = {path: path.relative_to(tmp_path).as_posix() for path in paths}
    context = Context(settings=settings_from({}), label="x", labels=labels)
    for path, draft in GITLAB.read_many(paths, made, context):
        batch = conform(draft, entry=made, context=context)
        rows_of = {row["sha"][0]: row for row in batch.rows.rows(named=True)}
        assert (rows_of["2"]["change_id"], rows_of["2"]["parents"]) == ("3", [root]), path


def test_merges_are_of_the_request_that_they_merged(load):
    squash = request(4, merge_commit_sha=None, squash_commit_sha="3" * 40)
    told = "Merge branch 'b' into 'main'\n\nA change\n\nSee merge request harbour/shop!9"
    other = told.replace("shop!9", "quay!8")
    listed = [
        commit("2" * 40),
        commit("3" * 40),
        commit("5" * 40, message=told),
        commit("6" * 40, message=other),
        # The last commit of a branch would be taken for all of it.
        commit("1" * 40),
    ]
    batch = load(GITLAB, lines(request(), squash, *listed))["commits"]
    assert dict(batch.rows.select(pl.col("sha").str.head(1), "change_id").rows()) == {
        "1": None,
        "2": "3",
        "3": "4",
        "5": "9",
        "6": None,
    }


def test_parents_are_known_where_the_history_is_whole(load):
    root, left, right = commit("1" * 40), "2" * 40, "3" * 40
    whole = [
        root,
        commit(left, parent_ids=["1" * 40]),
        commit(right, parent_ids=["1" * 40, left]),
    ]
    batch = load(GITLAB, whole)["commits"]
    merges = dict(batch.rows.select(pl.col("sha").str.head(1), "is_merge").rows())
    assert merges == {"1": False, "2": False, "3": True}
    # Lists of a request give no parents at all.
    for listed in ([root], [root, commit(left)], whole[1:]):
        batch = load(GITLAB, listed)["commits"]
        assert batch.rows["parents"].null_count() == len(listed)
        assert batch.rows["is_merge"].null_count() == len(listed)


def test_reverts_are_seen(load):
    text = f'Revert "A change"\n\nThis reverts commit {SHA}'
    (found,) = rows(load(GITLAB, [commit("1" * 40, message=text)])["commits"])
    assert (found["subject_kind"], found["reverts_sha"]) == ("revert", SHA)


# ---- Incidents ---- #


def test_an_issue_of_type_incident_is_one(load):
    (found,) = rows(load(GITLAB, [issue()])["incidents"])
    assert (found["incident_id"], found["service"]) == ("gitlab:harbour/shop:5", "shop")
    assert (found["started_at"], found["resolved_at"]) == (at(9), at(10))
    assert found["severity"] == "high"


def test_a_label_makes_an_incident_and_its_severity(load):
    labels = ["Outage", "severity::2"]
    made = issue(issue_type="issue", severity="UNKNOWN", labels=labels, state="opened")
    (found,) = rows(load(GITLAB, [made])["incidents"])
    assert (found["severity"], found["resolved_at"]) == ("2", None)
    batch = load(GITLAB, [made], incident_labels=["P1"])["incidents"]
    assert batch.quarantined["reason"].to_list() == ["not_an_incident"]
    assert "(P1)" in batch.quarantined["message"][0]
    assert batch.quarantined["raw"].to_list() == [None]


def test_an_incident_names_what_caused_it(load):
    text = f"Caused by deployment 41\nRoot cause: {SHA}"
    batches = load(GITLAB, lines(issue(description=text), deployment()))
    (found,) = rows(batches["incidents"])
    assert found["deployment_id"] == rows(batches["deployments"])[0]["deployment_id"]
    assert found["sha"] == SHA


def test_a_moved_incident_is_counted_where_it_went(load):
    batch = load(GITLAB, [issue(moved_to_id=12)])["incidents"]
    assert batch.quarantined["reason"].to_list() == ["was_moved"]


# ---- Releases and tags ---- #


def test_releases_and_tags_are_refs(load):
    release = {
        "tag_name": "v1.1",
        "created_at": time(9),
        "released_at": time(10),
        "upcoming_release": False,
        "author": ADA,
        "commit": commit(web_url=None),
        "_links": {"self": f"{HOST}/-/releases/v1.1"},
    }
    tag = {
        "name": "v1.1",
        "message": "by Ada",
        "target": "9" * 40,
        "commit": commit(),
        "release": None,
        "created_at": time(8),
    }
    batch = load(GITLAB, [release, tag])["refs"]
    found = batch.rows.sort("kind").select("repo", "name", "kind", "sha", "created_at").rows()
    assert found == [
        ("harbour/shop", "v1.1", "release", SHA, at(10)),
        ("harbour/shop", "v1.1", "tag", SHA, at(8)),
    ]
    coming = {**release, "upcoming_release": True}
    batch = load(GITLAB, [coming])["refs"]
    assert batch.quarantined["reason"].to_list() == ["upcoming_release"]
