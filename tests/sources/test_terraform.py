"""Plans and states of Terraform and OpenTofu: counts and times, and never a value."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import TerraformSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context, Held
from devops_analytics.sources.terraform import TERRAFORM

SECRET = "hunter2"
CONTEXT = Context(settings=settings_from({"people": {"salt": "pepper"}}), label="exports/plan.json")
AWS = "registry.terraform.io/hashicorp/aws"


def load(content: Any, **entry: Any) -> Batch:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    export = Held(name="plan.json", data=data, within=Path("exports"))
    source = TerraformSource(kind="terraform", path="exports", **entry)
    (draft,) = TERRAFORM.read(export, source, CONTEXT)
    batch = conform(draft, entry=source, context=CONTEXT)
    seen = batch.rows.height + batch.n_absorbed + batch.quarantined.height + batch.n_duplicates
    assert batch.n_read == seen
    assert SECRET not in f"{batch.rows.to_dicts()}{batch.quarantined.to_dicts()}{batch.notes}"
    return batch


def only(batch: Batch) -> dict[str, Any]:
    assert batch.quarantined.rows() == []
    return batch.rows.row(0, named=True)


def recognised(content: Any) -> bool:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return TERRAFORM.recognise(Held(name="x.json", data=data, within=Path("x"))) is not None


def change(
    *actions: str, mode: str = "managed", provider: str = AWS, **more: Any
) -> dict[str, Any]:
    return {
        "address": f'aws_db_instance.shop["{SECRET}"]',
        "mode": mode,
        "type": "aws_db_instance",
        "name": "shop",
        "provider_name": provider,
        "change": {
            "actions": list(actions),
            "before": {"password": SECRET},
            "after": {"password": SECRET},
            "after_unknown": {},
            "before_sensitive": {"password": True},
        },
        **more,
    }


def resource(provider: str = AWS, **more: Any) -> dict[str, Any]:
    return {
        "address": "aws_db_instance.shop",
        "mode": "managed",
        "type": "aws_db_instance",
        "name": "shop",
        "provider_name": provider,
        "schema_version": 2,
        "values": {"password": SECRET},
        **more,
    }


def state(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A root module with the first resource, one inside it with the second, and so on."""
    module: dict[str, Any] = {}
    for one in reversed(resources):
        module = {"address": "module.a", "resources": [one], "child_modules": [module]}
    outputs = {"password": {"sensitive": True, "value": SECRET}}
    return {
        "format_version": "1.0",
        "terraform_version": "1.5.7",
        "values": {"outputs": outputs, "root_module": module},
        **more,
    }


def plan(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "format_version": "1.2",
        "terraform_version": "1.8.5",
        "variables": {"password": {"value": SECRET}},
        "planned_values": {"root_module": {}},
        "resource_changes": list(changes),
        "output_changes": {},
        "prior_state": state(resource(), resource(), resource()),
        "configuration": {"provider_config": {"aws": {"name": "aws", "full_name": AWS}}},
        "timestamp": "2026-03-02T09:30:00Z",
        "applyable": True,
        "complete": True,
        "errored": False,
        **more,
    }


# ---- Plans ---- #


def test_a_plan_becomes_a_row_of_counts() -> None:
    content = plan(
        change("no-op"),
        change("create"), change("create"),
        change("update"),
        change("delete"), change("delete", deposed="ab12cd34"),
        change("delete", "create"), change("create", "delete"),
        change("forget"),
        change("read", mode="data"), change("create", mode="data"),
        resource_drift=[change("update"), change("delete"), change("no-op"),
                        change("update", mode="data")],
    )  # fmt: skip
    row = only(load(content, repository="acme/net", service="shop", environment="live"))
    assert (row["kind"], row["tool"]) == ("plan", "terraform")
    assert (row["repo"], row["service"], row["environment"]) == ("acme/net", "shop", "live")
    assert row["at"] == row["updated_at"] == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    counts = ("to_create", "to_update", "to_delete", "to_replace", "resources", "drifted")
    assert [row[name] for name in counts] == [2, 1, 2, 2, 3, 2]
    assert row["succeeded"] is True


# https://developer.hashicorp.com/terraform/internals/json-format, "Change Representation", and
# the removed blocks of Terraform 1.7 (forget) and what both tools write for a replacement that
# leaves the old object be.
@pytest.mark.parametrize(
    ("actions", "counted"),
    [
        (["no-op"], None),
        (["create"], "to_create"),
        (["read"], None),
        (["update"], "to_update"),
        (["delete", "create"], "to_replace"),
        (["create", "delete"], "to_replace"),
        (["delete"], "to_delete"),
        (["forget"], None),
        (["create", "forget"], "to_create"),
        (["forget", "create"], "to_create"),
    ],
)
def test_every_documented_action_counts_in_its_own_column(
    actions: list[str], counted: str | None
) -> None:
    row = only(load(plan(change(*actions))))
    names = ("to_create", "to_update", "to_delete", "to_replace")
    assert {name: row[name] for name in names} == {name: int(name == counted) for name in names}


def test_with_an_action_that_nobody_knows_what_a_plan_does_is_unknown() -> None:
    batch = load(plan(change("create"), change("teleport")))
    row = only(batch)
    assert (row["to_create"], row["to_delete"], row["resources"]) == (None, None, 3)
    assert "a plan with actions that nobody knows" in batch.notes[0]


def test_a_failed_plan_says_so_and_its_counts_are_unknown() -> None:
    row = only(load(plan(change("create"), errored=True, complete=False)))
    assert row["succeeded"] is False
    assert (row["to_create"], row["drifted"], row["resources"]) == (None, None, 3)


def test_a_plan_of_an_early_version_does_not_say_what_came_later() -> None:
    old = plan(change("create"), format_version="0.1", terraform_version="0.12.31")
    for name in ("timestamp", "errored", "complete", "applyable"):
        del old[name]
    row = only(load(old))
    assert (row["at"], row["succeeded"], row["drifted"]) == (None, None, None)
    assert row["to_create"] == 1


def test_no_drift_is_none_found() -> None:
    assert only(load(plan()))["drifted"] == 0


def test_before_the_first_apply_nothing_is_managed_and_without_the_state_it_is_unknown() -> None:
    first = plan(change("create"), change("read", mode="data"))
    del first["prior_state"]
    assert only(load(first))["resources"] == 0
    cut = plan(change("create"), change("update"))
    del cut["prior_state"]
    assert only(load(cut))["resources"] is None


def test_a_plan_for_a_part_is_said() -> None:
    assert "only for a part" in load(plan(complete=False)).notes[0]


@pytest.mark.parametrize(
    ("provider", "version", "tool", "is_said"),
    [
        ("registry.opentofu.org/hashicorp/aws", "1.8.2", "opentofu", False),
        ("registry.terraform.io/hashicorp/aws", "1.8.5", "terraform", False),
        ("registry.example.com/acme/aws", "1.5.7", "terraform", False),  # before OpenTofu
        ("registry.example.com/acme/aws", "1.9.0", "terraform", True),
        ("terraform.io/builtin/terraform", "1.9.0", "terraform", True),
    ],
)
def test_the_registry_or_the_version_tells_the_tool(
    provider: str, version: str, tool: str, is_said: bool
) -> None:
    for content in (
        plan(change("create", provider=provider), terraform_version=version, prior_state=None,
             configuration={}),
        plan(terraform_version=version, prior_state=None,
             configuration={"provider_config": {"a": {"full_name": provider}}}),
        state(resource(provider), terraform_version=version),
    ):  # fmt: skip
        batch = load(content)
        assert only(batch)["tool"] == tool
        assert any("nothing tells Terraform from OpenTofu" in one for one in batch.notes) is is_said


# ---- States ---- #


def test_a_state_counts_what_is_managed_in_all_its_modules() -> None:
    content = state(
        resource(index=0),
        resource(mode="data"),
        resource(deposed_key="ab12cd34"),
        resource(),
    )
    row = only(load(content, environment="live"))
    assert (row["kind"], row["resources"], row["environment"]) == ("state", 2, "live")
    nothing = ("at", "to_create", "to_update", "to_delete", "to_replace", "drifted", "succeeded")
    assert {row[name] for name in nothing} == {None}


@pytest.mark.parametrize(
    "empty",
    [{"format_version": "1.0"}, {"format_version": "1.0", "terraform_version": "1.6.0"}],
)
def test_an_empty_state_manages_nothing(empty: dict[str, Any]) -> None:
    assert only(load(empty))["resources"] == 0


# ---- Files ---- #


def test_the_same_content_is_one_plan_and_other_content_another() -> None:
    ids = {
        only(load(content, **entry))["plan_id"]
        for content, entry in [
            (plan(), {}),
            (plan(), {}),
            (plan(timestamp="2026-03-02T09:30:01Z"), {}),
            (plan(), {"environment": "live"}),
            (state(resource()), {}),
            (state(resource(values={"password": "other"})), {}),
        ]
    }
    assert len(ids) == 5
    assert load([plan(), plan()]).n_duplicates == 1


def test_plans_one_a_line_or_in_an_array_or_pretty_printed_are_read() -> None:
    two = [plan(), state(resource())]
    assert load(two).rows.height == 2
    assert load("\n".join(map(json.dumps, two)).encode()).rows.height == 2
    assert load(json.dumps(plan(), indent=2).encode()).rows.height == 1
    assert load(b"\xef\xbb\xbf" + json.dumps(plan()).encode()).rows.height == 1


def test_other_outputs_of_the_tool_are_put_aside() -> None:
    batch = load(
        [
            plan(),
            {"format_version": "1.0", "provider_schemas": {}},
            {"format_version": "1.0", "valid": True, "error_count": 0, "diagnostics": []},
            {"password": SECRET},
        ]
    )
    assert batch.rows.height == 1
    assert sorted(batch.quarantined["reason"]) == ["not_needed", "not_needed", "unknown_record"]


@pytest.mark.parametrize(
    "broken",
    [
        plan() | {"resource_changes": SECRET},
        plan() | {"resource_changes": [{"change": {"actions": SECRET}}]},
        plan() | {"prior_state": [SECRET]},
        plan() | {"errored": SECRET},
        state() | {"values": {"root_module": SECRET}},
        state() | {"terraform_version": [SECRET]},
    ],
)
def test_what_is_not_as_the_tool_writes_it_is_put_aside_without_a_value(broken: Any) -> None:
    batch = load([plan(), broken])
    assert batch.quarantined["reason"].to_list() == ["unexpected_type"]
    assert "is not as the tool writes it" in batch.quarantined["message"][0]
    assert batch.quarantined["raw"].to_list() == [None]


def test_a_plan_without_a_time_that_can_be_read_is_put_aside() -> None:
    batch = load([plan(), plan(timestamp="yesterday")])
    assert batch.quarantined["reason"].to_list() == ["not_a_time"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>hunter2</html>",
        b'"hunter2"',
        b'["hunter2"]',
        b'{"message": "hunter2", "error": "hunter2"}',
        b'hunter2", "values": {}}',
        b'[{"hunter2": 1}]',
        json.dumps(plan(change("create"))).encode()[:-40],
        json.dumps(plan(change("create"))).encode()[100:],
    ],
)
def test_what_is_no_plan_is_refused_without_showing_it(data: bytes) -> None:
    with pytest.raises(ExportError) as refused:
        load(data)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_cut_off_between_plans_keeps_the_whole_ones() -> None:
    lines = "\n".join(json.dumps(plan(timestamp=f"2026-03-0{day}T00:00:00Z")) for day in (1, 2, 3))
    batch = load(lines[:-200].encode())
    assert (batch.rows.height, batch.quarantined["reason"].to_list()) == (2, ["truncated_json"])
    assert "line 3" in batch.quarantined["message"][0]


def test_of_a_damaged_plan_no_part_is_taken_for_the_whole() -> None:
    whole = json.dumps(plan(change("create")))
    # The bracket that is too many ends the plan early, and sets free the state inside of it.
    damaged = whole.replace(', "prior_state": ', '}, "prior_state": ')
    for content in (damaged, f"[{whole}, {damaged}]", f"{whole}\n{damaged}\n{whole}"):
        with pytest.raises(ExportError, match="is damaged inside a plan or state") as refused:
            load(content.encode())
        assert SECRET not in str(refused.value)
    batch = load(f"{whole}\n{{'a': 1}}\n{json.dumps(state())}".encode())
    assert (batch.rows.height, batch.quarantined["reason"].to_list()) == (2, ["not_json"])


def test_plans_and_states_are_recognised_and_others_are_not() -> None:
    assert recognised(plan())
    assert recognised(state(resource()))
    assert recognised(json.dumps(plan(), indent=2).encode())
    assert recognised(json.dumps(plan(*[change("no-op")] * 4000)).encode())  # over a megabyte
    assert recognised({"format_version": "1.0"})
    for other in (
        {"id": 1, "status": "success"},
        {"version": 4, "terraform_version": "1.5.7", "serial": 3, "lineage": "x", "resources": []},
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1},
        {"version": "2.1.0", "$schema": "https://example.com/sarif-2.1.0.json", "runs": []},
        {"terraform_version": "1.5.7", "platform": "linux_amd64", "provider_selections": {}},
        [], {}, b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"<a/>", b'{"format_version": ',
    ):  # fmt: skip
        assert not recognised(other)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_change_of_a_plan_is_counted_or_refused(data: st.DataObject) -> None:
    text = json.dumps(
        [plan(change("create"), resource_drift=[change("update")]), state(resource())]
    )
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    junk = data.draw(st.sampled_from(["", "{", "]", '"', "null", "1e999", "\\", "[[[[", "\x00"]))
    mutated = text[:at] + junk + text[at + length :]
    try:
        batch = load(mutated.encode())
    except ExportError:
        return
    assert batch.n_read > 0
