"""DevOps maturity analytics from exports: tables, DORA metrics with intervals, CALMS, reports.

from devops_analytics import Workspace

workspace = Workspace.open("devops.toml")
workspace.measure("2026-Q2", by="service").to_pandas()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from devops_analytics.errors import (
    DevopsAnalyticsError,
    ExportError,
    PeriodError,
    ReportError,
    SettingsError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from devops_analytics.metrics import METRICS, Metric, metric
    from devops_analytics.periods import Period, parse_period
    from devops_analytics.reporting import open_page
    from devops_analytics.schema import TABLES
    from devops_analytics.workspace import Workspace

__version__ = "0.1.0"

_HOMES = {
    "METRICS": "devops_analytics.metrics",
    "Metric": "devops_analytics.metrics",
    "metric": "devops_analytics.metrics",
    "Period": "devops_analytics.periods",
    "parse_period": "devops_analytics.periods",
    "TABLES": "devops_analytics.schema",
    "Workspace": "devops_analytics.workspace",
    "open_page": "devops_analytics.reporting",
}

__all__ = [
    "METRICS",
    "TABLES",
    "DevopsAnalyticsError",
    "ExportError",
    "Metric",
    "Period",
    "PeriodError",
    "ReportError",
    "SettingsError",
    "UnknownNameError",
    "Workspace",
    "__version__",
    "metric",
    "open_page",
    "parse_period",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
