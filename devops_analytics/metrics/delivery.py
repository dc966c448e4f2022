"""DORA's five software delivery metrics, their variants, and the classic fourth, time to restore.

The declarations stand in one module for each subject; this one puts them in report order.
"""

from typing import Final

from devops_analytics.metrics.instability import INSTABILITY
from devops_analytics.metrics.lead_time import LEAD_TIME, negative_lead_times
from devops_analytics.metrics.lead_time_stages import LEAD_TIME_STAGES, lead_time_stages
from devops_analytics.metrics.metric import Metric
from devops_analytics.metrics.recovery import RECOVERY, incidents_ending_before_start
from devops_analytics.metrics.throughput import THROUGHPUT

DELIVERY: Final[tuple[Metric, ...]] = (
    *THROUGHPUT,
    *LEAD_TIME,
    *LEAD_TIME_STAGES,
    *INSTABILITY,
    *RECOVERY,
)
"""Delivery metrics in report order."""

__all__ = [
    "DELIVERY",
    "incidents_ending_before_start",
    "lead_time_stages",
    "negative_lead_times",
]
