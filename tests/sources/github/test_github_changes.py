"""Pull requests know their reviews by others; people are pseudonyms when they leave."""

from datetime import UTC, datetime

import pytest

CHANGES, REVIEWS = "changes", "reviews"


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def change(batches, file="p.json"):
    return batches[file, CHANGES].rows.row(0, named=True)


def test_a_pull_request_in_full_becomes_a_row(load, pull):
    full = pull(additions=30, deletions=4, changed_files=2)
    row = change(load(files={"p.json": full}))
    assert (row["repo"], row["change_id"], row["base"]) == ("shop", "5", "main")
    assert (row["opened_at"], row["merged_at"], row["closed_at"]) == (at(1, 9), at(2, 9), at(2, 9))
    assert (row["merge_sha"], row["head_sha"]) == ("c" * 40, "d" * 40)
    assert (row["lines_added"], row["lines_deleted"], row["files"]) == (30, 4, 2)
    assert (row["labels"], row["title_kind"], row["ready_at"]) == (["feature"], "other", None)


def test_the_list_has_no_sizes(load, pull):
    row = change(load(files={"p.json": [pull()]}))
    assert (row["lines_added"], row["lines_deleted"], row["files"]) == (None, None, None)


def test_the_test_merge_of_an_open_request_is_no_merge(load, pull):
    row = change(load(files={"p.json": [pull(merged_at=None, closed_at=None)]}))
    assert (row["merge_sha"], row["merged_at"], row["closed_at"]) == (None, None, None)


def test_nobody_is_named(load, pull, review):
    batches = load(files={"p.json": [pull()], "v.json": [review("grace", "APPROVED", 11)]})
    shown = str([batch.rows.rows() for batch in batches.values()])
    assert "ada" not in shown
    assert "grace" not in shown
    assert change(batches)["author"].startswith("p-")


@pytest.mark.parametrize(
    ("user", "is_bot"),
    [
        ({"login": "ada", "type": "User"}, False),
        ({"login": "acme-merger", "type": "Bot"}, True),
        ({"login": "dependabot[bot]", "type": "User"}, True),
        (None, None),
    ],
)
def test_programs_are_told_from_people(load, pull, user, is_bot):
    assert change(load(files={"p.json": [pull(user=user)]}))["is_bot"] is is_bot


def test_the_first_review_is_by_somebody_else_who_is_no_program(load, pull, review):
    # 10 h the author, 11 h a bot by name, 12 h a bot by type, 13 h a comment, 14 h an approval
    reviews = [
        review("linus", "APPROVED", 15),
        review("grace", "APPROVED", 14),
        review("grace", "COMMENTED", 13),
        review("merger", "APPROVED", 12, user={"login": "merger", "type": "Bot"}),
        review("renovate[bot]", "APPROVED", 11, user={"login": "renovate[bot]"}),
        review("Ada", "COMMENTED", 10),
    ]
    batches = load(files={"p.json": [pull()], "v.json": reviews})
    row = change(batches)
    assert (row["first_review_at"], row["approved_at"]) == (at(1, 13), at(1, 14))
    assert batches["v.json", REVIEWS].rows.height == 6


def test_a_pending_or_dismissed_review_is_no_approval(load, pull, review):
    pending = review("grace", "PENDING", 12, submitted_at=None)
    row = change(
        load(files={"p.json": [pull()], "v.json": [pending, review("grace", "DISMISSED", 13)]})
    )
    assert (row["first_review_at"], row["approved_at"]) == (at(1, 13), None)


def test_reviews_of_other_requests_do_not_count(load, pull, review):
    other = review(
        "grace", "APPROVED", 12, pull_request_url="https://x.example/repos/acme/api/pulls/5"
    )
    row = change(load(files={"p.json": [pull()], "v.json": [other]}))
    assert (row["first_review_at"], row["approved_at"]) == (None, None)


def test_a_review_becomes_a_row(load, review):
    batch = load(files={"v.json": [review("grace", "CHANGES_REQUESTED", 11)]})["v.json", REVIEWS]
    row = batch.rows.row(0, named=True)
    assert (row["repo"], row["change_id"], row["review_id"]) == ("shop", "5", "511")
    assert (row["state"], row["at"]) == ("changes_requested", at(1, 11))


def test_a_review_of_nothing_is_quarantined(load, review):
    lost = review("grace", "APPROVED", 11, pull_request_url=None)
    batch = load(files={"v.json": [lost]})["v.json", REVIEWS]
    assert batch.quarantined["reason"].to_list() == ["change_not_known"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"title": 'Revert "Add a basket"'}, "revert"),
        ({"title": "Revert to the old basket"}, "other"),
        ({"title": "HOTFIX basket"}, "hotfix"),
        ({"title": "hotfix: basket"}, "hotfix"),
        ({"labels": [{"name": "Hotfix"}]}, "hotfix"),
        ({"head": {"ref": "hotfix/basket"}}, "hotfix"),
        ({"title": 'Revert "x"', "labels": [{"name": "hotfix"}]}, "revert"),
        ({"title": None, "labels": None, "head": {}}, None),
    ],
)
def test_title_labels_and_branch_say_what_it_is(load, pull, fields, kind):
    assert change(load(files={"p.json": [pull(**fields)]}))["title_kind"] == kind
