"""The kinds of GitLab's records: what each is known by, and what becomes of it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from devops_analytics.sources.gitlab.deployments import deployment, deployment_of_event, told_of
from devops_analytics.sources.gitlab.events import (
    DeploymentEvent,
    IssueEvent,
    JobEvent,
    PipelineEvent,
    ReleaseEvent,
    RequestEvent,
)
from devops_analytics.sources.gitlab.history import commit, release, release_of_event, tag
from devops_analytics.sources.gitlab.issues import incident, incident_of_event
from devops_analytics.sources.gitlab.known import Known
from devops_analytics.sources.gitlab.records import (
    Approvals,
    Commit,
    Deployment,
    Discussion,
    Environment,
    Issue,
    Job,
    Listed,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Release,
    Tag,
)
from devops_analytics.sources.gitlab.requests import (
    Reviewed,
    approvals_told,
    change,
    change_of_event,
    review,
    reviews_of_discussion,
)
from devops_analytics.sources.gitlab.runs import job, job_of_event, run, run_of_event
from devops_analytics.sources.hotfixes import Hotfixes
from devops_analytics.sources.json_kinds import Keys, Reading, RecordKind, Row, with_keys

ISSUE: Final = "issue"
NOT_COMPUTED: Final = "branch, check or other event"

IsOne = Callable[[Keys], bool]


def _event(*kinds: str) -> IsOne:
    named = {f'"{kind}"'.encode() for kind in kinds}
    return lambda keys: "object_kind" in keys and bytes(keys["object_kind"]) in named


def _of_event(attributes: str, *kinds: str) -> IsOne:
    is_named = _event(*kinds)
    return lambda keys: attributes in keys and is_named(keys)


def _is_other(keys: Keys) -> bool:
    is_branch = with_keys("name", "commit", "merged", "protected")(keys)
    is_check = with_keys("sha", "ref", "status", "name", "target_url")(keys)
    return is_branch or is_check or with_keys("object_kind")(keys)


SHAPES: Final = (
    RecordKind(
        name="pipeline event",
        is_one=_of_event("object_attributes", "pipeline"),
        table="pipeline_runs",
        struct=PipelineEvent,
    ),
    RecordKind(
        name="job event",
        is_one=_of_event("build_id", "build"),
        table="pipeline_jobs",
        struct=JobEvent,
    ),
    RecordKind(
        name="deployment event",
        is_one=_of_event("deployment_id", "deployment"),
        table="deployments",
        struct=DeploymentEvent,
    ),
    RecordKind(
        name="merge request event",
        is_one=_of_event("object_attributes", "merge_request"),
        table="changes",
        struct=RequestEvent,
    ),
    RecordKind(
        name="issue event",
        is_one=_of_event("object_attributes", "issue", "work_item"),
        table="incidents",
        struct=IssueEvent,
    ),
    RecordKind(
        name="release event", is_one=_of_event("tag", "release"), table="refs", struct=ReleaseEvent
    ),
    RecordKind(
        name="deployment",
        is_one=with_keys("id", "iid", "sha", "ref", "status", "environment", "deployable"),
        table="deployments",
        struct=Deployment,
    ),
    RecordKind(
        name="environment",
        is_one=with_keys("id", "name", "slug", "external_url"),
        table="deployments",
        struct=Environment,
    ),
    RecordKind(
        name="job",
        is_one=with_keys("id", "name", "status", "stage", "pipeline"),
        table="pipeline_jobs",
        struct=Job,
    ),
    RecordKind(
        name="pipeline",
        is_one=with_keys("id", "sha", "ref", "status", "web_url", without=("object_kind",)),
        table="pipeline_runs",
        struct=Pipeline,
    ),
    RecordKind(
        name="merge request",
        is_one=with_keys("id", "iid", "source_branch", "target_branch"),
        table="changes",
        struct=MergeRequest,
    ),
    RecordKind(
        name="note",
        is_one=with_keys("id", "body", "system", "noteable_type", "noteable_id"),
        table="reviews",
        struct=Note,
    ),
    RecordKind(
        name="discussion",
        is_one=with_keys("id", "individual_note", "notes"),
        table="reviews",
        struct=Discussion,
    ),
    RecordKind(
        name="approvals",
        is_one=lambda keys: (
            "approved_by" in keys and bool({"user_has_approved", "approvals_left"} & keys.keys())
        ),
        table="reviews",
        struct=Approvals,
    ),
    RecordKind(
        name=ISSUE,
        is_one=with_keys("id", "iid", "project_id", "state", "labels", "web_url"),
        table="incidents",
        struct=Issue,
    ),
    RecordKind(
        name="commit",
        is_one=with_keys("id", "short_id", "title", "author_name"),
        table="commits",
        struct=Commit,
    ),
    RecordKind(
        name="release",
        is_one=with_keys("tag_name", "released_at"),
        table="refs",
        struct=Release,
    ),
    RecordKind(name="tag", is_one=with_keys("name", "target", "commit"), table="refs", struct=Tag),
    RecordKind(
        name="project",
        is_one=with_keys("id", "path_with_namespace"),
        table="pipeline_runs",
        struct=Project,
    ),
    RecordKind(name=NOT_COMPUTED, is_one=_is_other, table="pipeline_runs", struct=Listed),
)
"""Every kind of record, the surest first, before anything of its entry is known."""


def kinds_of(known: Known, found: Reviewed, hotfixes: Hotfixes) -> tuple[RecordKind, ...]:
    """Return the kinds with what becomes of each, by all that is known of the entry."""
    rows: dict[str, Callable[[Any, Reading], Iterable[Row]]] = {
        "pipeline event": partial(run_of_event, known=known),
        "job event": partial(job_of_event, known=known),
        "deployment event": partial(deployment_of_event, known=known),
        "merge request event": partial(
            change_of_event, known=known, found=found, hotfixes=hotfixes
        ),
        "issue event": partial(incident_of_event, known=known),
        "release event": partial(release_of_event, known=known),
        "deployment": partial(deployment, known=known),
        "environment": told_of,
        "job": partial(job, known=known),
        "pipeline": partial(run, known=known),
        "merge request": partial(change, known=known, found=found, hotfixes=hotfixes),
        "note": partial(review, known=known),
        "discussion": partial(reviews_of_discussion, known=known),
        "approvals": partial(approvals_told, known=known),
        ISSUE: partial(incident, known=known),
        "commit": partial(commit, known=known, hotfixes=hotfixes),
        "release": partial(release, known=known),
        "tag": partial(tag, known=known),
        "project": told_of,
    }
    return tuple(replace(one, rows=rows.get(one.name)) for one in SHAPES)
