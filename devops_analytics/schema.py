"""The canonical tables: columns, types, units, keys and what null means, declared once.

Every time is `Datetime("us", "UTC")`. Every table also carries where each row came from (`source`,
`source_ref`) and the record's own update time (`updated_at`), which decides between two versions
of one record. The data dictionary in `data/README.md` is generated from this file.
"""

from typing import Final

import dataframely as dy
import polars as pl

RESULTS: Final = (
    "success",
    "failure",
    "error",
    "timeout",
    "cancelled",
    "skipped",
    "in_progress",
    "queued",
    "blocked",
    "unknown",
)
"""What a run, job or deployment came to; a word that a source does not know becomes `unknown`."""

FILE_KINDS: Final = (
    "source",
    "test",
    "docs",
    "ci",
    "infrastructure",
    "dependency",
    "config",
    "generated",
)
REF_KINDS: Final = ("tag", "branch", "release")
ENVIRONMENT_KINDS: Final = ("production", "staging", "test", "development", "unknown")
TRIGGERS: Final = ("pipeline", "person", "schedule")
TITLE_KINDS: Final = ("revert", "hotfix", "other")

TIME: Final = pl.Datetime("us", "UTC")


def _key(description: str) -> dy.String:
    return dy.String(primary_key=True, description=description)


def _text(description: str) -> dy.String:
    return dy.String(nullable=True, description=description)


def _required(description: str) -> dy.String:
    return dy.String(nullable=False, description=description)


def _word(description: str, allowed: tuple[str, ...], *, nullable: bool = True) -> dy.String:
    return dy.String(
        nullable=nullable,
        check={"allowed": lambda column: column.is_in(allowed)},
        metadata={"allowed": allowed},
        description=description,
    )


def _time(description: str, *, nullable: bool = True) -> dy.Datetime:
    return dy.Datetime(time_unit="us", time_zone="UTC", nullable=nullable, description=description)


def _count(description: str) -> dy.Int64:
    return dy.Int64(nullable=True, description=description)


def _flag(description: str) -> dy.Bool:
    return dy.Bool(nullable=True, description=description)


def _words(description: str) -> dy.List:
    return dy.List(dy.String(nullable=True), nullable=True, description=description)


class Traced(dy.Schema):
    """What every canonical table carries besides its own columns."""

    updated_at = _time("when the tool last changed this record; null: the tool does not say")
    source = _required("the source (tool) that the row was read by")
    source_ref = _required("the export and the record in it, as `file:record`")


class Services(Traced):
    """Deployable services, from the settings."""

    service = _key("name of the service")
    team = _text("the team that owns it; null: nobody is declared")
    tier = _count("importance as declared, 1 is highest; null: not declared")
    production_environments = _words(
        "environment names that are production for this service; null: the general rules decide"
    )


class ServiceRepositories(Traced):
    """Which repositories, or which parts of one, a service is built from."""

    service = _key("name of the service")
    repo = _key("name of the repository")
    path_prefix = _key("the service's folder in a monorepo; empty: the whole repository")


class Commits(Traced):
    """Commits of the repositories' histories."""

    repo = _key("name of the repository")
    sha = _key("full commit id, lower case")
    parents = _words("parent shas, first parent first; empty list: a root; null: graph not known")
    author = _text("pseudonym of the author; null: not in the export")
    is_bot = _flag("the author matches a bot rule; null: not known")
    authored_at = _time("when the change was first written (survives a rebase)")
    committed_at = _time("when the commit object was made (a rebase moves it)", nullable=False)
    is_merge = _flag("has two or more parents; null: graph not known")
    files = _count("files changed; null: statistics not read")
    lines_added = _count("lines added; null: statistics not read")
    lines_deleted = _count("lines deleted; null: statistics not read")
    reverts_sha = _text("the commit that this one says it reverts; null: none")
    change_id = _text("the change (pull or merge request) it belongs to; null: not known")
    subject_kind = _word("what the subject line says it is; null: no subject", TITLE_KINDS)


class FileChanges(Traced):
    """Files touched by each commit."""

    repo = _key("name of the repository")
    sha = _key("full commit id")
    path = _key("path of the file after the change")
    lines_added = _count("lines added; null: binary")
    lines_deleted = _count("lines deleted; null: binary")
    kind = _word("what sort of file it is, by its path", FILE_KINDS, nullable=False)


class Refs(Traced):
    """Names that point at commits."""

    repo = _key("name of the repository")
    kind = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in(REF_KINDS)},
        metadata={"allowed": REF_KINDS},
        description="what sort of name it is; a tag and a release may share a name",
    )
    name = _key("name of the tag, branch or release; `HEAD` is the default branch")
    sha = _text("the commit it points at; null: the export names no commit")
    created_at = _time("when the name was made; null: not known")


class Changes(Traced):
    """Pull and merge requests."""

    repo = _key("name of the repository")
    change_id = _key("the request's number or id in its repository")
    author = _text("pseudonym of the author")
    is_bot = _flag("the author matches a bot rule; null: not known")
    opened_at = _time("when it was opened", nullable=False)
    ready_at = _time("when it left draft; null: never a draft, or not in the export")
    first_review_at = _time("first review by someone else; null: none, or not in the export")
    approved_at = _time("first approval; null: none, or not in the export")
    merged_at = _time("when it was merged; null: not merged")
    closed_at = _time("when it was closed, merged or not; null: open")
    merge_sha = _text("the commit that the merge made; null: not merged or not in the export")
    head_sha = _text("last commit of the request's own branch")
    base = _text("the branch it goes to")
    lines_added = _count("lines added; null: not in the export")
    lines_deleted = _count("lines deleted; null: not in the export")
    files = _count("files changed; null: not in the export")
    labels = _words("labels; null: not in the export")
    title_kind = _word("what title, labels and branch say it is", TITLE_KINDS)


class Reviews(Traced):
    """Reviews of changes."""

    repo = _key("name of the repository")
    change_id = _key("the change reviewed")
    review_id = _key("the review's id")
    reviewer = _text("pseudonym of the reviewer")
    state = _text("the tool's own word, lower case (approved, commented, changes_requested …)")
    at = _time("when it was given; null: pending")


class PipelineRuns(Traced):
    """Runs of pipelines (workflows, builds)."""

    repo = _key("name of the repository")
    run_id = _key("the run's id")
    attempt = dy.Int64(primary_key=True, description="1 for the first try, 2 for a re-run …")
    pipeline = _text("name of the pipeline or workflow")
    sha = _text("commit it ran on")
    branch = _text("branch or tag it ran for")
    trigger = _text("the tool's own word for what started it (push, schedule …)")
    queued_at = _time("when it was asked for")
    started_at = _time("when it began to run")
    finished_at = _time("when it ended; null: still going, or not in the export")
    result = _word("what it came to", RESULTS, nullable=False)


class PipelineJobs(Traced):
    """Jobs of pipeline runs."""

    run_id = _key("the run it belongs to")
    attempt = dy.Int64(primary_key=True, description="the run's attempt")
    job_id = _key("the job's id")
    repo = _text("name of the repository; null: not in the export")
    name = _text("name of the job")
    sha = _text("commit it ran on")
    branch = _text("branch it ran for")
    runner = _text("kind of runner (labels); never a person's machine name")
    queued_at = _time("when it was asked for")
    started_at = _time("when it began to run")
    finished_at = _time("when it ended; null: still going")
    result = _word("what it came to", RESULTS, nullable=False)


class Deployments(Traced):
    """Attempts to put a version of a service into an environment."""

    deployment_id = _key("unique over all sources")
    service = _required("the service deployed")
    environment = _text("the environment's own name")
    environment_kind = _word("what the settings' rules make of it", ENVIRONMENT_KINDS)
    repo = _text("repository that `sha` or `ref` belongs to; null: the service's only one")
    sha = _text("commit deployed; null: the export names none, `ref` may lead to it")
    ref = _text("tag, branch or release deployed; null: none named")
    artifact = _text("image, package or version as the export names it")
    started_at = _time("when it began; null: not in the export")
    finished_at = _time("when it reached its result; null: still going, or not in the export")
    result = _word("what it came to", RESULTS, nullable=False)
    trigger = _word("what started it; null: not known", TRIGGERS)
    planned = _flag("false: an emergency change by the tool's own word; null: not said")
    attempt = _count("1 for the first try; null: not known")
    method = _required("how this row was known: reported, or declared from tags, runs, merges …")


class Incidents(Traced):
    """Things that went wrong in service (or planned maintenance, marked as planned)."""

    incident_id = _key("unique over all sources")
    service = _text("service affected; null: none that the settings know")
    severity = _text("the tool's own word")
    title_kind = _text("what the title says it is, by the settings' rules; null: no rule fits")
    started_at = _time("when users were first affected; null: use created_at")
    detected_at = _time("when somebody or something noticed")
    created_at = _time("when the record was made")
    acknowledged_at = _time("when somebody took it")
    mitigated_at = _time("when users were no longer affected")
    resolved_at = _time("when it was closed; null: open")
    detected_by = _text("monitoring, customer …; null: not said")
    planned = _flag("planned maintenance: no incident; null: not said, counted as unplanned")
    review_url = _text("link to the review; null: none")
    deployment_id = _text("the deployment that the record itself names as cause; null: none")
    sha = _text("the commit that the record itself names as cause; null: none")


class Feeds(dy.Schema):
    """What is known of a source's coverage: it separates zero from unknown."""

    source = _key("the source")
    table = _key("the canonical table it feeds")
    service = _key("service or repository; `*` is the whole source")
    first_at = _time("first event")
    last_at = _time("last event")
    rows = dy.Int64(description="rows loaded")
    longest_gap = dy.Duration(
        nullable=True,
        description="longest silence between events of different days (UTC); null: all on one day",
    )
    live_from = _time("start of the time that the feed can speak for")
    live_to = _time("end of that time: after it, nothing is known")


TABLES: Final[dict[str, type[Traced]]] = {
    "services": Services,
    "service_repositories": ServiceRepositories,
    "commits": Commits,
    "file_changes": FileChanges,
    "refs": Refs,
    "changes": Changes,
    "reviews": Reviews,
    "pipeline_runs": PipelineRuns,
    "pipeline_jobs": PipelineJobs,
    "deployments": Deployments,
    "incidents": Incidents,
}
"""The canonical tables that exports become, by name."""

TABLE_WORDS: Final[dict[str, str]] = {
    "commits": "commits",
    "file_changes": "files changed by commits",
    "refs": "tags and branches",
    "changes": "pull or merge requests",
    "reviews": "reviews",
    "pipeline_runs": "pipeline runs",
    "pipeline_jobs": "pipeline jobs",
    "deployments": "deployments",
    "incidents": "incidents",
    "services": "services",
    "service_repositories": "repositories of services",
}
"""What people call the canonical tables."""

EVENT_TIME: Final[dict[str, tuple[str, ...]]] = {
    "commits": ("committed_at",),
    "refs": ("created_at",),
    "changes": ("merged_at", "opened_at"),
    "reviews": ("at",),
    "pipeline_runs": ("started_at", "queued_at"),
    "pipeline_jobs": ("started_at", "queued_at"),
    "deployments": ("finished_at", "started_at"),
    "incidents": ("started_at", "created_at"),
}
"""For each table with events, the columns that date one: the first that is not null."""


def polars_schema(table: str) -> dict[str, pl.DataType]:
    """Return a table's columns and Polars types, in the order of the declaration."""
    return {name: column.dtype for name, column in TABLES[table].columns().items()}


def empty(table: str) -> pl.DataFrame:
    """Return the table with no rows."""
    return pl.DataFrame(schema=polars_schema(table))
