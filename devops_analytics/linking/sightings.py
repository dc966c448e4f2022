"""Findings out of single scans: since when a weakness is seen, and which scan no longer saw it."""

from typing import Final

import polars as pl

from devops_analytics.schema import polars_schema

_SERIES: Final = ("tool", "repo")
"""Scans that can be compared: of one tool, on one repository."""
_FINDING: Final = (*_SERIES, "fingerprint")
_LAST: Final = (
    "rule",
    "severity",
    "suppressed",
    "dependency",
    "path",
    "updated_at",
    "source",
    "source_ref",
)
"""What the latest sighting tells of a finding."""


def findings_from_sightings(scans: pl.LazyFrame, sightings: pl.LazyFrame) -> pl.LazyFrame:
    """Return the findings (their canonical table) that comparing scans gives.

    A finding is first seen at its earliest sighting, also where it was gone for a while. It is
    fixed at the first scan after its latest sighting that would have seen it, and so open where
    none was made. All else is as its latest sighting has it. Whether it was gone between two
    sightings is not told.

    A scan would have seen it where it is of the same tool and repository, came to its end, and
    says how many findings it has, or has some: a scan that failed or only lists components does
    not prove that anything is gone.

    Args:
        scans: the table `scans`, cut to what was known at a moment.
        sightings: the table `sightings`, cut to the same moment.
    """
    found = sightings.group_by(_FINDING).agg(
        pl.col("at").min().alias("first_seen_at"),
        pl.col("at").max().alias("last_seen_at"),
        *(pl.col(name).sort_by("at", "updated_at", "source_ref").last() for name in _LAST),
    )
    fixing = telling_scans(scans, sightings).select(*_SERIES, fixed_at="at").unique()
    return (
        found.sort("last_seen_at")
        .join_asof(
            fixing.sort("fixed_at"),
            left_on="last_seen_at",
            right_on="fixed_at",
            by=list(_SERIES),
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .with_columns(updated_at=pl.max_horizontal("updated_at", "fixed_at"))
        .select(polars_schema("findings").keys())
        .sort(_FINDING)
    )


def telling_scans(scans: pl.LazyFrame, sightings: pl.LazyFrame) -> pl.LazyFrame:
    """Return tool, repo, at and source of the scans that would have seen whatever there was."""
    ended = scans.filter(pl.col("succeeded") & (pl.col("check") == ""))
    counted = ended.filter(pl.col("findings").is_not_null())
    seeing = ended.filter(pl.col("findings").is_null()).join(
        sightings, on=[*_SERIES, "at"], how="semi"
    )
    return pl.concat([counted, seeing]).select(*_SERIES, "at", "source").unique()
