"""The commit graph by numbers: which deployment first carried each commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOT_CARRIED: Final = -1
NO_PARENT: Final = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """Commits of one repository, numbered from 0 by their row in `commits`.

    `parents` holds each commit's parents that the history has; `first_parents` its first parent,
    `NO_PARENT` where it has none or the history is cut off before it.
    """

    commits: pl.DataFrame
    parents: Sequence[Sequence[int]]
    first_parents: Sequence[int]

    def number_of(self, sha: str) -> int | None:
        """Return a commit's number, None where the history doesn't hold it."""
        return self.commits["sha"].index_of(sha)


def read_graphs(tables: Mapping[str, pl.LazyFrame], repos: Sequence[str]) -> dict[str, Graph]:
    """Return each repository's graph; commits have repo, sha, committed_at and change_id."""
    commits = (
        tables["commits"]
        .filter(pl.col("repo").is_in(repos))
        .select("repo", "sha", "parents", "committed_at", "change_id")
        .collect()
        .with_columns(number=pl.int_range(pl.len()).over("repo"))
    )
    edges = _edges(commits)
    linked = commits.drop("parents").join(
        edges, on=["repo", "number"], how="left", maintain_order="left"
    )
    return {
        str(repo): Graph(
            commits=part.select("repo", "sha", "committed_at", "change_id"),
            parents=part["parents"].fill_null([]).to_list(),
            first_parents=part["first_parent"].fill_null(NO_PARENT).to_list(),
        )
        for (repo,), part in linked.partition_by("repo", as_dict=True).items()
    }


def _edges(commits: pl.DataFrame) -> pl.DataFrame:
    """Return repo, number, parents (numbers) and first_parent of commits that have parents."""
    numbers = commits.select("repo", parents="sha", parent="number")
    return (
        commits.filter(pl.col("parents").list.len() > 0)
        .select("repo", "number", "parents")
        .explode("parents")
        .join(numbers, on=["repo", "parents"], how="left", maintain_order="left")
        .group_by("repo", "number", maintain_order=True)
        .agg(parents=pl.col("parent").drop_nulls(), first_parent=pl.col("parent").first())
    )


def first_carrying(parents: Sequence[Sequence[int]], deployed: Sequence[int]) -> list[int]:
    """Return for each commit the position in `deployed` of the first one that reaches it.

    `deployed` holds commit numbers in the order of their deployments. What is taken stays closed
    under parents, so a walk that stops at a taken commit loses nothing; times are never compared.
    """
    first = [NOT_CARRIED] * len(parents)
    for position, commit in enumerate(deployed):
        if first[commit] == NOT_CARRIED:
            _take(parents, first, commit, position)
    return first


def _take(parents: Sequence[Sequence[int]], owner: list[int], commit: int, taker: int) -> None:
    """Give a commit and all its ancestors that nobody owns to `taker`."""
    owner[commit] = taker
    stack = [commit]
    while stack:
        for parent in parents[stack.pop()]:
            if owner[parent] == NOT_CARRIED:
                owner[parent] = taker
                stack.append(parent)


def reachable(parents: Sequence[Sequence[int]], head: int, first: Sequence[int]) -> Flags:
    """Return which commits `head` reaches that no deployment carried."""
    owner = list(first)
    taker = len(parents)
    if owner[head] == NOT_CARRIED:
        _take(parents, owner, head, taker)
    return np.array([one == taker for one in owner], dtype=np.bool_)


def merged_by(graph: Graph, head: int) -> Numbers:
    """Return for each commit the trunk commit that brought it in, `NOT_CARRIED` off the trunk.

    The trunk is the chain of first parents from `head`; a commit of the trunk brings itself in.
    """
    trunk = [head]
    while (parent := graph.first_parents[trunk[-1]]) != NO_PARENT:
        trunk.append(parent)
    owner = [NOT_CARRIED] * len(graph.parents)
    for commit in reversed(trunk):
        _take(graph.parents, owner, commit, commit)
    return np.array(owner, dtype=np.int64)
