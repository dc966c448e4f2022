"""GitHub: REST answers, webhook events and alerts saved as files."""

from typing import Final

from devops_analytics.sources.github.alerts import SEVERITY_WORDS
from devops_analytics.sources.github.alone import stand_alone
from devops_analytics.sources.github.reading import read, read_many, recognise
from devops_analytics.sources.github.words import STATUS_WORDS
from devops_analytics.sources.source import SourceKind

GITHUB: Final = SourceKind(
    kind="github",
    title="GitHub",
    reads="REST answers and webhook events as JSON: workflow runs, jobs, deployments and their "
    "statuses, pull requests, their commits and reviews, pushes, releases, tags, issues, alerts of "
    "code scanning, Dependabot and secret scanning; as arrays, pages, JSON lines, compressed or "
    "not",
    tables=(
        "pipeline_runs",
        "pipeline_jobs",
        "deployments",
        "changes",
        "reviews",
        "incidents",
        "refs",
        "commits",
        "findings",
    ),
    read=read,
    read_many=read_many,
    recognise=recognise,
    by_line=stand_alone,
    words={
        "run, job or deployment": STATUS_WORDS,
        "severity of an alert": SEVERITY_WORDS,
    },
)
