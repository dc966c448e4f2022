"""Files of Argo CD's applications: JSON in every shape, and YAML."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from devops_analytics.config_tools import ArgocdSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.argocd.records import Application, Other
from devops_analytics.sources.argocd.rows import application_rows
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    Keys,
    RecordKind,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import NOT_AN_OBJECT, Records, first_records
from devops_analytics.sources.source import Context, Draft, Export, Recognition
from devops_analytics.sources.yaml_text import documents

WRAPPERS: Final = ("items",)
"""The key that lists of the API, its command and kubectl hold applications under."""

_TITLE: Final = "Argo CD"
_API: Final = b'"argoproj.io/'
_NOT_APPLICATION: Final = (b'"ApplicationSet"', b'"AppProject"')
_SAMPLE: Final = 1 << 20
_JSON: Final = (b"{", b"[")
_YAML_MARKS: Final = tuple(
    re.compile(rb"^[ \t]*(?:- )?(?:" + keys + rb"):", re.MULTILINE)
    for keys in (rb"repoURL", rb"destination", rb"deployedAt|operationState")
)


def _is_application(keys: Keys) -> bool:
    """Say whether it is an application: by its kind, which the API's answers don't have."""
    if not with_keys("metadata", "spec")(keys):
        return False
    if "kind" in keys:
        return bytes(keys["kind"]) == b'"Application"' and _is_of_argo(keys)
    spec = bytes(keys["spec"])
    return b'"repoURL"' in spec and b'"destination"' in spec


def _is_of_argo(keys: Keys) -> bool:
    return "apiVersion" in keys and bytes(keys["apiVersion"]).startswith(_API)


def _is_other(keys: Keys) -> bool:
    return _is_of_argo(keys) and "kind" in keys and bytes(keys["kind"]) in _NOT_APPLICATION


KINDS: Final = (
    RecordKind(
        name="application",
        is_one=_is_application,
        table="deployments",
        struct=Application,
        rows=application_rows,
    ),
    RecordKind(
        name="project or set of applications", is_one=_is_other, table="deployments", struct=Other
    ),
)


def read(export: Export, entry: ArgocdSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of deployments. Who started a sync is not kept.

    Raises:
        ExportError: nothing in the file is an application of Argo CD.
    """
    return read_kinds(
        export,
        entry,
        context,
        kinds=KINDS,
        wrappers=WRAPPERS,
        title=_TITLE,
        records=_yaml_records(export) if _is_yaml(export) else None,
    )


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds applications with what was deployed."""
    found = recognise_kinds(
        export,
        kinds=KINDS,
        wrappers=WRAPPERS,
        source="argocd",
        title=_TITLE,
        confidence=0.95,
    )
    if found is None:
        return _recognised_yaml(export)
    raws = first_records(export, wrappers=WRAPPERS)
    if any(b'"deployedAt"' in raw or b'"operationState"' in raw for raw in raws):
        return found
    said = f"{found.reason}; none was ever synced, so that nothing is computed from these"
    return replace(found, confidence=0.4, reason=said)


# ---- YAML ---- #


def is_by_line(path: Path) -> bool:
    """Say whether a file may have a record on each line: YAML never has."""
    return _beginning(path).startswith(_JSON)


def _beginning(export: Export) -> bytes:
    """Return the first megabyte of a text; empty where it is none."""
    try:
        return utf8_text(export, read_content(export, limit=_SAMPLE).data).lstrip()
    except ExportError:
        return b""


def _is_yaml(export: Export) -> bool:
    text = _beginning(export)
    if text.startswith((*_JSON, b"<")):
        return False
    return export.suffix.lower() in {".yaml", ".yml"} or _is_marked(text)


def _is_marked(text: bytes) -> bool:
    """Say whether keys that only synced applications have are at the beginning of lines."""
    return all(mark.search(text) for mark in _YAML_MARKS)


def _recognised_yaml(export: Export) -> Recognition | None:
    if not (_is_yaml(export) and _is_marked(_beginning(export))):
        return None
    try:
        rows = _yaml_records(export).rows
    except ExportError:
        return None
    keys = [msgspec.json.decode(raw, type=dict[str, msgspec.Raw]) for _, raw in rows]
    if not any(_is_application(one) for one in keys):
        return None
    return Recognition(kind="argocd", confidence=0.95, reason=f"{_TITLE}, YAML: application")


def _yaml_records(export: Export) -> Records:
    """Return the applications of a YAML file as JSON.

    Raises:
        ExportError: the file is no YAML, or it has anchors, which no export of Argo CD has.
    """
    text = utf8_text(export, read_content(export).data)
    found = Records(rows=[], rejected=[])
    for number, one in enumerate(_items(documents(text, name=export.name, aliases=False)), 1):
        if isinstance(one, dict):
            found.rows.append((number, msgspec.json.encode(one)))
        else:
            said = "expected an application, found something that has no keys"
            found.rejected.append((number, NOT_AN_OBJECT, said, ""))
    return found


def _items(held: list[Any]) -> Iterator[Any]:
    """Yield the items of documents that are lists, and the others themselves."""
    for one in held:
        items = one.get("items") if isinstance(one, dict) and "spec" not in one else one
        if isinstance(items, list):
            yield from items
        elif one is not None:
            yield one
