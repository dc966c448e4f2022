"""Merged change → deployment, and the commits that belong to a change."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from devops_analytics.linking.commits import (
    FIRST_AFTER,
    GRAPH,
    Carried,
    first_after,
    first_deployments,
)
from devops_analytics.linking.graph import NOT_CARRIED, Graph, merged_by
from devops_analytics.linking.links import DeployedChanges
from devops_analytics.linking.unlinked import unlinked
from devops_analytics.schema_columns import TIME

_MEMBERS = pl.Schema(
    {"repo": pl.String(), "change_id": pl.String(), "sha": pl.String(), "committed_at": TIME}
)

_SHORT: Final = (7, 39)
"""From so many letters on git takes the beginning of a commit's id for it, and these are no whole
one.
"""


def merged_changes(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Return the merged changes: repo, change_id, merged_at, merge_sha, title_kind.

    Some tools give only the first letters of the merging commit; where one commit alone begins
    with them, it is meant.
    """
    merged = (
        tables["changes"]
        .filter(pl.col("merged_at").is_not_null())
        .select("repo", "change_id", "merged_at", "merge_sha", "title_kind")
        .collect()
    )
    length = pl.col("merge_sha").str.len_bytes()
    short = merged.filter(length.is_between(*_SHORT)).select("repo", "merge_sha", length=length)
    for (letters,), named in short.unique().partition_by("length", as_dict=True).items():
        begun = tables["commits"].select("repo", "sha", merge_sha=pl.col("sha").str.head(letters))
        full = (
            begun.join(named.lazy(), on=["repo", "merge_sha"], how="semi")
            .group_by("repo", "merge_sha")
            .agg(pl.col("sha").unique())
            .filter(pl.col("sha").list.len() == 1)
            .with_columns(pl.col("sha").list.first())
            .collect()
        )
        merged = (
            merged.join(full, on=["repo", "merge_sha"], how="left", maintain_order="left")
            .with_columns(merge_sha=pl.coalesce("sha", "merge_sha"))
            .drop("sha")
        )
    return merged


def commits_of_changes(
    tables: Mapping[str, pl.LazyFrame], merged: pl.DataFrame, graphs: Mapping[str, Graph]
) -> pl.DataFrame:
    """Return repo, change_id, sha, committed_at of the commits that belong to merged changes.

    A commit belongs to the change that it names; the merging commit belongs to its change; and
    what a merging commit of the trunk brought in belongs to that change where it names none.
    """
    if merged.is_empty():
        return _MEMBERS.to_frame()
    commits = tables["commits"].select("repo", "change_id", "sha", "committed_at")
    keys = merged.lazy().select("repo", "change_id")
    merges = merged.lazy().select("repo", "change_id", sha="merge_sha").drop_nulls()
    named = commits.join(keys, on=["repo", "change_id"], how="semi")
    merging = commits.drop("change_id").join(merges, on=["repo", "sha"])
    columns = _MEMBERS.names()
    parts = pl.collect_all([named.select(columns), merging.select(columns)])
    brought = _brought_in(tables, merged, graphs)
    return pl.concat([*parts, brought]).unique(["repo", "change_id", "sha"], maintain_order=True)


def _brought_in(
    tables: Mapping[str, pl.LazyFrame], merged: pl.DataFrame, graphs: Mapping[str, Graph]
) -> pl.DataFrame:
    heads = dict(
        tables["refs"].filter(pl.col("name") == "HEAD").select("repo", "sha").collect().iter_rows()
    )
    merges = merged.select("repo", "change_id", merge_sha="merge_sha").drop_nulls()
    frames = [_MEMBERS.to_frame()]
    for (repo,), own in merges.partition_by("repo", as_dict=True).items():
        graph = graphs.get(repo)
        head = graph.number_of(heads[repo]) if graph is not None and heads.get(repo) else None
        if graph is None or head is None:
            continue
        owner = pl.Series(merged_by(graph, head)).replace(NOT_CARRIED, None)
        frames.append(
            graph.commits.with_columns(merge_sha=graph.commits["sha"].gather(owner))
            .filter(pl.col("change_id").is_null())
            .drop("change_id")
            .join(own, on=["repo", "merge_sha"])
            .select(_MEMBERS.names())
        )
    return pl.concat(frames)


def deployed_changes(
    carried: Carried,
    deployments: pl.DataFrame,
    *,
    repositories: pl.DataFrame,
    merged: pl.DataFrame,
    members: pl.DataFrame,
) -> pl.DataFrame:
    """Return rows of schema `DeployedChanges`.

    Where the graph is known a change goes where its merging commit goes (so squash merges are
    found). Where it is not, it belongs to the first deployment finished at or after the merge. A
    service of a monorepo has the changes that touch its folder.
    """
    if merged.is_empty():
        return DeployedChanges.create_empty()
    keys = ["service", "repo", "change_id"]
    commits = pl.concat([carried.deployed, carried.waiting], how="diagonal").with_columns(
        is_baseline=pl.col("is_baseline").fill_null(value=False), method=pl.lit(GRAPH)
    )
    touching = members.join(commits.filter("counts"), on=["repo", "sha"]).select(keys).unique()
    by_graph = (
        merged.filter(pl.col("repo").is_in(list(carried.graphs)))
        .join(commits, left_on=["repo", "merge_sha"], right_on=["repo", "sha"])
        .join(touching, on=keys, how="semi")
    )
    timed = deployments.select(
        "service", "repo", "deployment_id", "finished_at", "succeeded", "has_graph"
    ).filter(pl.col("succeeded") & pl.col("repo").is_not_null() & ~pl.col("has_graph"))
    rows = merged.join(first_deployments(timed), on="repo")
    folders = repositories.filter(pl.col("path_prefix") != "")
    whole = rows.join(folders, on=["service", "repo"], how="anti")
    parts = rows.join(folders, on=["service", "repo"], how="semi").join(
        touching, on=keys, how="semi"
    )
    by_time = first_after(pl.concat([whole, parts]), timed, at="merged_at").with_columns(
        method=pl.lit(FIRST_AFTER)
    )
    begins = members.group_by("repo", "change_id").agg(first_commit_at=pl.col("committed_at").min())
    columns = [*keys, "deployment_id", "is_baseline", "method"]
    return (
        pl.concat([by_graph.select(columns), by_time.select(columns)])
        .join(begins, on=["repo", "change_id"], how="left")
        .select(DeployedChanges.column_names())
    )


def unlinked_changes(carried: Carried, merged: pl.DataFrame) -> pl.DataFrame:
    """Return the merged changes whose merging commit is not in the history (schema `Unlinked`)."""
    shas = [graph.commits.select("repo", merge_sha="sha") for graph in carried.graphs.values()]
    if not shas:
        held = pl.DataFrame(schema={"repo": pl.String(), "merge_sha": pl.String()})
    else:
        held = pl.concat(shas)
    lost = (
        merged.filter(pl.col("repo").is_in(list(carried.graphs)))
        .join(held, on=["repo", "merge_sha"], how="anti")
        .with_columns(
            key=pl.concat_str("repo", pl.lit("#"), "change_id"),
            service=pl.lit(None, dtype=pl.String),
            reason=pl.lit("merge_commit_unknown"),
        )
    )
    return unlinked(lost, "change", key="key", at="merged_at")
