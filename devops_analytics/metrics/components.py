"""Components of bills of materials: for how long they have stood at their version."""

from datetime import timedelta
from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import as_observations, by_repository, hours_between
from devops_analytics.metrics.metric import Evidence
from devops_analytics.metrics.states import at_moments, moments
from devops_analytics.text import filled

IMAGES: Final = r"^pkg:(?:oci|docker)/"
"""Package URLs of container images."""
MODULES: Final = r"^pkg:(?:terraform|opentofu|helm|puppet|ansible|chef)/"
"""Package URLs of modules that infrastructure is made of."""

AGE_CHOICES: Final = (
    "a version's age is the time since the first bill that lists it, as exports hold no dates of "
    "publication; one that was in the repository's first bill is at least as old as that bill "
    "(censored); components of the repository's latest bill, if that is not older than "
    "scan_valid_days"
)


def component_age(evidence: Evidence, wanted: pl.Expr) -> pl.LazyFrame:
    """Measure for how long components have stood at their version.

    Args:
        evidence: its table `components`.
        wanted: which of its rows count.

    Returns:
        Observations: `at` is a snapshot, `value` hours, `observed` false where the version is in
        the repository's first bill, `key` the repository and the package URL.
    """
    components = evidence.tables["components"]
    days = timedelta(days=evidence.definitions.scan_valid_days)
    bills = (
        components.select("repo", bill_at="at")
        .unique()
        .sort("repo", "bill_at")
        .with_columns(
            from_at="bill_at",
            to_at=pl.min_horizontal(
                pl.col("bill_at").shift(-1).over("repo"), pl.col("bill_at") + days
            ),
            first_bill_at=pl.col("bill_at").min().over("repo"),
        )
    )
    counted = components.filter(wanted).rename({"at": "bill_at"})
    since = counted.group_by("repo", "purl").agg(since=pl.col("bill_at").min())
    rows = (
        at_moments(bills, moments(evidence, monthly=True))
        .join(counted.select("repo", "bill_at", "purl", "source_ref"), on=["repo", "bill_at"])
        .join(since, on=["repo", "purl"])
        .with_columns(
            value=hours_between("since", "at"),
            observed=pl.col("since") > pl.col("first_bill_at"),
            key=filled("{} {}", "repo", "purl"),
        )
    )
    return as_observations(by_repository(rows, evidence))
