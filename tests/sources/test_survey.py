"""Surveys: coded by label, wide and long alike, nobody recognisable, nothing unknown made zero."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_evidence import SurveySource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.survey import SURVEY

SEEKS = "On my team, information is actively sought."
SHARES = "On my team, responsibilities are shared."
IDEAS = "On my team, new ideas are welcomed."
ITEMS: dict[str, Any] = {
    "seeks": {"column": SEEKS},
    "shares": {"column": SHARES},
}


def loaded(path: Path, **entry: Any) -> Batch:
    source = SurveySource(
        kind="survey", path=path.name, **({"wave": "2026-spring", "items": ITEMS} | entry)
    )
    context = Context(settings=settings_from({"people": {"salt": "s"}}), label=path.name)
    (draft,) = SURVEY.read(path, source, context)
    return conform(draft, entry=source, context=context)


def wide(folder: Path, *lines: str) -> Path:
    path = folder / "wide.csv"
    header = f'who,team,"{SEEKS}","{SHARES}",comments\n'
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def scores(batch: Batch) -> list[tuple[str, float | None]]:
    return batch.rows.sort("item", "value").select("item", "value").rows()


def test_wide_and_long_give_the_same_scores(tmp_path: Path) -> None:
    one = wide(tmp_path, "ada,red,Strongly agree,Somewhat disagree,x", "bo,blue,agree,,y")
    two = tmp_path / "long.csv"
    two.write_text(
        "person,squad,question,answer\n"
        f'ada,red,"{SEEKS}",Strongly agree\n'
        f'ada,red,"{SHARES}",Somewhat disagree\n'
        f'bo,blue,"{SEEKS}",agree\n',
        encoding="utf-8",
    )
    from_wide = loaded(one, respondent="who", team="team")
    from_long = loaded(two, respondent="person", team="squad", item="question", answer="answer")
    # Strongly agree is 7 of 7, agree 6, somewhat disagree 3.
    assert scores(from_wide) == [("seeks", 6.0), ("seeks", 7.0), ("shares", 3.0)]
    columns = ["respondent", "item", "team", "value", "wording"]
    assert (
        from_wide.rows.select(columns)
        .sort(columns)
        .equals(from_long.rows.select(columns).sort(columns))
    )


def test_labels_are_coded_whatever_their_order_and_case(tmp_path: Path) -> None:
    path = wide(tmp_path, "a,t,STRONGLY DISAGREE,5,", "b,t, Neither agree nor disagree ,1,")
    assert scores(loaded(path)) == [("seeks", 1), ("seeks", 4), ("shares", 1), ("shares", 5)]


def test_dont_know_is_missing_and_a_blank_is_no_answer(tmp_path: Path) -> None:
    batch = loaded(wide(tmp_path, "a,t,I don't know or NA,,", "b,t,Don\u2019t know,7,"),
                   not_known=["I don't know or NA", "don't know"])  # fmt: skip
    assert batch.n_read == 3
    assert scores(batch) == [("seeks", None), ("seeks", None), ("shares", 7)]


def test_a_label_that_nobody_declared_is_kept_apart(tmp_path: Path) -> None:
    batch = loaded(wide(tmp_path, "a,t,Mostly agree,8,"))
    assert batch.rows.is_empty()
    assert batch.quarantined["reason"].to_list() == ["unknown_label", "outside_scale"]
    assert "'Mostly agree'; allowed: strongly disagree" in batch.quarantined["message"][0]


def test_a_declared_label_is_the_only_one_that_counts(tmp_path: Path) -> None:
    items = {"seeks": {"column": SEEKS, "scale": "0-2", "values": {"Never": 0, "Always": 2}}}
    batch = loaded(wide(tmp_path, "a,t,always,,", "b,t,agree,,"), items=items)
    assert scores(batch) == [("seeks", 2.0)]
    assert batch.quarantined["reason"].to_list() == ["unknown_label"]


def test_nobody_and_no_free_text_is_found_in_what_is_kept(tmp_path: Path) -> None:
    path = wide(tmp_path, "ada@example.com,red,agree,a long story about Bo,my boss is Bo")
    batch = loaded(path, respondent="who", team="team")
    kept = batch.rows.select(pl.col(pl.String)).rows() + batch.quarantined.rows()
    text = repr(kept)
    assert "ada@" not in text
    assert "boss" not in text


def test_a_respondent_is_another_one_in_the_next_wave(tmp_path: Path) -> None:
    path = wide(tmp_path, "ada,red,agree,agree,")
    first = loaded(path, respondent="who")
    second = loaded(path, respondent="who", wave="2026-autumn")
    assert first.rows["respondent"].n_unique() == 1
    assert first.rows["respondent"][0] != second.rows["respondent"][0]


def test_waves_compare_only_where_the_wording_is_the_same(tmp_path: Path) -> None:
    first = loaded(wide(tmp_path, "ada,red,agree,agree,"))
    path = tmp_path / "other.csv"
    path.write_text(f'"{SEEKS.replace("my team", "the organization")}"\nagree\n')
    changed = {"seeks": {"column": SEEKS.replace("my team", "the organization")}}
    second = loaded(path, items=changed)
    assert second.rows["wording"][0] not in first.rows["wording"].to_list()


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"items\.seeks = .*columns: who, team"):
        loaded(wide(tmp_path), items={"seeks": {"column": "Do you seek?"}})


def test_known_items_are_recognised_with_their_settings(tmp_path: Path) -> None:
    path = tmp_path / "2026-spring.csv"
    path.write_text(
        f'Respondent ID,Team,"{SEEKS}","{SHARES}","{IDEAS}",Anything else?\n'
        "17,red,agree,disagree,Strongly agree,no\n",
        encoding="utf-8",
    )
    found = SURVEY.recognise(path)
    assert found is not None
    batch = loaded(path, **found.suggestion)
    assert scores(batch) == [
        ("westrum_ideas", 7),
        ("westrum_information", 6),
        ("westrum_responsibilities", 2),
    ]
    assert batch.rows["wave"].unique().to_list() == ["2026-spring"]


@pytest.mark.real
def test_a_public_survey_is_read_with_a_column_for_the_wave(shared_data: Path) -> None:
    path = shared_data / "surveys" / "cncf-release-cadence-2018-2019.csv"
    often = {
        "Multiple times a day": 6,
        "A few times a week": 4,
        "A few times a month": 2,
    }
    items = {
        "check_in": {"column": "code_check_in_frequency", "scale": "1-6", "values": often},
        "automation": {
            "column": "release_automation",
            "scale": "0-2",
            "values": {"Manual": 0, "Mixed": 1, "Automated": 2},
        },
    }
    batch = loaded(
        path, items=items, wave="", wave_column="year", respondent="respondent", not_known=["N/A"]
    )
    plain = pl.read_csv(path, infer_schema=False)
    cells = sum(
        plain[name].str.strip_chars().fill_null("").ne("").sum()
        for name in ("code_check_in_frequency", "release_automation")
    )
    assert batch.n_read == cells
    assert batch.rows.height + batch.quarantined.height == cells
    assert set(batch.rows["wave"]) == {"2018", "2019"}
    # Answers in words that nobody declared ("hybrid" 558 times) are kept apart, none is guessed.
    automation = plain["release_automation"].str.strip_chars().str.to_lowercase().drop_nulls()
    declared = automation.is_in(["manual", "mixed", "automated", "n/a"]).sum()
    expected = ["unknown_label"] * int(len(automation) - declared)
    assert batch.quarantined["reason"].to_list() == expected
    many = plain["code_check_in_frequency"].str.to_lowercase().str.strip_chars()
    assert (
        batch.rows.filter(item="check_in", value=6.0).height
        == (many == "multiple times a day").sum()
    )
