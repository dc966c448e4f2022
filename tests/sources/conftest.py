"""Small real clones for tests of sources that read them."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

MIDNIGHT = 1_767_225_600  # 2026-01-01T00:00:00Z
ANN = "Ann Harbour <ann@example.invalid>"


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
