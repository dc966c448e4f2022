"""OpenSSF Scorecard: scores of repositories and checks; an inconclusive one is no number."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.scorecard import SCORECARD

CHECKS = [
    {"name": "Code-Review", "score": 7, "reason": "found 7 of 10 reviewed", "details": ["Ada"]},
    {"name": "Packaging", "score": -1, "reason": "no data"},
    {
        "name": "Fuzzing",
        "score": -1,
        "reason": "internal error: no such thing: ada@example.invalid",
    },
]


def scored(**fields: Any) -> dict[str, Any]:
    return {
        "date": "2026-03-02T09:00:00Z",
        "repo": {"name": "github.com/harbour/shop", "commit": "ab" * 20},
        "scorecard": {"version": "v5.0.0", "commit": "cd" * 20},
        "score": 6.4,
        "checks": CHECKS,
        "metadata": None,
        **fields,
    }


def history(*results: dict[str, Any]) -> dict[str, Any]:
    kept = {"previous": list(results), "current": {"score": 5, "date": "2026-03-09", "commit": "a"}}
    return {"github.com": {"harbour": {"shop": kept}}}


def test_a_result_is_a_scan_and_each_check_too(load):
    rows = load(SCORECARD, scored())["scans"].rows
    assert rows.select("repo", "check", "succeeded", "score", "findings").rows() == [
        ("harbour/shop", "", True, 6.4, None),
        ("harbour/shop", "Code-Review", True, 7.0, None),
        ("harbour/shop", "Packaging", True, None, None),  # -1: inconclusive
        ("harbour/shop", "Fuzzing", False, None, None),  # -1: it broke off
    ]
    assert rows["at"].unique().to_list() == [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    assert rows["tool"].unique().to_list() == ["OpenSSF Scorecard"]


def test_a_date_alone_is_a_day_in_utc(load):
    at = load(SCORECARD, scored(date="2026-03-02"))["scans"].rows["at"][0]
    assert at == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_score_of_zero_is_a_score_and_an_inconclusive_whole_is_none(load):
    assert load(SCORECARD, scored(score=0, checks=[]))["scans"].rows["score"].to_list() == [0.0]
    assert load(SCORECARD, scored(score=-1, checks=[]))["scans"].rows["score"].to_list() == [None]
    assert load(SCORECARD, scored(score=None, checks=None))["scans"].rows["score"][0] is None


def test_what_is_no_score_is_quarantined_alone(load):
    checks = [{"name": "A", "score": 15}, {"name": "B", "score": 10}]
    batch = load(SCORECARD, scored(checks=checks))["scans"]
    assert batch.rows["check"].to_list() == ["", "B"]
    assert batch.quarantined["reason"].to_list() == ["not_a_score"]
    assert "found 15; allowed: 0 to 10" in batch.quarantined["message"][0]


@pytest.mark.parametrize(
    ("said", "repo"),
    [
        ("github.com/Harbour/Shop", "harbour/shop"),  # as the settings write it
        ("gitlab.com/docks/harbour/pier", "docks/harbour/pier"),
        ("https://github.com/harbour/pier", "harbour/pier"),
        ("harbour/pier", "harbour/pier"),
        ("file:///home/ada/shop", "fallback"),
        ("", "fallback"),
        (None, "fallback"),
    ],
)
def test_a_repository_is_named_without_its_host(load, said, repo):
    batch = load(SCORECARD, scored(repo={"name": said}), repository="fallback")["scans"]
    assert batch.rows["repo"].unique().to_list() == [repo]


def test_a_result_without_a_date_is_quarantined(load):
    batch = load(SCORECARD, scored(date=None, checks=[]))["scans"]
    assert batch.quarantined["reason"].to_list() == ["missing_value"]


def test_results_one_on_each_line_are_read_and_those_of_probes_are_not_needed(load):
    probes = {"date": "2026-03-02", "repo": {}, "scorecard": {}, "findings": [{"probe": "x"}]}
    lines = "\n".join(json.dumps(one) for one in (scored(), scored(date="2026-03-09"), probes))
    batch = load(SCORECARD, lines)["scans"]
    assert (batch.n_read, batch.rows.height) == (9, 8)
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


def test_the_monitors_history_is_read_result_by_result(load):
    before = {"score": 4.4, "date": "2026-03-02", "commit": "b"}
    batch = load(SCORECARD, history(before, {"score": "bad"}))["scans"]
    assert batch.rows.select("repo", "score").rows() == [
        ("harbour/shop", 4.4),
        ("harbour/shop", 5.0),
    ]
    assert batch.rows["at"].dt.day().to_list() == [2, 9]
    assert batch.quarantined["reason"].to_list() == ["unexpected_type"]


def test_a_history_that_is_none_is_refused_with_advice(load):
    for odd in ('{"github.com": {"a": {"b": {"previous": 3}}}}',
                '{"github.com": {"a": {"b": {"previous": [] }}}}'):  # fmt: skip
        with pytest.raises(ExportError, match="scorecard-monitor"):
            load(SCORECARD, odd)


def test_reasons_and_details_are_not_kept(load, said_anywhere):
    text = said_anywhere(load(SCORECARD, [scored(), scored(repo={"name": 3})]))
    assert "Fuzzing" in text
    assert "Ada" not in text
    assert "example.invalid" not in text


def test_results_are_recognised_and_others_are_not(save):
    assert SCORECARD.recognise(save(scored())).confidence == 0.95
    assert SCORECARD.recognise(save(history())).confidence == 0.9
    for foreign in (
        {"repo": {"name": "x"}, "score": 1},
        [{"id": 1}],
        {"github.com": 1},
        "",
        "<a/>",
    ):
        assert SCORECARD.recognise(save(foreign)) is None


@pytest.mark.parametrize("content", [scored(), history({"score": 4.4, "date": "2026-03-02"})])
@given(seed=st.integers(0, 2**32))
def test_damaged_results_never_break_anything(survives, content, seed):
    survives(SCORECARD, json.dumps(content).encode(), seed)


@pytest.mark.real
def test_every_result_of_the_node_organisation_loads(shared_data, judge):
    """50 repositories with 740 results before and 50 current ones, none of them twice."""
    path = shared_data / "security" / "scorecard" / "nodejs-org-database.json"
    assert SCORECARD.recognise(path) is not None
    batch = judge(SCORECARD, path)["scans"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (790, 790, 0)
    assert batch.quarantined.is_empty()
    assert batch.rows["repo"].n_unique() == 50
    first = batch.rows.filter(repo="nodejs/node-gyp").row(0, named=True)
    assert (first["score"], first["at"]) == (5.5, datetime(2022, 11, 28, tzinfo=UTC))
