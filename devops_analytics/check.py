"""What `check` tells: how far each number can be trusted, before any is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from devops_analytics.display import format_count, format_key
from devops_analytics.feeds import WHOLE
from devops_analytics.metrics import METRICS
from devops_analytics.quality import Material, findings

if TYPE_CHECKING:
    from devops_analytics.workspace import Workspace

MOST_RECORDS: Final = 20
"""Quarantined records that are listed of each reason."""

_NAMED: Final = 5
_SHOWN: Final = 3


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
            "Records that were kept apart, by reason; --quarantine lists them.",
            quarantine_by_reason(workspace.quarantine),
        ),
        (
            "Not linked",
            "What could not be joined, by reason, with examples.",
            unlinked_by_reason(workspace.links.unlinked),
        ),
        (
            "Data quality",
            "Named checks that found something, the most harmful first.",
            findings_table(findings_of(workspace)),
        ),
        (
            "Unknown",
            "Metrics that can't be known for some services, and the tables that are missing.",
            unknown_metrics(workspace),
        ),
    ]
    return [section for section in sections if section[2].height]


def kept_apart(workspace: "Workspace") -> list[tuple[str, str, pl.DataFrame]]:
    """Return what `check --quarantine` tells, as sections like those of `checked`."""
    quarantine = workspace.quarantine
    by_reason = quarantine_by_reason(quarantine).drop("example")
    sections = [("By reason", "How many records were kept apart, and why.", by_reason)]
    shown = (
        quarantine.sort("reason", "file", "record")
        .filter(pl.int_range(pl.len()).over("reason") < MOST_RECORDS)
        .select("reason", "file", "record", "message")
    )
    more = quarantine.height - shown.height
    which = (
        f"The first {MOST_RECORDS} of each reason; {format_count(more)} more are in what "
        "--format csv --out FILE writes, each with the record itself."
        if more
        else "All of them; --format csv --out FILE writes the records themselves too."
    )
    return [*sections, ("Records", which, shown)]


def material_of(workspace: "Workspace") -> Material:
    """Return what the data-quality checks look at."""
    return Material(
        evidence=workspace.evidence,
        as_of=workspace.as_of,
        feeds=workspace.feeds,
        quarantine=workspace.quarantine,
    )


def findings_of(workspace: "Workspace", *, services: Sequence[str] | None = None) -> pl.DataFrame:
    """Return what the data-quality checks found (schema `quality.FINDINGS`).

    `services`: only what is of these, or of their repositories.
    """
    return findings(material_of(workspace), services=services)


def findings_table(found: pl.DataFrame) -> pl.DataFrame:
    """Return findings as people read them in a terminal."""
    return pl.DataFrame(
        [
            {
                "severity": row["severity"],
                "check": row["title"],
                "count": counted(row["count"], row["total"]),
                "such as": "\n".join(examples_of(row["examples"], row["details"])[:_SHOWN]),
                "what it means": row["effect"],
                "what to do": row["what_to_do"],
            }
            for row in found.iter_rows(named=True)
        ]
    )


def counted(count: int, total: int | None) -> str:
    """Return a count of how many: `8 of 297`."""
    return format_count(count) + (f" of {format_count(total)}" if total is not None else "")


def examples_of(keys: Sequence[str], details: Sequence[str | None]) -> list[str]:
    """Return examples as lines, with their commit ids cut."""
    pairs = zip(keys, details, strict=True)
    return [format_key(f"{key}: {detail}" if detail else key) for key, detail in pairs]


def feeds_by_source(feeds: pl.DataFrame) -> pl.DataFrame:
    """Return the feeds of whole sources: source, table, rows, first, last, live until, state."""
    return (
        feeds.filter(pl.col("service") == WHOLE)
        .with_columns(
            state=pl.when(pl.col("live_to") > pl.col("last_at"))
            .then(pl.lit("live"))
            .otherwise(pl.lit("ends with its last event"))
        )
        .select("source", "table", "rows", "first_at", "last_at", "live_to", "state")
        .sort("table", "source")
    )


def quarantine_by_reason(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Return quarantined records counted by reason and table, with an example of each."""
    return (
        quarantine.sort("file", "record")
        .group_by("reason", "table", maintain_order=True)
        .agg(
            count=pl.len(),
            files=pl.col("file").n_unique(),
            file=pl.col("file").first(),
            example=pl.col("message").first(),
        )
        .sort("count", "reason", "table", descending=[True, False, False])
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
    rows = []
    for metric in METRICS:
        coverage = workspace.coverage_of(metric.needs, columns=metric.columns)
        missing = {
            table: []
            if metric.feeds_speak_for_all and (coverage["table"] == table).any()
            else sorted(set(services) - set(coverage.filter(pl.col("table") == table)["service"]))
            for table in metric.needs
        }
        lacking = sorted({name for names in missing.values() for name in names})
        if lacking:
            rows.append(
                {
                    "metric": metric.id,
                    "missing": ", ".join(table for table, names in missing.items() if names),
                    "services": f"{len(lacking)} of {len(services)}",
                    "which": ", ".join(lacking[:_NAMED]) + (" …" if len(lacking) > _NAMED else ""),
                }
            )
    columns = ("metric", "missing", "services", "which")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()))
