"""Which commits touch the folder of a service in a monorepo."""

from collections.abc import Mapping

import polars as pl


def touching_commits(
    tables: Mapping[str, pl.LazyFrame], repositories: pl.DataFrame
) -> pl.DataFrame:
    """Return service, repo, sha of the commits that touch a path of a service with prefixes."""
    prefixes = repositories.filter(pl.col("path_prefix") != "").with_columns(
        depth=pl.col("path_prefix").str.count_matches("/", literal=True) + 1
    )
    files = tables["file_changes"].filter(pl.col("repo").is_in(prefixes["repo"].unique().implode()))
    found = [
        files.select(
            "repo",
            "sha",
            path_prefix=pl.col("path").str.split("/").list.head(depth).list.join("/"),
        )
        .join(part.lazy(), on=["repo", "path_prefix"])
        .select("service", "repo", "sha")
        for (depth,), part in prefixes.partition_by("depth", as_dict=True).items()
    ]
    if not found:
        return pl.DataFrame(
            schema={"service": pl.String(), "repo": pl.String(), "sha": pl.String()}
        )
    return pl.concat(found).unique().collect()


def repos_with_files(tables: Mapping[str, pl.LazyFrame], repos: pl.Series) -> set[str]:
    """Return which of the repositories have any file statistics."""
    found = (
        tables["file_changes"]
        .filter(pl.col("repo").is_in(repos.implode()))
        .select(pl.col("repo").unique())
        .collect()
    )
    return set(found["repo"])
