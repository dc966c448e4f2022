"""Azure DevOps: answers of its REST API saved as files."""

from typing import Final

from devops_analytics.sources.azure_devops.reading import read, read_many, recognise
from devops_analytics.sources.azure_devops.words import (
    BUILD_WORDS,
    DEPLOYMENT_WORDS,
    OPERATION_WORDS,
    TASK_WORDS,
)
from devops_analytics.sources.source import SourceKind

AZURE_DEVOPS: Final = SourceKind(
    kind="azuredevops",
    title="Azure DevOps",
    reads="REST answers as JSON: builds and their timelines, deployments of releases, deployments "
    "to environments, pull requests with votes, threads and commits, tags, branches, "
    "repositories, work items",
    tables=(
        "pipeline_runs",
        "pipeline_jobs",
        "deployments",
        "changes",
        "reviews",
        "commits",
        "refs",
        "incidents",
    ),
    read=read,
    read_many=read_many,
    recognise=recognise,
    words={
        "status or result of a build": BUILD_WORDS,
        "state or result of a job": TASK_WORDS,
        "status of a release's deployment": DEPLOYMENT_WORDS,
        "operation status of a release's deployment": OPERATION_WORDS,
    },
)
