"""Terraform and OpenTofu: plans and states as `show -json` prints them, never a value in them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from devops_analytics.config_tools import TerraformSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content
from devops_analytics.sources.json_kinds import (
    UNEXPECTED_TYPE,
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import TRUNCATED, Records, read_records
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

ACTIONS: Final = {
    "no-op": "unchanged",
    "read": "unchanged",
    "forget": "unchanged",
    "create": "to_create",
    "update": "to_update",
    "delete": "to_delete",
    "delete, create": "to_replace",
    "create, delete": "to_replace",
    "create, forget": "to_create",
    "forget, create": "to_create",
}
"""What a plan does to a resource, by the actions that it lists; a forgotten one goes on to be."""

_TABLE: Final = "infrastructure_plans"
_TITLE: Final = "Terraform or OpenTofu"
_PLANNED: Final = (
    "resource_changes",
    "planned_values",
    "prior_state",
    "output_changes",
    "configuration",
)
_OF_STATE: Final = frozenset({"format_version", "terraform_version", "values", "checks"})
_NOTHING: Final = msgspec.Raw(b"null")
_OPENTOFU: Final = "registry.opentofu.org/"
_TERRAFORM: Final = "registry.terraform.io/"
_FIRST_OPENTOFU: Final = (1, 6)
_START: Final = re.compile(
    rb'\s*\{\s*"format_version"\s*:\s*"\d+\.\d+"\s*,\s*"terraform_version"\s*:\s*"\d'
)
_SAMPLE: Final = 1 << 12
_CUT: Final = "the file ends in the middle of a record; export it again"
_NO_RECORD: Final = "no JSON object that can be read; export it again"


class Change(msgspec.Struct):
    """What is to be done; nothing of the values before and after."""

    actions: list[str] = []


class ResourceChange(msgspec.Struct):
    """A resource of a plan."""

    mode: str | None = None
    provider_name: str | None = None
    change: Change | None = None


class Resource(msgspec.Struct):
    """A resource of a state."""

    mode: str | None = None
    provider_name: str | None = None
    deposed_key: str | None = None


class Module(msgspec.Struct):
    """A module of a state, with those that it calls."""

    resources: list[Resource] | None = None
    child_modules: list["Module"] | None = None


class Values(msgspec.Struct):
    """What a state holds."""

    root_module: Module | None = None


class PriorState(msgspec.Struct):
    """The state that a plan starts from."""

    values: Values | None = None


class Provider(msgspec.Struct):
    """A provider's place in a registry."""

    full_name: str | None = None


class Configuration(msgspec.Struct):
    """The providers that the code names."""

    provider_config: dict[str, Provider] | None = None


class Plan(msgspec.Struct, kw_only=True):
    """A plan. What may hold values is decoded only as far as it is needed."""

    format_version: str
    terraform_version: str | None = None
    timestamp: str | None = None
    errored: bool | None = None
    complete: bool | None = None
    configuration: Configuration | None = None
    resource_changes: msgspec.Raw = _NOTHING
    resource_drift: msgspec.Raw = _NOTHING
    prior_state: msgspec.Raw = _NOTHING


class State(msgspec.Struct, kw_only=True):
    """A state."""

    terraform_version: str | None = None
    values: msgspec.Raw = _NOTHING


def _plan_rows(plan: Plan, reading: Reading) -> Iterator[Row]:
    """Yield the row of a plan.

    How many resources there are is what the state before it holds; a plan from no state at all
    only creates. Terraform leaves `resource_drift` out where it is empty, as it also is where the
    plan was told not to look (`-refresh=false`). The numbers of a failed plan are unknown.
    """
    try:
        changes = msgspec.json.decode(plan.resource_changes, type=list[ResourceChange] | None) or []
        drift = msgspec.json.decode(plan.resource_drift, type=list[ResourceChange] | None)
        prior = msgspec.json.decode(plan.prior_state, type=PriorState | None)
    except msgspec.DecodeError as error:
        yield _TABLE, Refused(UNEXPECTED_TYPE, f"the plan is not as the tool writes it: {error}")
        return
    if plan.complete is False and not plan.errored:
        reading.notes["a plan that is only for a part: another one must follow it"] += 1
    resources = _managed(prior.values if prior else None)
    done = Counter(_action(change) for change in changes if change.mode != "data")
    if done[None]:
        reading.notes["a plan with actions that nobody knows, so what it does is unknown"] += 1
    is_known = not plan.errored and not done[None]
    providers = [one.provider_name for one in [*changes, *resources]]
    if plan.configuration is not None:
        providers += [one.full_name for one in (plan.configuration.provider_config or {}).values()]
    content = (plan.timestamp, plan.resource_changes, plan.resource_drift, plan.prior_state)
    yield (
        _TABLE,
        _declared("plan", reading, content)
        | {
            "tool": _tool(providers, plan.terraform_version, reading),
            "at": plan.timestamp,
            "updated_at": plan.timestamp,
            "resources": len(resources) if prior or _only_creates(done) else None,
            "drifted": _drifted(plan, drift),
            "succeeded": None if plan.errored is None else not plan.errored,
        }
        | {
            name: done[name] if is_known else None
            for name in ("to_create", "to_update", "to_delete", "to_replace")
        },
    )


def _action(change: ResourceChange) -> str | None:
    """Return the column that a change counts in, None where its actions are not documented."""
    actions = change.change.actions if change.change is not None else []
    return ACTIONS.get(", ".join(actions))


def _only_creates(done: Counter[str | None]) -> bool:
    return done.total() == done["to_create"]


def _drifted(plan: Plan, drift: list[ResourceChange] | None) -> int | None:
    if plan.errored or (drift is None and plan.format_version.startswith("0.")):
        return None
    return sum(
        one.mode != "data" and one.change is not None and one.change.actions != ["no-op"]
        for one in drift or []
    )


def _state_rows(state: State, reading: Reading) -> Iterator[Row]:
    try:
        values = msgspec.json.decode(state.values, type=Values | None)
    except msgspec.DecodeError as error:
        yield _TABLE, Refused(UNEXPECTED_TYPE, f"the state is not as the tool writes it: {error}")
        return
    resources = _managed(values)
    providers = [one.provider_name for one in resources]
    yield (
        _TABLE,
        _declared("state", reading, (state.terraform_version, state.values))
        | {
            "tool": _tool(providers, state.terraform_version, reading),
            "resources": len(resources),
        },
    )


def _managed(values: Values | None) -> list[Resource]:
    """Return the resources under management in all modules; what only waits for deletion is none.

    Each object counts, so that a resource with `count = 3` is three.
    """
    todo = [values.root_module] if values and values.root_module else []
    found: list[Resource] = []
    while todo:
        module = todo.pop()
        todo.extend(module.child_modules or [])
        found.extend(
            one for one in module.resources or [] if one.mode != "data" and one.deposed_key is None
        )
    return found


def _declared(
    kind: str, reading: Reading, content: tuple[str | msgspec.Raw | None, ...]
) -> dict[str, Any]:
    """Return what the settings say of a record, and an id that tells its content from others."""
    entry = reading.entry
    where = (entry.repository, entry.service, entry.environment)
    digest = hashlib.sha256()
    for part in (kind, *where, *content):
        digest.update(bytes(part) if isinstance(part, msgspec.Raw) else repr(part).encode())
        digest.update(b"\0")
    return {
        "plan_id": f"terraform:{digest.hexdigest()[:24]}",
        "kind": kind,
        "repo": entry.repository,
        "service": entry.service,
        "environment": entry.environment,
    }


def _tool(providers: list[str | None], version: str | None, reading: Reading) -> str:
    """Tell the two tools apart by the registry of their providers, or by an early version."""
    if any(name and name.startswith(_OPENTOFU) for name in providers):
        return "opentofu"
    if any(name and name.startswith(_TERRAFORM) for name in providers):
        return "terraform"
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})", version or "")
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= _FIRST_OPENTOFU:
        reading.notes["nothing tells Terraform from OpenTofu; taken as Terraform"] += 1
    return "terraform"


def _is_plan(keys: Keys) -> bool:
    return {"format_version", "terraform_version"} <= keys.keys() and any(
        name in keys for name in _PLANNED
    )


def _is_state(keys: Keys) -> bool:
    """An empty state has nothing but its format version."""
    return "format_version" in keys and keys.keys() <= _OF_STATE


_KINDS: Final = (
    RecordKind(name="plan", is_one=_is_plan, table=_TABLE, struct=Plan, rows=_plan_rows),
    RecordKind(name="state", is_one=_is_state, table=_TABLE, struct=State, rows=_state_rows),
    RecordKind(
        name="description of providers",
        is_one=with_keys("format_version", "provider_schemas"),
        table=_TABLE,
        struct=Plan,
    ),
    RecordKind(
        name="validation",
        is_one=with_keys("format_version", "valid", "diagnostics"),
        table=_TABLE,
        struct=Plan,
    ),
)


def read(export: Export, entry: TerraformSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of plans and states.

    Plans and states hold passwords and keys. Nothing of the file stands in rows, quarantine or
    errors but counts, times and where in the file something is.

    Raises:
        ExportError: the file can't be read, or nothing in it is a plan or state.
    """
    records = _records(export)
    yield from read_kinds(
        export, entry, context, kinds=_KINDS, title=_TITLE, records=_without_content(records)
    )


def _records(export: Export) -> Records:
    read_content(export, limit=_SAMPLE)
    try:
        records = read_records(export)
    except ExportError:
        # Its text may show how the file begins.
        raise ExportError(
            f"{export}: holds no JSON object. Save what `terraform show -json` (or `tofu show "
            "-json`) prints of a plan file or a state, as UTF-8."
        ) from None
    if not _stand_alone(export, records):
        raise ExportError(
            f"{export}: is damaged inside a plan or state, and a part of one could be taken for "
            "the whole. Export it again, or keep one on each line."
        )
    return records


def _stand_alone(export: Export, records: Records) -> bool:
    """Say whether what is broken in a file can't have left a part of a record in its place.

    The state that a plan starts from looks like a state, and a plan without its end like a plan.
    """
    broken = [one for one in records.rejected if one[1] != TRUNCATED]
    if not broken:
        return True
    lines = (line.strip() for line in read_content(export).data.splitlines())
    return all(line.startswith(b"{") for line in lines if line) and all(
        message.startswith(f"line {number},") for number, _, message, _ in broken
    )


def _without_content(records: Records) -> Records:
    """Return the records with messages that only say where the broken ones stand."""
    rejected = []
    for number, reason, message, _ in records.rejected:
        place = message.partition(": ")[0]
        said = _CUT if reason == TRUNCATED else _NO_RECORD
        rejected.append((number, reason, f"{place}: {said}", ""))
    return replace(records, rejected=rejected)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a plan or state, by its keys."""
    try:
        start = read_content(export, limit=_SAMPLE).data
    except ExportError:
        return None
    if _START.match(start.removeprefix(b"\xef\xbb\xbf")):
        # A big one has no end in the part that would be looked at.
        return Recognition(
            kind="terraform", confidence=0.95, reason=f"{_TITLE}, as `show -json` prints it, JSON"
        )
    return recognise_kinds(export, kinds=_KINDS, source="terraform", title=_TITLE)


TERRAFORM: Final = SourceKind(
    kind="terraform",
    title=_TITLE,
    reads="plans and states as `terraform show -json` or `tofu show -json` prints them",
    tables=(_TABLE,),
    read=read,
    recognise=recognise,
    words={"planned actions": ACTIONS},
    by_line=True,
)
