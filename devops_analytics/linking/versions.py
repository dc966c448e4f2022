"""Which version a deployment put out: its repository and commit, through refs where needed."""

from collections.abc import Mapping
from typing import Final

import polars as pl

FULL_SHA: Final = r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$"
TAG_PREFIX: Final = "refs/tags/"

_LOOKED_UP: Final = ("row", "service", "candidate", "n_candidates", "own_sha", "ref")
_FOUND: Final = pl.Schema({"commit": pl.String(), "ref_sha": pl.String(), "is_ref": pl.Boolean()})


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
    counts = (
        repositories.select("service", "repo")
        .unique()
        .group_by("service")
        .agg(n=pl.len(), only_repo=pl.when(pl.len() == 1).then(pl.col("repo").first()))
    )
    is_given = pl.col("repo").is_not_null()
    placed = (
        deployments.with_row_index("row")
        .with_columns(
            own_sha=_lower_case(deployments["sha"]),
            ref=pl.col("ref").str.strip_prefix(TAG_PREFIX),
            candidate=pl.coalesce(
                "repo", _looked_up("service", counts["service"], counts["only_repo"])
            ),
            n_candidates=pl.when(is_given)
            .then(1)
            .otherwise(_looked_up("service", counts["service"], counts["n"])),
        )
        .drop("repo")
    )
    is_plain = _is_plain(placed, tables, known)
    looked_up = placed.select(*_LOOKED_UP).filter(~is_plain)
    if looked_up.is_empty():
        chosen = placed.rename({"candidate": "repo"}).with_columns(
            pl.lit(None, dtype=dtype).alias(name) for name, dtype in _FOUND.items()
        )
    else:
        found = _chosen(looked_up, tables, repositories=repositories)
        chosen = placed.join(found, on="row", how="left", maintain_order="left").with_columns(
            repo=pl.when(is_plain).then("candidate").otherwise("repo")
        )
    return _judged(chosen, tables, known)


def _lower_case(shas: pl.Series) -> pl.Series:
    """Return commit ids in lower case; nearly always they are, and nothing is copied."""
    return shas.str.to_lowercase() if shas.str.contains("[A-Z]").any() else shas


def _looked_up(column: str, keys: pl.Series, values: pl.Series) -> pl.Expr:
    """Look a column's values up, null where there are none (a join would copy all columns)."""
    return pl.col(column).replace_strict(keys, values, default=None, return_dtype=values.dtype)


def _judged(
    chosen: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], known: pl.DataFrame
) -> pl.DataFrame:
    commit = pl.coalesce("commit", "own_sha", "ref_sha")
    has_graph = _looked_up("repo", known["repo"], known["has_graph"])
    return (
        chosen.with_columns(
            has_graph=has_graph.fill_null(value=False),
            is_known=has_graph.is_not_null(),
            is_branch=pl.col("row").is_in(_branches(chosen, tables).implode()),
        )
        .with_columns(
            sha=commit,
            version=pl.coalesce(
                commit, pl.when(~pl.col("is_branch")).then(pl.col("ref")), pl.col("artifact")
            ),
            is_in_graph=pl.col("has_graph") & pl.col("commit").is_not_null(),
            reason=_reason(),
        )
        .drop("row")
    )


def _is_plain(
    placed: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], known: pl.DataFrame
) -> pl.Series:
    """Mark deployments whose version stands as it is written.

    Nothing has to be looked up where at most one repository comes into question, its graph is not
    known and the ref, if there is one, is neither a tag or release of it nor a commit id.
    """
    with_graph = known.filter("has_graph")["repo"].implode()
    pairs = placed.select("candidate", "ref").drop_nulls().unique()
    is_sha = pl.col("ref").str.contains(FULL_SHA)
    telling = pl.concat([_ref_targets(pairs, tables)["ref"], pairs.filter(is_sha)["ref"]])
    is_told = pl.col("ref").is_in(telling.unique().implode())
    return placed.select(
        (pl.col("n_candidates").fill_null(0) <= 1)
        & ~pl.col("candidate").is_in(with_graph).fill_null(value=False)
        & ~is_told.fill_null(value=False)
    ).to_series()


def _chosen(
    placed: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], *, repositories: pl.DataFrame
) -> pl.DataFrame:
    """Return row, repo, commit, ref_sha and is_ref of the repository that holds the version.

    That is the only candidate, or the only one of several that has the commit or the ref.
    """
    found = _found(_candidates(placed, repositories), tables)
    holds = pl.col("commit").is_not_null() | pl.col("is_ref").fill_null(value=False)
    several = pl.col("n_candidates") > 1
    chosen = found.filter(~several | (holds & (holds.sum().over("row") == 1)))
    return chosen.select("row", *_FOUND.names(), repo="candidate")


def _candidates(placed: pl.DataFrame, repositories: pl.DataFrame) -> pl.DataFrame:
    """Return one row per deployment and repository that it may come from."""
    columns = ["row", "candidate", "n_candidates", "own_sha", "ref"]
    single = placed.filter(pl.col("candidate").is_not_null())
    several = (
        placed.filter(pl.col("candidate").is_null())
        .drop("candidate")
        .join(repositories.select("service", candidate="repo").unique(), on="service")
    )
    return pl.concat([single.select(columns), several.select(columns)])


def _found(candidates: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Add `ref_sha` (where the ref leads), `is_ref` and `commit` (that the history holds)."""
    full_sha = pl.when(pl.col("ref").str.contains(FULL_SHA)).then(pl.col("ref"))
    led = candidates.join(
        _ref_targets(candidates, tables), on=["candidate", "ref"], how="left"
    ).with_columns(ref_sha=pl.coalesce("ref_sha", full_sha))
    keys = pl.concat(
        [led.select(repo="candidate", sha="own_sha"), led.select(repo="candidate", sha="ref_sha")]
    )
    held = (
        tables["commits"]
        .select("repo", "sha")
        .join(keys.drop_nulls().unique().lazy(), on=["repo", "sha"], how="semi")
        .collect()
        .with_columns(held=pl.col("sha"))
    )
    by_sha = held.rename({"repo": "candidate", "sha": "own_sha", "held": "held_sha"})
    by_ref = held.rename({"repo": "candidate", "sha": "ref_sha", "held": "held_ref"})
    return (
        led.join(by_sha, on=["candidate", "own_sha"], how="left")
        .join(by_ref, on=["candidate", "ref_sha"], how="left")
        .with_columns(commit=pl.coalesce("held_sha", "held_ref"))
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


def _branches(chosen: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.Series:
    """Return the rows whose ref is known to be a branch and nothing else."""
    named = chosen.filter(
        pl.col("ref").is_not_null() & pl.col("own_sha").is_null() & pl.col("is_ref").is_null()
    ).select("row", "repo", name=pl.col("ref").str.strip_prefix("refs/heads/"))
    branches = tables["refs"].filter(pl.col("kind") == "branch").select("repo", "name").unique()
    return named.lazy().join(branches, on=["repo", "name"]).collect()["row"]


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
