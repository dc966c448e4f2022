"""Evidence for delivery metrics: rows are linked by the package itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from devops_analytics.config import settings_from
from devops_analytics.linking import link
from devops_analytics.metrics.metric import Evidence, Metric, Observations

Rows = list[dict[str, Any]]
DEFAULTS: dict[str, dict[str, Any]] = {
    "deployments": {
        "service": "shop",
        "environment_kind": "production",
        "result": "success",
        "method": "reported",
    },
    "commits": {"repo": "shop", "parents": []},
    "changes": {"repo": "shop"},
    "incidents": {"service": "shop"},
}


@pytest.fixture(scope="session")
def linked_evidence(evidence_of: Callable[..., Evidence]) -> Callable[..., Evidence]:
    """Make evidence: `linked_evidence(deployments=[{…}], incidents=[{…}], as_of=…)`."""

    def make(
        *,
        as_of: datetime = datetime(2026, 7, 1, tzinfo=UTC),
        time_zone: str = "UTC",
        definitions: dict[str, Any] | None = None,
        services: dict[str, list[str]] | None = None,
        **tables: Rows,
    ) -> Evidence:
        owned = services or {"shop": ["shop"]}
        entries = {name: {"repositories": repos} for name, repos in owned.items()}
        settings = settings_from(
            {"teams": {"team": {"services": entries}}, "definitions": definitions or {}}
        )
        filled = {
            name: [DEFAULTS.get(name, {}) | row for row in rows] for name, rows in tables.items()
        }
        evidence = evidence_of(as_of=as_of, definitions=settings.definitions, **filled)
        links = link(evidence.tables, settings, as_of)
        return replace(evidence, links=links, time_zone=time_zone)

    return make


@pytest.fixture(scope="session")
def found() -> Callable[[Metric, Evidence], list[tuple[Any, ...]]]:
    """Run a metric: (key, at, value, observed) of each row, by key."""

    def run(metric: Metric, evidence: Evidence) -> list[tuple[Any, ...]]:
        frame = Observations.validate(metric.observe(evidence).collect())
        return frame.sort("key", "service").select("key", "at", "value", "observed").rows()

    return run
