"""Estimates: one estimator for each kind of metric makes numbers of observations.

| kind | value | interval (two-sided) | smallest n |
| --- | --- | --- | --- |
| duration, level | quantile, mostly the median | order statistics | by the settings |
| the same, some censored | Kaplan-Meier quantile | log-log, Greenwood | by the settings |
| proportion | k ÷ n | Wilson, from 1 on | for the headline, by the settings |
| rate | count ÷ days of live feed | exact Poisson | one live day |
| score | mean of respondents | Student's t | by the settings; smaller groups are withheld |

A rate of nothing in a live feed is `none`: no headline, but an upper limit of what is compatible
with it, since "none in 5 days" and "none in 90" are different things to know.
"""

from devops_analytics.estimates.live import counted_time
from devops_analytics.estimates.measurements import STATUSES, Measurements
from devops_analytics.estimates.table import estimate

__all__ = ["STATUSES", "Measurements", "counted_time", "estimate"]
