"""How often production is deployed to."""

from typing import Final

import polars as pl

from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit

DORA_GUIDE: Final = (
    "DORA, software delivery performance metrics guide, https://dora.dev/guides/dora-metrics/, "
    "2026-01"
)


def deployment_frequency(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment, at its finish, with value 1."""
    return (
        evidence.links.deployments.lazy()
        .filter("succeeded")
        .select(
            "service",
            at="finished_at",
            value=pl.lit(1.0),
            observed=pl.lit(value=True),
            key="deployment_id",
            source_ref="source_ref",
        )
    )


def deployment_days_per_week(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per service and complete week: days with a successful production deployment.

    `at` is the week's Monday at midnight in the reporting time zone. A service's weeks run from
    the first that begins on or after the day of its first deployment to the last that has ended
    by `as_of` (and by the end of the deployments' feed, where coverage is given).
    """
    zone = evidence.time_zone
    days = (
        evidence.links.deployments.lazy()
        .filter("succeeded")
        .select("service", day=pl.col("finished_at").dt.convert_time_zone(zone).dt.date())
        .unique()
    )
    this_monday = pl.col("known_to").dt.convert_time_zone(zone).dt.date().dt.truncate("1w")
    weeks = (
        days.group_by("service")
        .agg(first_day=pl.col("day").min())
        .join(_known_to(evidence), on="service", how="left")
        .with_columns(known_to=pl.col("known_to").fill_null(evidence.as_of))
        .select(
            "service",
            week=pl.date_ranges(
                pl.col("first_day").dt.offset_by("6d").dt.truncate("1w"),
                this_monday,
                interval="1w",
                closed="left",
            ),
        )
        .explode("week")
        .drop_nulls("week")
    )
    counts = days.group_by("service", pl.col("day").dt.truncate("1w").alias("week")).agg(
        n_days=pl.len()
    )
    return weeks.join(counts, on=["service", "week"], how="left").select(
        "service",
        at=_midnight(pl.col("week"), zone),
        value=pl.col("n_days").fill_null(0).cast(pl.Float64),
        observed=pl.lit(value=True),
        key=pl.concat_str("service", pl.lit(" "), pl.col("week").dt.strftime("%G-W%V")),
        source_ref=pl.lit(None, dtype=pl.String),
    )


def _known_to(evidence: Evidence) -> pl.LazyFrame:
    """Return service and known_to: until when its deployments are known."""
    if evidence.coverage is None:
        return pl.LazyFrame(schema={"service": pl.String(), "known_to": pl.Datetime("us", "UTC")})
    return (
        evidence.coverage.lazy()
        .filter(pl.col("table") == "deployments")
        .group_by("service")
        .agg(known_to=pl.min_horizontal(pl.col("live_to").max(), pl.lit(evidence.as_of)))
    )


def _midnight(day: pl.Expr, zone: str) -> pl.Expr:
    """Return when a local day begins; where its midnight is skipped, the first hour that exists."""
    local = day.cast(pl.Datetime("us"))
    begins = [
        (local + pl.duration(hours=hours)).dt.replace_time_zone(
            zone, ambiguous="earliest", non_existent="null"
        )
        for hours in (0, 1)
    ]
    return pl.coalesce(begins).dt.convert_time_zone("UTC")


DEPLOYMENT_FREQUENCY: Final = Metric(
    id="deployment_frequency",
    name="Deployment frequency",
    question="How often do we deploy to production?",
    family="delivery",
    kind=Kind.RATE,
    unit=Unit.PER_DAY,
    better=Better.HIGHER,
    definition=(
        "Successful production deployments in the period ÷ days for which deployments are known."
    ),
    choices=(
        "A deployment counts once, at its finish, whatever it carries: a re-deployment of the "
        "running version and a rollback count too. Failed, cancelled and skipped attempts don't. "
        "A pipeline run counts once however often it was tried. Calendar days, in the reporting "
        "time zone."
    ),
    unknown_when="no feed of deployments covers the period.",
    misleads_when=(
        "services of very different kinds are added up; several environments or regions count as "
        "production; tags stand in for deployments that nobody made."
    ),
    moved_without_improvement=(
        "Re-deploying unchanged versions, or splitting one release into several deployments, "
        "raises it."
    ),
    source=DORA_GUIDE,
    needs=("deployments",),
    observe=deployment_frequency,
)

DEPLOYMENT_DAYS_PER_WEEK: Final = Metric(
    id="deployment_days_per_week",
    name="Deployment days per week",
    question="On how many days of a week do we deploy to production?",
    family="delivery",
    kind=Kind.LEVEL,
    unit=Unit.DAYS_PER_WEEK,
    better=Better.HIGHER,
    definition=(
        "Days of a week with at least one successful production deployment of the service; the "
        "median over service-weeks."
    ),
    choices=(
        "ISO weeks from Monday in the reporting time zone; a week belongs to the period in which "
        "it begins. Only complete weeks, from the service's first deployment on; weeks without a "
        "deployment count as 0."
    ),
    unknown_when="no feed of deployments covers the period, or it holds no complete week.",
    misleads_when=(
        "services that are finished or retired are among them: their weeks of silence count as 0."
    ),
    moved_without_improvement=(
        "Spreading the same deployments over more days, or re-deploying unchanged versions, "
        "raises it."
    ),
    source=(
        f"{DORA_GUIDE} (frequency); days per week as in DORA's fourkeys project, METRICS.md, which "
        "also fills days without deployments with zero"
    ),
    needs=("deployments",),
    observe=deployment_days_per_week,
    variant_of="deployment_frequency",
)

THROUGHPUT: Final = (DEPLOYMENT_FREQUENCY, DEPLOYMENT_DAYS_PER_WEEK)
