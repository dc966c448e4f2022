"""The canonical tables: columns, types, units, keys and what null means, declared once.

Every time is `Datetime("us", "UTC")`. Every table also carries where each row came from (`source`,
`source_ref`) and the record's own update time (`updated_at`), which decides between two versions
of one record. The data dictionary in `data/README.md` is generated from this file.
"""

from typing import Final

import dataframely as dy
import polars as pl

from devops_analytics.schema_columns import (
    Traced,
    count,
    flag,
    key,
    required,
    text,
    time,
    word,
    words,
)
from devops_analytics.schema_evidence import (
    Alerts,
    Answers,
    Attestations,
    Components,
    Findings,
    InfrastructureFiles,
    InfrastructurePlans,
    Scans,
    Sightings,
    TestResults,
)

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


class Services(Traced):
    """Deployable services, from the settings."""

    service = key("name of the service")
    team = text("the team that owns it; null: nobody is declared")
    tier = count("importance as declared, 1 is highest; null: not declared")
    production_environments = words(
        "environment names that are production for this service; null: the general rules decide"
    )


class ServiceRepositories(Traced):
    """Which repositories, or which parts of one, a service is built from."""

    service = key("name of the service")
    repo = key("name of the repository")
    path_prefix = key("the service's folder in a monorepo; empty: the whole repository")


class Commits(Traced):
    """Commits of the repositories' histories."""

    repo = key("name of the repository")
    sha = key("full commit id, lower case")
    parents = words("parent shas, first parent first; empty list: a root; null: graph not known")
    author = text("pseudonym of the author; null: not in the export")
    is_bot = flag("the author matches a bot rule; null: not known")
    authored_at = time("when the change was first written (survives a rebase)")
    committed_at = time("when the commit object was made (a rebase moves it)", nullable=False)
    is_merge = flag("has two or more parents; null: graph not known")
    files = count("files changed; null: statistics not read")
    lines_added = count("lines added; null: statistics not read")
    lines_deleted = count("lines deleted; null: statistics not read")
    reverts_sha = text("the commit that this one says it reverts; null: none")
    change_id = text("the change (pull or merge request) it belongs to; null: not known")
    subject_kind = word("what the subject line says it is; null: no subject", TITLE_KINDS)


class FileChanges(Traced):
    """Files touched by each commit."""

    repo = key("name of the repository")
    sha = key("full commit id")
    path = key("path of the file after the change")
    lines_added = count("lines added; null: binary")
    lines_deleted = count("lines deleted; null: binary")
    kind = word("what sort of file it is, by its path", FILE_KINDS, nullable=False)


class Refs(Traced):
    """Names that point at commits."""

    repo = key("name of the repository")
    kind = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in(REF_KINDS)},
        metadata={"allowed": REF_KINDS},
        description="what sort of name it is; a tag and a release may share a name",
    )
    name = key("name of the tag, branch or release; `HEAD` is the default branch")
    sha = text("the commit it points at; null: the export names no commit")
    created_at = time("when the name was made; null: not known")


class Changes(Traced):
    """Pull and merge requests."""

    repo = key("name of the repository")
    change_id = key("the request's number or id in its repository")
    author = text("pseudonym of the author")
    is_bot = flag("the author matches a bot rule; null: not known")
    opened_at = time("when it was opened", nullable=False)
    ready_at = time("when it left draft; null: never a draft, or not in the export")
    first_review_at = time("first review by someone else; null: none, or not in the export")
    approved_at = time("first approval; null: none, or not in the export")
    merged_at = time("when it was merged; null: not merged")
    closed_at = time("when it was closed, merged or not; null: open")
    merge_sha = text("the commit that the merge made; null: not merged or not in the export")
    head_sha = text("last commit of the request's own branch")
    base = text("the branch it goes to")
    lines_added = count("lines added; null: not in the export")
    lines_deleted = count("lines deleted; null: not in the export")
    files = count("files changed; null: not in the export")
    labels = words("labels; null: not in the export")
    title_kind = word("what title, labels and branch say it is", TITLE_KINDS)


class Reviews(Traced):
    """Reviews of changes."""

    repo = key("name of the repository")
    change_id = key("the change reviewed")
    review_id = key("the review's id")
    reviewer = text("pseudonym of the reviewer")
    state = text("the tool's own word, lower case (approved, commented, changes_requested …)")
    at = time("when it was given; null: pending")


class PipelineRuns(Traced):
    """Runs of pipelines (workflows, builds)."""

    repo = key("name of the repository")
    run_id = key("the run's id")
    attempt = dy.Int64(primary_key=True, description="1 for the first try, 2 for a re-run …")
    pipeline = text("name of the pipeline or workflow")
    sha = text("commit it ran on")
    branch = text("branch or tag it ran for")
    trigger = text("the tool's own word for what started it (push, schedule …)")
    queued_at = time("when it was asked for")
    started_at = time("when it began to run")
    finished_at = time("when it ended; null: still going, or not in the export")
    result = word("what it came to", RESULTS, nullable=False)


class PipelineJobs(Traced):
    """Jobs of pipeline runs."""

    run_id = key("the run it belongs to")
    attempt = dy.Int64(primary_key=True, description="the run's attempt")
    job_id = key("the job's id")
    repo = text("name of the repository; null: not in the export")
    name = text("name of the job")
    sha = text("commit it ran on")
    branch = text("branch it ran for")
    runner = text("kind of runner (labels); never a person's machine name")
    queued_at = time("when it was asked for")
    started_at = time("when it began to run")
    finished_at = time("when it ended; null: still going")
    result = word("what it came to", RESULTS, nullable=False)


class Deployments(Traced):
    """Attempts to put a version of a service into an environment."""

    deployment_id = key("unique over all sources")
    service = required("the service deployed")
    environment = text("the environment's own name")
    environment_kind = word("what the settings' rules make of it", ENVIRONMENT_KINDS)
    repo = text("repository that `sha` or `ref` belongs to; null: the service's only one")
    sha = text("commit deployed; null: the export names none, `ref` may lead to it")
    ref = text("tag, branch or release deployed; null: none named")
    artifact = text("image, package or version as the export names it")
    started_at = time("when it began; null: not in the export")
    finished_at = time("when it reached its result; null: still going, or not in the export")
    result = word("what it came to", RESULTS, nullable=False)
    trigger = word("what started it; null: not known", TRIGGERS)
    planned = flag("false: an emergency change by the tool's own word; null: not said")
    attempt = count("1 for the first try; null: not known")
    method = required("how this row was known: reported, or declared from tags, runs, merges …")


class Incidents(Traced):
    """Things that went wrong in service (or planned maintenance, marked as planned)."""

    incident_id = key("unique over all sources")
    service = text("service affected; null: none that the settings know")
    severity = text("the tool's own word")
    title_kind = text("what the title says it is, by the settings' rules; null: no rule fits")
    started_at = time("when users were first affected; null: use created_at")
    detected_at = time("when somebody or something noticed")
    created_at = time("when the record was made")
    acknowledged_at = time("when somebody took it")
    mitigated_at = time("when users were no longer affected")
    resolved_at = time("when it was closed; null: open")
    detected_by = text("monitoring, customer …; null: not said")
    planned = flag("planned maintenance: no incident; null: not said, counted as unplanned")
    review_url = text("link to the review; null: none")
    deployment_id = text("the deployment that the record itself names as cause; null: none")
    sha = text("the commit that the record itself names as cause; null: none")


class Feeds(dy.Schema):
    """What is known of a source's coverage: it separates zero from unknown."""

    source = key("the source")
    table = key("the canonical table it feeds")
    service = key("service or repository; `*` is the whole source")
    first_at = time("first event")
    last_at = time("last event")
    rows = dy.Int64(description="rows loaded; for findings, with the scans that tell of them")
    longest_gap = dy.Duration(
        nullable=True,
        description="longest silence between events of different days (UTC); null: all on one day",
    )
    live_from = time("start of the time that the feed can speak for")
    live_to = time("end of that time: after it, nothing is known")


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
    "test_results": TestResults,
    "alerts": Alerts,
    "findings": Findings,
    "sightings": Sightings,
    "scans": Scans,
    "components": Components,
    "infrastructure_files": InfrastructureFiles,
    "infrastructure_plans": InfrastructurePlans,
    "answers": Answers,
    "attestations": Attestations,
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
    "test_results": "test results",
    "alerts": "alerts",
    "findings": "findings of scanners",
    "sightings": "findings of single scans",
    "scans": "scans",
    "components": "components of bills of materials",
    "infrastructure_files": "files of infrastructure as code",
    "infrastructure_plans": "plans of infrastructure tools",
    "answers": "survey answers",
    "attestations": "attestations",
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
    "test_results": ("at",),
    "alerts": ("started_at",),
    "findings": ("first_seen_at",),
    "sightings": ("at",),
    "scans": ("at",),
    "components": ("at",),
    "infrastructure_files": ("at",),
    "infrastructure_plans": ("at",),
    "answers": ("at",),
    "attestations": ("at",),
}
"""For each table with events, the columns that date one: the first that is not null."""

ABOUT: Final[dict[str, str]] = {
    "deployments": "service",
    "incidents": "service",
    "alerts": "service",
    "infrastructure_plans": "service",
    "answers": "team",
    "attestations": "subject",
} | dict.fromkeys(
    (
        "commits",
        "refs",
        "changes",
        "reviews",
        "pipeline_runs",
        "pipeline_jobs",
        "file_changes",
        "test_results",
        "findings",
        "sightings",
        "scans",
        "components",
        "infrastructure_files",
    ),
    "repo",
)
"""For each table with events, the column that says what its rows are about."""

AHEAD: Final = ("updated_at", "expires_at")
"""Times that are no events: they may lie after the moment that the answers are for."""


def polars_schema(table: str) -> dict[str, pl.DataType]:
    """Return a table's columns and Polars types, in the order of the declaration."""
    return {name: column.dtype for name, column in TABLES[table].columns().items()}


def empty(table: str) -> pl.DataFrame:
    """Return the table with no rows."""
    return pl.DataFrame(schema=polars_schema(table))
