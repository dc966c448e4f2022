"""What could not be linked: the reasons, in codes and in words."""

from typing import Final

import polars as pl

from devops_analytics.linking.links import Unlinked

REASONS: Final[dict[str, str]] = {
    "no_finish_time": "The deployment has a result but no time at which it finished.",
    "no_repository": "The service has no repository: name one under its team in the settings.",
    "repository_unknown": (
        "The service has several repositories, and the deployed version is in none of them or in "
        "more than one."
    ),
    "no_commits": "No commits of the deployment's repository are loaded.",
    "no_version": "The deployment names no commit, tag or release.",
    "sha_not_in_clone": (
        "The deployed commit is not in the loaded history (a branch image, another fork, or a "
        "clone older than the deployment)."
    ),
    "ref_not_found": "The deployed ref is no tag or release of the service's repository.",
    "ref_is_a_branch": "The deployed ref is a branch, which names another commit every day.",
    "statistics_missing": (
        "The service is a part of its repository, and the files that its commits touched are not "
        "loaded."
    ),
    "not_deployed": "On the trunk, in no successful production deployment of the service yet.",
    "merge_commit_unknown": "The commit that merged the change is not in the loaded history.",
    "no_start": "The incident has neither a start nor a time of its record.",
    "no_service": "The incident names no service that the settings know.",
    "service_not_deployed": "The service has no successful production deployment.",
    "before_first_deployment": "The incident began before the service's first known deployment.",
    "outside_window": (
        "The last deployment before the incident is longer ago than the attribution window."
    ),
    "not_named": "The incident names no deployment or commit, and no other rule was asked for.",
}
"""Reason code → the reason in words."""


def unlinked(
    rows: pl.DataFrame, kind: str, *, key: str, at: str, detail: str | None = None
) -> pl.DataFrame:
    """Return rows of schema `Unlinked` from rows with `service` and `reason`.

    Args:
        rows: what stayed unlinked; `reason` holds codes of `REASONS`.
        kind: deployment, incident, commit or change.
        key: the column with the row's key.
        at: the column with its time.
        detail: a column whose value is added to the words, where there is one.
    """
    words = pl.col("reason").replace_strict(REASONS, return_dtype=pl.String)
    if detail is not None:
        added = pl.concat_str(pl.lit(" ("), detail, pl.lit(")")).fill_null("")
        words = pl.concat_str(words, added)
    listed = rows.select(
        kind=pl.lit(kind, dtype=pl.String),
        key=pl.col(key),
        service=pl.col("service"),
        at=pl.col(at),
        reason=pl.col("reason"),
        message=words,
    )
    return Unlinked.cast(listed)
