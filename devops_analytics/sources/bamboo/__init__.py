"""Bamboo: answers of its REST API saved as files."""

from typing import Final

from devops_analytics.sources.bamboo.reading import read, read_many, recognise
from devops_analytics.sources.bamboo.words import BUILD_WORDS, DEPLOYMENT_WORDS, LIFE_CYCLE_WORDS
from devops_analytics.sources.source import SourceKind

BAMBOO: Final = SourceKind(
    kind="bamboo",
    title="Bamboo",
    reads="results of plans and jobs, deployment projects and results of deployments as JSON",
    tables=("pipeline_runs", "pipeline_jobs", "deployments"),
    read=read,
    read_many=read_many,
    recognise=recognise,
    words={
        "life cycle state": LIFE_CYCLE_WORDS,
        "build state": BUILD_WORDS,
        "deployment state": DEPLOYMENT_WORDS,
    },
)
