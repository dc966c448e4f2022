"""CDEvents: what tools of delivery tell each other, one event for each step."""

from typing import Final

from devops_analytics.sources.cdevents.reading import read, read_many, recognise
from devops_analytics.sources.cdevents.rows import RESULTS, TEST_RESULTS
from devops_analytics.sources.source import SourceKind

CDEVENTS: Final = SourceKind(
    kind="cdevents",
    title="CDEvents",
    reads="CDEvents 0.1 to 0.6, with or without CloudEvents around them, as JSON lines or arrays: "
    "pipeline and task runs, changes, services deployed, upgraded and rolled back, incidents, "
    "tickets of incidents, test case runs; repositories, environments, builds, artifacts and test "
    "suites complete these",
    tables=(
        "pipeline_runs",
        "pipeline_jobs",
        "changes",
        "deployments",
        "incidents",
        "test_results",
    ),
    read=read,
    read_many=read_many,
    recognise=recognise,
    words={"outcome of a run": RESULTS, "outcome of a test case run": TEST_RESULTS},
)
