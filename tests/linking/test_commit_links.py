"""Which deployment first carried each commit."""

from datetime import UTC, datetime

import polars as pl


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def commit(sha: str, *parents: str, repo: str = "shop", day: int = 1, **columns: object) -> dict:
    return {
        "repo": repo,
        "sha": sha,
        "parents": list(parents),
        "committed_at": at(day),
        "is_merge": len(parents) > 1,
        **columns,
    }


def deployment(name: str, sha: str | None, day: int, **columns: object) -> dict:
    return {
        "deployment_id": name,
        "service": "shop",
        "sha": sha,
        "finished_at": at(day),
        **columns,
    }


def head(sha: str, repo: str = "shop") -> dict:
    return {"repo": repo, "name": "HEAD", "kind": "branch", "sha": sha}


def carried(links) -> dict[str, str]:
    """Commit → deployment, without history."""
    rows = links.deployed_in.filter(~pl.col("is_baseline"))
    return dict(rows.select("sha", "deployment_id").iter_rows())


def history(links) -> set[str]:
    return set(links.deployed_in.filter("is_baseline")["sha"])


def test_a_deployment_carries_what_it_reaches_and_no_earlier_one_did(linked) -> None:
    #  a ── b ── c ─── m ── e     d1 = b, d2 = m (by the merge, c and d), d3 = e
    #        └── d ───┘
    links = linked(
        commits=[
            commit("a"),
            commit("b", "a"),
            commit("c", "b"),
            commit("d", "b"),
            commit("m", "c", "d"),
            commit("e", "m"),
        ],
        deployments=[
            deployment("d1", "b", 10),
            deployment("d2", "m", 11),
            deployment("d3", "e", 12),
        ],
    )
    assert history(links) == {"a", "b"}
    assert carried(links) == {"c": "d2", "d": "d2", "m": "d2", "e": "d3"}
    assert links.deployed_in["method"].unique().to_list() == ["graph"]


def test_a_hotfix_branch_deployed_before_the_trunk_takes_only_its_own_commits(linked) -> None:
    # Trunk a-b-c; the fix x stands on a. d2 carries x alone, d3 then b, c and the merge.
    links = linked(
        commits=[
            commit("a"),
            commit("b", "a"),
            commit("c", "b"),
            commit("x", "a"),
            commit("m", "c", "x"),
        ],
        deployments=[
            deployment("d1", "a", 10),
            deployment("d2", "x", 11),
            deployment("d3", "m", 12),
        ],
    )
    assert carried(links) == {"x": "d2", "b": "d3", "c": "d3", "m": "d3"}


def test_failed_and_staging_deployments_carry_nothing(linked) -> None:
    links = linked(
        commits=[commit("a"), commit("b", "a")],
        deployments=[
            deployment("d1", "a", 10),
            deployment("d2", "b", 11, result="failure"),
            deployment("d3", "b", 12, environment_kind="staging"),
            deployment("d4", "b", 13),
        ],
    )
    assert carried(links) == {"b": "d4"}


def test_rolling_back_and_deploying_again_carries_nothing_new(linked) -> None:
    links = linked(
        commits=[commit("a"), commit("b", "a")],
        deployments=[
            deployment("d1", "a", 10),
            deployment("d2", "b", 11),
            deployment("d3", "a", 12),
            deployment("d4", "b", 13),
        ],
    )
    assert carried(links) == {"b": "d2"}


def test_a_clock_that_runs_backwards_changes_nothing_in_the_graph(linked) -> None:
    # The child claims to be older than its parent, and than the deployment before it.
    links = linked(
        commits=[commit("a", day=5), commit("b", "a", day=1)],
        deployments=[deployment("d1", "a", 10), deployment("d2", "b", 11)],
    )
    assert carried(links) == {"b": "d2"}


def test_a_cherry_picked_commit_goes_where_its_own_copy_goes(linked) -> None:
    # x is picked from the unmerged branch commit b: two commits, and only x is deployed.
    links = linked(
        commits=[commit("a"), commit("b", "a"), commit("x", "a")],
        refs=[head("x")],
        deployments=[deployment("d1", "a", 10), deployment("d2", "x", 11)],
    )
    assert carried(links) == {"x": "d2"}
    assert links.waiting.is_empty()


def test_the_first_deployment_that_leads_to_a_commit_is_the_baseline(linked) -> None:
    # d1's commit is not in the clone: what d2 carries may have come with it, so it is history.
    links = linked(
        commits=[commit("a"), commit("b", "a")],
        deployments=[
            deployment("d1", "gone", 9),
            deployment("d2", "a", 10),
            deployment("d3", "b", 11),
        ],
    )
    assert history(links) == {"a"}
    assert carried(links) == {"b": "d3"}


def test_a_shallow_clone_ends_where_parents_are_missing(linked) -> None:
    links = linked(
        commits=[commit("b", "not-cloned"), commit("c", "b")],
        deployments=[deployment("d1", "b", 10), deployment("d2", "c", 11)],
    )
    assert history(links) == {"b"}
    assert carried(links) == {"c": "d2"}


def test_two_deployments_in_one_second_keep_the_order_of_their_ids(linked) -> None:
    links = linked(
        commits=[commit("a"), commit("b", "a"), commit("c", "b")],
        deployments=[
            deployment("d1", "a", 9),
            deployment("d3", "c", 10),
            deployment("d2", "b", 10),
        ],
    )
    assert carried(links) == {"b": "d2", "c": "d3"}


def test_one_service_of_many_repositories_has_a_baseline_in_each(linked) -> None:
    links = linked(
        services={"shop": ["web", "api"]},
        commits=[
            commit("w1", repo="web"),
            commit("w2", "w1", repo="web"),
            commit("a1", repo="api"),
            commit("a2", "a1", repo="api"),
        ],
        deployments=[
            deployment("d1", "w1", 10),
            deployment("d2", "a1", 11),
            deployment("d3", "w2", 12),
            deployment("d4", "a2", 13),
        ],
    )
    assert history(links) == {"w1", "a1"}
    assert carried(links) == {"w2": "d3", "a2": "d4"}


def monorepo(**columns: object) -> dict:
    return {
        "services": {
            "shop": [{"name": "mono", "path": "apps/shop"}],
            "api": [{"name": "mono", "path": "apps/api/"}],
        },
        "commits": [
            commit("a", repo="mono"),
            commit("b", "a", repo="mono"),
            commit("c", "b", repo="mono"),
        ],
        "deployments": [
            deployment("s1", "a", 10),
            deployment("s2", "c", 12),
            deployment("p1", "a", 10, service="api"),
            deployment("p2", "b", 11, service="api"),
            deployment("p3", "c", 13, service="api"),
        ],
        **columns,
    }


def file(sha: str, path: str) -> dict:
    return {"repo": "mono", "sha": sha, "path": path, "kind": "source"}


def test_one_repository_of_many_services_gives_each_the_commits_that_touch_its_folder(
    linked,
) -> None:
    # b touches shop and a folder whose name only begins like api's; c touches api.
    links = linked(
        **monorepo(
            file_changes=[
                file("a", "readme"),
                file("b", "apps/shop/cart.py"),
                file("b", "apps/api-gateway/main.py"),
                file("c", "apps/api/main.py"),
            ]
        )
    )
    rows = links.deployed_in.select("service", "sha", "deployment_id", "is_baseline").sort("sha")
    assert rows.rows() == [("shop", "b", "s2", False), ("api", "c", "p3", False)]
    assert links.waiting.is_empty()


def test_a_part_of_a_repository_without_file_statistics_is_unlinked(linked) -> None:
    links = linked(**monorepo())
    assert links.deployed_in.is_empty()
    assert links.unlinked.group_by("service", "reason").len().sort("service").rows() == [
        ("api", "statistics_missing", 3),
        ("shop", "statistics_missing", 2),
    ]


# ---- What waits ---- #


def test_commits_of_the_trunk_that_no_deployment_carries_wait(linked) -> None:
    # x is on a branch that nobody merged: it doesn't wait for a deployment.
    links = linked(
        commits=[commit("a"), commit("b", "a", day=11), commit("x", "a", day=11)],
        refs=[head("b")],
        deployments=[deployment("d1", "a", 10)],
    )
    assert links.waiting.rows() == [("shop", "shop", "b")]
    assert links.unlinked.select("kind", "key", "service", "at", "reason").rows() == [
        ("commit", "shop@b", "shop", at(11), "not_deployed")
    ]


def test_without_a_known_trunk_every_commit_that_is_not_deployed_waits(linked) -> None:
    links = linked(
        commits=[commit("a"), commit("b", "a"), commit("x", "a")],
        deployments=[deployment("d1", "a", 10)],
    )
    assert set(links.waiting["sha"]) == {"b", "x"}


def test_nothing_waits_for_a_service_that_no_deployment_of_is_placed(linked) -> None:
    links = linked(
        commits=[commit("a")], refs=[head("a")], deployments=[deployment("d1", "gone", 10)]
    )
    assert links.waiting.is_empty()
    assert links.unlinked["reason"].to_list() == ["sha_not_in_clone"]


def test_what_is_older_than_the_history_window_does_not_wait(linked) -> None:
    # As of 2026-07-01 a window of one month begins on 2026-06-01.
    links = linked(
        settings={"definitions": {"history_months": 1}},
        commits=[
            commit("a"),
            commit("old", "a", committed_at=datetime(2026, 5, 31, 23, tzinfo=UTC)),
            commit("new", "a", committed_at=datetime(2026, 6, 1, tzinfo=UTC)),
        ],
        deployments=[deployment("d1", "a", 10)],
    )
    assert links.waiting["sha"].to_list() == ["new"]


# ---- Without a graph ---- #


def flat(sha: str, day: int, **columns: object) -> dict:
    return {"repo": "shop", "sha": sha, "parents": None, "committed_at": at(day), **columns}


def test_without_a_graph_a_commit_goes_with_the_first_deployment_finished_at_or_after_it(
    linked,
) -> None:
    # d1 on the 10th is the baseline: a and b (at the very second) are history. c is made at the
    # second in which d2 finishes and counts for it; e comes after the last deployment.
    links = linked(
        commits=[flat("a", 9), flat("b", 10), flat("c", 12), flat("d", 13), flat("e", 15)],
        deployments=[
            deployment("d1", None, 10),
            deployment("d2", None, 12),
            deployment("x", None, 13, result="failure"),
            deployment("d3", None, 14),
        ],
    )
    assert history(links) == {"a", "b"}
    assert carried(links) == {"c": "d2", "d": "d3"}
    assert links.deployed_in["method"].unique().to_list() == ["first deployment after"]
    assert links.waiting["sha"].to_list() == ["e"]


def test_without_a_graph_a_commit_enters_with_the_merge_of_its_change(linked) -> None:
    # b was committed before d2 but merged after it; s is the squashed commit of request 2 with a
    # wrong clock; u belongs to a request that is not merged.
    links = linked(
        commits=[
            flat("b", 11, change_id="1"),
            flat("s", 1),
            flat("u", 11, change_id="3"),
        ],
        changes=[
            {"repo": "shop", "change_id": "1", "opened_at": at(11), "merged_at": at(13)},
            {
                "repo": "shop",
                "change_id": "2",
                "opened_at": at(11),
                "merged_at": at(13),
                "merge_sha": "s",
            },
            {"repo": "shop", "change_id": "3", "opened_at": at(11)},
        ],
        deployments=[
            deployment("d1", None, 10),
            deployment("d2", None, 12),
            deployment("d3", None, 14),
        ],
    )
    assert carried(links) == {"b": "d3", "s": "d3"}
    assert links.waiting.is_empty()


# ---- Changes ---- #


def change(name: str, merged: int, merge_sha: str | None, **columns: object) -> dict:
    return {
        "repo": "shop",
        "change_id": name,
        "opened_at": at(9),
        "merged_at": at(merged),
        "merge_sha": merge_sha,
        **columns,
    }


def test_a_change_goes_where_its_merge_goes_with_the_commits_that_the_merge_brought(
    linked,
) -> None:
    # Request 1 merges x1 and x2 by m; request 2 is squashed into s; request 3 is not deployed.
    links = linked(
        commits=[
            commit("a", day=1),
            commit("x1", "a", day=7),
            commit("x2", "x1", day=8),
            commit("m", "a", "x2", day=11),
            commit("s", "m", day=12),
            commit("t", "s", day=20),
        ],
        refs=[head("t")],
        changes=[change("1", 11, "m"), change("2", 12, "s"), change("3", 20, "t")],
        deployments=[
            deployment("d1", "a", 10),
            deployment("d2", "m", 11),
            deployment("d3", "s", 13),
        ],
    )
    columns = ["change_id", "deployment_id", "is_baseline", "first_commit_at"]
    assert links.deployed_changes.select(columns).sort("change_id").rows() == [
        ("1", "d2", False, at(7)),
        ("2", "d3", False, at(12)),
        ("3", None, False, at(20)),
    ]


def test_the_first_letters_of_a_merge_are_the_one_commit_that_begins_with_them(linked) -> None:
    merge, other, twin = "abcdef012345" + "1" * 28, "abcdef0" + "2" * 33, "123456789" + "3" * 31
    again = twin[:-1] + "4"
    links = linked(
        commits=[
            commit("a", day=1),
            commit(merge, "a", day=11),
            commit(other, merge, day=12),
            commit(twin, other, day=13),
            commit(again, twin, day=14),
        ],
        refs=[head(again)],
        changes=[
            change("1", 11, merge[:12]),
            change("2", 12, other[:7]),
            change("3", 13, twin[:9]),
        ],
        deployments=[deployment("d1", "a", 10), deployment("d2", again, 15)],
    )
    # Two commits begin with the seven letters, and two with the nine: neither is taken.
    assert links.deployed_changes.select("change_id", "deployment_id").rows() == [("1", "d2")]
    lost = links.unlinked.filter(kind="change").select("key").sort("key").rows()
    assert lost == [("shop#2",), ("shop#3",)]


def test_a_change_whose_merge_is_not_in_the_clone_is_listed(linked) -> None:
    links = linked(
        commits=[commit("a")],
        changes=[change("1", 11, "gone"), change("2", 11, None)],
        deployments=[deployment("d1", "a", 10)],
    )
    assert links.deployed_changes.is_empty()
    rows = links.unlinked.filter(kind="change").select("key", "reason").sort("key").rows()
    assert rows == [("shop#1", "merge_commit_unknown"), ("shop#2", "merge_commit_unknown")]


def test_changes_without_any_commits_go_with_the_first_deployment_after_the_merge(linked) -> None:
    links = linked(
        changes=[change("1", 10, None), change("2", 11, None), change("3", 20, None)],
        deployments=[deployment("d1", None, 10), deployment("d2", None, 12)],
    )
    columns = ["change_id", "deployment_id", "is_baseline", "method"]
    assert links.deployed_changes.select(columns).sort("change_id").rows() == [
        ("1", "d1", True, "first deployment after"),
        ("2", "d2", False, "first deployment after"),
        ("3", None, False, "first deployment after"),
    ]


def test_a_change_belongs_to_the_services_of_a_monorepo_whose_folders_it_touches(linked) -> None:
    links = linked(
        **monorepo(
            file_changes=[file("b", "apps/shop/cart.py"), file("c", "apps/api/main.py")],
            changes=[
                change("1", 11, "b") | {"repo": "mono"},
                change("2", 12, "c") | {"repo": "mono"},
            ],
        )
    )
    columns = ["service", "change_id", "deployment_id"]
    assert links.deployed_changes.select(columns).sort("change_id").rows() == [
        ("shop", "1", "s2"),
        ("api", "2", "p3"),
    ]
