"""The way of a saved export through its source and `conform`, with nothing lost on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import SOURCE_TYPES
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context, SourceKind

SETTINGS: dict[str, Any] = {
    "teams": {"web": {"services": {"shop": {"repositories": ["shop"], "aliases": ["Shop API"]}}}}
}

Judge = Callable[..., dict[str, Batch]]
Load = Callable[..., dict[str, Batch]]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Read a file, judge the drafts, check that every record is accounted for."""

    def judged(source: SourceKind, path: Path, **entry: Any) -> dict[str, Batch]:
        made = SOURCE_TYPES[source.kind](kind=source.kind, path="exports", **entry)
        context = Context(settings=settings_from(SETTINGS), label=f"exports/{path.name}")
        batches: dict[str, Batch] = {}
        for draft in source.read(path, made, context):
            batch = conform(draft, entry=made, context=context)
            accounted = batch.rows.height + batch.n_absorbed + batch.n_duplicates
            assert batch.n_read == accounted + batch.quarantined.height
            assert batch.table not in batches
            batches[batch.table] = batch
        return batches

    return judged


@pytest.fixture
def load(tmp_path: Path, judge: Judge) -> Load:
    """Save content as a file (what is no text as JSON), and read and judge it."""

    def loaded(
        source: SourceKind, content: Any, *, name: str = "export.json", **entry: Any
    ) -> dict[str, Batch]:
        path = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return judge(source, path, **entry)

    return loaded
