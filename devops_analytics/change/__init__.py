"""Change or noise: comparisons, trends, process charts, and what it takes to see a change.

| kind | change | interval | test |
| --- | --- | --- | --- |
| proportion | difference | Newcombe | Fisher, mid-p |
| rate | ratio | conditional Poisson | the same |
| duration | ratio | Hodges-Lehmann | Mann-Whitney |
| level | difference | Hodges-Lehmann | Mann-Whitney |
| some still running | ratio of Kaplan-Meier medians | from both intervals | weighted log-rank |
| another quantile | ratio or difference of quantiles | from both intervals | shares above |

Bursts of events and rows that belong together make intervals wider. Functions of arrays stand in
`shares`, `rates`, `ranks`, `survival`, `dispersion`, `multiple`, `trend`, `changepoint`, `control`
and `power`; those of frames in `comparison`, `series`, `process`, `needs` and `annotations`.
"""

from devops_analytics.change.annotations import Annotations, annotations, annotations_about
from devops_analytics.change.comparison import Asked, Observed, compare
from devops_analytics.change.control import RULES
from devops_analytics.change.needs import Needed, needed
from devops_analytics.change.process import ProcessPoints, process_points
from devops_analytics.change.series import Trends, trends
from devops_analytics.change.verdicts import VERDICTS, Comparisons

__all__ = [
    "RULES",
    "VERDICTS",
    "Annotations",
    "Asked",
    "Comparisons",
    "Needed",
    "Observed",
    "ProcessPoints",
    "Trends",
    "annotations",
    "annotations_about",
    "compare",
    "needed",
    "process_points",
    "trends",
]
