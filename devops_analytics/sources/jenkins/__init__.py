"""Jenkins: answers of its JSON API saved as files."""

from typing import Final

from devops_analytics.sources.jenkins.builds import BUILD_WORDS, STAGE_WORDS
from devops_analytics.sources.jenkins.reading import read, recognise
from devops_analytics.sources.jenkins.reports import TEST_WORDS
from devops_analytics.sources.source import SourceKind

JENKINS: Final = SourceKind(
    kind="jenkins",
    title="Jenkins",
    reads="builds (api/json, alone or in their jobs and folders), stages (wfapi/describe) and test "
    "reports (testReport) as JSON",
    tables=("pipeline_runs", "pipeline_jobs", "test_results"),
    read=read,
    recognise=recognise,
    words={
        "build result": BUILD_WORDS,
        "stage status": STAGE_WORDS,
        "test status": TEST_WORDS,
    },
    by_line=True,
)
