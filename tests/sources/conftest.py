"""Small real clones, and the way of an export through its source and `conform`."""

import contextlib
import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import SOURCE_TYPES
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context, SourceKind

MIDNIGHT = 1_767_225_600  # 2026-01-01T00:00:00Z
ANN = "Ann Harbour <ann@example.invalid>"
SETTINGS: dict[str, Any] = {
    "teams": {"web": {"services": {"shop": {"repositories": ["harbour/shop"]}}}}
}

Batches = dict[str, Batch]


@dataclass(frozen=True)
class SmallClone:
    """A clone whose commits are made hour after hour from 2026-01-01T00:00Z."""

    path: Path

    def git(self, *arguments: str, hour: int = 0, who: str = ANN) -> str:
        name, _, address = who.removesuffix(">").partition(" <")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": f"@{MIDNIGHT} +0530",  # days before: only the commit's time counts
            "GIT_COMMITTER_NAME": "Carol",
            "GIT_COMMITTER_EMAIL": "carol@example.invalid",
            "GIT_COMMITTER_DATE": f"@{MIDNIGHT + hour * 3600} -0800",
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None], hour: int, who: str = ANN) -> str:
        """Write files (None: delete) and commit them; return the sha."""
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "work", hour=hour, who=who)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def new_clone(tmp_path: Path) -> Callable[..., SmallClone]:
    def make(name: str = "deployments") -> SmallClone:
        path = tmp_path / name
        path.mkdir()
        clone = SmallClone(path)
        clone.git("init", "--quiet", "--initial-branch=main")
        return clone

    return make


@pytest.fixture
def clone(new_clone: Callable[..., SmallClone]) -> SmallClone:
    return new_clone()


@pytest.fixture
def at_hour() -> Callable[[int], datetime]:
    """The moment of a commit made in an hour."""
    return lambda hour: datetime.fromtimestamp(MIDNIGHT + hour * 3600, tz=UTC)


@pytest.fixture(scope="session")
def judge() -> Callable[..., Batches]:
    """Read a file, judge the drafts, check that every record is accounted for."""

    def judged(source: SourceKind, path: Path, **entry: Any) -> Batches:
        given = {"kind": source.kind, "path": "exports"} | entry
        made = SOURCE_TYPES[source.kind](**given)
        context = Context(settings=settings_from(SETTINGS), label=f"exports/{path.name}")
        batches: Batches = {}
        for draft in source.read(path, made, context):
            n_refused = 0 if draft.rejected is None else draft.rejected.height
            assert draft.n_read == draft.rows.height + n_refused + draft.n_absorbed
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
def damage() -> ModuleType:
    """What may happen to an export."""
    path = Path(__file__).with_name("damage.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def survives(
    judge: Callable[..., Batches], damage: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., None]:
    """Damage an export at a few places: it is read with all counted, or refused as a whole."""
    folder = tmp_path_factory.mktemp("damaged")

    def damaged_and_read(
        source: SourceKind,
        content: bytes,
        seed: int,
        *,
        name: str = "export-2026-03-02.json",
        **entry: Any,
    ) -> None:
        path = folder / name
        path.write_bytes(damage.damaged(content, Random(seed)))
        # A file that can't be read is no reason to leave the others of its folder unread.
        source.recognise(path)
        source.is_by_line(path)
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
