"""All checks, run at once: what each found, how much of what that is, and examples."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from devops_analytics.feeds import WHOLE
from devops_analytics.quality.check import Check, Material, Severity
from devops_analytics.quality.clocks import CLOCKS
from devops_analytics.quality.incidents import INCIDENTS
from devops_analytics.quality.joins import JOINS
from devops_analytics.quality.outliers import OUTLIERS
from devops_analytics.quality.records import RECORDS
from devops_analytics.quality.silences import SILENCES
from devops_analytics.schema import EVENT_TIME

CHECKS: Final[tuple[Check, ...]] = (*JOINS, *INCIDENTS, *SILENCES, *CLOCKS, *RECORDS, *OUTLIERS)
"""Every check; `findings` puts the most harmful first."""

EXAMPLES: Final = 5
LEAST_SHARE: Final = 0.01

FINDINGS: Final = pl.Schema(
    {
        "check": pl.String(),
        "title": pl.String(),
        "severity": pl.String(),
        "count": pl.Int64(),
        "total": pl.Int64(),
        "among": pl.String(),
        "examples": pl.List(pl.String()),
        "details": pl.List(pl.String()),
        "metrics": pl.List(pl.String()),
        "effect": pl.String(),
        "what_to_do": pl.String(),
    }
)
"""Columns of `findings`: `count` of `total` records (null: not counted); examples by key, each
with its detail."""

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


def findings(material: Material, *, services: Sequence[str] | None = None) -> pl.DataFrame:
    """Run every check.

    Args:
        material: what the checks look at.
        services: only what is of these services or of a repository that one of them is built
            from; None: everything, what is of no service too.

    Returns:
        One row (schema `FINDINGS`) for each check that found something: by severity, then by the
        share of the records that are odd.
    """
    belongs = _belonging(material, services)
    totals = {
        name: int(belongs(of(material)).select(pl.len()).collect(engine="streaming").item())
        for name, of in POPULATIONS.items()
    }
    rows = []
    for check in CHECKS:
        # One query plan of all checks would take longer to be made than all of them to run.
        count, *examples = pl.collect_all(_asked(belongs(check.find(material))), engine="streaming")
        if count.item():
            rows.append(_row(check, int(count.item()), _varied(*examples), totals))
    rows.sort(key=_harm)
    return pl.DataFrame(rows, schema=FINDINGS)


def worst(found: pl.DataFrame) -> dict[str, Any] | None:
    """Return the finding that matters most; None where nothing was found.

    That is the first one in the order of `findings` that concerns at least 1 % of the records
    that it could; where none does, the first.
    """
    matters = found.filter(
        (pl.col("severity") != Severity.NOTE.value)
        & (pl.col("count") >= LEAST_SHARE * pl.col("total").fill_null(0))
    )
    first = matters if matters.height else found
    return first.row(0, named=True) if first.height else None


def _asked(rows: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Return what is asked of a check: a count, one example of each service, and others."""
    one_each = rows.group_by("service", "repo").agg(
        pl.col("key").min(), detail=pl.col("detail").sort_by("key", "detail").first()
    )
    return [
        rows.select(n=pl.len()),
        one_each.select("key", "detail").sort("key", "detail").head(EXAMPLES),
        rows.select("key", "detail").sort("key", "detail").head(EXAMPLES),
    ]


def _varied(firsts: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([firsts, others]).unique(maintain_order=True)
    return both.head(EXAMPLES).sort("key", "detail")


def _row(
    check: Check, count: int, examples: pl.DataFrame, totals: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "check": check.id,
        "title": check.title,
        "severity": check.severity.value,
        "count": count,
        "total": totals.get(check.among),
        "among": check.among or None,
        "examples": examples["key"].to_list(),
        "details": examples["detail"].to_list(),
        "metrics": list(check.metrics),
        "effect": check.effect,
        "what_to_do": check.what_to_do,
    }


def _harm(row: Mapping[str, Any]) -> tuple[int, float]:
    share = row["count"] / row["total"] if row["total"] else 0.0
    return _RANK[Severity(row["severity"])], -share


# ---- What the records are some of ---- #


def _of(*tables: str, about: str) -> Callable[[Material], pl.LazyFrame]:
    def rows(material: Material) -> pl.LazyFrame:
        return pl.concat([material.table(name).select(about) for name in tables])

    return rows


def _production(material: Material) -> pl.LazyFrame:
    return material.evidence.links.deployments.lazy().select("service")


def _services(material: Material) -> pl.LazyFrame:
    return _of("deployments", about="service")(material).unique()


def _repositories(material: Material) -> pl.LazyFrame:
    return _of("commits", about="repo")(material).unique()


def _records(*tables: str) -> Callable[[Material], pl.LazyFrame]:
    """Return the rows of tables and the records in quarantine that are none of them."""

    def rows(material: Material) -> pl.LazyFrame:
        kept = [material.table(name).select("source") for name in tables]
        aside = material.quarantine.lazy().filter(pl.col("table").is_in(tables))
        return pl.concat([*kept, aside.select("source")])

    return rows


def _runs_and_deployments(material: Material) -> pl.LazyFrame:
    runs = material.table("pipeline_runs").select("repo", "run_id").unique()
    deployments = material.table("deployments").filter(pl.col("method") == "reported")
    return pl.concat(
        [
            runs.select("repo", service=pl.lit(None, dtype=pl.String)),
            deployments.select("service", repo=pl.lit(None, dtype=pl.String)),
        ],
        how="diagonal",
    )


def _feeds(material: Material) -> pl.LazyFrame:
    return material.feeds.lazy().filter(pl.col("service") == WHOLE).select("source")


POPULATIONS: Final[Mapping[str, Callable[[Material], pl.LazyFrame]]] = {
    "incidents": _of("incidents", about="service"),
    "deployments": _of("deployments", about="service"),
    "production deployments": _production,
    "commits": _of("commits", about="repo"),
    "changes": _of("changes", about="repo"),
    "commits and changes": _of("commits", "changes", about="repo"),
    "pipeline runs": _of("pipeline_runs", about="repo"),
    "runs and jobs": _of("pipeline_runs", "pipeline_jobs", about="repo"),
    "runs and deployments": _runs_and_deployments,
    "records": _records(*EVENT_TIME),
    "records of incidents": _records("incidents"),
    "services": _services,
    "repositories": _repositories,
    "feeds": _feeds,
}
"""What the found records are some of: a row for each, with its service or repository."""


def _belonging(
    material: Material, services: Sequence[str] | None
) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """Return what keeps the rows of services, or of the repositories they are built from."""
    if services is None:
        return lambda rows: rows
    of_service = pl.col("service").is_in(services)
    pairs = [
        material.table("service_repositories").select("service", "repo"),
        material.evidence.links.deployments.lazy().select("service", "repo"),
    ]
    own = pl.concat(pairs).filter(of_service).select("repo").drop_nulls().unique().collect()

    def belongs(rows: pl.LazyFrame) -> pl.LazyFrame:
        names = rows.collect_schema().names()
        nothing = pl.lit(None, dtype=pl.String)
        service = pl.col("service") if "service" in names else nothing
        repo = pl.col("repo") if "repo" in names else nothing
        inside = service.is_in(services) | (service.is_null() & repo.is_in(own["repo"].implode()))
        return rows.filter(inside.fill_null(value=False))

    return belongs
