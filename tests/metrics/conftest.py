"""Evidence from a few hand-written rows: what a test does not say is null."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import Definitions
from devops_analytics.linking.links import (
    BlamedOn,
    DeployedIn,
    Links,
    ProductionDeployments,
    Remedies,
    Unlinked,
)
from devops_analytics.metrics.metric import Evidence, Metric, Observations
from devops_analytics.schema import TABLES, polars_schema

Rows = list[dict[str, Any]]
TRACE = {"source": "table:rows.csv", "source_ref": "rows.csv:1"}


def _table(name: str, rows: Rows) -> pl.LazyFrame:
    return pl.DataFrame([TRACE | row for row in rows], schema=polars_schema(name)).lazy()


def _links(deployments: Rows, deployed_in: Rows) -> Links:
    return Links(
        deployments=pl.DataFrame(deployments, schema=ProductionDeployments.create_empty().schema),
        deployed_in=pl.DataFrame(deployed_in, schema=DeployedIn.create_empty().schema),
        blamed_on=BlamedOn.create_empty(),
        remedies=Remedies.create_empty(),
        unlinked=Unlinked.create_empty(),
    )


@pytest.fixture(scope="session")
def evidence_of() -> Callable[..., Evidence]:
    """Make evidence: `evidence_of(incidents=[{…}], linked_deployments=[{…}], as_of=…)`."""

    def make(
        *,
        as_of: datetime = datetime(2026, 7, 1, tzinfo=UTC),
        definitions: Definitions | None = None,
        linked_deployments: Rows | None = None,
        deployed_in: Rows | None = None,
        **tables: Rows,
    ) -> Evidence:
        return Evidence(
            tables={name: _table(name, tables.get(name, [])) for name in TABLES},
            links=_links(linked_deployments or [], deployed_in or []),
            definitions=definitions or Definitions(),
            as_of=as_of,
        )

    return make


@pytest.fixture(scope="session")
def observed_values() -> Callable[[Metric, Evidence], dict[tuple[str | None, str], float]]:
    """Run a metric and return (service, key) → value, with the frame checked."""

    def run(metric: Metric, evidence: Evidence) -> dict[tuple[str | None, str], float]:
        frame = Observations.validate(metric.observe(evidence).collect())
        found = {(row["service"], row["key"]): row["value"] for row in frame.to_dicts()}
        assert len(found) == frame.height, "a row was counted twice within a service"
        return found

    return run
