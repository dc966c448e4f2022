"""What the delivery metrics say of themselves."""

import re

import pytest

from devops_analytics.metrics.delivery import DELIVERY
from devops_analytics.metrics.metric import Kind, Metric, Observations, Unit

IDS = {metric.id for metric in DELIVERY}
TEXTS = (
    "question",
    "definition",
    "choices",
    "unknown_when",
    "misleads_when",
    "moved_without_improvement",
)


def test_dora_s_five_and_time_to_restore_are_there_once_each() -> None:
    assert len(IDS) == len(DELIVERY)
    assert {
        "deployment_frequency",
        "change_lead_time",
        "change_fail_rate",
        "failed_deployment_recovery_time",
        "deployment_rework_rate",
        "time_to_restore",
    } <= IDS


@pytest.mark.parametrize("metric", DELIVERY, ids=lambda metric: metric.id)
def test_every_text_is_a_sentence_and_every_variant_names_its_metric(metric: Metric) -> None:
    for name in TEXTS:
        text = getattr(metric, name)
        assert re.search(r"[.?]$", text), (name, text)
        assert "  " not in text
    assert metric.question.endswith("?")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.id)
    assert metric.variant_of is None or metric.variant_of in IDS
    assert metric.family == "delivery"
    assert metric.source


@pytest.mark.parametrize("metric", DELIVERY, ids=lambda metric: metric.id)
def test_kind_and_unit_go_together(metric: Metric) -> None:
    unit = {
        Kind.DURATION: Unit.HOURS,
        Kind.PROPORTION: Unit.SHARE,
        Kind.RATE: Unit.PER_DAY,
        Kind.LEVEL: Unit.DAYS_PER_WEEK,
    }[metric.kind]
    assert metric.unit is unit


@pytest.mark.parametrize("metric", DELIVERY, ids=lambda metric: metric.id)
def test_nothing_in_gives_nothing_out(metric: Metric, linked_evidence) -> None:
    rows = metric.observe(linked_evidence()).collect()
    assert Observations.validate(rows).is_empty()
