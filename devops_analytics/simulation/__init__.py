"""Simulation before belief: what the suite says of organisations whose truth is known."""

from devops_analytics.simulation.censoring import Censoring, censorings
from devops_analytics.simulation.coverage import Coverage, coverages

__all__ = ["Censoring", "Coverage", "censorings", "coverages"]
