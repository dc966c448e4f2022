"""Commits of requests, pushes and lists: what they are of, what is known of them, and of whom."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

API = "https://api.github.example/repos/acme/shop"
SHAS = {name: name * 40 for name in "0123456789abcdef"}


def commit(name: str, minute: int, *parents: str, **fields: Any) -> dict[str, Any]:
    """Return a commit as `GET /repos/OWNER/NAME/pulls/N/commits` lists it."""
    sha = SHAS[name]
    at = f"2026-03-01T10:{minute:02}:00Z"
    return {
        "sha": sha,
        "node_id": "C_x",
        "url": f"{API}/commits/{sha}",
        "commit": {
            "author": {"name": "Ada Harbour", "email": "ada@example.invalid", "date": at},
            "committer": {"name": "GitHub", "email": "noreply@example.invalid", "date": at},
            "message": f"Change {name}\n\nSigned-off-by: Ada Harbour <ada@example.invalid>",
        },
        "author": {"login": "ada-harbour", "type": "User"},
        "parents": [{"sha": SHAS[parent], "url": f"{API}/commits/x"} for parent in parents],
        **fields,
    }


def push(*commits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a push event."""
    return {
        "ref": "refs/heads/main",
        "before": SHAS["0"],
        "after": SHAS["f"],
        "commits": list(commits),
        "head_commit": None,
        "pusher": {"name": "ada-harbour", "email": "ada@example.invalid"},
        "repository": {"full_name": "acme/shop"},
        "sender": {"login": "ada-harbour"},
        **fields,
    }


def pushed(name: str, message: str = "Weigh parcels") -> dict[str, Any]:
    return {
        "id": SHAS[name],
        "message": message,
        "timestamp": "2026-03-01T12:00:00+02:00",
        "author": {"name": "Ada Harbour", "email": "ada@example.invalid", "username": "ada"},
        "distinct": True,
    }


def ends(head: str, base: str, merge: str | None = None) -> dict[str, Any]:
    return {
        "head": {"ref": "basket", "sha": SHAS[head]},
        "base": {"ref": "main", "sha": SHAS[base], "repo": {"full_name": "acme/shop"}},
        "merge_commit_sha": SHAS[merge] if merge else None,
        "merged_at": "2026-03-02T09:00:00Z" if merge else None,
    }


def changes_of(batch: Any) -> dict[str, str | None]:
    return {sha[0]: change for sha, change in batch.rows.select("sha", "change_id").iter_rows()}


def test_a_commit_becomes_a_row(load):
    row = load(files={"c.json": [commit("a", 5, "9")]})["c.json", "commits"].rows.row(0, named=True)
    assert (row["repo"], row["sha"]) == ("shop", "a" * 40)
    assert row["authored_at"] == datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
    assert row["committed_at"] == datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
    assert (row["is_merge"], row["is_bot"], row["subject_kind"]) == (False, False, "other")
    # Nothing is counted that the list does not tell, and no clone's commit gives way to it.
    assert [row[name] for name in ("files", "lines_added", "lines_deleted", "updated_at")] == (
        [None] * 4
    )


def test_the_author_is_who_a_clone_says_it_is(load):
    found = load(files={"c.json": [commit("a", 1)], "p.json": [push(pushed("b"))]})
    authors = {batch.rows["author"][0] for batch in found.values()}
    assert len(authors) == 1
    text = "".join(
        str(batch.rows.rows()) + str(batch.quarantined.rows()) for batch in found.values()
    )
    assert "harbour" not in text.lower()
    assert "example.invalid" not in text


def test_an_account_of_a_program_is_a_bot(load):
    robot = commit("a", 1, author={"login": "fixer", "type": "Bot"})
    assert load(files={"c.json": [robot]})["c.json", "commits"].rows["is_bot"].to_list() == [True]


def test_commits_between_base_and_head_are_of_the_request(load, pull):
    # 1 ── 2 ── 3 (main)    request 5 is a and b, which branch off 2
    #      └ a ── b
    history = [
        commit("1", 1), commit("2", 2, "1"), commit("3", 6, "2"),
        commit("a", 4, "2"), commit("b", 5, "a"),
    ]  # fmt: skip
    found = load(files={"p.json": [pull(5, **ends("b", "3"))], "c.json": history})
    batch = found["c.json", "commits"]
    assert changes_of(batch) == {"1": None, "2": None, "3": None, "a": "5", "b": "5"}
    # All parents are there, so the graph is known.
    assert batch.rows["parents"].null_count() == 0


def test_commits_of_a_request_alone_are_no_graph(load, pull):
    found = load(
        files={
            "p.json": [pull(5, **ends("b", "3"))],
            "c.json": [commit("a", 4, "2"), commit("b", 5, "a", "3")],
        }
    )["c.json", "commits"]
    assert changes_of(found) == {"a": "5", "b": "5"}
    assert found.rows["parents"].to_list() == [None, None]
    assert found.rows["is_merge"].to_list() == [False, True]


def test_what_came_from_the_trunk_meanwhile_is_not_the_requests(load, pull):
    # The base was last told as 1; main (2) was merged into the branch, then m merged the request.
    history = [
        commit("1", 1), commit("2", 2, "1"), commit("a", 3, "1"), commit("b", 4, "a", "2"),
        commit("e", 6, "2", "b"),
    ]  # fmt: skip
    found = load(files={"p.json": [pull(5, **ends("b", "1", "e"))], "c.json": history})
    assert changes_of(found["c.json", "commits"]) == {
        "1": None,
        "2": None,
        "a": "5",
        "b": "5",
        "e": None,
    }


def test_a_commit_of_two_requests_is_of_the_older(load, pull):
    history = [commit("1", 1), commit("a", 2, "1"), commit("b", 3, "a")]
    pulls = [pull(8, **ends("b", "1")), pull(7, **ends("a", "1"))]
    found = load(files={"p.json": pulls, "c.json": history})
    assert changes_of(found["c.json", "commits"]) == {"1": None, "a": "7", "b": "8"}


def test_without_a_base_a_whole_history_is_no_request(load, pull):
    history = [commit("1", 1), commit("a", 2, "1")]
    found = load(files={"p.json": [pull(5, **ends("a", "d"))], "c.json": history})
    assert changes_of(found["c.json", "commits"]) == {"1": None, "a": None}


def test_commits_may_be_saved_into_their_request(load, pull):
    one = pull(5, commits=[commit("a", 1, "2"), commit("b", 2, "a")])
    found = load(files={"p.json": [one, pull(6, commits=3)]})
    assert changes_of(found["p.json", "commits"]) == {"a": "5", "b": "5"}
    assert found["p.json", "changes"].rows.height == 2


def test_a_saved_commit_that_is_none_is_quarantined(load, pull):
    found = load(files={"p.json": [pull(5, commits=[{"oid": "a"}])]})
    assert found["p.json", "commits"].quarantined["reason"].to_list() == ["unexpected_type"]
    assert found["p.json", "changes"].rows.height == 1


@pytest.mark.parametrize(
    ("message", "change", "kind"),
    [
        ("Weigh parcels (#12)", "12", "other"),
        ("Merge pull request #13 from acme/scales\n\nWeigh parcels", "13", "other"),
        ("Weigh (#12) parcels", None, "other"),
        ('Revert "Weigh parcels" (#14)', "14", "revert"),
        ("Hotfix: weigh again", None, "hotfix"),
        ("", None, None),
    ],
)
def test_the_subject_may_name_the_request(load, message, change, kind):
    row = load(files={"p.json": [push(pushed("b", message))]})["p.json", "commits"].rows.row(
        0, named=True
    )
    assert (row["change_id"], row["subject_kind"]) == (change, kind)


def test_a_revert_names_the_whole_sha(load):
    message = f"Undo\n\nThis reverts commit {'c' * 40}."
    batch = load(
        files={"p.json": [push(pushed("b", message), pushed("d", "This reverts commit abc"))]}
    )
    assert batch["p.json", "commits"].rows["reverts_sha"].to_list() == ["c" * 40, None]


def test_a_push_tells_one_time_and_no_parents(load):
    row = load(files={"p.json": [push(pushed("b"))]})["p.json", "commits"].rows.row(0, named=True)
    assert row["committed_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (row["authored_at"], row["parents"], row["is_merge"]) == (None, None, None)


def test_a_push_and_a_list_of_one_commit_tell_the_same(load):
    found = load(files={"a.json": [push(pushed("b"))], "b.json": [commit("b", 5, "a")]})
    rows = [found[name, "commits"].rows.drop("source_ref") for name in ("a.json", "b.json")]
    assert rows[0].equals(rows[1])
    assert rows[0]["authored_at"][0] == datetime(2026, 3, 1, 10, 5, tzinfo=UTC)


def test_a_push_without_commits_is_put_aside(load):
    batch = load(files={"p.json": [push(deleted=True)]})["p.json", "commits"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


def test_a_commit_without_a_repository_is_quarantined(load):
    one = commit("a", 1) | {"url": None}
    batch = load(files={"c.json": [one]})["c.json", "commits"]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]


def test_a_long_history_is_walked_only_as_far_as_needed(load, pull):
    # 2,000 commits of main, and 400 requests of one commit each: done in no time.
    def sha(number: int) -> str:
        return f"{number:040x}"

    def made(number: int, parent: int | None, at: int) -> dict[str, Any]:
        day, rest = divmod(at, 1440)
        when = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T{rest // 60:02}:{rest % 60:02}:00Z"
        return {
            "sha": sha(number),
            "url": f"{API}/commits/{number}",
            "commit": {"author": {"date": when}, "committer": {"date": when}, "message": "x"},
            "parents": [] if parent is None else [{"sha": sha(parent)}],
        }

    trunk = [made(n, n - 1 if n else None, 10 * n) for n in range(2000)]
    own = [made(10_000 + n, 5 * n, 50 * n + 5) for n in range(400)]
    pulls = [
        pull(n + 1, head={"sha": sha(10_000 + n)}, base={"sha": sha(5 * n), "ref": "main"})
        for n in range(400)
    ]
    text = "\n".join(json.dumps(one) for one in (*trunk, *own, *pulls))
    batch = load(files={"x.ndjson": text})["x.ndjson", "commits"]
    found = dict(batch.rows.select("sha", "change_id").iter_rows())
    assert all(found[sha(10_000 + n)] == str(n + 1) for n in range(400))
    assert sum(change is not None for change in found.values()) == 400
