"""The way of a saved answer through its source and `conform`, with nothing lost on it."""

import contextlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import SOURCE_TYPES
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context, SourceKind

SETTINGS: dict[str, Any] = {
    "teams": {"web": {"services": {"shop": {"repositories": ["harbour/shop"]}}}}
}

Batches = dict[str, Batch]


@pytest.fixture(scope="session")
def judge() -> Callable[..., Batches]:
    """Read a file, judge the drafts, check that every record is accounted for."""

    def judged(source: SourceKind, path: Path, **entry: Any) -> Batches:
        made = SOURCE_TYPES[source.kind](kind=source.kind, path="exports", **entry)
        context = Context(settings=settings_from(SETTINGS), label=f"exports/{path.name}")
        batches: Batches = {}
        for draft in source.read(path, made, context):
            batch = conform(draft, entry=made, context=context)
            accounted = batch.rows.height + batch.n_absorbed + batch.n_duplicates
            assert batch.n_read == accounted + batch.quarantined.height
            assert batch.table not in batches
            batches[batch.table] = batch
        return batches

    return judged


@pytest.fixture
def load(tmp_path: Path, judge: Callable[..., Batches]) -> Callable[..., Batches]:
    """Save content as a file (what is no text as JSON), and read and judge it."""

    def loaded(
        source: SourceKind, content: Any, *, name: str = "export.json", **entry: Any
    ) -> Batches:
        return judge(source, _saved(tmp_path / name, content), **entry)

    return loaded


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Save content as a file (what is no text as JSON)."""
    return lambda content, name="export.json": _saved(tmp_path / name, content)


def _saved(path: Path, content: Any) -> Path:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture(scope="session")
def survives(
    judge: Callable[..., Batches], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., None]:
    """Damage an export at a few places: it is read with all counted, or refused as a whole."""
    path = tmp_path_factory.mktemp("damaged") / "export.json"

    def damaged_and_read(source: SourceKind, content: bytes, seed: int, **entry: Any) -> None:
        chance = random.Random(seed)
        data = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randint(1, 40)]
                case 2:
                    data[at:at] = chance.choice(
                        [b"null", b"[]", b"{}", b'"', b"9" * 30, b"<", b","]
                    )
                case _:
                    data[at:] = data[at : at + chance.randint(0, 400)]
            data = data or bytearray(b" ")
        path.write_bytes(bytes(data))
        source.recognise(path)
        with contextlib.suppress(ExportError):
            judge(source, path, **entry)

    return damaged_and_read


@pytest.fixture(scope="session")
def said_anywhere() -> Callable[[Batches], str]:
    """Everything that the batches say, as one text: to look for what must not be in it."""

    def text(batches: Batches) -> str:
        frames = [frame for one in batches.values() for frame in (one.rows, one.quarantined)]
        return " ".join(
            [frame.write_json() for frame in frames]
            + [note for one in batches.values() for note in one.notes]
        )

    return text
