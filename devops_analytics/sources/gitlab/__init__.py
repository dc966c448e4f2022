"""GitLab: REST answers and webhook events saved as files."""

from typing import Final

from devops_analytics.sources.gitlab.alone import stand_alone
from devops_analytics.sources.gitlab.reading import read, read_many, recognise
from devops_analytics.sources.gitlab.words import (
    DEPLOYMENT_WORDS,
    FAILURE_REASONS,
    STATUS_WORDS,
    TIER_WORDS,
)
from devops_analytics.sources.source import SourceKind

GITLAB: Final = SourceKind(
    kind="gitlab",
    title="GitLab",
    reads="REST answers and webhook events as JSON: projects, pipelines, jobs and trigger jobs, "
    "deployments, environments, merge requests, their notes, approvals and commits, issues, "
    "releases, tags; as arrays, single records or JSON lines, compressed or not",
    tables=(
        "pipeline_runs",
        "pipeline_jobs",
        "deployments",
        "changes",
        "reviews",
        "incidents",
        "refs",
        "commits",
    ),
    read=read,
    read_many=read_many,
    recognise=recognise,
    by_line=stand_alone,
    words={
        "status of a pipeline or job": STATUS_WORDS,
        "reason why a job failed": FAILURE_REASONS,
        "status of a deployment": DEPLOYMENT_WORDS,
        "tier of an environment": TIER_WORDS,
    },
)
