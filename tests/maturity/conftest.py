"""A small model of two metrics, and measurements written by hand."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from devops_analytics.estimates import Measurements
from devops_analytics.maturity import Model, model_from
from devops_analytics.metrics.metric import Better, Kind, Metric, Unit

Data = dict[str, Any]
MEASUREMENTS = Measurements.create_empty().schema


def _metric(name: str, better: Better, unit: Unit, needs: tuple[str, ...]) -> Metric:
    return Metric(
        id=name,
        name=name.capitalize(),
        question="Is it?",
        family="test",
        kind=Kind.PROPORTION if unit is Unit.SHARE else Kind.DURATION,
        unit=unit,
        better=better,
        definition="It.",
        choices="None.",
        unknown_when="Never.",
        misleads_when="Never.",
        moved_without_improvement="Not at all.",
        source="This test.",
        needs=needs,
        observe=lambda _: pl.LazyFrame(),
    )


@pytest.fixture(scope="session")
def metrics() -> tuple[Metric, ...]:
    return (
        _metric("tested", Better.HIGHER, Unit.SHARE, ("commits", "pipeline_runs")),
        _metric("wait", Better.LOWER, Unit.HOURS, ("changes",)),
        _metric("failing", Better.LOWER, Unit.SHARE, ("deployments", "incidents")),
    )


def _indicator(metric: str, **keys: object) -> Data:
    usual = {
        "class": "measured",
        "metric": metric,
        "anchors": [[0, 0], [1, 100]],
        "anchors_why": "The share itself.",
        "minimum_n": 10,
        "why": "It belongs.",
        "moved_without_improvement": "By magic.",
        "source": "This test.",
        "capability": "testing",
    }
    return usual | keys


def _levels(limits: dict[int, float]) -> Data:
    above = {
        str(level): {
            "statement": f"At least {limit:.0%} is tested.",
            "conditions": [{"evidence": "tested", "operator": ">=", "value": limit}],
        }
        for level, limit in limits.items()
    }
    return {"1": {"statement": "It is assessed."}, **above}


WAIT = [[1, 100], [24, 75], [168, 50], [730, 25], [4380, 0]]
DATA: Data = {
    "version": "t1",
    "name": "Test model",
    "source": "This test.",
    "rules": {
        "minimum_coverage": 0.5,
        "high_coverage": 0.8,
        "high_measured": 0.6,
        "attestation_days": 180,
    },
    "capabilities": {"testing": {"name": "Testing", "group": "Tests", "measure": "Tests."}},
    "indicators": {
        "tested": _indicator("tested"),
        "wait": _indicator("wait", anchors=WAIT, weight=3),
    },
    "lenses": {
        "main": {
            "name": "Main",
            "question": "Does it flow?",
            "source": "This test.",
            "dimensions": {
                "flow": {
                    "name": "Flow",
                    "description": "It flows?",
                    "source": "This test.",
                    "indicators": ["tested", "wait"],
                    "levels": _levels({2: 0.5, 3: 0.8, 4: 0.9, 5: 1.0}),
                }
            },
        }
    },
}


@pytest.fixture
def data() -> Data:
    """The small model as its file would hold it, free to be changed."""
    return deepcopy(DATA)


@pytest.fixture(scope="session")
def indicator() -> Callable[..., Data]:
    """Make an indicator of a metric: `indicator("tested", weight=2)`."""
    return _indicator


@pytest.fixture(scope="session")
def ladder() -> Callable[[dict[int, float]], Data]:
    """Make the levels of a dimension by limits of `tested`."""
    return _levels


@pytest.fixture(scope="session")
def model(metrics) -> Model:
    return model_from(deepcopy(DATA), metrics=metrics)


@pytest.fixture(scope="session")
def measured() -> Callable[..., pl.DataFrame]:
    """Make measurements: `measured(tested=(0.5, 0.4, 0.6, 100), wait="unknown")`."""
    start, end = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    units = {"wait": "hours", "change_lead_time": "hours"}

    def make(
        *, entity: str = "Shop", by: str = "organisation", period: str = "2026-Q2", **found: object
    ) -> pl.DataFrame:
        rows = []
        for name, what in found.items():
            row: dict[str, object] = {
                "metric": name,
                "by": by,
                "entity": entity,
                "period": period,
                "period_start": start,
                "period_end": end,
                "unit": units.get(name, "share"),
            }
            if isinstance(what, str):
                row |= {"status": what, "n": None if what == "unknown" else 0}
            else:
                value, low, high, n = what
                row |= {"status": "ok", "value": value, "low": low, "high": high, "n": n}
            rows.append(row)
        return pl.DataFrame(rows, schema=MEASUREMENTS)

    return make
