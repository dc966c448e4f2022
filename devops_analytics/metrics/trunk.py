"""The trunk of each repository: its branch, its commits, and what merges brought into it."""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from devops_analytics.linking.graph import (
    NO_PARENT,
    NOT_CARRIED,
    Graph,
    merged_by,
    reachable,
    read_graphs,
)
from devops_analytics.metrics.metric import Evidence

TRUNK_NAMES: Final = ("main", "master", "trunk")
"""Names of the trunk where no export tells which branch is the default one."""

TRUNK_RULE: Final = (
    "the trunk is HEAD's chain of first parents, so a merge counts as one commit and what it "
    "brought in does not; where HEAD is not known it is the longest such chain"
)
"""Which commits are the trunk's, for the declarations."""

_COMMIT: Final = {"repo": pl.String(), "sha": pl.String()}


def trunk_branches(evidence: Evidence) -> pl.LazyFrame:
    """Return repo and `trunk`, the names of the branches that are at its HEAD."""
    refs = evidence.tables["refs"].drop_nulls("sha")
    heads = refs.filter(pl.col("name") == "HEAD").select("repo", "sha")
    at_head = refs.filter((pl.col("kind") == "branch") & (pl.col("name") != "HEAD"))
    is_usual = pl.col("name").is_in(TRUNK_NAMES)
    return (
        at_head.join(heads, on=["repo", "sha"], how="semi")
        .with_columns(pl.col("name").str.strip_prefix("origin/"))
        .filter(is_usual | ~is_usual.any().over("repo"))
        .group_by("repo")
        .agg(trunk=pl.col("name"))
    )


def trunk_commits(evidence: Evidence, *, of: pl.LazyFrame | None = None) -> pl.DataFrame:
    """Return repo and sha of the commits on the trunks of repositories whose graph is known.

    `of` has the column repo: only those.
    """
    trunks = [
        graph.commits.select("repo", "sha")[_chain(graph, tip)]
        for graph, tip in _trunks(evidence, of=of)
    ]
    return pl.concat([pl.DataFrame(schema=_COMMIT), *trunks])


def brought_in(evidence: Evidence) -> pl.DataFrame:
    """Return repo, sha and merge_sha of the commits that merges brought into the trunk."""
    frames = [pl.DataFrame(schema={**_COMMIT, "merge_sha": pl.String()})]
    for graph, tip in _trunks(evidence):
        owner = pl.Series(merged_by(graph, tip)).replace(NOT_CARRIED, None)
        merges = graph.commits.select("repo", "sha", merge_sha=graph.commits["sha"].gather(owner))
        frames.append(merges.filter(pl.col("merge_sha") != pl.col("sha")))
    return pl.concat(frames)


def in_trunk(evidence: Evidence) -> pl.DataFrame:
    """Return repo and sha of everything that the trunk's tip can reach."""
    frames = [pl.DataFrame(schema=_COMMIT)]
    for graph, tip in _trunks(evidence):
        reached = reachable(graph.parents, tip, [NOT_CARRIED] * len(graph.parents))
        frames.append(graph.commits.select("repo", "sha").filter(pl.Series(reached)))
    return pl.concat(frames)


def _trunks(evidence: Evidence, *, of: pl.LazyFrame | None = None) -> Iterator[tuple[Graph, int]]:
    """Yield each known graph with the number of its trunk's last commit."""
    known = evidence.tables["commits"].drop_nulls("parents").select("repo").unique()
    if of is not None:
        known = known.join(of, on="repo", how="semi")
    repos = known.collect()["repo"].sort().to_list()
    refs = evidence.tables["refs"].filter(pl.col("name") == "HEAD").select("repo", "sha")
    heads = dict(refs.collect().iter_rows())
    for repo, graph in read_graphs(evidence.tables, repos).items():
        head = graph.number_of(heads[repo]) if heads.get(repo) else None
        yield graph, _deepest(graph.first_parents) if head is None else head


def _chain(graph: Graph, tip: int) -> list[int]:
    chain = [tip]
    while (parent := graph.first_parents[chain[-1]]) != NO_PARENT:
        chain.append(parent)
    return chain


def _deepest(first_parents: Sequence[int]) -> int:
    """Return the commit with the longest chain of first parents."""
    depths = [0] * len(first_parents)
    for commit in range(len(first_parents)):
        path = [commit]
        while depths[path[-1]] == 0 and (parent := first_parents[path[-1]]) != NO_PARENT:
            path.append(parent)
        depth = max(depths[path[-1]], 1)
        for step, passed in enumerate(reversed(path)):
            depths[passed] = depth + step
    return depths.index(max(depths))
