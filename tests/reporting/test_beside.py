"""What stands beside a number on the pages, on the demo organisation."""

import re

import pytest

from devops_analytics import Workspace
from devops_analytics.benchmarks import CLUSTERS, DISTRIBUTIONS
from devops_analytics.config import settings_from
from devops_analytics.peers import PEERS
from devops_analytics.reporting.delivery import DeliveryPage
from devops_analytics.reporting.maturity import MaturityPage
from devops_analytics.value import OUTCOMES


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return Workspace.demo()


@pytest.fixture(scope="module")
def page(workspace: Workspace) -> DeliveryPage:
    return DeliveryPage(
        workspace=workspace,
        period=workspace.period("2026-Q2"),
        before=workspace.period("2026-Q1"),
        team=None,
    )


def text_of(html: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(html)))


@pytest.mark.parametrize("metric_id", sorted({name for name, _ in DISTRIBUTIONS}))
def test_every_answer_is_shown_and_every_service_with_a_number_once(
    page: DeliveryPage, metric_id: str
) -> None:
    said = text_of(page.benchmark(metric_id).html)
    for one in DISTRIBUTIONS[metric_id, 2025].bins:
        assert one.label in said
    placed = page.workspace.placed("2026-Q2").filter(metric=metric_id).drop_nulls("answer")
    assert placed.height > 0
    for service in placed["entity"]:
        assert said.count(f"{service} (") == 1
    assert "no target" in said
    assert all(str(year) in said for year in CLUSTERS)


def test_a_metric_without_published_figures_says_so(page: DeliveryPage) -> None:
    assert "no distribution" in text_of(page.benchmark("deployment_rework_rate").html)


def test_every_tool_is_shown_with_its_source(page: DeliveryPage) -> None:
    said = text_of(page.other_tools().html)
    for tool in PEERS.values():
        assert said.count(tool.name) > len(tool.metrics)
        assert tool.source in said


def test_mix_and_within_are_a_sentence_with_the_services_behind_it(page: DeliveryPage) -> None:
    said = text_of(page.mix("change_fail_rate").html)
    total, mix, within = (
        float(number.replace("−", "-")) for number in re.findall(r"([+−]\d+\.\d) points", said)[:3]
    )
    assert total == pytest.approx(mix + within, abs=0.11)
    assert "not known in both periods left out" in said


def test_the_services_stand_side_by_side(page: DeliveryPage) -> None:
    block = page.services_over_time("change_fail_rate")
    assert block.figure is not None
    names = {one.text for one in block.figure.layout.annotations}
    assert "booking" in names
    assert "data-warehouse" not in names  # it has no number in any period
    axes = [block.figure.layout[name].range for name in ("yaxis", "yaxis2", "yaxis3")]
    assert axes[0] == axes[1] == axes[2]


def test_one_service_is_not_drawn_beside_nothing(page: DeliveryPage) -> None:
    alone = DeliveryPage(
        workspace=page.workspace, period=page.period, before=page.before, team="platform"
    )
    block = alone.services_over_time("change_fail_rate")
    assert block.figure is None
    assert "no chart" in text_of(block.html)


def test_what_is_not_valued_names_the_key(page: DeliveryPage) -> None:
    own = MaturityPage(workspace=page.workspace, period=page.period, before=page.before, team=None)
    said = text_of(own.worth().html)
    for outcome in OUTCOMES:
        assert outcome.name in said
    assert "`hour_of_failure` is not given" in said
    assert "not claimed" in said


def test_with_unit_values_there_are_amounts_and_what_moves_them(page: DeliveryPage) -> None:
    settings = page.workspace.settings
    value = settings_from({"value": {"currency": "EUR", "hour_of_failure": 100}}).value
    valued = Workspace(
        settings=settings.model_copy(update={"value": value}),
        tables=page.workspace.tables,
        as_of=page.workspace.as_of,
    )
    own = MaturityPage(workspace=valued, period=page.period, before=page.before, team=None)
    said = text_of(own.worth().html)
    assert "Time in which failed deployments hurt, EUR" in said
    assert "Which factor moves the answer most" in said
