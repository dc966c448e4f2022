"""What stayed unlinked for a reason, as found by a check."""

from collections.abc import Callable

import polars as pl

from devops_analytics.quality.check import Material, as_found, on_day
from devops_analytics.text import filled


def unlinked_because(kind: str, reason: str) -> Callable[[Material], pl.LazyFrame]:
    """Return the check for rows of a kind that stayed unlinked for a reason.

    Args:
        kind: deployment, incident, commit or change.
        reason: a code of `linking.unlinked.REASONS`.
    """

    def find(material: Material) -> pl.LazyFrame:
        rows = material.evidence.links.unlinked.lazy().filter(
            (pl.col("kind") == kind) & (pl.col("reason") == reason)
        )
        # The version that a deployment names stands at the end of the message, in brackets.
        named = filled("{}, ", pl.col("message").str.extract(r"\(([^()]*)\)$")).fill_null("")
        day = on_day("at").fill_null("no time")
        detail = pl.concat_str(named, day)
        if kind in {"deployment", "incident"}:
            return as_found(rows, "key", service="service", detail=detail)
        # A commit is listed for every service that it waits for, but it is one record.
        repo = pl.col("key").str.extract(r"^(.*)[@#][^@#]*$")
        about = rows.with_columns(repo=repo)
        return as_found(about, "key", repo="repo", detail=detail).unique()

    return find
