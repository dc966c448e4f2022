"""Deployments are dated by their statuses and belong to a service, or say why not."""

from datetime import UTC, datetime

import pytest

TABLE = "deployments"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def only(batches, file="d.json"):
    return batches[file, TABLE].rows.row(0, named=True)


def test_the_first_terminal_status_is_the_finish(load, deployment, status):
    # in progress at 9:02, success at 9:05, failure at 9:40, inactive at 9:50: success at 9:05
    steps = [
        status("inactive", 50),
        status("failure", 40),
        status("success", 5),
        status("in_progress", 2),
        status("queued", 1),
    ]
    row = only(load(files={"d.json": [deployment(statuses=steps)]}))
    assert (row["started_at"], row["finished_at"]) == (at(9, 2), at(9, 5))
    assert (row["result"], row["updated_at"]) == ("success", at(9, 50))
    assert row["deployment_id"] == "github:shop:1"
    assert (row["service"], row["repo"], row["sha"], row["ref"]) == (
        "shop",
        "shop",
        "a" * 40,
        "main",
    )
    assert (row["environment"], row["environment_kind"]) == ("production", "production")
    assert (row["trigger"], row["method"], row["planned"]) == ("person", "reported", None)


@pytest.mark.parametrize(
    ("states", "result"),
    [
        (["in_progress", "failure"], "failure"),
        (["error"], "error"),
        (["queued", "in_progress"], "in_progress"),
        (["queued"], "queued"),
        (["pending"], "queued"),
        (["waiting"], "blocked"),
        (["in_progress", "inactive"], "unknown"),
        (["inactive", "success"], "success"),
        (["in_progress", "exploded"], "unknown"),
    ],
)
def test_states_become_results(load, deployment, status, states, result):
    steps = [status(state, minute) for minute, state in enumerate(states, 1)]
    batch = load(files={"d.json": [deployment(statuses=steps)]})["d.json", TABLE]
    row = batch.rows.row(0, named=True)
    assert row["result"] == result
    ended = {"success", "failure", "error"} & set(states)
    assert row["finished_at"] == (at(9, len(states)) if ended else None)
    assert any("exploded" in note for note in batch.notes) == ("exploded" in states)


def test_statuses_of_one_second_come_in_the_order_of_their_ids(load, deployment, status):
    steps = [status("failure", 5, id=12), status("success", 5, id=9)]
    assert only(load(files={"d.json": [deployment(statuses=steps)]}))["result"] == "success"


def test_statuses_in_another_file_are_absorbed(load, deployment, status):
    lost = status("success", 9, deployment=99)
    batches = load(
        files={
            "d.json": [deployment(1), deployment(2)],
            "s1.json": [status("in_progress", 3), status("success", 7)],
            "s2.json": [status("failure", 8, deployment=2), lost],
        }
    )
    rows = batches["d.json", TABLE].rows
    assert rows["result"].to_list() == ["success", "failure"]
    assert rows["finished_at"].to_list() == [at(9, 7), at(9, 8)]
    first, second = batches["s1.json", TABLE], batches["s2.json", TABLE]
    assert (first.n_read, first.n_absorbed, first.rows.height) == (2, 2, 0)
    assert (second.n_read, second.n_absorbed) == (2, 1)
    quarantined = second.quarantined.row(0, named=True)
    assert quarantined["reason"] == "deployment_not_found"
    assert (quarantined["file"], quarantined["record"]) == ("exports/s2.json", 2)
    assert "deployment 99 of shop" in quarantined["message"]


def test_a_status_without_a_deployment_url_is_placed_by_its_own_address(load, deployment, status):
    address = "https://api.github.example/repos/acme/shop/deployments/1/statuses/5"
    one = status("success", 5, deployment_url="", url=address)
    assert only(load(files={"d.json": [deployment()], "s.json": [one]}))["result"] == "success"


def test_the_same_status_twice_changes_nothing(load, deployment, status):
    steps = [status("in_progress", 1), status("success", 5)]
    batches = load(files={"d.json": [deployment(statuses=steps)], "s.json": steps})
    assert only(batches)["finished_at"] == at(9, 5)
    assert batches["s.json", TABLE].n_absorbed == 2


def test_without_statuses_the_result_is_unknown_and_that_is_said(load, deployment):
    batch = load(files={"d.json": [deployment(1), deployment(2)]})["d.json", TABLE]
    assert batch.rows["result"].to_list() == ["unknown", "unknown"]
    assert batch.rows["finished_at"].to_list() == [None, None]
    assert batch.rows["started_at"].to_list() == [at(9), at(9)]
    assert any(note.startswith("2 deployments have no status") for note in batch.notes)


def test_a_status_with_a_time_that_is_none_is_quarantined(load, deployment, status):
    bad = status("success", 5) | {"created_at": "yesterday"}
    batches = load(files={"d.json": [deployment(statuses=[bad])], "s.json": [bad]})
    for file in ("d.json", "s.json"):
        quarantined = batches[file, TABLE].quarantined.row(0, named=True)
        assert quarantined["reason"] == "not_a_time"
        assert "'yesterday'" in quarantined["message"]


def test_statuses_of_a_quarantined_deployment_are_quarantined_too(load, deployment, status):
    services = {
        name: {"repositories": [{"name": "acme/shop", "path": name}]} for name in ("api", "ui")
    }
    batches = load(
        {"teams": {"web": {"services": services}}},
        {"d.json": [deployment()], "s.json": [status("success", 5)]},
    )
    refused = batches["d.json", TABLE].quarantined.row(0, named=True)
    assert refused["reason"] == "service_not_known"
    assert "api, ui" in refused["message"]
    assert "`service`" in refused["message"]
    assert batches["s.json", TABLE].quarantined["reason"].to_list() == ["deployment_not_loaded"]


def test_the_entry_may_name_the_service(load, deployment):
    services = {name: {"repositories": ["shop"], "aliases": [f"{name}-prod"]} for name in "ab"}
    batches = load(
        {"teams": {"web": {"services": services}}}, {"d.json": [deployment()]}, service="b"
    )
    assert only(batches)["service"] == "b"


@pytest.mark.parametrize(
    ("declared", "repo", "service"),
    [
        (["shop"], "shop", "basket"),
        (["acme/shop"], "acme/shop", "basket"),
        (["Acme/Shop"], "Acme/Shop", "basket"),
        (["other/shop"], "acme/shop", "shop"),
        ([], "acme/shop", "shop"),
    ],
)
def test_the_repository_is_called_as_in_the_settings(load, deployment, declared, repo, service):
    settings = {"teams": {"web": {"services": {"basket": {"repositories": declared}}}}}
    row = only(load(settings, {"d.json": [deployment()]}))
    assert (row["repo"], row["service"]) == (repo, service)
    assert row["deployment_id"] == f"github:{repo}:1"


def test_the_entry_names_the_repository_where_the_record_does_not(load, deployment):
    bare = deployment() | {"url": None}
    row = only(load(files={"d.json": [bare]}, repository="acme/shop"))
    assert row["repo"] == "shop"
    batch = load(files={"d.json": [bare]})["d.json", TABLE]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]
    other = only(load(files={"d.json": [deployment()]}, repository="acme/other"))
    assert other["repo"] == "shop"


@pytest.mark.parametrize(
    ("fields", "trigger"),
    [
        ({"creator": {"login": "github-actions[bot]"}}, "pipeline"),
        ({"creator": {"login": "acme-deploy", "type": "Bot"}}, "pipeline"),
        ({"performed_via_github_app": {"slug": "github-actions"}}, "pipeline"),
        ({"creator": {"login": "ada", "type": "User"}}, "person"),
        ({"creator": None}, None),
    ],
)
def test_who_created_it_tells_what_triggered_it(load, deployment, fields, trigger):
    assert only(load(files={"d.json": [deployment(**fields)]}))["trigger"] == trigger


def test_a_ref_that_is_the_commit_names_no_ref(load, deployment):
    assert only(load(files={"d.json": [deployment(ref="a" * 40)]}))["ref"] is None
