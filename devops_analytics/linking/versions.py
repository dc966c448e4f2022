"""Which version a deployment put out: its repository and commit, through refs where needed."""

from collections.abc import Mapping
from typing import Final

import polars as pl

FULL_SHA: Final = r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$"
TAG_PREFIX: Final = "refs/tags/"


def with_versions(
    deployments: pl.DataFrame,
    tables: Mapping[str, pl.LazyFrame],
    *,
    repositories: pl.DataFrame,
    known: pl.DataFrame,
) -> pl.DataFrame:
    """Add `version`, `repo`, `sha`, `is_in_graph` and `reason` to deployments.

    The repository is the deployment's own, else the service's only one, else the one of the
    service's repositories that holds the version. The commit is `sha` where the history holds
    it, else the one that `ref` leads to (a tag or release of exactly this name, or a full commit
    id), else `sha` as it stands. `version` is the commit, else the ref unless it is a branch, else
    the artifact. `reason` says why the version leads to no commit (null: it does, or no graph is
    known and it need not).
    """
    numbered = _cleaned(deployments).with_row_index("row")
    candidates = _candidates(numbered, repositories)
    found = _found(candidates, tables, known)
    chosen = _chosen(found, numbered)
    branches = _branches(chosen, tables)
    judged = (
        chosen.join(known, on="repo", how="left")
        .join(branches, on="row", how="left")
        .with_columns(
            has_graph=pl.col("has_graph").fill_null(value=False),
            is_known=pl.col("has_graph").is_not_null(),
            is_branch=pl.col("is_branch").fill_null(value=False),
        )
    )
    commit = pl.coalesce("commit", "own_sha", "ref_sha")
    return (
        judged.with_columns(
            sha=commit,
            version=pl.coalesce(
                commit, pl.when(~pl.col("is_branch")).then(pl.col("ref")), pl.col("artifact")
            ),
            is_in_graph=pl.col("has_graph") & pl.col("commit").is_not_null(),
            reason=_reason(),
        )
        .sort("row")
        .drop("row")
    )


def _cleaned(deployments: pl.DataFrame) -> pl.DataFrame:
    return deployments.with_columns(
        own_sha=pl.col("sha").str.to_lowercase(),
        ref=pl.col("ref").str.strip_prefix(TAG_PREFIX),
    )


def _candidates(numbered: pl.DataFrame, repositories: pl.DataFrame) -> pl.DataFrame:
    """Return one row per deployment and repository that it may come from."""
    owned = repositories.select("service", candidate="repo").unique()
    given = pl.col("repo").is_not_null()
    own = numbered.filter(given).with_columns(candidate="repo")
    others = numbered.filter(~given).join(owned, on="service")
    columns = ["row", "candidate", "own_sha", "ref"]
    return pl.concat([own.select(columns), others.select(columns)]).with_columns(
        n_candidates=pl.len().over("row")
    )


def _found(
    candidates: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], known: pl.DataFrame
) -> pl.DataFrame:
    """Add `ref_sha` (where the ref leads) and `commit` (a commit that the history holds).

    Looking a sha up in the history is left out where nothing depends on it: there is one
    candidate, its graph is not known, and no ref says otherwise.
    """
    refs = _ref_targets(candidates, tables)
    led = candidates.join(refs, on=["candidate", "ref"], how="left").with_columns(
        ref_sha=pl.coalesce(
            "ref_sha",
            pl.when(pl.col("ref").str.contains(FULL_SHA)).then(pl.col("ref")),
        )
    )
    with_graph = known.filter("has_graph")["repo"].implode()
    disputed = pl.col("own_sha").is_not_null() & pl.col("ref_sha").is_not_null()
    matters = pl.col("candidate").is_in(with_graph) | (pl.col("n_candidates") > 1) | disputed
    wanted = led.filter(matters)
    keys = (
        pl.concat(
            [
                wanted.select(repo="candidate", sha="own_sha"),
                wanted.select(repo="candidate", sha="ref_sha"),
            ]
        )
        .drop_nulls()
        .unique()
    )
    held = (
        tables["commits"]
        .select("repo", "sha")
        .join(keys.lazy(), on=["repo", "sha"], how="semi")
        .collect()
        .with_columns(held=pl.col("sha"))
    )
    by_sha = held.rename({"repo": "candidate", "sha": "own_sha", "held": "held_sha"})
    by_ref = held.rename({"repo": "candidate", "sha": "ref_sha", "held": "held_ref"})
    return (
        led.join(by_sha, on=["candidate", "own_sha"], how="left")
        .join(by_ref, on=["candidate", "ref_sha"], how="left")
        .with_columns(commit=pl.coalesce("held_sha", "held_ref"))
        .drop("held_sha", "held_ref")
    )


def _ref_targets(candidates: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    names = candidates.select(repo="candidate", name="ref").drop_nulls().unique()
    return (
        tables["refs"]
        .filter(pl.col("kind").is_in(("tag", "release")))
        .select("repo", "name", "sha", "kind")
        .join(names.lazy(), on=["repo", "name"], how="semi")
        .collect()
        # A release often names no commit; the tag of its name does.
        .sort("repo", "name", pl.col("sha").is_null(), pl.col("kind") != "tag")
        .unique(["repo", "name"], keep="first", maintain_order=True)
        .drop("kind")
        .rename({"repo": "candidate", "name": "ref", "sha": "ref_sha"})
        .with_columns(is_ref=pl.lit(value=True))
    )


def _chosen(found: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    """Keep one candidate per deployment: the only one, or the only one that holds the version."""
    holds = pl.col("commit").is_not_null() | pl.col("is_ref").fill_null(value=False)
    several = pl.col("n_candidates") > 1
    chosen = found.filter(~several | (holds & (holds.sum().over("row") == 1)))
    return (
        numbered.drop("repo")
        .join(
            chosen.select("row", "commit", "ref_sha", "is_ref", repo="candidate"),
            on="row",
            how="left",
        )
        .join(found.select("row", "n_candidates").unique(), on="row", how="left")
    )


def _branches(chosen: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Return the rows whose ref is known to be a branch and nothing else."""
    named = chosen.filter(
        pl.col("ref").is_not_null() & pl.col("own_sha").is_null() & pl.col("is_ref").is_null()
    ).select("row", "repo", name=pl.col("ref").str.strip_prefix("refs/heads/"))
    branches = tables["refs"].filter(pl.col("kind") == "branch").select("repo", "name").unique()
    return (
        named.lazy()
        .join(branches, on=["repo", "name"])
        .select("row", is_branch=pl.lit(value=True))
        .collect()
    )


def _reason() -> pl.Expr:
    """Return why no commit is known; a later condition is only asked where earlier ones fail."""
    has_ref = pl.col("ref").is_not_null()
    has_target = pl.col("ref_sha").is_not_null()
    return (
        pl.when(pl.col("n_candidates").is_null())
        .then(pl.lit("no_repository"))
        .when(pl.col("repo").is_null())
        .then(pl.lit("repository_unknown"))
        .when(~pl.col("is_known"))
        .then(pl.lit("no_commits"))
        .when(~pl.col("has_graph") | pl.col("commit").is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("own_sha").is_not_null() | has_target)
        .then(pl.lit("sha_not_in_clone"))
        .when(~has_ref)
        .then(pl.lit("no_version"))
        .when(pl.col("is_branch"))
        .then(pl.lit("ref_is_a_branch"))
        .otherwise(pl.lit("ref_not_found"))
    )
