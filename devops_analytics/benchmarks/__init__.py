"""DORA's published figures by year, and where a value lies among a year's respondents."""

from devops_analytics.benchmarks.placing import PLACEMENT, place
from devops_analytics.benchmarks.published import (
    CLUSTERS,
    DISTRIBUTIONS,
    Bin,
    Cluster,
    Distribution,
    Year,
)

__all__ = [
    "CLUSTERS",
    "DISTRIBUTIONS",
    "PLACEMENT",
    "Bin",
    "Cluster",
    "Distribution",
    "Year",
    "place",
]
