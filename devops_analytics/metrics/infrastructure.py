"""Infrastructure: is it described by code, changed by review, and as its code says?"""

from typing import Final

import polars as pl

from devops_analytics.linking.graph import NOT_CARRIED, merged_by, read_graphs
from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    REPOSITORY_ATTRIBUTION,
    as_observations,
    by_commit,
    by_repository,
)
from devops_analytics.metrics.components import AGE_CHOICES, IMAGES, MODULES, component_age
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.states import (
    MONTH_DAYS,
    MONTHLY_SNAPSHOTS,
    SNAPSHOTS,
    WEEK_DAYS,
    at_moments,
    moments,
)
from devops_analytics.text import filled

_NO_END: Final = pl.lit(None, pl.Datetime("us", "UTC"))


def repositories_under_code(evidence: Evidence) -> pl.LazyFrame:
    """Mark each repository that holds infrastructure as code.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where it does, `key` the repository.
    """
    known = _repositories_with_files(evidence)
    under_code = _described(evidence).group_by("repo").agg(code_at=pl.col("from_at").min())
    spans = known.join(under_code, on="repo", how="left").with_columns(key="repo")
    return as_observations(by_repository(_marked(spans, evidence), evidence))


def services_under_code(evidence: Evidence) -> pl.LazyFrame:
    """Mark each service whose repositories describe its infrastructure as code.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where one does, `key` the service. Services
        without a repository whose files are known are left out.
    """
    parts = evidence.tables["service_repositories"].select(
        "service", "repo", folder=pl.col("path_prefix").str.strip_chars("/")
    )
    known = (
        parts.join(_repositories_with_files(evidence), on="repo")
        .group_by("service")
        .agg(pl.col("from_at").min())
    )
    folders = parts.filter(pl.col("folder") != "").select("repo", "folder").unique()
    is_in = pl.col("path").str.starts_with(pl.concat_str("folder", pl.lit("/")))
    placed = (
        _described(evidence)
        .join(folders, on="repo", how="left")
        .with_columns(owner=pl.when(is_in).then("folder"))
        .group_by("repo", "path")
        .agg(pl.col("from_at").min(), folders=pl.col("owner").drop_nulls())
    )
    is_own = pl.col("folder").is_in(pl.col("folders")) | (pl.col("folder") == "")
    under_code = (
        parts.join(placed, on="repo")
        .filter(is_own | (pl.col("folders").list.len() == 0))
        .group_by("service")
        .agg(code_at=pl.col("from_at").min())
    )
    spans = known.join(under_code, on="service", how="left").with_columns(key="service")
    return as_observations(_marked(spans, evidence))


def infrastructure_changes_by_merge(evidence: Evidence) -> pl.LazyFrame:
    """Mark each commit to infrastructure on the trunk that came by a merged change.

    Returns:
        Observations: `at` is when it was committed, `value` 1 where it names a change, is what a
        change was merged by, or was brought in by a merge commit, `key` repo@sha.
    """
    tables = evidence.tables
    touched = (
        tables["file_changes"]
        .filter(pl.col("kind") == "infrastructure")
        .select("repo", "sha")
        .unique()
    )
    counted = pl.lit(evidence.definitions.count_bots) | ~pl.col("is_bot").fill_null(value=False)
    merges = tables["changes"].select("repo", sha="merge_sha", is_merged=pl.lit(value=True))
    commits = (
        tables["commits"]
        .filter(counted & ~pl.col("is_merge").fill_null(value=False))
        .join(touched, on=["repo", "sha"])
        .join(_on_trunk(evidence, touched).lazy(), on=["repo", "sha"])
        .join(merges.drop_nulls().unique(), on=["repo", "sha"], how="left")
        .with_columns(
            at="committed_at",
            value=pl.col("change_id").is_not_null()
            | pl.col("brought_in")
            | pl.col("is_merged").fill_null(value=False),
            observed=pl.lit(value=True),
            key=filled("{}@{}", "repo", "sha"),
        )
    )
    return as_observations(by_commit(commits, evidence))


def infrastructure_drift(evidence: Evidence) -> pl.LazyFrame:
    """Mark each plan that found resources to differ from what the code last made.

    Returns:
        Observations: `at` is when the plan was made, `value` 1 where any resource had drifted,
        `key` the plan_id. Plans that do not tell are left out.
    """
    plans = (
        evidence.tables["infrastructure_plans"]
        .filter((pl.col("kind") == "plan") & pl.col("succeeded").fill_null(value=True))
        .drop_nulls(["at", "drifted"])
        .with_columns(value=pl.col("drifted") > 0, observed=pl.lit(value=True), key="plan_id")
    )
    is_named = pl.col("service").is_not_null()
    unnamed = by_repository(plans.filter(~is_named).drop("service"), evidence)
    return pl.concat([as_observations(plans.filter(is_named)), as_observations(unnamed)])


def base_image_age(evidence: Evidence) -> pl.LazyFrame:
    """Return `component_age` of container images."""
    return component_age(evidence, pl.col("purl").str.contains(IMAGES))


def module_age(evidence: Evidence) -> pl.LazyFrame:
    """Return `component_age` of modules of infrastructure."""
    return component_age(evidence, pl.col("purl").str.contains(MODULES))


def _repositories_with_files(evidence: Evidence) -> pl.LazyFrame:
    """Return repo and from_at: since when the files of a repository are known."""
    tables = evidence.tables
    dated = tables["file_changes"].select("repo", "sha").unique()
    commits = tables["commits"].select("repo", "sha", from_at="committed_at")
    return (
        commits.join(dated, on=["repo", "sha"], how="semi")
        .group_by("repo")
        .agg(pl.col("from_at").min())
    )


def _described(evidence: Evidence) -> pl.LazyFrame:
    """Return repo, path, from_at of infrastructure as code, since a commit first touched it.

    Where the files at the head of the repository were looked at, they are all that counts.
    """
    tables = evidence.tables
    dates = tables["commits"].select("repo", "sha", "committed_at")
    files = tables["infrastructure_files"].select("repo", "path", "at")
    looked_at = files.select("repo").unique()
    touched = (
        tables["file_changes"]
        .join(dates, on=["repo", "sha"])
        .group_by("repo", "path", is_code=pl.col("kind") == "infrastructure")
        .agg(from_at=pl.col("committed_at").min())
    )
    told = touched.filter("is_code").join(looked_at, on="repo", how="anti")
    seen = files.join(touched, on=["repo", "path"], how="left").with_columns(
        from_at=pl.coalesce("from_at", "at")
    )
    columns = ("repo", "path", "from_at")
    return pl.concat([told.select(columns), seen.select(columns)])


def _marked(spans: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Return rows with from_at and code_at at moments: 1 from code_at on."""
    rows = at_moments(spans.with_columns(to_at=_NO_END), moments(evidence))
    return rows.with_columns(
        value=(pl.col("code_at") <= pl.col("at")).fill_null(value=False),
        observed=pl.lit(value=True),
        source_ref=pl.lit(None, pl.String),
    )


def _on_trunk(evidence: Evidence, touched: pl.LazyFrame) -> pl.DataFrame:
    """Return repo, sha, brought_in (by a merge commit) of commits that the trunk leads to.

    Only where refs tell the head of the trunk and the graph is known.
    """
    refs = evidence.tables["refs"].filter(pl.col("name") == "HEAD").drop_nulls("sha")
    heads = dict(
        refs.join(touched, on="repo", how="semi").select("repo", "sha").collect().iter_rows()
    )
    known = evidence.tables["commits"].filter(pl.col("parents").list.len() > 0)
    repos = known.filter(pl.col("repo").is_in(list(heads))).select("repo").unique().collect()
    schema = {"repo": pl.String(), "sha": pl.String(), "brought_in": pl.Boolean()}
    frames = [pl.DataFrame(schema=schema)]
    for repo, graph in read_graphs(evidence.tables, sorted(repos["repo"])).items():
        head = graph.number_of(heads[repo])
        if head is None:
            continue
        owner = pl.Series("owner", merged_by(graph, head))
        placed = graph.commits.select("repo", "sha").with_columns(owner).with_row_index("number")
        frames.append(
            placed.filter(pl.col("owner") != NOT_CARRIED).select(
                "repo", "sha", brought_in=pl.col("owner") != pl.col("number")
            )
        )
    return pl.concat(frames)


_FILES: Final = (
    "Terraform, OpenTofu, Ansible, Kubernetes, Helm, Kustomize, Docker, Pulumi, CloudFormation and "
    "others, by path; where the head of the repository was looked at (a source of kind "
    "infrastructure), by content too, and then only what is there counts; under code from the "
    "commit that first touched such a file"
)
_UNKNOWN: Final = "No live history with file statistics covers the end of the period."

REPOSITORIES_UNDER_CODE: Final = Metric(
    id="repositories_under_code",
    name="Repositories with infrastructure as code",
    question="Is infrastructure described where the software is?",
    family="infrastructure",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Repositories that hold infrastructure as code ÷ repositories whose files are known, at "
        "the end of the period."
    ),
    choices=f"{SNAPSHOTS}; {_FILES}; {REPOSITORY_ATTRIBUTION}.",
    unknown_when=_UNKNOWN,
    misleads_when=(
        "Libraries have no infrastructure, and one repository may describe that of all others; "
        "files that were deleted count where only the history is known."
    ),
    moved_without_improvement="Adding a Dockerfile that nothing is built from.",
    source=(
        "DORA capability 'Version control' (system and application configuration under version "
        "control); the share is this project's choice."
    ),
    needs=("file_changes",),
    observe=repositories_under_code,
    state_days=WEEK_DAYS,
)

SERVICES_UNDER_CODE: Final = Metric(
    id="services_under_code",
    name="Services with infrastructure as code",
    question="Could each service's infrastructure be made again from code?",
    family="infrastructure",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Services with infrastructure as code in a repository of theirs ÷ services with a "
        "repository whose files are known, at the end of the period."
    ),
    choices=(
        f"{SNAPSHOTS}; {_FILES}; of a repository with folders of services, what is in the "
        "service's own folder or in no service's."
    ),
    unknown_when=_UNKNOWN,
    misleads_when=(
        "A service's infrastructure is described in a repository that is not declared as one of "
        "its own; one file is enough to count."
    ),
    moved_without_improvement="Adding a Dockerfile that nothing is built from.",
    source=REPOSITORIES_UNDER_CODE.source,
    needs=("file_changes",),
    observe=services_under_code,
    state_days=WEEK_DAYS,
)

INFRASTRUCTURE_CHANGES_BY_MERGE: Final = Metric(
    id="infrastructure_changes_by_merge",
    name="Infrastructure changes by merge",
    question="Do changes to infrastructure go the way that changes to software go?",
    family="infrastructure",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Commits to infrastructure as code on the trunk that came by a merged change ÷ commits to "
        "it on the trunk, in the period in which they were committed."
    ),
    choices=(
        "A commit came by a change if it names one, if a change was merged by it, or if a merge "
        "commit brought it in; repositories whose trunk or graph is not known are left out, and "
        "so are merge commits, and commits of bots unless count_bots is set; what is "
        f"infrastructure follows from the files' paths; {ATTRIBUTION}."
    ),
    unknown_when="No live exports of files changed and of pull or merge requests cover the period.",
    misleads_when=(
        "Changes are rebased, so that only their last commit is known; a program writes to the "
        "repository by design."
    ),
    moved_without_improvement="Merging one's own changes unread.",
    source="DORA capabilities 'Version control' and 'Streamlining change approval'.",
    needs=("file_changes", "changes"),
    observe=infrastructure_changes_by_merge,
)

INFRASTRUCTURE_DRIFT: Final = Metric(
    id="infrastructure_drift",
    name="Infrastructure drift",
    question="Is infrastructure changed by hand, past its code?",
    family="infrastructure",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Plans that found resources changed outside of the tool ÷ plans that looked, in the "
        "period in which they were made."
    ),
    choices=(
        "What `terraform show -json` lists as resource_drift, data sources and no-ops left out; "
        "plans that failed, or do not say, are left out; a plan of no declared service belongs to "
        "those built from its repository."
    ),
    unknown_when="No live export of plans covers the period.",
    misleads_when=(
        "Plans are only made where something is to be changed; a plan told not to refresh finds "
        "nothing; each plan counts, however much it covers."
    ),
    moved_without_improvement="Planning often, or telling plans to ignore attributes.",
    source="Terraform, JSON output format (resource_drift), 2026.",
    needs=("infrastructure_plans",),
    observe=infrastructure_drift,
    feeds_speak_for_all=True,
)

BASE_IMAGE_AGE: Final = Metric(
    id="base_image_age",
    name="Base image age",
    question="For how long have container images stood at their version?",
    family="infrastructure",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Half of the container images listed at the end of the period have stood at their version "
        "for at most so long."
    ),
    choices=(
        f"{MONTHLY_SNAPSHOTS}; images are components of bills of materials with a package URL of "
        f"type oci or docker; {AGE_CHOICES}; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of bills of materials covers the end of the period.",
    misleads_when="Bills of an image list what is in it, and not what it was built from.",
    moved_without_improvement="Building anew under another name.",
    source="This project's choice: what is not rebuilt keeps the weaknesses of its base.",
    needs=("components",),
    observe=base_image_age,
    state_days=MONTH_DAYS,
)

MODULE_AGE: Final = Metric(
    id="module_age",
    name="Infrastructure module age",
    question="For how long have modules of infrastructure stood at their version?",
    family="infrastructure",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Half of the modules of infrastructure listed at the end of the period have stood at their "
        "version for at most so long."
    ),
    choices=(
        f"{MONTHLY_SNAPSHOTS}; modules are components of bills of materials with a package URL of "
        f"Terraform, OpenTofu, Helm, Puppet, Ansible or Chef; {AGE_CHOICES}; "
        f"{REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of bills of materials covers the end of the period.",
    misleads_when="Few tools list modules in bills of materials.",
    moved_without_improvement="Updating what needs none, for the number.",
    source="This project's choice, as for the age of dependencies.",
    needs=("components",),
    observe=module_age,
    state_days=MONTH_DAYS,
)

INFRASTRUCTURE: Final[tuple[Metric, ...]] = (
    REPOSITORIES_UNDER_CODE,
    SERVICES_UNDER_CODE,
    INFRASTRUCTURE_CHANGES_BY_MERGE,
    INFRASTRUCTURE_DRIFT,
    BASE_IMAGE_AGE,
    MODULE_AGE,
)
"""The metrics of this family, in report order."""
