"""What a page was made from: the exports with their content, and the settings."""

import hashlib
import json
from typing import Final

from devops_analytics.config import Settings
from devops_analytics.display import format_count
from devops_analytics.reporting.html import Node
from devops_analytics.workspace import Workspace

_PREFIX: Final = 10
"""Characters of a content hash that tell exports apart."""


def settings_fingerprint(settings: Settings) -> str:
    """Return what identifies all settings but the secret one."""
    content = settings.model_dump(mode="json", exclude={"people": {"salt"}})
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def input_rows(workspace: Workspace) -> list[list[Node]]:
    """Return a row per export and table: file, content, table, and where its records went."""
    report = workspace.load_report
    if report is None:
        return []
    rows: list[list[Node]] = []
    for found in report.files.iter_rows(named=True):
        counts = [found[name] for name in ("read", "loaded", "quarantined", "duplicates")]
        content = report.contents.get((found["source"], found["file"]), "")
        rows.append(
            [
                found["file"],
                content[:_PREFIX],
                found["table"].replace("_", " "),
                *(format_count(count) for count in counts),
            ]
        )
    return rows
