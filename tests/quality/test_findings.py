"""All checks at once: counts, of how many, examples, order, and what is of a team."""

from datetime import UTC, datetime

import polars as pl
import pytest

from devops_analytics.quality import FINDINGS, Severity, findings, worst


def t(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


TEAMS = {
    "teams": {
        "web": {"services": {"shop": {"repositories": ["shop"]}}},
        "back": {"services": {"pay": {"repositories": ["pay"]}}},
    }
}


def deployments(service: str, n: int, **others: object) -> list[dict]:
    return [
        {"deployment_id": f"{service}{number}", "service": service, "finished_at": t("05-01")}
        | others
        for number in range(n)
    ]


def by_check(found: pl.DataFrame, check: str) -> dict:
    return found.row(by_predicate=pl.col("check") == check, named=True)


def test_a_finding_says_how_many_of_how_many_with_five_examples(material) -> None:
    rows = deployments("shop", 7, result="unknown") + deployments("pay", 3)
    found = findings(material(deployments=rows, settings=TEAMS))
    assert found.schema == FINDINGS
    row = by_check(found, "deployments_with_unknown_result")
    assert (row["count"], row["total"], row["among"]) == (7, 10, "deployments")
    assert row["examples"] == ["shop0", "shop1", "shop2", "shop3", "shop4"]
    assert row["details"] == ["in production"] * 5
    assert "deployment_frequency" in row["metrics"]


def test_examples_are_of_several_services_where_there_are_several(material) -> None:
    rows = [
        row
        for service in ("shop", "pay", "one", "two")
        for row in deployments(service, 6, result="unknown")
    ]
    row = by_check(findings(material(deployments=rows)), "deployments_with_unknown_result")
    assert row["count"] == 24
    assert row["examples"] == ["one0", "one1", "pay0", "shop0", "two0"]


def test_checks_that_find_nothing_are_not_listed(material) -> None:
    found = findings(material(deployments=deployments("shop", 1), settings=TEAMS))
    assert "deployments_with_unknown_result" not in found["check"].to_list()


def test_findings_stand_by_severity_and_then_by_the_share_that_is_odd(material) -> None:
    rows = deployments("shop", 1, result="unknown")
    rows += deployments("pay", 3, environment_kind=None, environment="blue")
    incidents = [
        {"incident_id": "i1", "service": "shop", "started_at": t("05-04"),
         "resolved_at": t("05-04")},
    ]  # fmt: skip
    found = findings(material(deployments=rows, incidents=incidents, settings=TEAMS))
    checks = found["check"].to_list()
    ranks = [list(Severity).index(Severity(word)) for word in found["severity"]]
    assert ranks == sorted(ranks)
    assert checks[0] == "incidents_of_no_length"
    left_out = found.filter(pl.col("severity") == "leaves records out")
    shares = (left_out["count"] / left_out["total"]).fill_null(0).to_list()
    assert shares == sorted(shares, reverse=True)
    assert checks.index("environments_no_rule_names") < checks.index(
        "deployments_with_unknown_result"
    )


@pytest.mark.parametrize(("team", "expected"), [("shop", ["shop0"]), ("pay", ["pay0", "pay1"])])
def test_a_team_has_what_is_of_its_services(material, team, expected) -> None:
    rows = deployments("shop", 1, result="unknown") + deployments("pay", 2, result="unknown")
    given = material(deployments=rows, settings=TEAMS)
    row = by_check(findings(given, services=[team]), "deployments_with_unknown_result")
    assert row["examples"] == expected
    assert row["total"] == len(expected)


def test_a_team_has_what_is_of_the_repositories_of_its_services(material) -> None:
    commits = [
        {"repo": repo, "sha": letter * 40, "committed_at": t("05-01"), "is_bot": True}
        for repo, letter in (("shop", "a"), ("pay", "b"), ("pay", "c"))
    ]
    quarantine = [{"file": "f", "table": "commits", "record": 1, "reason": "not_a_time"}]
    given = material(commits=commits, settings=TEAMS, quarantine=quarantine)
    everything = findings(given)
    own = findings(given, services=["pay"])
    assert by_check(everything, "bots")["count"] == 3
    assert by_check(everything, "records_in_quarantine")["total"] == 4
    assert by_check(own, "bots")["count"] == 2
    assert "records_in_quarantine" not in own["check"].to_list()  # nobody knows of whom it is


def found_rows(*rows: tuple[str, str, int, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"check": check, "severity": severity, "count": count, "total": total}
            for check, severity, count, total in rows
        ],
        schema_overrides={"total": pl.Int64},
    )


def test_the_worst_is_the_first_that_concerns_more_than_a_few_records() -> None:
    few = ("few", "bends numbers", 9, 1000)
    many = ("many", "leaves records out", 900, 1000)
    note = ("note", "good to know", 1000, 1000)
    assert worst(found_rows(few, many, note))["check"] == "many"
    assert worst(found_rows(("ten", "bends numbers", 10, 1000), many))["check"] == "ten"
    assert worst(found_rows(few, note))["check"] == "few"
    assert worst(found_rows(note))["check"] == "note"
    assert worst(found_rows(note).clear()) is None
