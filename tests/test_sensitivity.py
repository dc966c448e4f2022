"""How metrics move with the choices behind them, one at a time."""

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.config import Definitions
from devops_analytics.metrics import METRICS
from devops_analytics.sensitivity import CHOICES, NAMED_ONLY, VARIANT

OF_MEASUREMENT = ["value", "low", "high", "n", "status"]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return Workspace.demo()


@pytest.mark.parametrize(
    "metric_id", sorted({metric for choice in CHOICES for metric in choice.metrics})
)
def test_what_is_set_is_there_once_for_each_choice_and_is_the_number_itself(
    workspace: Workspace, metric_id: str
) -> None:
    frame = workspace.sensitivity("2026-Q2", metric_id=metric_id)
    chosen = frame.filter("is_chosen")
    assert chosen["choice"].to_list() == frame["choice"].unique(maintain_order=True).to_list()
    own = workspace.measure("2026-Q2", metrics=[metric_id]).select(OF_MEASUREMENT).row(0)
    assert chosen.select(OF_MEASUREMENT).rows() == [own] * chosen.height


def test_counting_more_counts_no_less(workspace: Workspace) -> None:
    frame = workspace.sensitivity("2026-Q2", metric_id="change_lead_time")
    for choice in ("merge commits", "bots"):
        out, counted = frame.filter(pl.col("choice") == choice)["n"].to_list()
        assert counted > out


def test_a_wider_window_blames_no_fewer(workspace: Workspace) -> None:
    frame = workspace.sensitivity("2026-Q2").filter(pl.col("choice") == "attribution window")
    *timed, named = frame["numerator"].to_list()
    assert frame["option"].to_list()[-1] == NAMED_ONLY
    assert timed == sorted(timed)
    assert named <= timed[0]


def test_a_window_of_ones_own_is_among_the_options() -> None:
    definitions = Definitions(attribution_window_hours=7)
    options = [option for option, _ in CHOICES[0].options(definitions)]
    assert options == ["4 hours", "7 hours", "24 hours", "72 hours", NAMED_ONLY]


def test_variants_answer_the_same_question_in_the_same_unit(workspace: Workspace) -> None:
    frame = workspace.sensitivity("2026-Q2", metric_id="change_fail_rate")
    variants = frame.filter(pl.col("choice") == VARIANT)
    expected = {one.id for one in METRICS if one.variant_of == "change_fail_rate"}
    assert set(variants["metric"]) == {"change_fail_rate", *expected}
    assert variants["unit"].n_unique() == 1


def test_a_metric_without_choices_has_none(workspace: Workspace) -> None:
    assert workspace.sensitivity("2026-Q2", metric_id="deployment_frequency").is_empty()
