"""SARIF logs: a run is a scan, a result a sighting, and what was not scanned is not clean."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.sources.sarif import SARIF

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def result(rule_id: str = "R1", line: int = 3, **fields: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": line}}
    return {
        "ruleId": rule_id,
        "message": {"text": "Ada Harbour <ada@example.invalid> wrote password=hunter2"},
        "locations": [{"physicalLocation": place}],
        **fields,
    }


def run(*results: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "tool": {"driver": {"name": "Lighthouse", "rules": []}},
        "invocations": [
            {
                "executionSuccessful": True,
                "account": "ada",
                "startTimeUtc": "2026-03-02T08:58:00Z",
                "endTimeUtc": "2026-03-02T09:00:00Z",
            }
        ],
        "versionControlProvenance": [{"repositoryUri": "https://example.com/harbour/shop.git"}],
        "results": list(results),
        **fields,
    }


def log(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://example.com/sarif-2.1.0.json", "version": "2.1.0", "runs": runs}


@pytest.fixture
def scan(load):
    """Return the columns of a log's only scan."""
    return lambda one, **entry: load(SARIF, log(one), **entry)["scans"].rows.row(0, named=True)


@pytest.fixture
def sightings(load):
    """Return the sightings of a run."""

    def seen(one: dict[str, Any], **entry: Any) -> list[dict[str, Any]]:
        batch = load(SARIF, log(one), **entry)["sightings"]
        assert batch.quarantined.is_empty()
        return batch.rows.to_dicts()

    return seen


# ---- SCANS ---- #


def test_a_run_is_a_scan_and_its_results_are_sightings(load):
    batches = load(SARIF, log(run(result(), result(line=9, level="error"))))
    row = batches["scans"].rows.row(0, named=True)
    assert (row["tool"], row["repo"], row["check"]) == ("Lighthouse", "harbour/shop", "")
    assert (row["at"], row["succeeded"], row["findings"]) == (NINE, True, 2)
    seen = batches["sightings"].rows
    assert seen.select("tool", "repo", "at", "rule", "severity", "suppressed", "path").rows() == [
        ("Lighthouse", "harbour/shop", NINE, "R1", "medium", None, "src/a.py"),
        ("Lighthouse", "harbour/shop", NINE, "R1", "high", None, "src/a.py"),
    ]
    assert seen["fingerprint"].n_unique() == 2


def test_an_empty_list_is_a_clean_scan_and_none_at_all_is_not(scan):
    assert (scan(run())["succeeded"], scan(run())["findings"]) == (True, 0)
    for nothing in (run(results=None), {k: v for k, v in run().items() if k != "results"}):
        assert (scan(nothing)["succeeded"], scan(nothing)["findings"]) == (False, None)


def test_a_run_that_failed_is_not_clean_even_with_an_empty_list(scan):
    ended = {"endTimeUtc": "2026-03-02T09:00:00Z"}
    failed = [ended | {"executionSuccessful": True}, ended | {"executionSuccessful": False}]
    row = scan(run(invocations=failed))
    assert (row["succeeded"], row["findings"]) == (False, None)


def test_results_that_lie_in_another_file_are_not_known_to_be_none(scan):
    elsewhere = run(results=None, externalPropertyFileReferences={"results": [{"location": {}}]})
    assert (scan(elsewhere)["succeeded"], scan(elsewhere)["findings"]) == (None, None)


def test_runs_that_are_null_are_quarantined_and_no_runs_are_none(load):
    batch = load(SARIF, {"version": "2.1.0", "runs": None})["scans"]
    assert batch.quarantined["reason"].to_list() == ["no_runs"]
    batch = load(SARIF, {"version": "2.1.0", "runs": []})["scans"]
    assert (batch.n_read, batch.n_absorbed, batch.rows.height) == (1, 1, 0)


def test_scans_of_different_series_are_not_compared(load):
    # the last part of an id is the run's own
    first = run(automationDetails={"id": "nightly/linux/2026-03-02"})
    second = run(automationDetails={"id": "nightly/windows/2026-03-02"})
    third = run(automationDetails={"id": "2026-03-02"})
    tools = load(SARIF, log(first, second, third))["scans"].rows["tool"].to_list()
    assert tools == ["Lighthouse (nightly/linux)", "Lighthouse (nightly/windows)", "Lighthouse"]


# ---- TIMES AND REPOSITORIES ---- #


def test_the_time_is_the_end_else_the_start_else_the_repositorys_else_the_results(scan):
    assert scan(run(invocations=[{"startTimeUtc": "2026-03-02T08:00:00Z"}]))["at"].hour == 8
    state = [{"repositoryUri": "https://example.com/a/b", "asOfTimeUtc": "2026-03-02T07:00:00Z"}]
    assert scan(run(invocations=None, versionControlProvenance=state))["at"].hour == 7
    seen = result(provenance={"lastDetectionTimeUtc": "2026-03-02T06:00:00Z"})
    assert scan(run(seen, invocations=None))["at"].hour == 6


def test_a_run_without_time_needs_one_in_the_path(load):
    content = log(run(result(), invocations=None))
    batches = load(SARIF, content)
    assert list(batches) == ["scans"]
    assert batches["scans"].quarantined["reason"].to_list() == ["scan_without_time"]
    message = batches["scans"].quarantined["message"][0]
    assert "1 results" in message
    assert "set `time`" in message
    named = {"name": "zap-2026-03-02.sarif", "time": r"\d{4}-\d{2}-\d{2}"}
    at = load(SARIF, content, **named)["scans"].rows["at"][0]
    assert at == datetime(2026, 3, 2, tzinfo=UTC)
    tokyo = load(SARIF, content, **named, time_zone="Asia/Tokyo")["scans"].rows["at"][0]
    assert tokyo == datetime(2026, 3, 1, 15, tzinfo=UTC)
    twice = {"name": "2026-01-01-to-2026-03-02.sarif", "time": r"\d{4}-\d{2}-\d{2}"}
    assert load(SARIF, content, **twice)["scans"].rows["at"][0] == at  # what stands last
    packed = {"name": "zap-2026-03-02T0930Z.sarif", "time": r"zap-(?P<time>.*)\.sarif"}
    assert load(SARIF, content, **packed)["scans"].rows["at"][0].minute == 30


def test_a_time_that_is_none_is_quarantined_with_its_reason(load):
    batches = load(SARIF, log(run(result(), invocations=[{"endTimeUtc": "yesterday"}])))
    assert batches["scans"].quarantined["reason"].to_list() == ["not_a_time"]
    assert batches["sightings"].quarantined["reason"].to_list() == ["not_a_time"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/harbour/Shop", "harbour/shop"),  # as the settings write it
        ("git@example.com:harbour/pier.git", "harbour/pier"),
        ("ssh://git@example.com:22/harbour/pier.git/", "harbour/pier"),
        ("git+https://example.com/docks/harbour/pier", "docks/harbour/pier"),
        ("https://example.com/harbour/pier/-/tree/main", "harbour/pier"),
        ("https://dev.example.com/org/project/_git/pier", "org/project/pier"),
        ("not an address", "fallback"),
    ],
)
def test_the_repository_is_named_as_its_host_names_it(scan, address, name):
    one = run(versionControlProvenance=[{"repositoryUri": address}])
    assert scan(one, repository="fallback")["repo"] == name


# ---- WORDS ---- #


# SARIF 2.1.0 §3.27.10 (level), and what we make of it
LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
# §3.27.9 (kind): which of them say that something is wrong, or may be
KINDS = {
    "fail": True, "open": True, "review": True,
    "pass": False, "informational": False, "notApplicable": False,
}  # fmt: skip
# §3.27.24 (baselineState): absent ones are no longer there
STATES = {"new": True, "unchanged": True, "updated": True, "absent": False}
# §3.35.3 (status of a suppression)
SUPPRESSIONS = {"accepted": True, "underReview": False, "rejected": False}


@pytest.mark.parametrize(("word", "severity"), LEVELS.items())
def test_each_level_has_a_severity(sightings, word, severity):
    assert sightings(run(result(level=word)))[0]["severity"] == severity


@pytest.mark.parametrize("key", ["kind", "baselineState"])
def test_only_results_that_are_findings_count(load, key):
    words = KINDS if key == "kind" else STATES
    for word, is_finding in words.items():
        batches = load(SARIF, log(run(result(**{key: word}))))
        assert batches["sightings"].rows.height == is_finding
        assert batches["sightings"].n_absorbed == (not is_finding)
        assert batches["scans"].rows["findings"].to_list() == [int(is_finding)]


@pytest.mark.parametrize(("word", "suppressed"), SUPPRESSIONS.items())
def test_each_state_of_a_suppression_is_known(sightings, word, suppressed):
    assert sightings(run(result(suppressions=[{"status": word}])))[0]["suppressed"] is suppressed


def test_the_words_of_the_registry_are_those_documented():
    assert SARIF.words["result level"] == LEVELS
    assert SARIF.words["result kind"].keys() == KINDS.keys()
    assert SARIF.words["baseline state"].keys() == STATES.keys()
    assert SARIF.words["suppression state"].keys() == SUPPRESSIONS.keys()


def test_a_suppression_without_a_state_is_accepted_and_one_rejected_keeps_it_open(sightings):
    def suppressed(*states: dict[str, str]) -> bool:
        return sightings(run(result(suppressions=list(states))))[0]["suppressed"]

    assert suppressed({}) is True
    assert suppressed() is False
    assert suppressed({}, {"status": "rejected"}) is False
    assert suppressed({"status": "accepted"}, {"status": "underReview"}) is False


def test_unknown_words_are_said_and_never_taken_for_harmless(load):
    batches = load(SARIF, log(run(result(level="fatal"), result(line=4, kind="maybe"))))
    assert batches["sightings"].rows["severity"].to_list() == ["unknown"]
    assert batches["sightings"].notes
    assert batches["sightings"].quarantined["reason"].to_list() == ["unknown_word"]
    assert batches["scans"].rows["findings"].to_list() == [None]


# ---- RULES ---- #


def with_rules(*results: dict[str, Any], **fields: Any) -> dict[str, Any]:
    rules = [
        {"id": "R1", "defaultConfiguration": {"level": "note"}},
        {"id": "R2", "properties": {"security-severity": "9.1"}},
        {"id": "R3"},
    ]
    extension = {
        "name": "pack",
        "rules": [{"id": "X1", "defaultConfiguration": {"level": "error"}}],
    }
    tool = {"driver": {"name": "Lighthouse", "rules": rules}, "extensions": [extension]}
    return run(*results, tool=tool, **fields)


@pytest.mark.parametrize(
    ("fields", "rule", "severity"),
    [
        ({"ruleId": "R1"}, "R1", "low"),  # by the rule's default
        ({"ruleId": "R1", "level": "error"}, "R1", "high"),  # the result's own word comes first
        ({"ruleId": "R1/part"}, "R1/part", "low"),  # a part of R1
        ({"ruleId": None, "ruleIndex": 1}, "R2", "critical"),  # by number, and by score
        ({"ruleId": None, "rule": {"index": 1}}, "R2", "critical"),
        ({"ruleId": "R2", "level": "note"}, "R2", "critical"),  # a score says more than a level
        ({"ruleId": "R2", "properties": {"security-severity": 5}}, "R2", "medium"),
        ({"ruleId": "R3"}, "R3", "medium"),  # nothing said: a warning
        ({"ruleId": "X1", "rule": {"index": 0, "toolComponent": {"index": 0}}}, "X1", "high"),
        ({"ruleId": "X1"}, "X1", "high"),
        ({"ruleId": None, "ruleIndex": 99}, None, "medium"),
        ({"ruleId": "R1", "kind": "review"}, "R1", "info"),  # no failure: its level is none
    ],
)
def test_rules_are_found_by_name_and_by_number(sightings, fields, rule, severity):
    (row,) = sightings(with_rules(result(**fields)))
    assert (row["rule"], row["severity"]) == (rule, severity)


def test_an_invocation_may_set_a_rules_level(sightings):
    override = {"descriptor": {"index": 0}, "configuration": {"level": "error"}}
    invocation = {"endTimeUtc": "2026-03-02T09:00:00Z", "ruleConfigurationOverrides": [override]}
    assert sightings(with_rules(result(), invocations=[invocation]))[0]["severity"] == "high"


@pytest.mark.parametrize(
    ("score", "severity"),
    [("9.0", "critical"), ("8.9", "high"), ("7", "high"), ("6.9", "medium"), ("4.0", "medium"),
     ("3.9", "low"), ("0.1", "low"), ("0.0", "info"), ("11", "medium"), ("bad", "medium")],
)  # fmt: skip
def test_scores_are_severities_as_cvss_has_them(sightings, score, severity):
    one = result(properties={"security-severity": score})
    assert sightings(run(one))[0]["severity"] == severity


# ---- FINGERPRINTS AND PATHS ---- #


def test_a_finding_keeps_its_fingerprint_when_its_line_moves(sightings):
    def fingerprint(**fields: Any) -> str:
        return sightings(run(result(**fields)))[0]["fingerprint"]

    for known in (
        {"partialFingerprints": {"primaryLocationLineHash": "39fa2ee9:1"}},
        {"fingerprints": {"stable/v1": "abc"}},
        {"correlationGuid": "d541006e-582d-4600-a603-64925b7f7f35"},
        {"partialFingerprints": {"own/v1": "77"}},
    ):
        assert fingerprint(line=3, **known) == fingerprint(line=30, **known)
    assert fingerprint(line=3) != fingerprint(line=30)
    changed = {"message": {"text": "another wording"}}
    assert fingerprint() == fingerprint(**changed)


def test_results_that_nothing_tells_apart_are_numbered(load):
    batches = load(SARIF, log(run(result(), result(), result())))
    assert batches["sightings"].rows["fingerprint"].n_unique() == 3
    same = result(fingerprints={"stable/v1": "abc"})
    batches = load(SARIF, log(run(same, same)))
    assert (batches["sightings"].rows.height, batches["sightings"].n_duplicates) == (1, 1)
    assert batches["scans"].rows["findings"].to_list() == [1]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ({"uri": "./src/a%20b.py"}, "src/a b.py"),
        ({"uri": "file:///home/ada/code/a.py"}, "code/a.py"),
        ({"uri": "file:///C:/Users/ada/code/a.py"}, "code/a.py"),
        ({"uri": "C:\\Users\\ada\\code\\a.py"}, "code/a.py"),
        ({"uri": "file:///home/ada/code/a.py", "uriBaseId": "ROOT"}, "a.py"),
        ({"uri": "io/a.c", "uriBaseId": "SRC"}, "src/io/a.c"),
        ({"index": 0}, "from/the/list.py"),
        ({"index": 7}, None),
    ],
)
def test_paths_begin_at_the_repository_and_name_nobody(sightings, location, path):
    one = run(
        result(locations=[{"physicalLocation": {"artifactLocation": location}}]),
        artifacts=[{"location": {"uri": "from/the/list.py"}}],
        originalUriBaseIds={
            "SRC": {"uri": "src/", "uriBaseId": "TOP"},
            "TOP": {},
            **({"ROOT": {"uri": "file:///home/ada/code/"}} if "uriBaseId" in location else {}),
        },
    )
    assert sightings(one)[0]["path"] == path


# ---- DAMAGE ---- #


def test_no_message_and_nobody_is_kept(load, said_anywhere):
    content = log(run(result(), result(level=["odd"])), run(result(), invocations=None))
    text = said_anywhere(load(SARIF, content))
    assert "Lighthouse" in text
    for secret in ("hunter2", "ada", "Ada Harbour", "example.invalid"):
        assert secret not in text


def test_a_result_that_is_no_result_does_not_take_the_others_with_it(load):
    batches = load(SARIF, log(run(result(), {"ruleId": {"odd": 1}}), {"tool": "odd"}))
    assert batches["sightings"].rows.height == 1
    assert batches["sightings"].quarantined["reason"].to_list() == ["unexpected_type"]
    assert batches["scans"].quarantined["reason"].to_list() == ["unexpected_type"]
    assert batches["scans"].rows["findings"].to_list() == [None]


def test_a_log_that_was_cut_off_gives_its_whole_runs(load):
    text = json.dumps(log(run(result()), run(result(line=4)), run(result(line=5))))
    batches = load(SARIF, text[: len(text) - 300])
    assert batches["scans"].quarantined["reason"].to_list() == ["truncated_json"]
    assert batches["sightings"].n_read == 2


@given(seed=st.integers(0, 2**32))
def test_damaged_logs_never_break_anything(survives, seed):
    content = with_rules(result(), result("R2", suppressions=[{"status": "accepted"}]))
    survives(SARIF, json.dumps(log(content, run())).encode(), seed, time=r"\d{4}-\d{2}-\d{2}")


# ---- RECOGNITION ---- #


def test_a_log_is_known_by_its_content(save):
    found = SARIF.recognise(save(log(run(result())), "anything"))
    assert found is not None
    assert (found.kind, found.confidence, found.suggestion) == ("sarif", 0.95, {})
    # keys in the order of the alphabet, and a run longer than what is looked at
    long = json.dumps(log(run(*[result()] * 2000)), sort_keys=True)
    assert SARIF.recognise(save(long)) is not None


def test_where_only_the_name_has_a_date_it_is_suggested_and_loads(save, judge):
    path = save(log(run(result(), invocations=None)), "zap-2026-03-02.sarif")
    found = SARIF.recognise(path)
    assert found is not None
    assert judge(SARIF, path, **found.suggestion)["scans"].rows["at"][0].day == 2


@pytest.mark.parametrize(
    "foreign",
    [
        {"workflow_runs": [{"id": 1}]},
        {"runs": [{"id": 1, "status": "done"}]},
        {"version": "2.1.0", "components": []},
        [{"tool": "x"}],
        "<log/>",
    ],
)
def test_others_files_are_left_alone(save, foreign):
    assert SARIF.recognise(save(foreign)) is None
