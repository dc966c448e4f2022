"""GitOps: a clone whose history is the deployment log, as YAML files say what runs where."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from devops_analytics.config_tools import GitopsPath, GitopsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.git import repository_name, state
from devops_analytics.sources.git_command import Clone, open_clone
from devops_analytics.sources.git_commits import utc
from devops_analytics.sources.git_files import Blob, Change, Commit, blobs, changes, mainline
from devops_analytics.sources.git_refs import default_branch
from devops_analytics.sources.gitops_versions import ANY, Place, Version, places
from devops_analytics.sources.people import are_bots
from devops_analytics.sources.source import QUARANTINE, Context, Draft, Recognition, SourceKind
from devops_analytics.sources.yaml_text import documents

LARGEST: Final = 4 << 20
"""Bytes of the largest file that versions are looked for in."""

NOT_READ: Final = "not_read"
WITHOUT_SERVICE: Final = "without_service"

_SCHEMA: Final[dict[str, Any]] = {
    "record": pl.Int64(),
    "deployment_id": pl.String(),
    "service": pl.String(),
    "environment": pl.String(),
    "repo": pl.String(),
    "sha": pl.String(),
    "ref": pl.String(),
    "artifact": pl.String(),
    "committed": pl.String(),
    "promoter": pl.String(),
}


class Rule(NamedTuple):
    """A declared path with its number in the settings."""

    number: int
    pattern: re.Pattern[str]
    declared: GitopsPath


class Target(NamedTuple):
    """What a version is deployed to; `repository` is the one that it belongs to, if declared."""

    service: str
    environment: str | None
    repository: str | None


class Matched(NamedTuple):
    """A change of a file that rules match, each with service and environment from the path."""

    commit: Commit
    change: Change
    rules: list[tuple[Rule, str | None, str | None]]


Found = dict[tuple[str, str], list[Place] | str]
"""By blob and key: the versions, or why there are none."""


@dataclass(kw_only=True, slots=True)
class Replay:
    """The deployments found so far, and what was last known to run where."""

    clone_name: str
    running: dict[Target, dict[tuple[Any, ...], Version]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    n_absorbed: int = 0
    n_without: int = 0


def read(path: Path, entry: GitopsSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of deployments: one wherever the default branch changed a version.

    A record is one file that one commit of the mainline changed. What a file says for the first
    time is a deployment too (the service's baseline); removing it is none, nor is saying the same
    version again, in this file or another one of the same service and environment.

    Raises:
        ExportError: the path is no clone, no file is ever matched, or git failed.
    """
    rules = _rules(entry, context.label)
    clone = open_clone(path, context.label)
    head, notes = default_branch(clone)
    matched = _matched(clone, mainline(clone, head), rules)
    idle = [rule for rule in rules if not any(rule in (r for r, *_ in m.rules) for m in matched)]
    if len(idle) == len(rules):
        raise ExportError(
            f"{context.label}: no file in the history of {path} has a path that `deployments` "
            f"name ({', '.join(rule.declared.path for rule in rules)}). Correct `path`: it is a "
            "regular expression, looked for in paths such as `apps/production/shop.yaml`."
        )
    replay = Replay(clone_name=entry.repository or repository_name(path))
    found = _found(clone, matched, context)
    for record, one in enumerate(matched, 1):
        _replay(replay, record, one, found, is_cut=one.commit.sha in clone.boundary)
    yield _draft(replay, context, (*notes, *_notes(clone, replay, idle, len(matched))))


def _rules(entry: GitopsSource, label: str) -> list[Rule]:
    rules = [
        Rule(number, re.compile(one.path), one) for number, one in enumerate(entry.deployments)
    ]
    for number, pattern, one in rules:
        if "service" not in pattern.groupindex and not one.service and ANY not in one.key:
            raise ExportError(
                f"{label}: deployments[{number}] names no service. Give its `path` a group "
                "(?P<service>…), or set `service`, or let a `*` in `key` stand for it."
            )
    return rules


def _matched(clone: Clone, commits: list[Commit], rules: list[Rule]) -> list[Matched]:
    by_sha = {commit.sha: commit for commit in commits}
    known: dict[str, list[tuple[Rule, str | None, str | None]]] = {}
    found = []
    for change in changes(clone, commits):
        if change.path not in known:
            known[change.path] = [
                (rule, *_named(rule, match))
                for rule in rules
                if (match := rule.pattern.search(change.path)) is not None
            ]
        if known[change.path]:
            found.append(Matched(by_sha[change.commit], change, known[change.path]))
    return found


def _named(rule: Rule, match: re.Match[str]) -> tuple[str | None, str | None]:
    """Return service and environment: as the path has them, else as declared."""
    groups = match.groupdict()
    return (
        groups.get("service") or rule.declared.service,
        groups.get("environment") or rule.declared.environment,
    )


def _found(clone: Clone, matched: list[Matched], context: Context) -> Found:
    """Read every content once, whatever number of commits and files have it."""
    keys: dict[str, set[str]] = defaultdict(set)
    for one in matched:
        if one.change.blob is not None:
            keys[one.change.blob].update(rule.declared.key for rule, *_ in one.rules)
    found: Found = {}
    for n_read, blob in enumerate(blobs(clone, keys, largest=LARGEST), 1):
        found |= {(blob.sha, key): one for key, one in _versions(blob, keys[blob.sha]).items()}
        if context.progress is not None:
            context.progress(f"{clone.label}: versions", n_read, len(keys))
    return found


def _versions(blob: Blob, keys: set[str]) -> dict[str, list[Place] | str]:
    if blob.data is None:
        return dict.fromkeys(keys, blob.lack)
    found: dict[str, list[Place] | str] = {}
    try:
        content = documents(blob.data, name="its content")
        for key in keys:
            found[key] = places(content, key)
    except ExportError as error:
        return dict.fromkeys(keys, f"{error} Correct the file, or narrow `path` and `key`.")
    return found


def _replay(replay: Replay, record: int, one: Matched, found: Found, *, is_cut: bool) -> None:
    """Add the deployments that a change of a file is, or count it as one that is none."""
    n_rows = len(replay.rows)
    versions: dict[tuple[str, ...], tuple[Target | None, Rule, Place]] = {}
    for rule, service, environment in one.rules if one.change.blob else []:
        placed = found[one.change.blob or "", rule.declared.key]
        if isinstance(placed, str):
            message = f"{one.change.path} at {one.commit.sha[:12]}: {placed}"
            replay.refused.append((record, NOT_READ, message))
            return
        for place in placed:
            name = service or place.named
            target = Target(name, environment, rule.declared.repository) if name else None
            versions.setdefault(place.path, (target, rule, place))
    if any(target is None for target, *_ in versions.values()):
        message = (
            f"{one.change.path} at {one.commit.sha[:12]}: the `*` in `key` stands for an item "
            "without a `name`; set `service`, or a group (?P<service>…) in `path`"
        )
        replay.refused.append((record, WITHOUT_SERVICE, message))
        return
    for target, rule, place in versions.values():
        if target is not None and _is_new(replay, target, (rule, one.change.path), place):
            _deploy(replay, record, one.commit, target, place.version, is_cut=is_cut)
    replay.n_without += one.change.blob is not None and not versions
    replay.n_absorbed += len(replay.rows) == n_rows


def _is_new(replay: Replay, target: Target, file: tuple[Rule, str], place: Place) -> bool:
    """Note a version, and say whether it is another one than ran there before.

    A place that was never seen is compared with all others of the target: a file that was moved
    or added to it brings nothing new by saying what already runs.
    """
    running = replay.running[target]
    slot = (file[0].number, file[1], place.path)
    before = [running[slot]] if slot in running else list(running.values())
    running[slot] = place.version
    return all(place.version.is_other(version) for version in before)


def _deploy(
    replay: Replay, record: int, commit: Commit, target: Target, version: Version, *, is_cut: bool
) -> None:
    """Add one row for all files and keys by which a commit gave a target the same version."""
    what = version.tag or version.text
    where = (target.environment, target.service, target.repository)
    named = "/".join(part for part in where if part)
    identity = f"gitops:{replay.clone_name}@{commit.sha}:{named}:{what}"
    if is_cut or identity in replay.ids:
        return
    replay.ids.add(identity)
    replay.rows.append(
        (
            record,
            identity,
            target.service,
            target.environment,
            target.repository,
            version.sha,
            version.ref,
            version.artifact,
            commit.committed,
            commit.author,
        )
    )


def _draft(replay: Replay, context: Context, notes: tuple[str, ...]) -> Draft:
    found = pl.DataFrame(replay.rows, schema=_SCHEMA, orient="row")
    is_bot = are_bots(found["promoter"], context.settings.people.bot_patterns)
    rows = found.with_columns(
        finished_at=utc("committed"),
        updated_at=utc("committed"),
        result=pl.lit("success"),
        trigger=pl.when(is_bot).then(pl.lit("pipeline")).when(~is_bot).then(pl.lit("person")),
        method=pl.lit("gitops"),
    ).drop("committed", "promoter")
    return Draft(
        table="deployments",
        rows=rows,
        n_read=rows.height + replay.n_absorbed + len(replay.refused),
        n_absorbed=replay.n_absorbed,
        rejected=pl.DataFrame(
            [(context.label, "deployments", *one, None) for one in replay.refused],
            schema=QUARANTINE,
            orient="row",
        ),
        notes=notes,
    )


def _notes(clone: Clone, replay: Replay, idle: list[Rule], n_changes: int) -> Iterator[str]:
    if clone.is_shallow:
        yield (
            "shallow clone: what was deployed before it was cut off is unknown; "
            "`git fetch --unshallow` brings it"
        )
    if replay.n_without:
        yield (
            f"{replay.n_without} of {n_changes} changes left a file without a version at the "
            "declared key"
        )
    for rule in idle:
        yield f"deployments[{rule.number}]: no file's path is matched by {rule.declared.path}"


def recognise(_export: Any) -> Recognition | None:
    """Return None: which paths hold versions is for the user to declare."""
    return None


GITOPS: Final = SourceKind(
    kind="gitops",
    title="GitOps",
    reads="a local clone whose YAML files say which version runs in which environment",
    tables=("deployments",),
    read=read,
    recognise=recognise,
    state=lambda _, path: state(path),
    reads_folders=True,
)
