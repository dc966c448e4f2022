"""A metric's declaration in words: the same for the command line, the docs and the report."""

from devops_analytics.metrics.metric import Better, Kind, Metric

ESTIMATORS = {
    Kind.DURATION: "median with an exact order-statistic interval; Kaplan–Meier with a log-log "
    "interval where something is still open",
    Kind.LEVEL: "median with an exact order-statistic interval",
    Kind.PROPORTION: "k ÷ n with a Wilson interval",
    Kind.RATE: "count ÷ days of live feed (weeks, added up over the services, where the unit is "
    "per service-week) with an exact Poisson interval",
    Kind.RATIO: "sum ÷ sum with a Wilson interval by the effective number of observations",
    Kind.STOCK: "count of all there is, without an interval",
    Kind.SPREAD: "count of people, without an interval, withheld for small groups",
    Kind.SCORE: "mean with a Student's t interval; groups of too few people are withheld, and with "
    "them what they could be worked out from",
}
"""How each kind of observations becomes a number."""


def described(metric: Metric) -> tuple[tuple[str, str], ...]:
    """Return label and text of everything a metric's declaration says, in reading order."""
    better = "lower is better" if metric.better is Better.LOWER else "higher is better"
    estimator = ESTIMATORS[metric.kind]
    if metric.quantile != 0.5:  # noqa: PLR2004 - the median is what the estimators name
        estimator = estimator.replace("median", f"{metric.quantile:.0%} quantile")
    texts = [
        ("Question", metric.question),
        ("Definition", metric.definition),
        ("Choices", metric.choices),
        ("Estimate", f"{estimator}; in {metric.unit.value}; {better}"),
        ("Unknown when", metric.unknown_when),
        ("Misleads when", metric.misleads_when),
        ("Moved without improvement by", metric.moved_without_improvement),
        ("Source", metric.source),
    ]
    if metric.variant_of is not None:
        texts.insert(2, ("Variant of", metric.variant_of))
    return tuple(texts)
