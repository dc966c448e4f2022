"""Charts as plotly figures from tidy tables; title and alt text are in `layout.meta`."""

from devops_analytics.figures.coverage import coverage_timeline
from devops_analytics.figures.dots import dot_plot
from devops_analytics.figures.maturity import POSITION_AXIS, maturity_bars
from devops_analytics.figures.multiples import small_multiples
from devops_analytics.figures.palette import PALETTE, Colour
from devops_analytics.figures.process import process_chart
from devops_analytics.figures.stages import stage_bars
from devops_analytics.figures.trend import trend

__all__ = [
    "PALETTE",
    "POSITION_AXIS",
    "Colour",
    "coverage_timeline",
    "dot_plot",
    "maturity_bars",
    "process_chart",
    "small_multiples",
    "stage_bars",
    "trend",
]
