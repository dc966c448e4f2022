"""Surveys: the same scores from any sheet, nobody to be told, and waves that compare."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics.metric import Kind, Observations
from devops_analytics.metrics.survey import SURVEY, WESTRUM, WESTRUM_CULTURE, waves_compared
from devops_analytics.sources.survey_items import KNOWN_ITEMS

MAY = datetime(2026, 5, 20, tzinfo=UTC)
LABELS = {
    7: "Strongly agree", 6: "Agree", 5: "Somewhat agree", 4: "Neither agree nor disagree",
    3: "Somewhat disagree", 2: "Disagree", 1: "Strongly disagree",
}  # fmt: skip


def answer(person: str, item: str, value: float | None, **columns: Any) -> dict[str, Any]:
    known = KNOWN_ITEMS.get(item)
    return {
        "wave": "2026-spring", "respondent": person, "item": item, "team": "red", "at": MAY,
        "value": value, "scale": known.scale if known else "1-7", "wording": "w", **columns,
    }  # fmt: skip


def six(person: str, *values: float | None, **columns: Any) -> list[dict[str, Any]]:
    pairs = zip(WESTRUM, values, strict=False)
    return [answer(person, item, value) | columns for item, value in pairs]


# ---- Scores of respondents ---- #


def test_a_respondent_counts_with_four_of_six_items_and_dont_know_is_missing(evidence_of) -> None:
    evidence = evidence_of(
        services=[{"service": "web", "team": "red"}],
        answers=[
            *six("all", 7, 6, 5, 4, 3, 2),
            *six("four", 7, 7, 5, 5, None, None),
            *six("three", 7, 7, 7, None, None, None),
            *six("of no team", 1, 1, 1, 1, team="nobody knows"),
            *six("undated", 1, 1, 1, 1, wave="other", at=None),
            *six("another scale", 1, 1, 1, 1, scale="1-5"),
        ],
    )
    found = Observations.validate(WESTRUM_CULTURE.observe(evidence).collect())
    # (7 + 6 + 5 + 4 + 3 + 2) / 6 = 4.5 and (7 + 7 + 5 + 5) / 4 = 6
    assert set(found.select("service", "key", "value").rows()) == {
        ("web", "2026-spring all", 4.5),
        ("web", "2026-spring four", 6.0),
        (None, "2026-spring of no team", 1.0),
    }


def test_a_wave_counts_from_its_last_answer_on(evidence_of) -> None:
    first = datetime(2026, 5, 1, tzinfo=UTC)
    evidence = evidence_of(answers=[*six("early", 1, 1, 1, 1, at=first), *six("late", 7, 7, 7, 7)])
    assert WESTRUM_CULTURE.observe(evidence).collect()["at"].unique().to_list() == [MAY]


@pytest.mark.parametrize(
    "change", [{"wording": "other words"}, {"scale": "1-5"}, {"item": "westrum_more"}]
)
def test_waves_compare_only_where_wording_scale_and_items_are_the_same(evidence_of, change) -> None:
    autumn = {"wave": "2026-autumn", "at": datetime(2026, 6, 20, tzinfo=UTC)}
    remarks = waves_compared(*WESTRUM, "westrum_more")
    same = evidence_of(answers=[*six("a", 1, 2), *six("b", 1, 2, **autumn)])
    assert remarks(same).collect().sort("at")["note"].to_list() == [
        "wave 2026-spring",
        "wave 2026-autumn",
    ]
    changed = evidence_of(
        answers=[*six("a", 1, 2), *six("b", 1, **autumn), *six("b", 1, **autumn | change)]
    )
    assert remarks(changed).collect().sort("at")["note"][1] == (
        "wave 2026-autumn, not comparable with wave 2026-spring: other items, wording or scales"
    )


@pytest.mark.parametrize("metric", SURVEY, ids=lambda metric: metric.id)
def test_nothing_in_gives_nothing_out(metric, evidence_of) -> None:
    assert metric.kind is Kind.SCORE
    assert Observations.validate(metric.observe(evidence_of()).collect()).is_empty()
    assert metric.remarks(evidence_of()).collect().is_empty()


def test_every_known_item_has_a_metric() -> None:
    single = {metric.id for metric in SURVEY if metric is not WESTRUM_CULTURE}
    assert {*WESTRUM, *single} == set(KNOWN_ITEMS)


# ---- From sheets to scores ---- #

QUESTIONS = {item: f"On my team, {known.wording}." for item, known in KNOWN_ITEMS.items()}
HOURS = "less than one hour"


def sheet() -> list[dict[str, str]]:
    """Eleven people's answers in words: six of red, four of blue, one of no team."""
    rows = []
    for number in range(11):
        team = "The reds" if number < 6 else "BLUE" if number < 10 else ""
        row = {"id": f"person-{number}", "your team": team}
        for place, item in enumerate(WESTRUM):
            row[QUESTIONS[item]] = LABELS[(number + place) % 7 + 1]
        row[QUESTIONS["dora_lead_time"]] = HOURS if number % 2 else "One day to one week"
        row[QUESTIONS["dora_deployment_frequency"]] = "On demand (multiple deploys per day)"
        row[QUESTIONS["dora_recovery_time"]] = HOURS if number else "I don't know or NA"
        row[QUESTIONS["dora_change_fail_rate"]] = f"{number * 5}%"
        row[QUESTIONS["dora_rework_rate"]] = str(number)
        rows.append(row)
    return rows


def write_wide(folder: Path) -> dict[str, str]:
    rows = sheet()
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(folder / "wide.xlsx")
    return {"path": "wide.xlsx"}


def write_long(folder: Path) -> dict[str, str]:
    with (folder / "long.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "your team", "question", "answer"])
        for row in reversed(sheet()):
            for question in QUESTIONS.values():
                writer.writerow([row["id"], row["your team"], question, row[question]])
    return {"path": "long.csv", "item": "question", "answer": "answer"}


def surveyed(folder: Path, entry: dict[str, str]) -> Workspace:
    """Open the settings of an organisation with the one source of a survey."""
    source = {
        "kind": "survey", "wave": "2026-spring", "respondent": "id", "team": "your team",
        "covers": "2026-05", **entry,
    }  # fmt: skip
    lines = [
        '[people]\nsalt = "s"',
        '[teams.red]\nname = "The reds"\nservices = { web = {}, pay = {} }',
        "[teams.blue]\nservices = { mail = {} }",
        "[[sources]]",
        *(f"{key} = {json.dumps(value)}" for key, value in source.items()),
        'not_known = ["I don\'t know or NA"]',
    ]
    for item, known in KNOWN_ITEMS.items():
        lines += [f"[sources.items.{item}]", f"column = {json.dumps(QUESTIONS[item])}"]
        lines += [f"scale = {json.dumps(known.scale)}", f"[sources.items.{item}.values]"]
        lines += [f"{json.dumps(label)} = {value}" for label, value in known.values.items()]
    (folder / "devops.toml").write_text("\n".join(lines), encoding="utf-8")
    return Workspace.open(folder / "devops.toml", as_of="2026-07-01")


IDS = [metric.id for metric in SURVEY]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("wide")
    return surveyed(folder, write_wide(folder))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("long")
    return surveyed(folder, write_long(folder))


@pytest.mark.parametrize("by", ["organisation", "team", "service"])
def test_a_wide_sheet_and_a_long_table_give_the_same_scores(wide, long, by) -> None:
    assert wide.quarantine.is_empty()
    numbers = wide.measure("2026-Q2", by=by, metrics=IDS)
    assert numbers.equals(long.measure("2026-Q2", by=by, metrics=IDS))
    assert numbers.height == {"organisation": 6, "team": 12, "service": 18}[by]


def test_scores_are_those_worked_out_by_hand(wide) -> None:
    found = {r["metric"]: r for r in wide.measure("2026-Q2", metrics=IDS).iter_rows(named=True)}
    means = [sum((n + place) % 7 + 1 for place in range(6)) / 6 for n in range(11)]
    assert found["westrum"]["value"] == pytest.approx(sum(means) / 11)
    assert found["westrum"]["n"] == 11
    # Five of eleven say less than one hour (6), six say one day to one week (4).
    assert found["dora_lead_time"]["value"] == pytest.approx((5 * 6 + 6 * 4) / 11)
    assert (found["dora_recovery_time"]["value"], found["dora_recovery_time"]["n"]) == (6.0, 10)
    assert found["dora_change_fail_rate"]["value"] == pytest.approx(5 * 5.0)
    assert found["westrum"]["note"] == "wave 2026-spring"


def test_a_team_of_four_is_withheld_and_the_organisation_does_not_tell_it(wide) -> None:
    teams = wide.measure("2026-Q2", by="team", metrics=["westrum"])
    # With the one of no team five people are left over, so the six of red may be shown.
    status = dict(teams.select("entity", "status").iter_rows())
    assert status == {"blue": "suppressed", "red": "ok"}
    blue = teams.filter(entity="blue").select("value", "low", "high", "n", "numerator")
    assert blue.row(0) == (None,) * 5


@pytest.mark.parametrize("by", ["organisation", "team"])
def test_a_part_of_the_organisation_is_judged_beside_the_others(wide, by) -> None:
    found = wide.measure("2026-Q2", by=by, metrics=["westrum"], team="blue")
    assert found["status"].to_list() == ["suppressed"]
    assert found["entity"].to_list() == [{"team": "blue"}.get(by, "Organisation")]
    assert wide.measure("2026-Q2", by="service", metrics=["westrum"], team="blue").height == 1


def test_nobody_s_answer_is_listed(wide) -> None:
    with pytest.raises(UnknownNameError, match="no rows to show"):
        wide.rows("westrum", "2026-Q2")


def test_a_wave_lasts_half_a_year_and_is_not_known_before(wide) -> None:
    status = wide.measure(["2026-04", "2026-05", "2026-06"], metrics=["westrum"])["status"]
    assert status.to_list() == ["unknown", "ok", "ok"]


def test_the_team_s_name_is_its_key_in_the_store_and_nobody_is_named(wide) -> None:
    answers = wide.table("answers").collect()
    assert set(answers["team"].drop_nulls()) == {"red", "blue"}
    assert "person-" not in repr(answers.select(pl.col(pl.String)).rows())


def test_an_item_of_the_settings_own_is_told_like_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "team,Do tools help you?\n" + "red,Often\n" * 6 + "blue,Never\n" * 4, encoding="utf-8"
    )
    (tmp_path / "devops.toml").write_text(
        '[people]\nsalt = "s"\n'
        "[teams]\nred = { services = { web = {} } }\nblue = { services = { mail = {} } }\n"
        '[[sources]]\nkind = "survey"\npath = "own.csv"\nwave = "w"\nteam = "team"\n'
        'covers = "2026-05"\n[sources.items.tools]\ncolumn = "Do tools help you?"\n'
        'scale = "0-2"\nvalues = { never = 0, often = 2 }\n',
        encoding="utf-8",
    )
    workspace = Workspace.open(tmp_path / "devops.toml", as_of="2026-07-01")
    whole = workspace.survey("2026-Q2").filter(metric="tools").row(0, named=True)
    assert (whole["value"], whole["n"], whole["note"]) == (12 / 10, 10, "wave w")
    teams = workspace.survey("2026-Q2", by="team").filter(metric="tools")
    assert teams["status"].to_list() == ["suppressed", "suppressed"]
