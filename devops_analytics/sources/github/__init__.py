"""GitHub: REST answers saved as files."""

from typing import Final

from devops_analytics.sources.github.reading import read, read_many, recognise
from devops_analytics.sources.source import SourceKind

GITHUB: Final = SourceKind(
    kind="github",
    title="GitHub",
    reads="REST answers as JSON: workflow runs, jobs, deployments and their statuses, pull "
    "requests, reviews, releases, tags, issues; as arrays, pages, JSON lines, compressed or not",
    tables=(
        "pipeline_runs",
        "pipeline_jobs",
        "deployments",
        "changes",
        "reviews",
        "incidents",
        "refs",
    ),
    read=read,
    read_many=read_many,
    recognise=recognise,
)
