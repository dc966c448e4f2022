"""Bitbucket: answers of its REST API saved as files."""

from typing import Final

from devops_analytics.sources.bitbucket.reading import read, read_many, recognise
from devops_analytics.sources.bitbucket.words import DEPLOYMENT_WORDS, PIPELINE_WORDS, STEP_WORDS
from devops_analytics.sources.source import SourceKind

BITBUCKET: Final = SourceKind(
    kind="bitbucket",
    title="Bitbucket",
    reads="REST answers of Bitbucket Cloud as JSON: pipelines, their steps, deployments and "
    "environments, pull requests with their activity, comments and commits, tags, branches, "
    "issues and their changes; pull requests of Data Center",
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
        "state or result of a pipeline": PIPELINE_WORDS,
        "state or result of a step": STEP_WORDS,
        "state or status of a deployment": DEPLOYMENT_WORDS,
    },
)
