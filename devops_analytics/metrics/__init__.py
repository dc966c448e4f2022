"""The metrics: one declaration each, in report order."""

import difflib
from typing import Final

from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics.collaboration import COLLABORATION
from devops_analytics.metrics.delivery import DELIVERY
from devops_analytics.metrics.flow import FLOW
from devops_analytics.metrics.infrastructure import INFRASTRUCTURE
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Observations, Unit
from devops_analytics.metrics.operations import OPERATIONS
from devops_analytics.metrics.pipelines import PIPELINES
from devops_analytics.metrics.security import SECURITY
from devops_analytics.metrics.survey import SURVEY

METRICS: Final[tuple[Metric, ...]] = (
    *DELIVERY,
    *FLOW,
    *PIPELINES,
    *OPERATIONS,
    *INFRASTRUCTURE,
    *SECURITY,
    *COLLABORATION,
    *SURVEY,
)
_BY_ID: Final = {metric.id: metric for metric in METRICS}

DORA_FIVE: Final = (
    "deployment_frequency",
    "change_lead_time",
    "failed_deployment_recovery_time",
    "change_fail_rate",
    "deployment_rework_rate",
)
"""DORA's five software delivery metrics (dora.dev guide, 2026-01), throughput first."""


def metric(metric_id: str) -> Metric:
    """Return a metric's declaration.

    Raises:
        UnknownNameError: there is no metric of that id; the text names the nearest ones.
    """
    found = _BY_ID.get(metric_id)
    if found is None:
        near = difflib.get_close_matches(metric_id, _BY_ID, n=3)
        hint = (
            f"Did you mean {', '.join(near)}?" if near else "`devops-analytics metrics` lists them."
        )
        raise UnknownNameError(f"no metric is called {metric_id!r}. {hint}")
    return found


__all__ = [
    "DORA_FIVE",
    "METRICS",
    "Better",
    "Evidence",
    "Kind",
    "Metric",
    "Observations",
    "Unit",
    "metric",
]
