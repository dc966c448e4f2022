"""What is read of a SARIF log: runs and their results, without messages, snippets or people."""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from devops_analytics.sources.scanners import severity_of_score

LEVELS: Final = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
"""How bad a result is by its level, where no rule gives it a score."""
DEFAULT_LEVEL: Final = "warning"
PLACE: Final = "place"

_LINE_HASH: Final = "primaryLocationLineHash"
_MOST_BASES: Final = 10
_Item = TypeVar("_Item")


class Struct(msgspec.Struct, rename="camel"):
    """A part of a SARIF log; keys that are not declared are not read."""


class Properties(msgspec.Struct, kw_only=True, rename={"score": "security-severity"}):
    """What GitHub and others add: a score of 0 to 10, mostly as text."""

    score: float | str | None = None


class Configuration(Struct):
    """How a rule is set."""

    level: str | None = None


class ComponentReference(Struct):
    """Which extension a rule is of."""

    index: int = -1


class RuleReference(Struct):
    """Which rule a result is of."""

    id: str | None = None
    index: int = -1
    tool_component: ComponentReference | None = None


class Rule(Struct):
    """A rule of a tool."""

    id: str
    default_configuration: Configuration | None = None
    properties: Properties | None = None


class Component(Struct):
    """A tool, or an extension of one."""

    name: str
    rules: list[Rule] | None = None


class Tool(Struct):
    """The tool of a run."""

    driver: Component
    extensions: list[Component] | None = None


class Override(Struct):
    """How an invocation set a rule."""

    descriptor: RuleReference | None = None
    configuration: Configuration | None = None


class Invocation(Struct):
    """One call of the tool."""

    execution_successful: bool | None = None
    start_time_utc: str | None = None
    end_time_utc: str | None = None
    rule_configuration_overrides: list[Override] | None = None


class Version(Struct):
    """The state of a repository that was scanned."""

    repository_uri: str | None = None
    as_of_time_utc: str | None = None


class Automation(Struct):
    """Which series of runs a run is of."""

    id: str | None = None


class Artifact(Struct):
    """Where a file is."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int = -1


class ArtifactEntry(Struct):
    """A file that results point at by its number."""

    location: Artifact | None = None


class Region(Struct):
    """A place in a file."""

    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    char_offset: int | None = None
    char_length: int | None = None
    byte_offset: int | None = None
    byte_length: int | None = None


class Physical(Struct):
    """A place in a file."""

    artifact_location: Artifact | None = None
    region: Region | None = None


class Logical(Struct):
    """A place in a program."""

    fully_qualified_name: str | None = None
    name: str | None = None


class Location(Struct):
    """Where a result is."""

    physical_location: Physical | None = None
    logical_locations: list[Logical] | None = None


class Suppression(Struct):
    """That somebody decided that a result need not be seen."""

    status: str | None = None


class Provenance(Struct):
    """When a result was seen."""

    last_detection_time_utc: str | None = None


class Result(Struct):
    """A result, without its message."""

    rule_id: str | None = None
    rule_index: int = -1
    rule: RuleReference | None = None
    level: str | None = None
    kind: str | None = None
    baseline_state: str | None = None
    locations: list[Location] | None = None
    fingerprints: dict[str, str] | None = None
    partial_fingerprints: dict[str, str] | None = None
    correlation_guid: str | None = None
    suppressions: list[Suppression] | None = None
    provenance: Provenance | None = None
    properties: Properties | None = None


class Run(Struct):
    """A run of a tool."""

    tool: Tool
    results: list[msgspec.Raw] | None = None
    invocations: list[Invocation] | None = None
    version_control_provenance: list[Version] | None = None
    automation_details: Automation | None = None
    artifacts: list[ArtifactEntry] | None = None
    original_uri_base_ids: dict[str, Artifact] | None = None
    external_property_file_references: dict[str, Any] | None = None


@dataclass(frozen=True)
class Looked:
    """What the results of a run refer to by number or name."""

    run: Run
    rules: dict[str, Rule]
    overrides: dict[str, str]
    """Rule → the level that all invocations set it to."""


def looked_up(run: Run) -> Looked:
    """Return a run with its rules by name; those of the tool come before its extensions'."""
    components = [run.tool.driver, *(run.tool.extensions or ())]
    rules: dict[str, Rule] = {}
    for component in components:
        for rule in component.rules or ():
            rules.setdefault(rule.id, rule)
    looked = Looked(run=run, rules=rules, overrides={})
    for invocation in run.invocations or ():
        for override in invocation.rule_configuration_overrides or ():
            rule = _rule(override.descriptor, looked)
            if rule is not None and override.configuration and override.configuration.level:
                looked.overrides[rule.id] = override.configuration.level
    return looked


def rule_of(result: Result, looked: Looked) -> tuple[str | None, Rule | None]:
    """Return the name of a result's rule, and what the log says of the rule.

    A name such as `CA1000/1` is of the rule `CA1000`.
    """
    reference = result.rule or RuleReference()
    name = result.rule_id or reference.id
    known = _rule(
        RuleReference(
            id=name,
            index=reference.index if reference.index >= 0 else result.rule_index,
            tool_component=reference.tool_component,
        ),
        looked,
    )
    return name or (known.id if known else None), known


def _rule(reference: RuleReference | None, looked: Looked) -> Rule | None:
    if reference is None:
        return None
    component: Component | None = looked.run.tool.driver
    if reference.tool_component is not None and reference.tool_component.index >= 0:
        component = item(looked.run.tool.extensions, reference.tool_component.index)
    known = item(component.rules if component else None, reference.index)
    if known is not None or reference.id is None:
        return known
    return looked.rules.get(reference.id) or looked.rules.get(reference.id.rpartition("/")[0])


def item(items: list[_Item] | None, index: int) -> _Item | None:
    """Return an item by its number; None where there is none."""
    return items[index] if items is not None and 0 <= index < len(items) else None


def severity_of(result: Result, rule: Rule | None, looked: Looked) -> str:
    """Return how bad a result is: by a security score, else by its level.

    A word that SARIF doesn't have is returned as it is.
    """
    for properties in (result.properties, rule.properties if rule else None):
        scored = severity_of_score(_number(properties.score if properties else None))
        if scored is not None:
            return scored
    level = result.level
    if level is None and (result.kind or "fail") != "fail":
        level = "none"
    if level is None and rule is not None:
        default = rule.default_configuration
        level = looked.overrides.get(rule.id) or (default.level if default else None)
    level = level or DEFAULT_LEVEL
    return LEVELS.get(level, level)


def _number(value: float | str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def artifact_of(result: Result, looked: Looked) -> tuple[str | None, str | None]:
    """Return the URI of the file that a result is in, and the address that its base stands at."""
    first = item(result.locations, 0)
    place = first.physical_location if first else None
    artifact = place.artifact_location if place else None
    if artifact is not None and artifact.uri is None:
        entry = item(looked.run.artifacts, artifact.index)
        artifact = entry.location if entry else None
    if artifact is None or artifact.uri is None:
        return None, None
    return _resolved(artifact, looked), _base(artifact.uri, looked)


def _resolved(artifact: Artifact, looked: Looked) -> str:
    """Return the URI from the root of the repository on, as far as the bases say where they are."""
    bases = looked.run.original_uri_base_ids or {}
    uri, name = artifact.uri or "", artifact.uri_base_id
    for _ in range(_MOST_BASES):
        base = bases.get(name) if name else None
        if base is None or not base.uri or ":" in base.uri:
            break
        uri, name = base.uri.rstrip("/") + "/" + uri, base.uri_base_id
    return uri


def _base(uri: str, looked: Looked) -> str | None:
    """Return the longest declared address that an absolute URI begins with."""
    bases = (looked.run.original_uri_base_ids or {}).values()
    fitting = [base.uri for base in bases if base.uri and ":" in base.uri]
    return max((base for base in fitting if uri.startswith(base)), key=len, default=None)


def told_apart_by(result: Result, rule: str | None, path: str | None) -> tuple[object, ...]:
    """Return what tells a result from others of its tool, over all its runs.

    The fingerprints that the tool itself gives come first; without any it is rule and place, which
    several results may share: then the first part is `PLACE`.
    """
    if result.fingerprints:
        name = min(result.fingerprints)
        return ("fingerprint", name, result.fingerprints[name])
    if result.correlation_guid:
        return ("guid", result.correlation_guid)
    partial = result.partial_fingerprints or {}
    if _LINE_HASH in partial:
        return ("line", rule, path, partial[_LINE_HASH])
    if partial:
        return ("partial", rule, path, *sorted(partial.items()))
    first = item(result.locations, 0)
    region = first.physical_location.region if first and first.physical_location else None
    logical = item(first.logical_locations, 0) if first else None
    return (
        PLACE,
        rule,
        path,
        *msgspec.structs.astuple(region or Region()),
        logical.fully_qualified_name or logical.name if logical else None,
    )
