"""Simulation before belief: what the suite says of organisations whose truth is known."""

from devops_analytics.simulation.censoring import Censoring, censorings
from devops_analytics.simulation.changes import FalseAlarms, Power, false_alarms, powers
from devops_analytics.simulation.coverage import Coverage, coverages
from devops_analytics.simulation.study import Study, study

__all__ = [
    "Censoring",
    "Coverage",
    "FalseAlarms",
    "Power",
    "Study",
    "censorings",
    "coverages",
    "false_alarms",
    "powers",
    "study",
]
