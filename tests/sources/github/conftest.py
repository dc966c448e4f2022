"""Builders of small REST answers, and the way from saved files through `conform`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import GithubSource
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.source import Context

API = "https://api.github.example/repos/acme/shop"
SETTINGS: dict[str, Any] = {"teams": {"web": {"services": {"shop": {"repositories": ["shop"]}}}}}

Load = Callable[..., dict[tuple[str, str], Batch]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Save records as files, read them as one entry, judge the drafts, check that nothing is lost.

    Returns the batches by (file, table).
    """

    def loaded(
        settings: dict[str, Any] = SETTINGS, files: dict[str, Any] | None = None, **entry: Any
    ) -> dict[tuple[str, str], Batch]:
        paths = []
        for name, content in (files or {}).items():
            path = tmp_path / name
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        source = GithubSource(kind="github", path="exports", **entry)
        context = Context(
            settings=settings_from(settings),
            label=f"exports/{paths[0].name}",
            labels={path: f"exports/{path.name}" for path in paths},
        )
        batches = {}
        assert GITHUB.read_many is not None
        for path, draft in GITHUB.read_many(paths, source, context):
            batch = conform(draft, entry=source, context=context)
            accounted = batch.rows.height + batch.n_absorbed + batch.n_duplicates
            assert batch.n_read == accounted + batch.quarantined.height
            batches[path.name, batch.table] = batch
        return batches

    return loaded


@pytest.fixture
def deployment() -> Callable[..., dict[str, Any]]:
    """Make a deployment of acme/shop to production."""

    def made(number: int = 1, **fields: Any) -> dict[str, Any]:
        return {
            "id": number,
            "url": f"{API}/deployments/{number}",
            "sha": "a" * 40,
            "ref": "main",
            "task": "deploy",
            "environment": "production",
            "created_at": "2026-03-02T09:00:00Z",
            "updated_at": "2026-03-02T09:00:00Z",
            "creator": {"login": "ada", "type": "User"},
            **fields,
        }

    return made


@pytest.fixture
def status() -> Callable[..., dict[str, Any]]:
    """Make a status of deployment 1 at a minute after 2026-03-02T09:00Z."""

    def made(state: str, minute: int, deployment: int = 1, **fields: Any) -> dict[str, Any]:
        return {
            "id": 1000 + minute,
            "state": state,
            "created_at": f"2026-03-02T09:{minute:02}:00Z",
            "deployment_url": f"{API}/deployments/{deployment}",
            **fields,
        }

    return made


@pytest.fixture
def run() -> Callable[..., dict[str, Any]]:
    """Make a completed workflow run of acme/shop."""

    def made(number: int = 7, **fields: Any) -> dict[str, Any]:
        return {
            "id": number,
            "name": "CI",
            "path": ".github/workflows/ci.yml",
            "run_attempt": 1,
            "event": "push",
            "head_branch": "main",
            "head_sha": "B" * 40,
            "status": "completed",
            "conclusion": "success",
            "created_at": "2026-03-02T09:00:00Z",
            "run_started_at": "2026-03-02T09:00:00Z",
            "updated_at": "2026-03-02T09:30:00Z",
            "repository": {"full_name": "acme/shop"},
            "actor": {"login": "ada"},
            **fields,
        }

    return made


@pytest.fixture
def job() -> Callable[..., dict[str, Any]]:
    """Make a completed job of run 7."""

    def made(number: int = 70, **fields: Any) -> dict[str, Any]:
        return {
            "id": number,
            "run_id": 7,
            "run_url": f"{API}/actions/runs/7",
            "run_attempt": 1,
            "name": "test",
            "head_sha": "b" * 40,
            "head_branch": "main",
            "status": "completed",
            "conclusion": "success",
            "created_at": "2026-03-02T09:00:00Z",
            "started_at": "2026-03-02T09:01:00Z",
            "completed_at": "2026-03-02T09:05:00Z",
            "labels": ["self-hosted", "linux"],
            "runner_name": "adas-laptop",
            **fields,
        }

    return made


@pytest.fixture
def pull() -> Callable[..., dict[str, Any]]:
    """Make a merged pull request of acme/shop."""

    def made(number: int = 5, **fields: Any) -> dict[str, Any]:
        return {
            "number": number,
            "url": f"{API}/pulls/{number}",
            "title": "Add a basket",
            "user": {"login": "ada", "type": "User"},
            "body": "Written by ada@example.invalid",
            "created_at": "2026-03-01T09:00:00Z",
            "updated_at": "2026-03-03T09:00:00Z",
            "merged_at": "2026-03-02T09:00:00Z",
            "closed_at": "2026-03-02T09:00:00Z",
            "merge_commit_sha": "C" * 40,
            "labels": [{"name": "feature"}],
            "head": {"ref": "basket", "sha": "d" * 40},
            "base": {"ref": "main", "repo": {"full_name": "acme/shop"}},
            **fields,
        }

    return made


@pytest.fixture
def review() -> Callable[..., dict[str, Any]]:
    """Make a review of pull request 5 at an hour of 2026-03-01."""

    def made(login: str, state: str, hour: int, **fields: Any) -> dict[str, Any]:
        return {
            "id": 500 + hour,
            "user": {"login": login, "type": "User"},
            "state": state,
            "body": "Well done, Ada",
            "submitted_at": f"2026-03-01T{hour:02}:00:00Z",
            "pull_request_url": f"{API}/pulls/5",
            **fields,
        }

    return made


@pytest.fixture
def issue() -> Callable[..., dict[str, Any]]:
    """Make a closed issue of acme/shop with the label `incident`."""

    def made(number: int = 9, **fields: Any) -> dict[str, Any]:
        return {
            "number": number,
            "title": "Ada broke the basket",
            "url": f"{API}/issues/{number}",
            "repository_url": API,
            "state": "closed",
            "user": {"login": "ada"},
            "labels": [{"name": "Incident"}],
            "created_at": "2026-03-02T10:00:00Z",
            "updated_at": "2026-03-02T12:00:00Z",
            "closed_at": "2026-03-02T12:00:00Z",
            "body": None,
            **fields,
        }

    return made
