"""The declarations beside delivery: the agreed metrics are there, each with all that it owes."""

import pytest

from devops_analytics.metrics import METRICS, Kind, Unit

AGREED = {
    "flow": (
        "files_per_change", "approval_wait", "work_in_progress", "work_in_progress_age",
        "branch_life", "merges_to_trunk", "open_branches", "release_interval", "flow_efficiency",
    ),
    "pipelines": (
        "pipeline_queue_time", "time_to_green", "flaky_rate", "failed_run_time_share",
    ),
    "operations": (
        "time_to_detect", "time_to_acknowledge", "time_to_mitigate", "incidents_per_service_week",
        "detected_by_customers", "actionable_alerts", "out_of_hours_interruptions",
    ),
    "collaboration": ("cross_team_reviews", "knowledge_spread", "outside_contributions"),
}  # fmt: skip
BESIDE = [declared for declared in METRICS if declared.family in AGREED]


@pytest.mark.parametrize("family", AGREED)
def test_the_agreed_metrics_are_there(family: str) -> None:
    there = {declared.id for declared in BESIDE if declared.family == family}
    assert there.issuperset(AGREED[family])


@pytest.mark.parametrize("declared", BESIDE, ids=lambda declared: declared.id)
def test_every_text_is_a_sentence(declared) -> None:
    texts = (
        declared.definition,
        declared.choices,
        declared.unknown_when,
        declared.misleads_when,
        declared.moved_without_improvement,
        declared.source,
    )
    for text in texts:
        assert text.endswith(".")
        assert text[0].isupper()
        assert "  " not in text
    assert declared.question.endswith("?")


@pytest.mark.parametrize("declared", BESIDE, ids=lambda declared: declared.id)
def test_kind_and_unit_agree(declared) -> None:
    shares = {Kind.PROPORTION, Kind.RATIO}
    assert declared.kind not in shares or declared.unit is Unit.SHARE
    assert (declared.kind is Kind.RATE) == (declared.unit.value.startswith("per "))
    assert declared.kind is not Kind.DURATION or declared.unit is Unit.HOURS
    assert not (declared.at_end and declared.present_only)
