"""Deployment → the earlier deployment that it put right: rollbacks, reverts and hotfixes."""

from collections.abc import Mapping

import polars as pl

from devops_analytics.linking.commits import Carried
from devops_analytics.linking.links import Remedies

_NONE = Remedies.create_empty()


def remedies(
    tables: Mapping[str, pl.LazyFrame],
    deployments: pl.DataFrame,
    carried: Carried,
    *,
    merged: pl.DataFrame,
    members: pl.DataFrame,
    deployed_changes: pl.DataFrame,
) -> pl.DataFrame:
    """Return rows of schema `Remedies`; one deployment may put several right, in several ways.

    Only successful production deployments of one service and repository are compared, in their
    order.
    """
    numbered = _numbered(deployments)
    found = [
        _rollbacks(numbered),
        _reverts(tables, carried, numbered),
        _hotfixes(
            tables,
            carried,
            numbered,
            merged=merged,
            members=members,
            deployed_changes=deployed_changes,
        ),
    ]
    return (
        pl.concat(found)
        .unique(maintain_order=True)
        .select(Remedies.column_names())
        .sort("deployment_id", "remedied_deployment_id", "method")
    )


def _numbered(deployments: pl.DataFrame) -> pl.DataFrame:
    """Return deployment_id, version, `position` over all, and `sequence` of service and repo."""
    succeeded = deployments.select(
        "deployment_id", "service", "repo", "version", "succeeded"
    ).filter("succeeded")
    pairs = succeeded.select("service", "repo").unique().with_row_index("sequence")
    return (
        succeeded.with_row_index("position")
        .join(pairs, on=["service", "repo"], how="left", nulls_equal=True, maintain_order="left")
        .select("position", "sequence", "deployment_id", "version")
    )


def _rollbacks(numbered: pl.DataFrame) -> pl.DataFrame:
    """Return deployments of a version that was in production before the running one ever was.

    The first deployment after that version's last one is put right. Deployments without a version
    are left out of the sequence: nothing can be said of them.
    """
    versioned = numbered.filter(pl.col("version").is_not_null()).with_columns(
        place=pl.int_range(pl.len()).over("sequence")
    )
    # Few versions are deployed twice; only they can come back.
    place = pl.col("place")
    repeated = versioned.filter(pl.struct("sequence", "version").is_duplicated()).with_columns(
        first=place.min().over("sequence", "version"),
        last_before=place.shift().over("sequence", "version"),
    )
    again = repeated.filter(pl.col("last_before").is_not_null())
    if again.is_empty():
        return _NONE
    running = versioned.join(
        repeated.select("position", "first"), on="position", how="left"
    ).select("sequence", place=place + 1, running_first=pl.coalesce("first", "place"))
    remedied = versioned.select(
        "sequence", last_before=place - 1, remedied_deployment_id="deployment_id"
    )
    return (
        again.join(running, on=["sequence", "place"])
        .filter(pl.col("first") < pl.col("running_first"))
        .join(remedied, on=["sequence", "last_before"])
        .select("deployment_id", "remedied_deployment_id", method=pl.lit("rollback"))
    )


def _reverts(
    tables: Mapping[str, pl.LazyFrame], carried: Carried, numbered: pl.DataFrame
) -> pl.DataFrame:
    """Return deployments that carry a revert of what an earlier deployment carried.

    What the baseline carried came by a deployment that is not known, so reverting it puts no
    known deployment right.
    """
    reverts = (
        tables["commits"]
        .filter(pl.col("reverts_sha").is_not_null())
        .select("repo", "sha", "reverts_sha")
        .collect()
    )
    if reverts.is_empty():
        return _NONE
    placed = carried.deployed.filter(~pl.col("is_baseline"))
    positions = numbered.select("deployment_id", "position")
    repairs = (
        reverts.join(placed.filter("counts"), on=["repo", "sha"])
        .select("service", "repo", "reverts_sha", "deployment_id")
        .join(positions, on="deployment_id")
    )
    reverted = placed.join(
        reverts.select("repo", sha="reverts_sha").unique(), on=["repo", "sha"], how="semi"
    ).select("service", "repo", reverts_sha="sha", remedied_deployment_id="deployment_id")
    return (
        repairs.join(reverted, on=["service", "repo", "reverts_sha"])
        .join(
            positions.rename(
                {"deployment_id": "remedied_deployment_id", "position": "remedied_position"}
            ),
            on="remedied_deployment_id",
        )
        .filter(pl.col("remedied_position") < pl.col("position"))
        .select("deployment_id", "remedied_deployment_id", method=pl.lit("revert"))
    )


def _hotfixes(
    tables: Mapping[str, pl.LazyFrame],
    carried: Carried,
    numbered: pl.DataFrame,
    *,
    merged: pl.DataFrame,
    members: pl.DataFrame,
    deployed_changes: pl.DataFrame,
) -> pl.DataFrame:
    """Return deployments that carry a hotfix, with the one before of another version.

    A deployment whose version is not known counts as one of another version.
    """
    own_words = (
        tables["commits"].filter(pl.col("subject_kind") == "hotfix").select("repo", "sha").collect()
    )
    hotfixes = merged.filter(pl.col("title_kind") == "hotfix").select("repo", "change_id")
    if own_words.is_empty() and hotfixes.is_empty():
        return _NONE
    placed = carried.deployed.filter("counts")
    by_commit = placed.filter(~pl.col("is_baseline")).join(
        own_words, on=["repo", "sha"], how="semi"
    )
    by_change = _first_of_changes(placed, numbered, hotfixes, members, deployed_changes)
    fixing = pl.concat([by_commit.select("deployment_id"), by_change.select("deployment_id")])
    return (
        _predecessors(numbered)
        .join(fixing.unique(), on="deployment_id", how="semi")
        .select("deployment_id", "remedied_deployment_id", method=pl.lit("hotfix"))
    )


def _first_of_changes(
    placed: pl.DataFrame,
    numbered: pl.DataFrame,
    changes: pl.DataFrame,
    members: pl.DataFrame,
    deployed_changes: pl.DataFrame,
) -> pl.DataFrame:
    """Return the first deployment of each service that carried anything of each change.

    A hotfix that is deployed from its branch and merged later is one hotfix, not two.
    """
    keys = ["service", "repo", "change_id"]
    columns = [*keys, "deployment_id", "is_baseline"]
    commits = members.join(changes, on=["repo", "change_id"], how="semi").join(
        placed, on=["repo", "sha"]
    )
    merges = deployed_changes.join(changes, on=["repo", "change_id"], how="semi")
    return (
        pl.concat([commits.select(columns), merges.select(columns)])
        .join(numbered.select("deployment_id", "position"), on="deployment_id")
        .sort("position")
        .unique(keys, keep="first", maintain_order=True)
        .filter(~pl.col("is_baseline"))
    )


def _predecessors(numbered: pl.DataFrame) -> pl.DataFrame:
    """Return each deployment with the last one before it that put out another version."""
    begins_run = (
        pl.col("version").ne(pl.col("version").shift().over("sequence")).fill_null(value=True)
    )
    runs = numbered.with_columns(
        place=pl.int_range(pl.len()).over("sequence"), begins_run=begins_run
    ).with_columns(
        before=pl.when("begins_run").then(pl.col("place") - 1).forward_fill().over("sequence")
    )
    earlier = runs.select("sequence", before="place", remedied_deployment_id="deployment_id")
    return runs.join(earlier, on=["sequence", "before"])
