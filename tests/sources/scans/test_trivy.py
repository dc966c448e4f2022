"""Trivy: what each of its scanners saw, told apart over scans, and never a secret's text."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.sources.trivy import TRIVY

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def vulnerability(**fields: Any) -> dict[str, Any]:
    return {
        "VulnerabilityID": "CVE-2026-1000",
        "PkgName": "libtide",
        "InstalledVersion": "1.0.0",
        "FixedVersion": "1.0.1",
        "Severity": "HIGH",
        "Status": "fixed",
        "Title": "written by Ada Harbour <ada@example.invalid>",
        **fields,
    }


def misconfiguration(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Dockerfile Security Check",
        "ID": "DS002",
        "AVDID": "AVD-DS-0002",
        "Severity": "HIGH",
        "Status": "FAIL",
        "CauseMetadata": {"Provider": "Dockerfile", "StartLine": 3, "Code": {"Lines": []}},
        **fields,
    }


SECRET = {
    "RuleID": "aws-access-key-id",
    "Category": "AWS",
    "Severity": "CRITICAL",
    "StartLine": 4,
    "Match": "key = hunter2",
    "Code": {"Lines": [{"Content": "key = hunter2"}]},
}


def result(kind: str = "lang-pkgs", target: str = "package-lock.json", **found: Any) -> Any:
    return {"Target": target, "Class": kind, "Type": "npm", **found}


def report(*results: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": 2,
        "CreatedAt": "2026-03-02T10:00:00.123456789+01:00",
        "ArtifactName": "registry.example.com/harbour/shop:1.2.3",
        "ArtifactType": "container_image",
        "Metadata": {"ImageConfig": {"author": "Ada Harbour"}},
        "Results": list(results),
        **fields,
    }


@pytest.fixture
def sightings(load):
    """Return the sightings of results, of which none is quarantined."""

    def seen(*results: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
        batch = load(TRIVY, report(*results, **fields))["sightings"]
        assert batch.quarantined.is_empty()
        return batch.rows.to_dicts()

    return seen


# ---- SCANS ---- #


def test_a_report_is_a_scan_and_its_vulnerabilities_are_sightings(load):
    batches = load(TRIVY, report(result(Vulnerabilities=[vulnerability()])))
    scan = batches["scans"].rows.row(0, named=True)
    assert (scan["tool"], scan["repo"]) == ("trivy", "registry.example.com/harbour/shop")
    assert (scan["at"].replace(microsecond=0), scan["succeeded"], scan["findings"]) == (
        NINE, True, 1,
    )  # fmt: skip
    row = batches["sightings"].rows.row(0, named=True)
    assert (row["tool"], row["repo"], row["at"]) == (scan["tool"], scan["repo"], scan["at"])
    assert (row["rule"], row["severity"], row["suppressed"]) == ("CVE-2026-1000", "high", False)
    assert (row["dependency"], row["path"]) == ("libtide", "package-lock.json")


def test_each_scanner_is_a_tool_of_its_own(load):
    batches = load(
        TRIVY,
        report(
            result(Vulnerabilities=[vulnerability()]),
            result("os-pkgs", "shop:1.2.3 (alpine 3.19)"),
            result("config", "Dockerfile", Misconfigurations=[misconfiguration()]),
            result("secret", "deploy.sh", Secrets=[SECRET]),
        ),
    )
    assert batches["scans"].rows.select("tool", "findings").rows() == [
        ("trivy", 1),
        ("trivy (misconfigurations)", 1),
        ("trivy (secrets)", 1),
    ]
    assert batches["sightings"].rows.select("tool", "rule", "path").rows() == [
        ("trivy", "CVE-2026-1000", "package-lock.json"),
        ("trivy (misconfigurations)", "AVD-DS-0002", "Dockerfile"),
        ("trivy (secrets)", "aws-access-key-id", "deploy.sh"),
    ]


def test_a_package_list_without_vulnerabilities_is_clean_and_no_results_say_nothing(load):
    rows = load(TRIVY, report(result()))["scans"].rows
    assert rows.select("tool", "findings").rows() == [("trivy", 0)]
    for nothing in (report(), report(Results=None)):
        rows = load(TRIVY, nothing)["scans"].rows
        assert rows.select("tool", "succeeded", "findings").rows() == [("trivy", True, None)]


def test_scanners_that_the_entry_names_were_clean_where_they_say_nothing(load):
    rows = load(TRIVY, report(), scanners=["vuln", "secret"])["scans"].rows
    assert rows.select("tool", "findings").rows() == [("trivy", 0), ("trivy (secrets)", 0)]


def test_a_report_without_time_needs_one_in_its_path(load):
    content = report(result(), CreatedAt=None)
    assert load(TRIVY, content)["scans"].quarantined["reason"].to_list() == ["scan_without_time"]
    dated = load(TRIVY, content, name="t-2026-03-02.json", time=r"\d{4}-\d{2}-\d{2}")
    assert dated["scans"].rows["at"].to_list() == [datetime(2026, 3, 2, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("fields", "repo"),
    [
        ({"ArtifactName": "alpine:3.19"}, "alpine"),
        ({"ArtifactName": "registry:5000/docks/shop:7"}, "registry:5000/docks/shop"),
        ({"ArtifactName": "shop@sha256:" + "ab" * 32}, "harbour/shop"),  # as the settings have it
        ({"ArtifactType": "repository", "ArtifactName": "https://example.com/harbour/pier"},
         "harbour/pier"),
        ({"ArtifactType": "repository", "ArtifactName": "pier",
          "Metadata": {"RepoURL": "https://example.com/harbour/pier.git"}}, "harbour/pier"),
        ({"ArtifactType": "filesystem", "ArtifactName": "."}, ""),
        ({"ArtifactType": "filesystem", "ArtifactName": "/home/ada/pier"}, "pier"),
        ({"ArtifactName": None}, ""),
    ],
)  # fmt: skip
def test_what_was_scanned_keeps_its_name_from_version_to_version(load, fields, repo):
    assert load(TRIVY, report(result(), **fields))["scans"].rows["repo"].to_list() == [repo]


def test_the_entry_may_name_the_repository(load):
    assert load(TRIVY, report(result()), repository="own")["scans"].rows["repo"][0] == "own"


# ---- WORDS ---- #


# trivy.dev, "Severity": the words of the database
@pytest.mark.parametrize(
    ("word", "severity"),
    [("CRITICAL", "critical"), ("HIGH", "high"), ("MEDIUM", "medium"), ("LOW", "low"),
     ("UNKNOWN", "unknown")],
)  # fmt: skip
def test_each_severity(sightings, word, severity):
    one = result(Vulnerabilities=[vulnerability(Severity=word)])
    assert sightings(one)[0]["severity"] == severity


# trivy.dev, "Misconfiguration scanning": PASS is only listed with --include-non-failures
@pytest.mark.parametrize(("word", "rows"), [("FAIL", [False]), ("EXCEPTION", [True]), ("PASS", [])])
def test_each_status_of_a_misconfiguration(sightings, word, rows):
    one = result("config", Misconfigurations=[misconfiguration(Status=word)])
    assert [row["suppressed"] for row in sightings(one)] == rows


# trivy.dev, "License scanning": the classification of google/licenseclassifier
@pytest.mark.parametrize(
    ("word", "is_finding"),
    [("forbidden", True), ("restricted", True), ("reciprocal", True), ("unknown", True),
     ("notice", False), ("permissive", False), ("unencumbered", False)],
)  # fmt: skip
def test_each_category_of_a_licence(sightings, word, is_finding):
    licence = {"Severity": "HIGH", "Category": word, "PkgName": "libtide", "Name": "X-1.0"}
    rows = sightings(result("license", "", Licenses=[licence]))
    assert [(row["rule"], row["dependency"]) for row in rows] == [("X-1.0", "libtide")] * is_finding


# trivy.dev, "VEX" and "Filtering": --show-suppressed
@pytest.mark.parametrize(
    ("word", "suppressed"),
    [("ignored", True), ("not_affected", True), ("fixed", True), ("affected", False),
     ("under_investigation", False), ("unknown", False)],
)  # fmt: skip
def test_each_status_of_a_modified_finding(sightings, word, suppressed):
    modified = {"Type": "vulnerability", "Status": word, "Finding": vulnerability()}
    (row,) = sightings(result(ExperimentalModifiedFindings=[modified]))
    assert (row["rule"], row["suppressed"]) == ("CVE-2026-1000", suppressed)
    (plain,) = sightings(result(Vulnerabilities=[vulnerability()]))
    assert row["fingerprint"] == plain["fingerprint"]


def test_unknown_words_are_counted_or_quarantined_and_the_scan_has_no_number(load):
    odd = [misconfiguration(Status="MAYBE"), misconfiguration(Severity="AWFUL")]
    batches = load(TRIVY, report(result("config", Misconfigurations=odd)))
    assert batches["sightings"].quarantined["reason"].to_list() == ["unknown_word"]
    assert batches["sightings"].rows["severity"].to_list() == ["unknown"]
    assert batches["scans"].rows["findings"].to_list() == [None]
    assert TRIVY.words.keys() == {
        "severity", "misconfiguration status", "licence category", "modified finding status",
    }  # fmt: skip


# ---- FINGERPRINTS ---- #


def test_a_finding_keeps_its_fingerprint_over_versions_and_lines(sightings):
    def fingerprint(*results: dict[str, Any]) -> list[str]:
        return [row["fingerprint"] for row in sightings(*results)]

    older, newer = vulnerability(), vulnerability(InstalledVersion="1.0.0-r2")
    assert fingerprint(result(Vulnerabilities=[older])) == fingerprint(
        result(Vulnerabilities=[newer])
    )
    system = [result("os-pkgs", f"shop:{tag} (alpine)", Vulnerabilities=[older]) for tag in "12"]
    assert fingerprint(system[0]) == fingerprint(system[1])
    moved = [result("secret", "a.sh", Secrets=[SECRET | {"StartLine": n}]) for n in (4, 40)]
    assert fingerprint(moved[0]) == fingerprint(moved[1])
    twice = result("secret", "a.sh", Secrets=[SECRET, SECRET])
    assert len(set(fingerprint(twice))) == 2


def test_a_package_that_is_there_twice_is_one_finding(load):
    both = [vulnerability(), vulnerability(InstalledVersion="0.9")]
    batches = load(TRIVY, report(result(Vulnerabilities=both)))
    assert (batches["sightings"].rows.height, batches["sightings"].n_duplicates) == (1, 1)
    assert batches["scans"].rows["findings"].to_list() == [1]


# ---- DAMAGE AND RECOGNITION ---- #


def test_no_secret_and_nobody_is_kept(load, said_anywhere):
    content = report(
        result("secret", "/home/ada/deploy.sh", Secrets=[SECRET, SECRET | {"Severity": [1]}]),
        result(Vulnerabilities=[vulnerability()]),
    )
    text = said_anywhere(load(TRIVY, [content, content | {"Results": 3}]))
    assert "aws-access-key-id" in text
    for hidden in ("hunter2", "ada", "Ada"):
        assert hidden not in text


def test_a_finding_that_is_none_does_not_take_the_others_with_it(load):
    batches = load(TRIVY, report(result(Vulnerabilities=[vulnerability(), "odd"])))
    assert batches["sightings"].rows.height == 1
    assert batches["sightings"].quarantined["reason"].to_list() == ["unexpected_type"]
    assert batches["scans"].rows["findings"].to_list() == [None]


@given(seed=st.integers(0, 2**32))
def test_damaged_reports_never_break_anything(survives, seed):
    content = report(
        result(Vulnerabilities=[vulnerability()]),
        result("config", "Dockerfile", Misconfigurations=[misconfiguration()]),
        result("secret", "a.sh", Secrets=[SECRET]),
    )
    survives(TRIVY, json.dumps(content).encode(), seed, time=r"\d{4}-\d{2}-\d{2}")


def test_reports_are_recognised_however_long_and_others_are_not(save):
    long = report(result(Vulnerabilities=[vulnerability(Title="x" * 500)] * 5000))
    assert TRIVY.recognise(save(long)).confidence == 0.95
    undated = TRIVY.recognise(save(report(result(), CreatedAt=None) | {}, "t-2026-03-02.json"))
    assert undated.suggestion == {}
    without = {key: value for key, value in report().items() if key != "CreatedAt"}
    assert "time" in TRIVY.recognise(save(without, "t-2026-03-02.json")).suggestion
    for foreign in (
        {"SchemaVersion": 1, "Results": []},
        {"ArtifactName": 1},
        [{"id": 1}],
        "",
        "<a/>",
    ):
        assert TRIVY.recognise(save(foreign)) is None
