"""Estimates: one estimator for each kind of metric makes numbers of observations.

| kind | value | interval (two-sided) | smallest n |
| --- | --- | --- | --- |
| duration, level | quantile, mostly the median | order statistics | by the settings |
| the same, some censored | Kaplan-Meier quantile | log-log, Greenwood | by the settings |
| proportion | k ÷ n | Wilson, from 1 on | for the headline, by the settings |
| rate | count ÷ days of live feed | exact Poisson, widened for bursts | one live day |
| rate per service-week | count ÷ weeks of live feed, over the services | exact Poisson | one |
| ratio | sum ÷ sum | Wilson, effective n | for the headline, by the settings |
| stock | sum at the end of the period | none: a count of all | 0 while the feed lives |
| spread | fewest people who made half in a year | none: a count of all | the smallest group |
| score | mean of respondents | Student's t | by the settings; smaller groups are withheld |

A rate of nothing in a live feed is `none`: no headline, but an upper limit of what is compatible
with it, since "no event in 5 days" and "no event in 90" are different things to know.
"""

from devops_analytics.estimates.at_end import rows_behind
from devops_analytics.estimates.live import counted_time
from devops_analytics.estimates.measurements import STATUSES, Measurements
from devops_analytics.estimates.table import estimate

__all__ = ["STATUSES", "Measurements", "counted_time", "estimate", "rows_behind"]
