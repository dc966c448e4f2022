"""Argo CD: syncs that succeeded, one that goes on or failed, and which of them changed anything."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.argocd import ARGOCD

SHA = "0f886c74949c3ee7e489188911c7dc0c1d547418"
OTHER = "9b3de5e22a61f4a2a9b6ff0f6a6fc6e1f1ac12dd"
UID = "5d1c4e1a-77a0-4dd0-8fd5-9b6b3a0c1f2e"
PEOPLE = ("bea", "harbour@")


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def source(**fields: Any) -> dict[str, Any]:
    return {
        "repoURL": "https://git.example.com/harbour/shop.git",
        "path": "deploy/production",
        "targetRevision": "main",
        **fields,
    }


def sync(number: int = 0, sha: str = SHA, hour: int = 9, **fields: Any) -> dict[str, Any]:
    """Make an entry of the history; each takes 40 seconds."""
    return {
        "id": number,
        "revision": sha,
        "deployStartedAt": f"2026-03-02T{hour:02}:00:00Z",
        "deployedAt": f"2026-03-02T{hour:02}:00:40Z",
        "source": source(),
        "initiatedBy": {"username": "bea.harbour@example.com"},
        **fields,
    }


def operation(phase: str = "Succeeded", hour: int = 9, **fields: Any) -> dict[str, Any]:
    """Make the state of the last operation."""
    return {
        "operation": {
            "initiatedBy": {"username": "bea"},
            "retry": {"limit": 5},
            "sync": {"revision": SHA, "prune": True},
        },
        "phase": phase,
        "message": "one or more objects failed to apply: Bea Harbour broke it",
        "startedAt": f"2026-03-02T{hour:02}:00:00Z",
        "finishedAt": f"2026-03-02T{hour:02}:00:40Z",
        "syncResult": {"revision": SHA, "source": source(), "resources": []},
        **fields,
    }


def application(*history: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make an application as `argocd app get NAME -o json` prints it."""
    made: dict[str, Any] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "shop-production",
            "namespace": "argocd",
            "uid": UID,
            "annotations": {"notified": "bea@harbour.example"},
            "managedFields": [{"manager": "bea"}],
        },
        "spec": {
            "project": "default",
            "source": source(),
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        },
        "status": {
            "history": list(history),
            "operationState": operation(),
            "sync": {"status": "Synced", "revision": SHA},
            "health": {"status": "Healthy"},
        },
    }
    for name, value in fields.items():
        where, _, key = name.partition("__")
        (made[where] if key else made)[key or where] = value
    return made


def rows(batches: dict[str, Any]) -> list[dict[str, Any]]:
    batch = batches["deployments"]
    assert batch.quarantined.rows() == []
    return batch.rows.sort("updated_at").rows(named=True)


def row(batches: dict[str, Any]) -> dict[str, Any]:
    (found,) = rows(batches)
    return found


def test_a_sync_becomes_a_deployment_and_the_operation_behind_it_no_second_one(load):
    batches = load(ARGOCD, application(sync()))
    found = row(batches)
    assert found["deployment_id"] == f"argocd:{UID}:2026-03-02T09:00:00Z"
    assert (found["service"], found["environment"]) == ("shop", "shop-production")
    assert found["environment_kind"] == "production"
    assert (found["repo"], found["sha"], found["ref"]) == ("harbour/shop", SHA, "main")
    assert (found["started_at"], found["finished_at"]) == (at(9), at(9, 0, 40))
    assert (found["result"], found["trigger"], found["method"]) == ("success", "person", "reported")
    assert (found["updated_at"], found["artifact"]) == (at(9, 0, 40), None)
    assert (batches["deployments"].n_read, batches["deployments"].n_absorbed) == (2, 1)


# as gitops-engine/pkg/sync/common/types.go declares OperationPhase
@pytest.mark.parametrize(
    ("phase", "result"),
    [
        ("Running", "in_progress"),
        ("Terminating", "in_progress"),
        ("Failed", "failure"),
        ("Error", "error"),
        ("Odd", "unknown"),
    ],
)
def test_an_operation_that_is_not_in_the_history_is_a_row_by_its_phase(load, phase, result):
    state = operation(phase, hour=12, retryCount=2)
    batches = load(ARGOCD, application(sync(), status__operationState=state))
    assert ARGOCD.words["phase of an operation"].get(phase, "unknown") == result
    found = batches["deployments"].rows.filter(batches["deployments"].rows["started_at"] == at(12))
    (found,) = found.rows(named=True)
    assert (found["result"], found["attempt"], found["sha"]) == (result, 3, SHA)
    assert found["finished_at"] == (None if result == "in_progress" else at(12, 0, 40))


def test_every_documented_phase_has_a_word():
    documented = {"Running", "Terminating", "Failed", "Error", "Succeeded"}
    assert set(ARGOCD.words["phase of an operation"]) == documented


@pytest.mark.parametrize(
    ("message", "result"),
    [
        ("Operation terminated", "cancelled"),  # somebody pressed "terminate"
        ("operation terminated, triggered by controller sync timeout", "timeout"),
        (None, "failure"),
    ],
)
def test_a_sync_that_was_stopped_did_not_fail(load, message, result):
    state = operation("Failed", message=message)
    assert row(load(ARGOCD, application(status__operationState=state)))["result"] == result


def test_a_sync_that_changes_nothing_is_skipped_and_going_back_is_a_deployment(load):
    history = [
        sync(0, SHA, 9),
        sync(1, SHA, 10),
        sync(2, OTHER, 11),
        sync(3, SHA, 12),
        sync(4, SHA, 13, source=source(helm={"parameters": [{"name": "replicas", "value": "3"}]})),
        sync(5, SHA, 14, source=source(targetRevision="v7", helm={"parameters": [
            {"name": "replicas", "value": "3"}]})),
    ]  # fmt: skip
    found = rows(load(ARGOCD, application(*reversed(history))))
    assert [one["result"] for one in found] == [
        "success", "skipped", "success", "success", "success", "skipped",
    ]  # fmt: skip


def test_an_export_that_knows_what_ran_before_wins_over_a_shorter_one(load):
    history = [sync(number, SHA, 9 + number) for number in range(3)]
    whole, cut = application(*history), application(*history[1:])
    for pages in ([whole, cut], [cut, whole]):
        batch = load(ARGOCD, {"items": pages})["deployments"]
        results = batch.rows.sort("started_at")["result"].to_list()
        assert results == ["success", "skipped", "skipped"]
        assert batch.n_duplicates == 2
        (note,) = batch.notes
        assert note.startswith("the oldest sync of an application's history may have changed")


def test_a_sync_that_went_on_is_the_one_that_the_history_has_later(load):
    running = application(status__operationState=operation("Running"))
    assert row(load(ARGOCD, running))["result"] == "in_progress"
    found = row(load(ARGOCD, [application(sync()), running]))
    assert (found["result"], found["finished_at"]) == ("success", at(9, 0, 40))


@pytest.mark.parametrize(
    "asked", [{"dryRun": True}, {"resources": [{"kind": "Service", "name": "shop"}]}, None]
)
def test_operations_that_deploy_nothing_or_only_a_part_are_put_aside(load, asked):
    state = operation("Failed", operation={"sync": asked} if asked else {})
    batch = load(ARGOCD, application(sync(), status__operationState=state))["deployments"]
    assert batch.rows["result"].to_list() == ["success"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


@pytest.mark.parametrize(
    ("who", "trigger"),
    [
        ({"automated": True}, "pipeline"),
        ({"username": "bea"}, "person"),
        ({"username": "proj:shop:deployer"}, "pipeline"),
        ({"username": "release[bot]"}, "pipeline"),
        ({}, None),
        (None, None),
    ],
)
def test_who_started_it_is_a_person_or_a_pipeline(load, who, trigger):
    assert row(load(ARGOCD, application(sync(initiatedBy=who))))["trigger"] == trigger


# ---- Service and environment ---- #


@pytest.mark.parametrize(
    ("metadata", "destination", "service", "environment"),
    [
        ({"name": "shop"}, {"namespace": "staging"}, "shop", "staging"),
        ({"name": "shop"}, {"namespace": "shop", "name": "prod-eu"}, "shop", "prod-eu"),
        ({"name": "prod-eu-shop"}, {"namespace": "x", "name": "prod-eu"}, "shop", "prod-eu"),
        ({"name": "qa-shop"}, {"namespace": "x"}, "shop", "qa-shop"),
        ({"name": "cart"}, {"namespace": "carts"}, "cart", "carts"),
        ({"name": "x", "labels": {"app.kubernetes.io/name": "cart", "env": "blue"}},
         {"namespace": "production"}, "cart", "blue"),
        ({"name": "shop", "labels": {"app.kubernetes.io/name": "web", "env": 1}},
         {"server": "https://dev.example.com"}, "shop", "dev.example.com"),
        ({"name": "cart"}, {}, "cart", None),
    ],
)  # fmt: skip
def test_service_and_environment_are_those_that_the_settings_know(
    load, metadata, destination, service, environment
):
    one = application(sync(), metadata=metadata, spec__destination=destination)
    found = row(load(ARGOCD, one))
    assert (found["service"], found["environment"]) == (service, environment)


def test_the_entrys_service_counts_and_its_repository_where_none_is_said(load):
    found = row(load(ARGOCD, application(sync()), service="basket", repository="harbour/x"))
    assert (found["service"], found["repo"]) == ("basket", "harbour/shop")
    one = application(sync(source={"repoURL": ""}), spec__source=source(repoURL=""))
    assert row(load(ARGOCD, one, repository="harbour/x"))["repo"] == "harbour/x"


# ---- Versions ---- #


@pytest.mark.parametrize(
    ("origin", "revision", "sha", "ref", "artifact"),
    [
        (source(targetRevision="HEAD"), SHA, SHA, None, None),
        (source(targetRevision="v1.2.0"), SHA, SHA, "v1.2.0", None),
        (source(targetRevision="v1.*"), SHA, SHA, None, None),
        (source(targetRevision=SHA), SHA, SHA, None, None),
        (source(kustomize={"images": ["shop=reg.example.com/shop:4"]}), SHA, SHA, "main",
         "reg.example.com/shop:4"),
        (source(helm={"parameters": [{"name": "image.name", "value": "reg.example.com/shop"},
                                     {"name": "image.tag", "value": "5"}]}), SHA, SHA, "main",
         "reg.example.com/shop:5"),
        (source(kustomize={"images": ["a:1", "b:2"]}), SHA, SHA, "main", None),
        ({"repoURL": "https://charts.example.com", "chart": "shop", "targetRevision": "1.*"},
         "1.4.2", None, None, "shop:1.4.2"),
        ({"repoURL": "oci://reg.example.com/shop", "targetRevision": "1"}, "sha256:ab", None, None,
         "reg.example.com/shop@sha256:ab"),
    ],
)  # fmt: skip
def test_what_was_deployed_is_named_as_far_as_the_sync_says(
    load, origin, revision, sha, ref, artifact
):
    found = row(load(ARGOCD, application(sync(0, revision, source=origin))))
    assert (found["sha"], found["ref"], found["artifact"]) == (sha, ref, artifact)
    assert found["repo"] == (None if sha is None else "harbour/shop")


def test_of_several_sources_the_commit_is_that_of_the_services_repository(load):
    chart = {"repoURL": "https://charts.example.com", "chart": "web", "targetRevision": "2.0.0"}
    values = source(repoURL="https://git.example.com/harbour/values.git")
    many = {
        "revision": None,
        "source": {"repoURL": ""},
        "sources": [chart, values, source()],
        "revisions": ["2.0.0", OTHER, SHA],
    }
    found = row(load(ARGOCD, application(sync(**many))))
    assert (found["repo"], found["sha"], found["artifact"]) == ("harbour/shop", SHA, "web:2.0.0")
    batches = load(ARGOCD, application(sync(**many)), service="basket")
    found = row(batches)
    assert (found["repo"], found["sha"], found["ref"]) == (None, None, None)
    (note,) = batches["deployments"].notes
    assert note.startswith("a sync is of several repositories, and the settings don't say which")


def test_a_sync_without_a_source_is_of_the_one_that_is_declared_without_its_branch(load):
    found = row(load(ARGOCD, application(sync(source=None))))
    assert (found["repo"], found["sha"], found["ref"]) == ("harbour/shop", SHA, None)


def test_without_a_uid_and_a_beginning_a_sync_is_known_by_name_and_end(load):
    one = application(sync(deployStartedAt=None), metadata={"name": "shop", "namespace": "argocd"})
    found = row(load(ARGOCD, one))
    assert found["deployment_id"] == "argocd:argocd/shop:2026-03-02T09:00:40Z"
    assert (found["started_at"], found["finished_at"]) == (None, at(9, 0, 40))


def test_records_without_times_or_syncs_say_so(load):
    state = operation("Failed", startedAt=None)
    several = [
        application(sync(0), sync(1, deployedAt=None), status__operationState=state),
        application(status={}),
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {}, "spec": {}},
        {"kind": "Pod", "apiVersion": "v1"},
    ]
    batch = load(ARGOCD, several)["deployments"]
    assert (batch.n_read, batch.rows.height) == (6, 1)
    assert sorted(batch.quarantined["reason"]) == [
        "not_needed", "not_needed", "sync_without_time", "sync_without_time", "unknown_record",
    ]  # fmt: skip


# ---- Files ---- #


def _without_kind(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in {"kind", "apiVersion"}}


@pytest.mark.parametrize(
    "content",
    [
        application(sync()),
        [application(sync())],
        {"apiVersion": "v1", "kind": "List", "items": [application(sync())], "metadata": {}},
        # the API's answers and its command's lists leave out the kind
        {"metadata": {}, "items": [_without_kind(application(sync()))]},
    ],
)
@pytest.mark.parametrize("is_yaml", [False, True])
def test_every_shape_of_json_and_yaml_is_read_alike(load, save, content, is_yaml):
    text = yaml.safe_dump(content) if is_yaml else json.dumps(content, indent=2)
    found = row(load(ARGOCD, text, name="x.txt"))
    assert (found["sha"], found["finished_at"]) == (SHA, at(9, 0, 40))
    recognised = ARGOCD.recognise(save(text, "y.txt"))
    assert recognised is not None
    assert (recognised.kind, recognised.confidence) == ("argocd", 0.95)


def test_only_json_is_ever_read_in_parts(save):
    assert ARGOCD.is_by_line(save(application(sync())))
    assert not ARGOCD.is_by_line(save(yaml.safe_dump(application(sync()))))
    assert not ARGOCD.is_by_line(save(b"\xff\xfe\xfd"))


def test_yaml_that_was_never_synced_is_known_by_its_name(load):
    batch = load(ARGOCD, yaml.safe_dump(application(status={})), name="x.yaml")["deployments"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


def test_several_yaml_documents_are_several_applications(load):
    other = application(sync(), metadata={"name": "cart"})
    batch = load(ARGOCD, yaml.safe_dump_all([application(sync()), other, ["x"]]))["deployments"]
    assert sorted(batch.rows["service"]) == ["cart", "shop"]
    assert batch.quarantined["reason"].to_list() == ["not_an_object"]


def test_yaml_that_would_grow_without_end_or_is_cut_off_is_refused_in_words(load):
    text = yaml.safe_dump(application(sync()))
    bomb = text + "x: &a [1,1]\ny: &b [*a,*a]\nz: [*b,*b]\n"
    with pytest.raises(ExportError, match="refers to an anchor"):
        load(ARGOCD, bomb)
    with pytest.raises(ExportError, match="is no YAML that can be read"):
        load(ARGOCD, text + "x: [")


def test_a_list_that_was_cut_off_gives_what_is_whole(load):
    text = json.dumps({"items": [application(sync()), application(sync())]})
    batch = load(ARGOCD, text[:-200])["deployments"]
    assert batch.rows.height == 1
    assert batch.quarantined["reason"].to_list() == ["truncated_json"]


def test_nobody_who_syncs_is_named(load, said_anywhere):
    many = [
        application(sync(), status__operationState=operation("Failed", hour=12)),
        application(sync(1, deployedAt=None), status__operationState=operation(startedAt=None)),
        application(sync(), metadata={"name": 7, "who": "bea"}, spec="bea"),
        {"by": "bea"},
    ]
    text = said_anywhere(load(ARGOCD, "\n".join(json.dumps(one) for one in many) + "\n{'bea"))
    assert not [name for name in PEOPLE if name in text.lower()]


@pytest.mark.parametrize(
    "content",
    [
        "", "a,b\n1,2\n", "<x>", '{"metadata": {}, "spec": {}}', "[]",
        '{"kind": "Application", "apiVersion": "app.k8s.io/v1beta1", "metadata": {}, "spec": {}}',
        "kind: Deployment\nmetadata: {}\n",
        # what is kept in git has no status: nothing is computed from it
        yaml.safe_dump({name: value for name, value in application().items() if name != "status"}),
        "repoURL: [\ndestination: x\ndeployedAt: y\n",
    ],
)  # fmt: skip
def test_other_files_are_not_recognised(save, content):
    assert ARGOCD.recognise(save(content)) is None


def test_applications_that_were_never_synced_are_recognised_with_little_confidence(save):
    found = ARGOCD.recognise(save(application(status={})))
    assert found is not None
    assert found.confidence < 0.5


WHOLE = json.dumps(
    {"items": [application(sync(), sync(1, OTHER, 10)), application(metadata={"name": "cart"})]}
).encode()


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_list_is_read_with_all_counted_or_refused(survives, seed):
    survives(ARGOCD, WHOLE, seed)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_damaged_yaml_is_read_with_all_counted_or_refused(survives, seed):
    survives(ARGOCD, yaml.safe_dump(json.loads(WHOLE)).encode(), seed)


@pytest.mark.real
def test_real_exports_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert ARGOCD.recognise(path) is None, path
