"""Pages for notebooks, and reports: papermill → notebook → one HTML file that opens offline."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devops_analytics.reporting.lab import open_lab
    from devops_analytics.reporting.opening import open_page
    from devops_analytics.reporting.render import render_report, render_reports
    from devops_analytics.reporting.runner import ReportParameters

_HOMES = {
    "ReportParameters": "runner",
    "open_lab": "lab",
    "open_page": "opening",
    "render_report": "render",
    "render_reports": "render",
}

__all__ = ["ReportParameters", "open_lab", "open_page", "render_report", "render_reports"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: a notebook's kernel needs neither of the tools."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
