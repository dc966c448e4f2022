"""Data-quality checks on a few hand-written rows: what a test does not say is null."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.check import material_of
from devops_analytics.quality import CHECKS, Material
from devops_analytics.schema import polars_schema
from devops_analytics.sources.source import QUARANTINE

Rows = list[dict[str, Any]]
DEFAULTS: dict[str, dict[str, Any]] = {
    "deployments": {"environment": "production", "environment_kind": "production",
                    "result": "success", "method": "reported"},
    "commits": {"parents": [], "is_merge": False},
    "pipeline_runs": {"attempt": 1, "result": "success"},
    "pipeline_jobs": {"attempt": 1, "result": "success"},
    "test_results": {"suite": "", "number": 1},
}  # fmt: skip
SHOP = {"teams": {"web": {"services": {"shop": {"repositories": ["shop"]}}}}}


def at(text: str) -> datetime:
    """A moment of 2026 in UTC: `05-04 10:00`, or midnight of `05-04`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def opened(
    *, settings: dict[str, Any] | None = None, as_of: str = "07-01", **tables: Rows
) -> Workspace:
    """Open a workspace of a few rows; without settings, team `web` has the service `shop`."""
    frames = {
        name: pl.DataFrame(
            [
                {"source": f"table:{name}.csv", "source_ref": f"{name}.csv:{number}"}
                | DEFAULTS.get(name, {})
                | row
                for number, row in enumerate(rows, start=1)
            ],
            schema=polars_schema(name),
        )
        for name, rows in tables.items()
    }
    return Workspace.from_frames(frames, settings=settings or SHOP, as_of=at(as_of))


def quarantine_of(rows: Rows) -> pl.DataFrame:
    """Make quarantined records."""
    return pl.DataFrame(rows, schema={"source": pl.String(), **QUARANTINE})


@pytest.fixture(scope="session")
def workspace_of() -> Callable[..., Workspace]:
    return opened


@pytest.fixture(scope="session")
def material() -> Callable[..., Material]:
    """Make what checks look at: `material(incidents=[{…}], quarantine=[{…}], …)`."""

    def make(*, quarantine: Rows | None = None, **given: Any) -> Material:
        made = material_of(opened(**given))
        return Material(
            evidence=made.evidence,
            as_of=made.as_of,
            feeds=made.feeds,
            quarantine=quarantine_of(quarantine or []),
        )

    return make


@pytest.fixture(scope="session")
def found_by(material: Callable[..., Material]) -> Callable[..., dict[str, str]]:
    """Run one check: key → detail, in the order of the keys."""
    by_id = {check.id: check for check in CHECKS}

    def run(check_id: str, **given: Any) -> dict[str, str]:
        rows = by_id[check_id].find(material(**given)).collect()
        assert rows.columns == ["key", "service", "repo", "detail"]
        return dict(rows.sort("key").select("key", "detail").iter_rows())

    return run


@pytest.fixture(scope="session")
def moment() -> Callable[[str], datetime]:
    return at
