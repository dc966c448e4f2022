"""Full assessments of real organisations: every indicator with its outcome, no culture score."""

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.maturity import Outcome

pytestmark = pytest.mark.real

PERIODS = {"govuk": "2026-Q1", "jenkins": "2025", "ants": "2025"}
CULTURE = {"calms": "culture", "pillars": "shared_culture"}


@pytest.fixture(scope="module", params=PERIODS)
def real(request: pytest.FixtureRequest) -> tuple[Workspace, str]:
    """A workspace on real exports, and the period to assess."""
    return request.getfixturevalue(request.param), PERIODS[request.param]


def test_every_indicator_of_every_lens_has_an_outcome_with_its_reason(
    real: tuple[Workspace, str],
) -> None:
    workspace, period = real
    seen = set()
    for lens in workspace.model.lenses:
        evidence = workspace.score(period, lens=lens).evidence.filter(role="indicator")
        assert set(evidence["outcome"]) <= set(Outcome)
        assert Outcome.ERROR not in evidence["outcome"]
        assert evidence["reason"].str.contains(r"\.$").all()
        scored = pl.col("outcome") == Outcome.SCORED
        assert evidence.filter(scored)["points"].is_between(0, 100).all()
        assert evidence.filter(~scored)["points"].null_count() == evidence.filter(~scored).height
        seen |= set(evidence["indicator"])
    assert seen == set(workspace.model.indicators)


def test_culture_has_no_number_without_a_survey(real: tuple[Workspace, str]) -> None:
    workspace, period = real
    for lens, name in CULTURE.items():
        culture = workspace.score(period, lens=lens).dimensions.row(
            by_predicate=pl.col("dimension") == name, named=True
        )
        assert (culture["status"], culture["score"], culture["level"]) == (
            "not assessed",
            None,
            None,
        )
        assert "survey answers" in culture["reason"]


def test_what_has_no_evidence_is_not_assessed_and_what_has_some_is(
    real: tuple[Workspace, str],
) -> None:
    workspace, period = real
    for lens in workspace.model.lenses:
        for row in workspace.score(period, lens=lens).dimensions.iter_rows(named=True):
            is_assessed = row["status"] == "assessed"
            assert (row["score"] is not None) is is_assessed
            if is_assessed:
                assert row["coverage"] >= 0.5
                assert row["range_low"] <= row["score"] <= row["range_high"] + 1e-9
            elif row["status"] == "not assessed":
                assert row["reason"].startswith("Not assessed")


def test_nothing_is_attested_so_no_attested_indicator_is_scored(
    real: tuple[Workspace, str],
) -> None:
    workspace, period = real
    for lens in workspace.model.lenses:
        attested = workspace.score(period, lens=lens).evidence.filter(pl.col("class") == "attested")
        assert set(attested["outcome"]) <= {Outcome.NOT_AVAILABLE}


def test_the_levels_of_govuk_are_those_worked_out_by_its_numbers(govuk: Workspace) -> None:
    assessment = govuk.score(PERIODS["govuk"], lens="outcomes")
    row = assessment.dimensions.row(
        by_predicate=pl.col("dimension") == "time_to_market", named=True
    )
    measured = govuk.measure(
        PERIODS["govuk"], metrics=["change_lead_time", "deployment_days_per_week"]
    )
    lead_time, days = measured["value"].to_list()
    reached = 1
    for level, holds in (
        (2, lead_time <= 730),
        (3, lead_time <= 168 and days >= 1),
        (4, lead_time <= 24),
        (5, lead_time <= 1 and days >= 3),
    ):
        if not holds:
            break
        reached = level
    assert row["level"] == reached
