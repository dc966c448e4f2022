"""Deployments made out of what else was exported: tags, releases, runs, jobs and merges."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import polars as pl

from devops_analytics.config import DeclaredDeployments, Settings, environment_kind
from devops_analytics.errors import SettingsError
from devops_analytics.linking.repositories import repositories_of_services
from devops_analytics.schema import empty, polars_schema

_TRACE: Final = ("updated_at", "source", "source_ref")
_DRAFT: Final = pl.Schema(
    {
        name: polars_schema("deployments")[name]
        for name in (
            "repo",
            "sha",
            "ref",
            "started_at",
            "finished_at",
            "result",
            "attempt",
            *_TRACE,
        )
    }
    | {"name": pl.String()}
)
"""What an origin gives: columns of `deployments`, and `name`, unique in its repository."""

_PIPELINES: Final = ("runs", "jobs")
"""Origins that are pipelines."""

_LITERAL: Final = re.compile(r"\^([\w :/@-]+)\$")
"""A pattern that nothing but one text fits."""

_BY_WEIGHT: Final = (
    "skipped",
    "success",
    "unknown",
    "blocked",
    "queued",
    "in_progress",
    "cancelled",
    "timeout",
    "error",
    "failure",
)
"""Results of jobs: the last of these that occurs is the result of them together."""

Tables = Mapping[str, pl.LazyFrame]


def declared_deployments(tables: Tables, settings: Settings) -> pl.LazyFrame:
    """Return deployments (their canonical table) made by the `[[deployments]]` rules.

    A rule makes deployments of the service that it names, else of every service that is built
    from the repository. The repository itself is the service where no service is declared at all,
    or where the rule names a repository that no service has. What two rules make alike counts
    once.

    The tables are read here and now, so whatever uses the deployments doesn't read them again.

    Raises:
        SettingsError: a rule for runs or jobs doesn't say which ones.
    """
    owners = repositories_of_services(tables, settings).select("service", "repo").unique()
    made = [
        _declared(tables, settings, owners, rule, index)
        for index, rule in enumerate(settings.deployments)
    ]
    if len(made) == 1:
        return made[0]
    together = pl.concat([empty("deployments").lazy(), *made])
    return together.unique("deployment_id", keep="first", maintain_order=True).collect().lazy()


def _declared(
    tables: Tables, settings: Settings, owners: pl.DataFrame, rule: DeclaredDeployments, index: int
) -> pl.LazyFrame:
    if rule.origin in _PIPELINES and rule.pattern is None:
        raise SettingsError(
            f"deployments[{index}].pattern: this key is missing; allowed: a regular expression "
            f"found in the name of the {rule.origin} that deploy, such as '^deploy$'."
        )
    drafts = _ORIGINS[rule.origin](tables, rule)
    served = _services_of(drafts, settings, owners, rule)
    identity = [pl.col("service"), pl.lit("@"), pl.col("inside"), pl.col("name")]
    if rule.environment != "production":
        identity.append(pl.lit(f" in {rule.environment}"))
    rows = (
        drafts.join(served.lazy(), on="repo", nulls_equal=True, maintain_order="left_right")
        .with_columns(deployment_id=pl.concat_str(identity))
        .drop("name", "inside")
        .collect()
    )
    # What is the same in every row is only made where somebody asks for it.
    same = {
        "environment": rule.environment,
        "artifact": None,
        "trigger": "pipeline" if rule.origin in _PIPELINES else None,
        "planned": None,
        "method": f"declared from {rule.origin}",
    }
    return (
        rows.lazy()
        .with_columns(pl.lit(value).alias(name) for name, value in same.items())
        .select(pl.col(name).cast(dtype) for name, dtype in polars_schema("deployments").items())
    )


def _services_of(
    drafts: pl.LazyFrame, settings: Settings, owners: pl.DataFrame, rule: DeclaredDeployments
) -> pl.DataFrame:
    """Return repo, service, environment_kind and `inside`, the repo where a service has several."""
    if rule.repository is not None:
        repos = pl.DataFrame({"repo": [rule.repository]})
    elif rule.service is None and settings.services:
        repos = owners.select("repo").unique()
    else:
        repos = drafts.select(pl.col("repo").unique()).collect()
    if rule.service is not None:
        served = repos.with_columns(service=pl.lit(rule.service))
    elif not settings.services:
        served = repos.with_columns(service=pl.col("repo"))
    else:
        served = repos.join(owners, on="repo")
        if rule.repository is not None and served.is_empty():
            served = repos.with_columns(service=pl.col("repo"))
    served = served.drop_nulls("service").select("service", "repo").sort("service", "repo")
    sizes = pl.concat([served, owners]).unique().group_by("service").len()
    several = pl.col("len") > 1
    services = served["service"].unique()
    kinds = {name: environment_kind(settings, name, rule.environment) for name in services}
    return served.join(sizes, on="service", maintain_order="left").select(
        "repo",
        "service",
        environment_kind=pl.col("service").replace_strict(kinds, return_dtype=pl.String),
        inside=pl.when(several).then(pl.concat_str("repo", pl.lit("/"))).otherwise(pl.lit("")),
    )


# ---- Origins ---- #


def _of_repository(frame: pl.LazyFrame, rule: DeclaredDeployments) -> pl.LazyFrame:
    return frame if rule.repository is None else frame.filter(pl.col("repo") == rule.repository)


def _matching(frame: pl.LazyFrame, column: str, pattern: str | None) -> pl.LazyFrame:
    """Keep the rows in whose column the pattern is found.

    The distinct values are judged by Python, whose patterns the settings are checked as; the rows
    are then chosen by plain equality, which an engine can do while it reads a file.
    """
    if pattern is None:
        return frame
    literal = _LITERAL.fullmatch(pattern)
    if literal is not None:
        return frame.filter(pl.col(column) == literal[1])
    values = frame.select(pl.col(column).unique()).collect()[column].drop_nulls()
    found = _searched(values, pattern)
    if len(found) == 1:
        return frame.filter(pl.col(column) == found[0])
    return frame.filter(pl.col(column).is_in(found))


def _searched(values: Iterable[str], pattern: str) -> list[str]:
    searched = re.compile(pattern)
    return sorted(value for value in values if searched.search(value))


def _from_refs(*kinds: str) -> Callable[[Tables, DeclaredDeployments], pl.LazyFrame]:
    def drafts(tables: Tables, rule: DeclaredDeployments) -> pl.LazyFrame:
        """Make one deployment of each tag or release, at the time it was made.

        A tag without a time of its own has that of its commit.
        """
        refs = _of_repository(tables["refs"], rule).filter(pl.col("kind").is_in(kinds))
        found = _matching(refs, "name", rule.pattern).collect().lazy()
        undated = found.filter(pl.col("created_at").is_null()).select("repo", "sha").unique()
        committed = (
            tables["commits"]
            .select("repo", "sha", "committed_at")
            .join(undated, on=["repo", "sha"], how="semi")
        )
        return _as_drafts(
            found.join(
                committed, on=["repo", "sha"], how="left", maintain_order="left"
            ).with_columns(
                ref="name",
                finished_at=pl.coalesce("created_at", "committed_at"),
                result=pl.lit("success"),
            )
        )

    return drafts


def _from_merges(tables: Tables, rule: DeclaredDeployments) -> pl.LazyFrame:
    """Make one deployment of each change merged to a branch that the rule's pattern is found in."""
    merged = _of_repository(tables["changes"], rule).filter(pl.col("merged_at").is_not_null())
    return _as_drafts(
        _matching(merged, "base", rule.branch).with_columns(
            sha="merge_sha",
            finished_at="merged_at",
            result=pl.lit("success"),
            name=pl.concat_str(pl.lit("merge "), "change_id"),
        )
    )


def _from_runs(tables: Tables, rule: DeclaredDeployments) -> pl.LazyFrame:
    runs = _matching(_of_repository(tables["pipeline_runs"], rule), "pipeline", rule.pattern)
    chosen = runs.select(
        "repo", "run_id", "attempt", "sha", "branch", "started_at", "finished_at", "result", *_TRACE
    ).collect()
    return _one_per_run(_matching(chosen.lazy(), "branch", rule.branch).collect(), "run")


def _from_jobs(tables: Tables, rule: DeclaredDeployments) -> pl.LazyFrame:
    """Make one deployment of the matching jobs of a run: it succeeds when all of them do."""
    jobs = _matching(tables["pipeline_jobs"], "name", rule.pattern).collect()
    runs = (
        tables["pipeline_runs"]
        .select("run_id", "attempt", run_repo="repo", run_sha="sha", run_branch="branch")
        .join(
            jobs.lazy().select("run_id", "attempt").unique(), on=["run_id", "attempt"], how="semi"
        )
        .collect()
        .filter(pl.len().over("run_id", "attempt") == 1)
    )
    weight = {word: place for place, word in enumerate(_BY_WEIGHT)}
    attempts = (
        jobs.join(runs, on=["run_id", "attempt"], how="left", maintain_order="left")
        .with_columns(
            repo=pl.coalesce("repo", "run_repo"),
            sha=pl.coalesce("sha", "run_sha"),
            branch=pl.coalesce("branch", "run_branch"),
            weight=pl.col("result").replace_strict(weight, return_dtype=pl.Int64),
        )
        .group_by("repo", "run_id", "attempt", maintain_order=True)
        .agg(
            pl.col("sha", "branch", *_TRACE).drop_nulls().first(),
            pl.col("started_at").min(),
            finished_at=pl.when(pl.col("finished_at").is_not_null().all()).then(
                pl.col("finished_at").max()
            ),
            result=pl.col("result").sort_by("weight").last(),
        )
    )
    of_repository = _of_repository(attempts.lazy(), rule)
    return _one_per_run(_matching(of_repository, "branch", rule.branch).collect(), "job of run")


def _one_per_run(attempts: pl.DataFrame, word: str) -> pl.LazyFrame:
    """Make one deployment of a run, however often it was tried.

    It is the first attempt that succeeded, else the last attempt. A later success of the same run
    is a deployment of its own where another run succeeded in between: it brings the older version
    back.
    """
    run = ["repo", "run_id"]
    tried_again = attempts.filter(pl.col("attempt") > 1).select(run).unique()
    succeeded = pl.col("result") == "success"
    named = attempts.lazy().with_columns(
        name=pl.concat_str(pl.lit(f"{word} "), "run_id"), ref="branch"
    )
    if tried_again.is_empty():
        return _as_drafts(named)
    # Few runs are tried again: all others are passed on without being joined or grouped.
    is_suspect = pl.col("run_id").is_in(tried_again["run_id"].implode())
    suspects = named.filter(is_suspect)
    again = tried_again.lazy()
    once = [
        named.filter(~is_suspect),
        suspects.join(again, on=run, how="anti", nulls_equal=True),
    ]
    numbered = suspects.join(again, on=run, how="semi", nulls_equal=True).with_columns(
        deciding=pl.when(succeeded.any())
        .then(pl.col("attempt").filter(succeeded).min())
        .otherwise(pl.col("attempt").max())
        .over(run)
    )
    deciding = numbered.filter(pl.col("attempt") == pl.col("deciding"))
    later = numbered.filter(succeeded & (pl.col("attempt") > pl.col("deciding")))
    back_again = _back_again(later, attempts.lazy().filter(succeeded))
    return pl.concat(_as_drafts(rows) for rows in (*once, deciding, back_again))


def _back_again(later: pl.LazyFrame, successes: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the later successes of runs that follow a success of another run of the repository."""
    before = successes.select("repo", "finished_at", run_before="run_id").drop_nulls("finished_at")
    return (
        later.drop_nulls("finished_at")
        .sort("finished_at", "run_id", "attempt")
        .join_asof(
            before.sort("finished_at", "run_before"),
            on="finished_at",
            by="repo",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("run_before") != pl.col("run_id"))
        .with_columns(name=pl.concat_str("name", pl.lit(" attempt "), "attempt"))
    )


def _as_drafts(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return the columns of a draft; those that the rows lack are null."""
    known = rows.collect_schema()
    return rows.select(
        (pl.col(name) if name in known else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in _DRAFT.items()
    )


_ORIGINS: Final[dict[str, Callable[[Tables, DeclaredDeployments], pl.LazyFrame]]] = {
    "tags": _from_refs("tag", "release"),
    "releases": _from_refs("release"),
    "runs": _from_runs,
    "jobs": _from_jobs,
    "merges": _from_merges,
}
