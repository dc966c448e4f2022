"""Named checks of the data behind the numbers: what is odd, how often, which records, what to do.

A record that a check names is not dropped from the tables; where a metric leaves it out, the
check says so.
"""

from devops_analytics.quality.check import FOUND, Check, Material, Severity
from devops_analytics.quality.findings import CHECKS, FINDINGS, POPULATIONS, findings, worst
from devops_analytics.quality.why import why

__all__ = [
    "CHECKS",
    "FINDINGS",
    "FOUND",
    "POPULATIONS",
    "Check",
    "Material",
    "Severity",
    "findings",
    "why",
    "worst",
]
