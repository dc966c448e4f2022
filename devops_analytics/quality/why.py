"""Why a number is empty or partial, in words: feeds, links, open ends, history, quarantine."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from devops_analytics.linking.unlinked import REASONS
from devops_analytics.metrics import Kind, Metric, metric
from devops_analytics.quality.check import Material
from devops_analytics.quality.records import MEANT
from devops_analytics.schema import TABLE_WORDS

WHY: Final = pl.Schema(
    {
        "metric": pl.String(),
        "entity": pl.String(),
        "period": pl.String(),
        "status": pl.String(),
        "is_empty": pl.Boolean(),
        "reasons": pl.List(pl.String()),
    }
)
"""Columns of `why`; `is_empty`: the number is missing, not only partial."""

_PARTS: Final = re.compile(r"; (?!longer than |the largest seen )")
"""Between the parts of a note; some parts hold the sign themselves."""

_LINKED: Final = (
    (("deployments", "commits"), "deployment", "{} of {} deployments lead to no commit"),
    (("deployments", "incidents"), "incident", "{} of {} incidents are blamed on no deployment"),
    (("deployments", "changes"), "change", "{} of {} merged changes lead to no commit"),
)
"""Which links a metric rests on where it needs both tables, and the words where they fail."""


def why(
    measurements: pl.DataFrame,
    material: Material,
    *,
    services: Mapping[str, Sequence[str]] | None = None,
) -> pl.DataFrame:
    """Say why measurements are empty or partial.

    Args:
        measurements: of any metrics, entities and periods (schema `Measurements`).
        material: what the measurements were made from.
        services: the services of each entity; one that is not in it (the organisation) has all,
            and what is of no service.

    Returns:
        A row (schema `WHY`) for each measurement that is empty or partial, in their order. The
        reasons come from the coverage of the feeds and the smallest n (as the measurement's note
        has them), from what could not be linked in the period, from what is still open, from the
        history before the first deployment, from the quarantine, and of a metric without a
        number from columns that the exports leave empty.
    """
    links = _Links(material)
    quarantined = _quarantined(material.quarantine)
    rows = []
    for row in measurements.iter_rows(named=True):
        own = (services or {}).get(row["entity"])
        declared = metric(row["metric"])
        reasons = [
            *_noted(row["note"]),
            *(_without_column(declared, material) if row["value"] is None else ()),
            *_open(row, declared),
            *links.reasons(declared, row["period_start"], row["period_end"], own),
            *_kept_apart(declared, quarantined),
        ]
        is_empty = row["value"] is None
        if is_empty or reasons:
            rows.append(
                {name: row[name] for name in ("metric", "entity", "period", "status")}
                | {"is_empty": is_empty, "reasons": reasons}
            )
    return pl.DataFrame(rows, schema=WHY)


def _noted(note: str | None) -> list[str]:
    """Return what the estimate itself says: coverage, smallest n, what lies outside the feeds."""
    return [part for part in _PARTS.split(note or "") if part]


def _without_column(declared: Metric, material: Material) -> Iterable[str]:
    """Yield the columns that the metric rests on and that are empty in tables that are not."""
    for alternatives in declared.columns:
        counts = [_filled(material, table, column) for table, column in alternatives]
        table, column = alternatives[0]
        if counts[0][0] and not any(known for _, known in counts):
            yield f"no {column} in any record of {TABLE_WORDS[table]}: map it, if the export has it"


def _filled(material: Material, table: str, column: str) -> tuple[int, int]:
    """Return how many rows a table has, and how many of them have the column."""
    counted = material.table(table).select(n=pl.len(), known=pl.col(column).count()).collect()
    n, known = counted.row(0)
    return int(n), int(known)


def _open(row: Mapping[str, Any], declared: Metric) -> list[str]:
    if declared.kind not in {Kind.DURATION, Kind.LEVEL} or not row["n"]:
        return []
    still_open = row["n"] - int(row["numerator"])
    words = f"{still_open:,} of {row['n']:,} are still open: known to last at least as long"
    return [words] if still_open else []


def _quarantined(quarantine: pl.DataFrame) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    kept = quarantine.filter(~pl.col("reason").is_in(MEANT))
    for table, reason, n in kept.group_by("table", "reason").len().iter_rows():
        counts.setdefault(table, Counter())[reason] = n
    return counts


def _kept_apart(declared: Metric, quarantined: Mapping[str, Counter[str]]) -> list[str]:
    return [
        f"in quarantine, whatever their time, are records of {TABLE_WORDS[table]}: "
        f"{_listed(quarantined[table])}"
        for table in declared.needs
        if table in quarantined
    ]


def _listed(counts: Counter[str]) -> str:
    """Return reasons with their counts, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason.replace('_', ' ')} ({n:,})" for reason, n in ordered)


class _Links:
    """What could not be linked, counted once for each period and group of services."""

    def __init__(self, material: Material) -> None:
        links = material.evidence.links
        self._unlinked = links.unlinked
        self._baseline = links.deployed_in.filter("is_baseline")
        incidents = material.table("incidents").filter(~pl.col("planned").fill_null(value=False))
        start = pl.coalesce("started_at", "created_at")
        self._all = {
            "deployment": links.deployments.filter("succeeded").select("service", at="finished_at"),
            "incident": incidents.select("service", at=start).collect(),
            "change": material.table("changes")
            .select(service=pl.lit(None), at="merged_at")
            .collect(),
        }
        self._counted: dict[tuple[object, ...], tuple[Counter[str], int]] = {}

    def reasons(
        self, declared: Metric, start: datetime, end: datetime, services: Sequence[str] | None
    ) -> Iterable[str]:
        """Yield the links that failed, for the metrics that rest on them."""
        needs = set(declared.needs)
        for tables, kind, words in _LINKED:
            if not needs.issuperset(tables):
                continue
            counts, total = self._counts(kind, start, end, services)
            if counts:
                yield f"{words.format(f'{counts.total():,}', f'{total:,}')}: {_worded(counts)}"
        if needs.issuperset(("deployments", "commits")):
            history = _within(self._baseline, "deployed_at", start, end, services).height
            if history:
                yield f"left out as history of the first known deployment: commits ({history:,})"

    def _counts(
        self, kind: str, start: datetime, end: datetime, services: Sequence[str] | None
    ) -> tuple[Counter[str], int]:
        key = (kind, start, end, None if services is None else tuple(services))
        if key not in self._counted:
            lost = _within(
                self._unlinked.filter(pl.col("kind") == kind), "at", start, end, services
            )
            total = _within(self._all[kind], "at", start, end, services).height
            by_reason = Counter(dict(lost.group_by("reason").len().iter_rows()))
            self._counted[key] = by_reason, max(total, lost.height)
        return self._counted[key]


def _within(
    rows: pl.DataFrame, at: str, start: datetime, end: datetime, services: Sequence[str] | None
) -> pl.DataFrame:
    inside = (pl.col(at) >= start) & (pl.col(at) < end)
    if services is not None:
        inside &= pl.col("service").is_in(services)
    return rows.filter(inside)


def _worded(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return " ".join(f"{REASONS[reason].rstrip('.')} ({n:,})." for reason, n in ordered)
