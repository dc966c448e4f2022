"""What the rows of DevLake's domain tables become: a ready-made mapping to the canonical tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

RESULT_WORDS: Final[dict[str, str]] = {
    "SUCCESS": "success",
    "FAILURE": "failure",
    "ABORT": "cancelled",
    "MANUAL": "blocked",
}
STATUS_WORDS: Final[dict[str, str]] = {"IN_PROGRESS": "in_progress"}
"""Statuses without a result; DONE and OTHER say nothing of what came of it."""
WORDS: Final = {"result": RESULT_WORDS, "status": STATUS_WORDS}

LOOKUPS: Final[dict[str, tuple[str, ...]]] = {
    "repos": ("id", "name"),
    "cicd_scopes": ("id", "name"),
    "repo_commits": ("repo_id", "commit_sha"),
    "commit_parents": ("commit_sha", "parent_commit_sha"),
    "cicd_pipeline_commits": ("pipeline_id", "commit_sha", "branch", "repo_id"),
    "pull_request_labels": ("pull_request_id", "label_name"),
}
"""Tables that only complete others, with their columns."""


@dataclass(frozen=True)
class Rows:
    """All of DevLake's tables that are there, by name."""

    frames: Mapping[str, pl.DataFrame]

    def of(self, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
        """Return a table, empty where it is not there."""
        if name in self.frames:
            return self.frames[name]
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))

    def named(self, rows: pl.DataFrame, column: str, table: str, name: str) -> pl.DataFrame:
        """Add the name that a lookup has for an id, else the id itself."""
        names = self.of(table, LOOKUPS[table]).select(
            pl.col("id").alias(column), pl.col("name").alias("\0name")
        )
        joined = rows.join(names.unique(column), on=column, how="left", maintain_order="left")
        return joined.with_columns(pl.coalesce("\0name", column).alias(name)).drop("\0name")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of DevLake's tables: the columns read, those that tell it, and what its rows become."""

    table: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    rows: Callable[[pl.DataFrame, Rows], pl.DataFrame]


def _result() -> pl.Expr:
    """Return the result; what is going on has none yet, and an empty one is not known."""
    status = pl.col("status").replace_strict(STATUS_WORDS, default=None, return_dtype=pl.String)
    return pl.coalesce(status, pl.col("result").replace(RESULT_WORDS)).alias("result")


def _deployments(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    placed = all_rows.named(rows, "repo_id", "repos", "repo")
    placed = all_rows.named(placed, "cicd_scope_id", "cicd_scopes", "service")
    return placed.select(
        "record",
        pl.concat_str(pl.lit("devlake:"), "id").alias("deployment_id"),
        pl.coalesce("service", "repo").alias("service"),
        "environment",
        "repo",
        pl.col("commit_sha").alias("sha"),
        pl.col("ref_name").alias("ref"),
        pl.col("started_date").alias("started_at"),
        pl.col("finished_date").alias("finished_at"),
        _result(),
        "updated_at",
    )


def _runs(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    commits = all_rows.of("cicd_pipeline_commits", LOOKUPS["cicd_pipeline_commits"])
    first = commits.select(*LOOKUPS["cicd_pipeline_commits"]).unique(
        "pipeline_id", keep="first", maintain_order=True
    )
    with_commit = rows.join(
        first, left_on="id", right_on="pipeline_id", how="left", maintain_order="left"
    ).with_columns(pl.coalesce("repo_id", "cicd_scope_id").alias("repo_id"))
    return all_rows.named(with_commit, "repo_id", "repos", "repo").select(
        "record",
        "repo",
        pl.col("id").alias("run_id"),
        pl.col("name").alias("pipeline"),
        pl.col("commit_sha").alias("sha"),
        "branch",
        pl.coalesce("queued_date", "created_date").alias("queued_at"),
        pl.coalesce("started_date", "created_date").alias("started_at"),
        pl.col("finished_date").alias("finished_at"),
        _result(),
        "updated_at",
    )


def _jobs(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    return all_rows.named(rows, "cicd_scope_id", "repos", "repo").select(
        "record",
        "repo",
        pl.col("pipeline_id").alias("run_id"),
        pl.col("id").alias("job_id"),
        "name",
        pl.coalesce("queued_date", "created_date").alias("queued_at"),
        pl.col("started_date").alias("started_at"),
        pl.col("finished_date").alias("finished_at"),
        _result(),
        "updated_at",
    )


def _changes(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    labels = (
        all_rows.of("pull_request_labels", LOOKUPS["pull_request_labels"])
        .group_by(pl.col("pull_request_id").alias("id"))
        .agg(pl.col("label_name").alias("labels"))
    )
    reviews = _by_others(rows, all_rows)
    joined = rows.join(labels, on="id", how="left", maintain_order="left").join(
        reviews, on="id", how="left", maintain_order="left"
    )
    return all_rows.named(joined, "base_repo_id", "repos", "repo").select(
        "record",
        "repo",
        pl.col("pull_request_key").alias("change_id"),
        pl.coalesce("author_id", "author_name").alias("author"),
        pl.col("created_date").alias("opened_at"),
        "first_review_at",
        "approved_at",
        pl.col("merged_date").alias("merged_at"),
        pl.coalesce("closed_date", "merged_date").alias("closed_at"),
        # Before a merge DevLake holds here what some hosts call the test merge.
        pl.when(pl.col("merged_date").is_not_null())
        .then(pl.col("merge_commit_sha"))
        .alias("merge_sha"),
        pl.col("head_commit_sha").alias("head_sha"),
        pl.col("base_ref").alias("base"),
        pl.col("additions").alias("lines_added"),
        pl.col("deletions").alias("lines_deleted"),
        "labels",
        "updated_at",
    )


def _by_others(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    """Return the first review and the first approval by somebody else than the author."""
    comments = all_rows.of("pull_request_comments", TABLES["pull_request_comments"].columns)
    authors = rows.select("id", "author_id")
    given = comments.join(authors, left_on="pull_request_id", right_on="id").filter(
        pl.col("type").is_in(["REVIEW", "DIFF"]), pl.col("account_id") != pl.col("author_id")
    )
    approved = pl.col("created_date").filter(pl.col("status").str.to_uppercase() == "APPROVED")
    return given.group_by(pl.col("pull_request_id").alias("id")).agg(
        first_review_at=pl.col("created_date").min(), approved_at=approved.min()
    )


def _reviews(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    """Reviews become rows; other comments only date a change's first review."""
    requests = all_rows.of("pull_requests", TABLES["pull_requests"].columns).select(
        pl.col("id").alias("pull_request_id"), "base_repo_id", "pull_request_key"
    )
    reviews = rows.filter(pl.col("type") == "REVIEW").join(
        requests, on="pull_request_id", how="left", maintain_order="left"
    )
    return all_rows.named(reviews, "base_repo_id", "repos", "repo").select(
        "record",
        "repo",
        pl.coalesce("pull_request_key", "pull_request_id").alias("change_id"),
        pl.coalesce("review_id", "id").alias("review_id"),
        pl.col("account_id").alias("reviewer"),
        pl.col("status").str.to_lowercase().alias("state"),
        pl.col("created_date").alias("at"),
        "updated_at",
    )


def _commits(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    where = all_rows.of("repo_commits", LOOKUPS["repo_commits"])
    repos = where.select("repo_id", pl.col("commit_sha").alias("sha")).unique(
        "sha", keep="first", maintain_order=True
    )
    parents = (
        all_rows.of("commit_parents", LOOKUPS["commit_parents"])
        .group_by(pl.col("commit_sha").alias("sha"), maintain_order=True)
        .agg(pl.col("parent_commit_sha").alias("parents"))
    )
    joined = rows.join(repos, on="sha", how="left", maintain_order="left").join(
        parents, on="sha", how="left", maintain_order="left"
    )
    return all_rows.named(joined, "repo_id", "repos", "repo").select(
        "record",
        "repo",
        "sha",
        "parents",
        pl.coalesce("author_email", "author_name").alias("author"),
        pl.col("authored_date").alias("authored_at"),
        pl.col("committed_date").alias("committed_at"),
        pl.col("additions").alias("lines_added"),
        pl.col("deletions").alias("lines_deleted"),
    )


def _refs(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    return all_rows.named(rows, "repo_id", "repos", "repo").select(
        "record",
        "repo",
        pl.col("ref_type").str.to_lowercase().alias("kind"),
        pl.col("name").str.replace("^refs/(tags|heads)/", ""),
        pl.col("commit_sha").alias("sha"),
        pl.col("created_date").alias("created_at"),
        "updated_at",
    )


def _incidents(rows: pl.DataFrame, _: Rows) -> pl.DataFrame:
    return rows.select(
        "record",
        pl.concat_str(pl.lit("devlake:"), "id").alias("incident_id"),
        pl.col("component").alias("service"),
        pl.coalesce("severity", "priority").alias("severity"),
        pl.col("created_date").alias("created_at"),
        pl.when(pl.col("status") == "DONE").then(pl.col("resolution_date")).alias("resolved_at"),
        pl.coalesce("updated_date", "updated_at").alias("updated_at"),
    )


def _incident_issues(rows: pl.DataFrame, all_rows: Rows) -> pl.DataFrame:
    return _incidents(rows.filter(pl.col("type").str.to_uppercase() == "INCIDENT"), all_rows)


_DATES: Final = ("created_date", "queued_date", "started_date", "finished_date")
_INCIDENT: Final = (
    "id", "status", "resolution_date", "created_date", "updated_date", "priority", "severity",
    "component", "updated_at",
)  # fmt: skip

TABLES: Final[dict[str, Table]] = {
    "cicd_deployment_commits": Table(
        table="deployments",
        columns=(
            "id", "cicd_scope_id", "result", "status", "environment", *_DATES, "commit_sha",
            "ref_name", "repo_id", "updated_at",
        ),
        needed=("id", "result", "environment", "finished_date", "commit_sha"),
        rows=_deployments,
    ),
    "cicd_pipelines": Table(
        table="pipeline_runs",
        columns=("id", "name", "result", "status", *_DATES, "cicd_scope_id", "updated_at"),
        needed=("id", "name", "result", "status", "created_date", "finished_date"),
        rows=_runs,
    ),
    "cicd_tasks": Table(
        table="pipeline_jobs",
        columns=(
            "id", "name", "pipeline_id", "result", "status", *_DATES, "cicd_scope_id", "updated_at",
        ),
        needed=("id", "pipeline_id", "result", "started_date"),
        rows=_jobs,
    ),
    "pull_requests": Table(
        table="changes",
        columns=(
            "id", "base_repo_id", "author_name", "author_id", "pull_request_key", "created_date",
            "merged_date", "closed_date", "merge_commit_sha", "base_ref", "head_commit_sha",
            "additions", "deletions", "updated_at",
        ),
        needed=("id", "base_repo_id", "pull_request_key", "created_date", "merged_date"),
        rows=_changes,
    ),
    "pull_request_comments": Table(
        table="reviews",
        columns=(
            "id", "pull_request_id", "account_id", "created_date", "type", "review_id", "status",
            "updated_at",
        ),
        needed=("id", "pull_request_id", "created_date", "type"),
        rows=_reviews,
    ),
    "commits": Table(
        table="commits",
        columns=(
            "sha", "additions", "deletions", "author_name", "author_email", "authored_date",
            "committed_date",
        ),
        needed=("sha", "authored_date", "committed_date"),
        rows=_commits,
    ),
    "refs": Table(
        table="refs",
        columns=("repo_id", "name", "commit_sha", "ref_type", "created_date", "updated_at"),
        needed=("repo_id", "name", "commit_sha", "ref_type"),
        rows=_refs,
    ),
    "incidents": Table(
        table="incidents",
        columns=_INCIDENT,
        needed=("id", "incident_key", "status", "created_date", "resolution_date"),
        rows=_incidents,
    ),
    "issues": Table(
        table="incidents",
        columns=(*_INCIDENT, "type"),
        needed=("id", "issue_key", "type", "status", "created_date", "resolution_date"),
        rows=_incident_issues,
    ),
}  # fmt: skip
"""DevLake's tables that become rows, by name."""
