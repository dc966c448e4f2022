"""What `check` tells: how far each number can be trusted, before any is shown."""

from typing import TYPE_CHECKING

import polars as pl

from devops_analytics.metrics import METRICS
from devops_analytics.quality import findings

if TYPE_CHECKING:
    from devops_analytics.workspace import Workspace


def checked(workspace: "Workspace") -> list[tuple[str, str, pl.DataFrame]]:
    """Return sections of title, explanation and frame; what has nothing to say is left out."""
    sections = [
        (
            "Feeds",
            "When each source can speak for its table: outside this time nothing is known.",
            feeds_by_source(workspace.feeds),
        ),
        (
            "Quarantine",
            "Records that were kept apart, by reason; --quarantine lists them all.",
            quarantine_by_reason(workspace.quarantine),
        ),
        (
            "Not linked",
            "What could not be joined, by reason, with examples.",
            unlinked_by_reason(workspace.links.unlinked),
        ),
        ("Data quality", "Named checks that found something.", findings(workspace.evidence)),
        (
            "Unknown",
            "Metrics that can't be known for some services, and the tables that are missing.",
            unknown_metrics(workspace),
        ),
    ]
    return [section for section in sections if section[2].height]


def feeds_by_source(feeds: pl.DataFrame) -> pl.DataFrame:
    """Return the feeds of whole sources: source, table, rows, first, last, live until, state."""
    return (
        feeds.filter(pl.col("service") == "*")
        .with_columns(
            state=pl.when(pl.col("live_to") > pl.col("last_at"))
            .then(pl.lit("live"))
            .otherwise(pl.lit("ends with its last event"))
        )
        .select("source", "table", "rows", "first_at", "last_at", "live_to", "state")
        .sort("table", "source")
    )


def quarantine_by_reason(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Return quarantined records counted by file, table and reason, with the first message."""
    return (
        quarantine.group_by("file", "table", "reason")
        .agg(count=pl.len(), example=pl.col("message").first())
        .sort("file", "table", "reason")
    )


def unlinked_by_reason(unlinked: pl.DataFrame) -> pl.DataFrame:
    """Return unlinked rows counted by kind and reason, with up to three keys."""
    return (
        unlinked.sort("kind", "reason", "key")
        .group_by("kind", "reason", maintain_order=True)
        .agg(
            count=pl.len(),
            services=pl.col("service").n_unique(),
            examples=pl.col("key").head(3).str.join(", "),
            why=pl.col("message").first(),
        )
    )


def unknown_metrics(workspace: "Workspace") -> pl.DataFrame:
    """Return metrics that lack a feed for some service: metric, missing tables, services."""
    services = workspace.services["service"].to_list()
    covered = {
        table: set(rows["service"].to_list())
        for (table,), rows in workspace.coverage.group_by("table")
    }
    rows = []
    for metric in METRICS:
        missing = {
            table: [name for name in services if name not in covered.get(str(table), set())]
            for table in metric.needs
        }
        lacking = sorted({name for names in missing.values() for name in names})
        if lacking:
            rows.append(
                {
                    "metric": metric.id,
                    "missing": ", ".join(table for table, names in missing.items() if names),
                    "services": f"{len(lacking)} of {len(services)}",
                    "which": ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else ""),  # noqa: PLR2004
                }
            )
    columns = ("metric", "missing", "services", "which")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()))
