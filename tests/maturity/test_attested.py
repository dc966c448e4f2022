"""What is attested counts with a link, until it expires, and for nothing that is measured."""

from datetime import UTC, datetime

import polars as pl
import pytest

from devops_analytics.maturity import Outcome, attested, model_from, score
from devops_analytics.schema import empty

END = datetime(2026, 7, 1, tzinfo=UTC)
LINK = "https://wiki.example/slo"
SERVICES = {"pay": "shop", "web": "shop", "log": None, "etl": "back"}


@pytest.fixture
def model(data, metrics, indicator):
    """The small model with one attested indicator, which alone is a dimension."""
    data["indicators"]["promised"] = indicator(
        None, name="Promised", minimum_n=1, **{"class": "attested"}
    )
    flow = data["lenses"]["main"]["dimensions"]["flow"]
    data["lenses"]["main"]["dimensions"]["word"] = flow | {"indicators": ["promised"]}
    return model_from(data, metrics=metrics)


def table(*rows: dict[str, object]) -> pl.DataFrame:
    usual = {"subject": "Shop", "indicator": "promised", "value": 1.0, "url": LINK}
    usual |= {"at": datetime(2026, 5, 1, tzinfo=UTC)}
    schema = empty("attestations").schema
    return pl.DataFrame([usual | row for row in rows], schema=schema)


def said(model, *rows: dict[str, object], entity: str = "Shop"):
    return attested(table(*rows), model, entity=entity, services=SERVICES, moment=END)


def finding(model, measured, found) -> dict[str, object]:
    assessment = score(measured(tested="none"), model, entity="Shop", attestations=found)
    return assessment.evidence.filter(indicator="promised").to_dicts()[0]


def test_what_is_said_of_the_entity_itself_decides(model, measured) -> None:
    found = finding(model, measured, said(model, {"value": 0.75}, {"subject": "pay", "value": 0.0}))
    assert (found["outcome"], found["points"], found["n"]) == ("scored", 75, 1)
    assert found["reason"] == (
        f"75 %, n = 1: 75 of 100 points; attested on 2026-05-01 until 2026-10-28 by {LINK}."
    )


def test_else_it_is_the_mean_of_its_services_and_the_silent_ones_widen_it(model) -> None:
    # pay 1, etl by its team 0.5; web and log silent: (1.5 + 0 … 2) / 4
    found = said(model, {"subject": "pay"}, {"subject": "back", "value": 0.5})
    promised = found.measured["promised"]
    assert (promised.value, promised.low, promised.high, promised.n) == (0.75, 0.375, 0.875, 2)
    assert "attested of 2 of 4 services" in str(promised.note)


def test_a_service_decides_over_its_team(model) -> None:
    rows = ({"subject": "shop", "value": 1.0}, {"subject": "web", "value": 0.0})
    promised = said(model, *rows).measured["promised"]
    assert (promised.value, promised.n) == (0.5, 2)  # pay by its team, web by itself


def test_fewer_than_half_of_the_services_are_too_few(model, measured) -> None:
    found = finding(model, measured, said(model, {"subject": "pay"}))
    assert found["outcome"] == Outcome.NOT_AVAILABLE
    assert found["reason"] == "Not known: attested of 1 of 4 services, which is too few."


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"expires_at": datetime(2026, 6, 30, tzinfo=UTC)}, "and expired on 2026-06-30"),
        ({"at": datetime(2025, 12, 1, tzinfo=UTC)}, "and expired on 2026-05-30"),  # 180 days
        ({"at": datetime(2026, 7, 2, tzinfo=UTC)}, "was said on 2026-07-02, after the period"),
        ({"url": None}, "it has no link to the proof"),
    ],
)
def test_what_expired_comes_later_or_has_no_link_is_not_available(
    model, measured, row, reason
) -> None:
    found = said(model, row)
    assert reason in found.refused["reason"][0]
    evidence = finding(model, measured, found)
    assert evidence["outcome"] == Outcome.NOT_AVAILABLE
    assert reason in evidence["reason"]


def test_an_attestation_that_ends_later_than_the_default_counts(model) -> None:
    row = {
        "at": datetime(2025, 12, 1, tzinfo=UTC),
        "expires_at": datetime(2026, 12, 1, tzinfo=UTC),
    }
    assert said(model, row).measured["promised"].value == 1


def test_the_latest_counts_even_if_it_is_worse(model) -> None:
    later = {"at": datetime(2026, 6, 1, tzinfo=UTC), "value": 0.2}
    assert said(model, later, {"value": 1.0}).measured["promised"].value == 0.2


def test_what_does_not_apply_leaves_the_denominator(model, measured) -> None:
    found = said(model, {"value": None})
    assert finding(model, measured, found)["outcome"] == Outcome.NOT_APPLICABLE
    parts = said(model, {"subject": "pay"}, {"subject": "web", "value": 0.0}, *(
        {"subject": name, "value": None} for name in ("log", "etl")
    ))  # fmt: skip
    promised = parts.measured["promised"]
    assert (promised.value, promised.low, promised.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("name", ["tested", "wait", "typo"])
def test_nothing_else_can_be_attested(model, measured, name) -> None:
    found = said(model, {"indicator": name})
    assert dict(found.measured) == {}
    assert "those that can be attested: promised" in found.refused["reason"][0]
    assessment = score(measured(tested="unknown"), model, entity="Shop", attestations=found)
    assert set(assessment.evidence["outcome"]) == {"not_available"}
    assert assessment.refused.height == 1


def test_what_is_said_of_others_is_not_looked_at(model) -> None:
    found = said(model, {"subject": "elsewhere", "indicator": "typo"})
    assert dict(found.measured) == {}
    assert found.refused.is_empty()
