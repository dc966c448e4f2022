"""Commit → the first successful production deployment that carried it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from devops_analytics.linking.graph import (
    NOT_CARRIED,
    Flags,
    Graph,
    first_carrying,
    reachable,
    read_graphs,
)
from devops_analytics.linking.links import DeployedIn
from devops_analytics.linking.paths import repos_with_files, touching_commits
from devops_analytics.linking.unlinked import unlinked
from devops_analytics.schema_columns import TIME

GRAPH: Final = "graph"
FIRST_AFTER: Final = "first deployment after"

ROWS: Final = pl.Schema(
    {
        "service": pl.String(),
        "repo": pl.String(),
        "sha": pl.String(),
        "committed_at": TIME,
        "deployment_id": pl.String(),
        "deployed_at": TIME,
        "is_baseline": pl.Boolean(),
        "counts": pl.Boolean(),
        "method": pl.String(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Where each commit went.

    `deployed` has the columns of `DeployedIn`, `waiting` those of `Waiting` and `committed_at`,
    and both have `counts`: false for a commit of a monorepo that doesn't touch the service's folder
    and is only here because something else points at it (a revert, a merged change).
    """

    deployed: pl.DataFrame
    waiting: pl.DataFrame
    graphs: dict[str, Graph]
    unlinked: pl.DataFrame


def carried_commits(
    tables: Mapping[str, pl.LazyFrame],
    deployments: pl.DataFrame,
    *,
    repositories: pl.DataFrame,
    known: pl.DataFrame,
    merged: pl.DataFrame,
    since: datetime,
) -> Carried:
    """Follow every commit to the first successful production deployment that carried it.

    Where the graph is known, deployments of one service and repository are walked in order, each
    taking what it reaches and no earlier one took. Where it is not, a commit belongs to the first
    deployment finished at or after it was merged (committed, where no merge is known). The first
    deployment is the baseline: what it carried is history.

    A commit waits when the trunk (`HEAD`; every ref where none is known) has it and no deployment
    does. Nothing waits for a service without any placed deployment, nor what was committed
    before `since`.

    Args:
        tables: the canonical tables.
        deployments: production deployments with `is_in_graph`, in order.
        repositories: service, repo, path_prefix.
        known: repo, has_graph.
        merged: merged changes: repo, change_id, merged_at, merge_sha.
        since: start of the history window.
    """
    succeeded = deployments.select(
        "service", "repo", "sha", "deployment_id", "finished_at", "succeeded", "is_in_graph"
    ).filter("succeeded")
    in_graph = succeeded.filter("is_in_graph")
    without_graph = set(known.filter(~pl.col("has_graph"))["repo"])
    timed = succeeded.filter(pl.col("repo").is_in(without_graph))
    monorepos = _monorepos(repositories, succeeded)
    touched = touching_commits(tables, monorepos)
    graphs = read_graphs(tables, in_graph["repo"].unique().sort().to_list())
    monorepo = _Monorepo(folders=monorepos, touched=touched)
    walked = _by_graph(tables, in_graph, graphs, monorepo=monorepo, merged=merged)
    matched = _by_time(tables, timed, monorepo=monorepo, merged=merged)
    rows = pl.concat([walked, matched])
    is_deployed = pl.col("deployment_id").is_not_null()
    return Carried(
        deployed=rows.select(*DeployedIn.column_names(), "counts").filter(is_deployed),
        waiting=rows.filter(~is_deployed & (pl.col("committed_at") >= since)).select(
            "service", "repo", "sha", "committed_at", "counts"
        ),
        graphs=graphs,
        unlinked=_without_statistics(tables, pl.concat([in_graph, timed]), monorepos),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Monorepo:
    """Folders of services (service, repo, path_prefix) and the commits that touch them."""

    folders: pl.DataFrame
    touched: pl.DataFrame


def _monorepos(repositories: pl.DataFrame, deployments: pl.DataFrame) -> pl.DataFrame:
    """Return the declared folders of services that are deployed from a part of a repository."""
    used = deployments.select("service", "repo").unique()
    return repositories.filter(pl.col("path_prefix") != "").join(
        used, on=["service", "repo"], how="semi"
    )


def _without_statistics(
    tables: Mapping[str, pl.LazyFrame], placed: pl.DataFrame, monorepos: pl.DataFrame
) -> pl.DataFrame:
    known = repos_with_files(tables, monorepos["repo"])
    lost = placed.join(monorepos, on=["service", "repo"], how="semi").filter(
        ~pl.col("repo").is_in(known)
    )
    return unlinked(
        lost.with_columns(reason=pl.lit("statistics_missing")),
        "deployment",
        key="deployment_id",
        at="finished_at",
    )


# ---- Where the graph is known ---- #


def _by_graph(
    tables: Mapping[str, pl.LazyFrame],
    deployments: pl.DataFrame,
    graphs: Mapping[str, Graph],
    *,
    monorepo: _Monorepo,
    merged: pl.DataFrame,
) -> pl.DataFrame:
    numbers = _numbers(graphs)
    heads = _heads(tables, numbers)
    pointed_at = _flags(_pointed_at(tables, merged, graphs), numbers, ["repo"], graphs)
    touches = _flags(monorepo.touched, numbers, ["service", "repo"], graphs)
    parts = set(monorepo.folders.select("service", "repo").iter_rows())
    placed = deployments.join(numbers, on=["repo", "sha"], how="left", maintain_order="left")
    frames = [ROWS.to_frame()]
    for (service, repo), own in placed.partition_by("service", "repo", as_dict=True).items():
        graph = graphs[repo]
        size = graph.commits.height
        everything = np.ones(size, dtype=np.bool_)
        nothing = np.zeros(size, dtype=np.bool_)
        counts = touches.get((service, repo), nothing) if (service, repo) in parts else everything
        frames.append(
            _walked(
                graph,
                own,
                head=heads.get(repo),
                counts=counts,
                kept=counts | pointed_at.get((repo,), nothing),
            ).select(pl.lit(service, dtype=pl.String).alias("service"), pl.all())
        )
    return pl.concat(frames)


def _walked(
    graph: Graph, deployments: pl.DataFrame, *, head: int | None, counts: Flags, kept: Flags
) -> pl.DataFrame:
    """Return the rows of one service and repository, without `service`."""
    first = first_carrying(graph.parents, deployments["number"].to_list())
    position = np.array(first, dtype=np.int64)
    is_carried = position != NOT_CARRIED
    waits = ~is_carried if head is None else reachable(graph.parents, head, first)
    chosen = np.flatnonzero((is_carried | waits) & kept)
    at = position[chosen]
    carrier = pl.Series(at).replace(NOT_CARRIED, None)
    return graph.commits[chosen].select(
        "repo",
        "sha",
        "committed_at",
        deployment_id=deployments["deployment_id"].gather(carrier),
        deployed_at=deployments["finished_at"].gather(carrier),
        is_baseline=pl.Series(at == 0),
        counts=pl.Series(counts[chosen]),
        method=pl.lit(GRAPH, dtype=pl.String),
    )


def _numbers(graphs: Mapping[str, Graph]) -> pl.DataFrame:
    schema = {"repo": pl.String(), "sha": pl.String(), "number": pl.Int64()}
    return pl.concat(
        [
            pl.DataFrame(schema=schema),
            *(
                graph.commits.select("repo", "sha", number=pl.int_range(pl.len()))
                for graph in graphs.values()
            ),
        ]
    )


def _heads(tables: Mapping[str, pl.LazyFrame], numbers: pl.DataFrame) -> dict[str, int]:
    heads = tables["refs"].filter(pl.col("name") == "HEAD").select("repo", "sha").collect()
    found = heads.join(numbers, on=["repo", "sha"])
    return dict(found.select("repo", "number").iter_rows())


def _pointed_at(
    tables: Mapping[str, pl.LazyFrame], merged: pl.DataFrame, graphs: Mapping[str, Graph]
) -> pl.DataFrame:
    """Return the commits that reverts and merged changes point at, and the reverts themselves."""
    reverts = (
        tables["commits"]
        .filter(pl.col("reverts_sha").is_not_null() & pl.col("repo").is_in(list(graphs)))
        .select("repo", "sha", "reverts_sha")
        .collect()
    )
    return pl.concat(
        [
            reverts.select("repo", sha="reverts_sha"),
            merged.select("repo", sha="merge_sha").drop_nulls(),
        ]
    ).unique()


def _flags(
    commits: pl.DataFrame, numbers: pl.DataFrame, by: list[str], graphs: Mapping[str, Graph]
) -> dict[tuple[str, ...], Flags]:
    """Return which commits of each group's repository are among the given ones."""
    found: dict[tuple[str, ...], Flags] = {}
    placed = commits.join(numbers, on=["repo", "sha"])
    for key, part in placed.partition_by(by, as_dict=True).items():
        flags = np.zeros(graphs[part["repo"][0]].commits.height, dtype=np.bool_)
        flags[part["number"].to_numpy()] = True
        found[tuple(str(word) for word in key)] = flags
    return found


# ---- Where no graph is known ---- #


def _by_time(
    tables: Mapping[str, pl.LazyFrame],
    deployments: pl.DataFrame,
    *,
    monorepo: _Monorepo,
    merged: pl.DataFrame,
) -> pl.DataFrame:
    pairs = first_deployments(deployments)
    commits = _merged_commits(tables, pairs["repo"].unique(), merged)
    rows = commits.join(pairs.lazy(), on="repo").collect()
    parts = rows.join(monorepo.folders, on=["service", "repo"], how="semi")
    if parts.height:
        keys = ["service", "repo", "sha"]
        whole = rows.join(monorepo.folders, on=["service", "repo"], how="anti")
        rows = pl.concat([whole, parts.join(monorepo.touched, on=keys, how="semi")])
    return (
        first_after(rows, deployments, at="entered_at")
        .with_columns(counts=pl.lit(value=True), method=pl.lit(FIRST_AFTER))
        .select(ROWS.names())
    )


def first_deployments(deployments: pl.DataFrame) -> pl.DataFrame:
    """Return one row per service and repository: the time of its first deployment, a number."""
    return (
        deployments.group_by("service", "repo", maintain_order=True)
        .agg(first_at=pl.col("finished_at").min())
        .with_row_index("pair")
    )


def _merged_commits(
    tables: Mapping[str, pl.LazyFrame], repos: pl.Series, merged: pl.DataFrame
) -> pl.LazyFrame:
    """Return repo, sha, committed_at and `entered_at`, when each commit came to the trunk.

    That is when its change was merged, or when it was committed where it belongs to no known
    change; the commits of a change that is not merged are left out.
    """
    commits = (
        tables["commits"]
        .filter(pl.col("repo").is_in(repos.implode()))
        .select("repo", "sha", "committed_at", "change_id")
    )
    changes = tables["changes"].filter(pl.col("repo").is_in(repos.implode()))
    known = changes.select("repo", "change_id", "merged_at").collect()
    if known.is_empty():
        return commits.select("repo", "sha", "committed_at", entered_at="committed_at")
    by_sha = (
        merged.drop_nulls("merge_sha")
        .group_by("repo", sha="merge_sha")
        .agg(own_merge_at=pl.col("merged_at").min())
    )
    return (
        commits.join(
            known.lazy().with_columns(is_known=pl.lit(value=True)),
            on=["repo", "change_id"],
            how="left",
        )
        .join(by_sha.lazy(), on=["repo", "sha"], how="left")
        .with_columns(entered_at=pl.coalesce("own_merge_at", "merged_at"))
        .filter(pl.col("entered_at").is_not_null() | pl.col("is_known").is_null())
        .select("repo", "sha", "committed_at", entered_at=pl.coalesce("entered_at", "committed_at"))
    )


def first_after(rows: pl.DataFrame, deployments: pl.DataFrame, *, at: str) -> pl.DataFrame:
    """Add the first deployment finished at or after `at`: its id, its finish, `is_baseline`.

    What came at or before the first deployment is its baseline. Two deployments in one second
    are told apart by their id.

    Args:
        rows: with the columns of `first_deployments` for their service and repository.
        deployments: those that `first_deployments` was asked about.
        at: the column with the time of a row.
    """
    pairs = first_deployments(deployments).select("service", "repo", "pair")
    ordered = (
        deployments.select("service", "repo", "deployment_id", "finished_at")
        .join(pairs, on=["service", "repo"])
        .sort("finished_at", "deployment_id")
        .with_row_index("place")
    )
    # Only numbers are sorted and matched; the texts stay where they are.
    places = (
        rows.select("pair", at)
        .with_row_index("row")
        .sort(at)
        .join_asof(
            ordered.select("pair", "finished_at", "place"),
            left_on=at,
            right_on="finished_at",
            by="pair",
            strategy="forward",
            check_sortedness=False,
        )
        .sort("row")["place"]
    )
    return rows.with_columns(
        deployment_id=ordered["deployment_id"].gather(places),
        deployed_at=ordered["finished_at"].gather(places),
        is_baseline=pl.col(at) <= pl.col("first_at"),
    )
