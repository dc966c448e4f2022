"""Canonical tables from a few hand-written rows: what a test does not say is null."""

import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import Settings, settings_from
from devops_analytics.linking import Links, link
from devops_analytics.schema import TABLES, polars_schema

Rows = list[dict[str, Any]]
TESTS = Path(__file__).resolve().parents[1]
DEFAULTS: dict[str, dict[str, Any]] = {
    "deployments": {
        "environment": "production",
        "environment_kind": "production",
        "result": "success",
        "method": "reported",
    },
    "commits": {"parents": []},
}


def tables_of(**rows: Rows) -> dict[str, pl.LazyFrame]:
    """Make every canonical table from the rows given."""
    unknown = set(rows) - set(TABLES)
    assert not unknown, f"no such table: {unknown}"
    return {name: _table(name, rows.get(name, [])) for name in TABLES}


def _table(name: str, rows: Rows) -> pl.LazyFrame:
    filled = [
        {"source": "table:rows.csv", "source_ref": f"rows.csv:{number}"}
        | DEFAULTS.get(name, {})
        | row
        for number, row in enumerate(rows, start=1)
    ]
    return pl.DataFrame(filled, schema=polars_schema(name)).lazy()


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., dict[str, pl.LazyFrame]]:
    return tables_of


@pytest.fixture(scope="session")
def linked() -> Callable[..., Links]:
    """Link rows: `linked(deployments=[{…}], services={"shop": ["shop"]}, …)`."""

    def make(
        *,
        services: dict[str, list[Any]] | None = None,
        settings: dict[str, Any] | None = None,
        as_of: datetime = datetime(2026, 7, 1, tzinfo=UTC),
        **rows: Rows,
    ) -> Links:
        declared = services if services is not None else {"shop": ["shop"]}
        return link(tables_of(**rows), settings_of(declared, settings or {}), as_of)

    return make


def settings_of(services: dict[str, list[Any]], others: dict[str, Any]) -> Settings:
    entries = {name: {"repositories": repos} for name, repos in services.items()}
    return settings_from({"teams": {"team": {"services": entries}}, **others})


@pytest.fixture(scope="session")
def make_settings() -> Callable[..., Settings]:
    return settings_of


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The independent implementation in pandas and plain Python."""
    return _module("reference_pandas")


@pytest.fixture(scope="session")
def organisations() -> Any:
    """The strategy of small organisations."""
    return _module("strategies").organisations()
