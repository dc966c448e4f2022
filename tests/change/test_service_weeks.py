"""A rate per service-week is compared over service-weeks, not days."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from devops_analytics.change.verdicts import Looked, effect_of
from devops_analytics.config import Definitions
from devops_analytics.estimates.live import Entity
from devops_analytics.estimates.samples import Cell
from devops_analytics.metrics import metric
from devops_analytics.periods import Period

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)


def looked(services: int, begin: datetime) -> Looked:
    """Two incidents a week for each service, over ten weeks."""
    period = Period(label="ten weeks", start=begin, end=begin + 10 * WEEK)
    spans = [(period.start, period.end)]
    names = [f"s{number}" for number in range(services)]
    found = Entity(
        name="Org", services=dict.fromkeys(names, spans), spans=spans, tables={"incidents": spans}
    )
    moments = [
        period.start + week * WEEK + timedelta(days=1 + 3 * half, minutes=number)
        for week in range(10)
        for half in range(2)
        for number in range(services)
    ]
    at = np.array([round(moment.timestamp() * 1e6) for moment in moments], dtype=np.int64)
    n = len(at)
    cell = Cell(
        value=np.ones(n),
        observed=np.ones(n, dtype=np.bool_),
        at=at,
        service=np.zeros(n, dtype=np.int64),
        left_out=0,
    )
    return Looked(found=found, cell=cell, period=period)


def test_twice_the_services_with_twice_the_incidents_are_no_change() -> None:
    now, before = looked(4, START + 10 * WEEK), looked(2, START)
    per_week = effect_of(metric("incidents_per_service_week"), now, before, Definitions())
    assert per_week.value == pytest.approx(1.0)
    per_day = effect_of(metric("out_of_hours_interruptions"), now, before, Definitions())
    assert per_day.value == pytest.approx(2.0)
