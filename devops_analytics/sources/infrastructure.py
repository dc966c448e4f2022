"""Infrastructure as code in a clone: which files, and the tools that they are written for."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from devops_analytics.config_tools import InfrastructureSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.file_kinds import file_kind
from devops_analytics.sources.git import repository_name, state
from devops_analytics.sources.git_command import Clone, open_clone, output_of
from devops_analytics.sources.git_commits import utc
from devops_analytics.sources.git_files import blobs, tree
from devops_analytics.sources.git_refs import default_branch
from devops_analytics.sources.infrastructure_paths import infrastructure_tool, parts_of_charts
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

LARGEST: Final = 1 << 20
"""Bytes of the largest file whose content is looked at."""

_ENDINGS: Final = r"(?i)\.(?:ya?ml|json|template)(?:\.\w+)?$"
"""Files whose path does not tell, but whose content may."""
_API: Final = re.compile(
    rb"^[\"']?(?:(?:[a-z0-9-]+\.[a-z0-9.-]+|apps|autoscaling|batch|extensions|policy)/)?"
    rb"v\d+(?:(?:alpha|beta)\d+)?[\"']?$"
)
"""Versions of the Kubernetes API: groups have a dot, but for its oldest ones."""
_OTHER_APIS: Final = (b"backstage.io/",)
_YAML_API: Final = re.compile(rb"^apiVersion:[ \t]*(\S+)", re.MULTILINE)
_YAML_KIND: Final = re.compile(rb"^kind:[ \t]*[\"']?[A-Z]\w+", re.MULTILINE)
_DOCUMENT: Final = re.compile(rb"^---", re.MULTILINE)
_STACK: Final = re.compile(rb"^AWSTemplateFormatVersion[ \t]*:", re.MULTILINE)
_RESOURCES: Final = re.compile(rb"^Resources[ \t]*:", re.MULTILINE)
_AWS_TYPE: Final = re.compile(rb"[\"']?\bType[\"']?[ \t]*:[ \t]*[\"']?AWS::\w+::\w+")
_HOSTS: Final = re.compile(rb"^(?:-[ \t]+|[ \t]{1,4})hosts:[ \t]*\S", re.MULTILINE)
_PLAY: Final = re.compile(
    rb"^(?:-[ \t]+|[ \t]{1,4})(?:tasks|roles|pre_tasks|post_tasks):[ \t]*(?:#.*)?$", re.MULTILINE
)
_IMPORTED: Final = re.compile(rb"^-[ \t]+(?:ansible\.builtin\.)?import_playbook:", re.MULTILINE)
_ITEM: Final = re.compile(rb"^-[ \t]", re.MULTILINE)
_RELEASES: Final = re.compile(rb"^releases:", re.MULTILINE)
_CHART: Final = re.compile(rb"^[ \t]*(?:-[ \t]+)?chart:[ \t]*\S", re.MULTILINE)


def read(path: Path, entry: InfrastructureSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of the infrastructure files at the head of the default branch.

    Tests, documents, generated files and what is copied from others describe nothing of one's own
    and are left out, as are links. Contents are only looked at; no value of them is kept.

    Raises:
        ExportError: the path is no clone, it has no commits, or git failed.
    """
    clone = open_clone(path, context.label)
    head, notes = default_branch(clone)
    files = tree(clone, head)
    by_path = from_paths(list(files))
    unclear = by_path.filter("is_unclear")["path"].to_list()
    by_content, n_unread = _from_content(clone, {one: files[one] for one in unclear}, context)
    content = pl.DataFrame(
        {"path": list(by_content), "tool": list(by_content.values())},
        schema={"path": pl.String(), "tool": pl.String()},
    )
    found = pl.concat(
        [
            by_path.select("path", "tool", found_by=pl.lit("path")).drop_nulls(),
            content.with_columns(found_by=pl.lit("content")),
        ]
    ).sort("path")
    if n_unread:
        lack = (
            f"{n_unread} YAML or JSON files are not judged by their content: the clone lacks it, "
            f"or they are larger than {LARGEST} bytes"
        )
        notes = (*notes, lack)
    committed = output_of(clone, "log", "-1", "--format=%ct", head).decode().strip()
    rows = found.with_columns(
        record=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        repo=pl.lit(entry.repository or repository_name(path)),
        committed=pl.lit(committed),
    )
    at = utc("committed")
    yield Draft(
        table="infrastructure_files",
        rows=rows.with_columns(at=at, updated_at=at).drop("committed"),
        n_read=rows.height,
        notes=notes,
    )


def from_paths(paths: list[str]) -> pl.DataFrame:
    """Return path, tool (null: the path does not tell) and is_unclear (its content may tell).

    Args:
        paths: all paths of a repository, as what lies in a chart is told by the chart's own file.
    """
    kind = file_kind(pl.col("path"))
    frame = pl.DataFrame({"path": paths}, schema={"path": pl.String()}).with_columns(
        kind=kind, tool=infrastructure_tool(pl.col("path")), in_chart=parts_of_charts(paths)
    )
    is_own = pl.col("kind").is_in(["infrastructure", "config", "source"])
    helm = pl.when("in_chart").then(pl.lit("helm"))
    tools = frame.with_columns(tool=pl.when(is_own).then(pl.coalesce("tool", helm)))
    may_tell = is_own & pl.col("tool").is_null() & pl.col("path").str.contains(_ENDINGS)
    return tools.select("path", "tool", is_unclear=may_tell)


def _from_content(
    clone: Clone, files: dict[str, str], context: Context
) -> tuple[dict[str, str], int]:
    """Return the tool of every file whose content tells it, and how many could not be read."""
    tools: dict[str, str | None] = {}
    lacking: set[str] = set()
    wanted = set(files.values())
    for n_read, blob in enumerate(blobs(clone, sorted(wanted), largest=LARGEST), 1):
        if blob.data is None:
            lacking.add(blob.sha)
        else:
            tools[blob.sha] = content_tool(blob.data)
        if context.progress is not None:
            context.progress(f"{clone.label}: contents", n_read, len(wanted))
    found = {path: tool for path, sha in files.items() if (tool := tools.get(sha)) is not None}
    return found, sum(sha in lacking for sha in files.values())


def content_tool(data: bytes) -> str | None:
    """Return the tool that a YAML or JSON text is written for, None where it does not tell.

    It is not parsed as YAML: what is still a template would not be.
    """
    if data.lstrip()[:1] == b"{":
        data = _as_lines(data)
    return next((tool for tool, is_one in _TELLS.items() if is_one(data)), None)


def _as_lines(data: bytes) -> bytes:
    """Return the keys of a JSON text as lines of YAML, their values as they are."""
    try:
        keys = decoded(data, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return data
    return b"\n".join(b"%s: %s" % (key.encode(), bytes(value)) for key, value in keys.items())


def _apis(data: bytes) -> Iterator[bytes]:
    """Yield the API version of every document that has one of Kubernetes' form, and a kind."""
    for document in _DOCUMENT.split(data):
        found = _YAML_API.search(document)
        if found is not None and _API.match(found[1]) and _YAML_KIND.search(document):
            yield found[1].strip(b"\"'")


def _is_kustomize(data: bytes) -> bool:
    return any(api.startswith(b"kustomize.config.k8s.io/") for api in _apis(data))


def _is_kubernetes(data: bytes) -> bool:
    return any(not api.startswith(_OTHER_APIS) for api in _apis(data))


def _is_cloudformation(data: bytes) -> bool:
    if _STACK.search(data):
        return True
    return _RESOURCES.search(data) is not None and _AWS_TYPE.search(data) is not None


def _is_ansible(data: bytes) -> bool:
    if _IMPORTED.search(data):
        return True
    return all(pattern.search(data) for pattern in (_ITEM, _HOSTS, _PLAY))


def _is_helm(data: bytes) -> bool:
    return _RELEASES.search(data) is not None and _CHART.search(data) is not None


_TELLS: Final[dict[str, Callable[[bytes], bool]]] = {
    "kustomize": _is_kustomize,
    "kubernetes": _is_kubernetes,
    "cloudformation": _is_cloudformation,
    "ansible": _is_ansible,
    "helm": _is_helm,
}


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a folder is a clone with infrastructure in it."""
    if not isinstance(export, Path) or not ((export / ".git").exists() or _is_bare(export)):
        return None
    try:
        clone = open_clone(export, str(export))
        files = from_paths(list(tree(clone, default_branch(clone)[0])))
    except ExportError:
        return None
    n_found = files["tool"].count()
    if not n_found:
        return None
    return Recognition(
        kind="infrastructure",
        confidence=0.9,
        reason=f"a clone with {n_found} files of infrastructure as code",
        suggestion={"repository": repository_name(export)},
    )


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file()


INFRASTRUCTURE: Final = SourceKind(
    kind="infrastructure",
    title="infrastructure as code",
    reads=(
        "a local clone with Terraform, OpenTofu, Ansible, Kubernetes, Helm, Kustomize, Docker, "
        "Pulumi or CloudFormation"
    ),
    tables=("infrastructure_files",),
    read=read,
    recognise=recognise,
    state=lambda _, path: state(path),
    reads_folders=True,
)
