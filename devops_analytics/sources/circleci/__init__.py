"""CircleCI: answers of its API saved as files."""

from typing import Final

from devops_analytics.sources.circleci.reading import read, read_many, recognise
from devops_analytics.sources.circleci.words import JOB_WORDS, PIPELINE_WORDS, WORKFLOW_WORDS
from devops_analytics.sources.source import SourceKind

CIRCLECI: Final = SourceKind(
    kind="circleci",
    title="CircleCI",
    reads="pipelines, workflows, jobs and Insights' runs of workflows of the API v2 as JSON",
    tables=("pipeline_runs", "pipeline_jobs"),
    read=read,
    read_many=read_many,
    recognise=recognise,
    words={
        "workflow status": WORKFLOW_WORDS,
        "job status": JOB_WORDS,
        "pipeline state": PIPELINE_WORDS,
    },
)
