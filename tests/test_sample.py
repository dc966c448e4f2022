"""The sample's exports, read with json, csv and git alone, hold what its truth says."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devops_analytics.config import read_settings
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.sample import DeploymentTruth, SampleTruth, write_sample

ZONE = ZoneInfo("Europe/Amsterdam")
GITHUB = "exports/github"
SERVICE_OF_APP = {"SORT": "sorting", "PGW": "partner-gateway"}
RESULT_OF_WORD = {"gone live": "success", "broken": "failure", "stopped": "cancelled"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, SampleTruth]:
    folder = tmp_path_factory.mktemp("sample") / "demo"
    return folder, write_sample(folder)


@pytest.fixture(scope="module")
def folder(sample) -> Path:
    return sample[0]


@pytest.fixture(scope="module")
def truth(sample) -> SampleTruth:
    return sample[1]


# ---- Reading without the library ---- #


def json_values(path: Path) -> list:
    """Every JSON value of a file, however they follow one another."""
    text, at, found = path.read_text(encoding="utf-8"), 0, []
    decoder = json.JSONDecoder()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def pages(path: Path, field: str) -> list[dict]:
    return [record for page in json_values(path) for record in page[field]]


def depot_rows(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def git(clone: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", f"--git-dir={clone}", *arguments], check=True, capture_output=True, text=True
    ).stdout


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def quarter(at: datetime) -> str:
    wall = at.astimezone(ZONE)
    return f"{wall.year}-Q{(wall.month - 1) // 3 + 1}"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def finished(truth: SampleTruth, service: str, result: str = "success") -> list[datetime]:
    return sorted(
        d.finished_at for d in truth.deployments if (d.service, d.result) == (service, result)
    )


def terminal(statuses: list[dict]) -> dict | None:
    """The first status that ends a deployment."""
    ends = [s for s in statuses if s["state"] in ("success", "failure", "error")]
    return min(ends, key=lambda status: status["created_at"], default=None)


# ---- The same every time ---- #


def test_the_same_seed_writes_the_same_bytes_in_another_process_and_zone(folder, tmp_path):
    program = "import sys; from pathlib import Path; from devops_analytics.sample import *; "
    subprocess.run(
        [sys.executable, "-c", program + "write_sample(Path(sys.argv[1]))", str(tmp_path / "two")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "America/St_Johns"},
    )
    first, second = contents(folder), contents(tmp_path / "two")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_the_sample_stays_under_15_megabytes(folder):
    assert sum(len(content) for content in contents(folder).values()) < 15e6


# ---- Settings ---- #


def test_the_settings_are_valid_and_name_every_service_with_its_team(folder, truth):
    settings = read_settings(folder / "devops.toml")
    assert settings.service_teams == truth.teams
    assert len(settings.teams) == 4
    assert settings.people.salt


def test_every_source_of_the_settings_is_there_and_every_export_is_in_the_settings(folder):
    settings = read_settings(folder / "devops.toml")
    meant: set[Path] = set()
    for source in settings.sources:
        found = [path for path in folder.glob(source.path) if path.exists()]
        assert found, source.path
        meant |= {file for path in found for file in (path, *path.rglob("*")) if file.is_file()}
    written = {path for part in ("clones", "exports") for path in (folder / part).rglob("*")}
    assert {path for path in written if path.is_file()} == meant


def test_declared_deployments_are_of_services_that_no_export_lists(folder):
    settings = read_settings(folder / "devops.toml")
    assert {rule.service: rule.origin for rule in settings.deployments} == {
        "depot-scanner": "tags",
        "tracking-api": "runs",
        "identity": "jobs",
    }


# ---- Clones ---- #


def test_the_clones_hold_every_commit_and_are_sound(folder, truth):
    for name, count in truth.commits.items():
        clone = folder / "clones" / f"{name}.git"
        assert int(git(clone, "rev-list", "--all", "--count")) == count
        on_main = int(git(clone, "rev-list", "main", "--count"))
        assert on_main == truth.commits_on_main[name] <= count
        git(clone, "fsck", "--strict", "--no-dangling")
    assert 3_000 < sum(truth.commits.values()) < 6_000


def test_reverts_name_commits_of_the_same_clone(folder, truth):
    n_reverts = 0
    for name in truth.commits:
        clone = folder / "clones" / f"{name}.git"
        for sha in re.findall(r"This reverts commit (\w+)\.", git(clone, "log", "--format=%b")):
            assert git(clone, "cat-file", "-t", sha) == "commit\n"
            n_reverts += 1
    deployed = sum(d.reason == "revert" for d in truth.deployments)
    assert n_reverts >= deployed >= 5


def test_only_made_up_people_are_in_the_clones(folder, truth):
    for name in truth.commits:
        log = git(folder / "clones" / f"{name}.git", "log", "--all", "--format=%an%n%cn%n%ae%n%ce")
        for text in set(log.splitlines()):
            known = text in truth.people or text.startswith(("GitHub", "noreply@")) or "bot" in text
            assert known, text
            assert "@" not in text or text.endswith("example.invalid")


def test_mailmap_joins_the_two_names_of_one_person(folder):
    clone = folder / "clones" / "tracking-web.git"
    raw = set(git(clone, "log", "--format=%ae").splitlines())
    mapped = set(git(clone, "log", "--format=%aE").splitlines())
    assert raw - mapped == {"dev-04@laptop.example.invalid"}


def test_the_monorepo_has_squash_merges_in_the_folders_of_three_services(folder):
    clone = folder / "clones" / "storefront.git"
    for part in ("booking", "payments", "labels"):
        subjects = git(clone, "log", "--format=%s", "--", f"services/{part}").splitlines()
        assert len(subjects) > 50
    assert git(clone, "rev-list", "--merges", "--count", "main") == "0\n"
    assert re.search(r" \(#\d+\)$", subjects[0])


def test_merged_changes_are_in_the_clone_under_their_merge_sha(folder, truth):
    for name, count in truth.merged_changes.items():
        newest = {}
        for path in sorted((folder / GITHUB / name).glob("pulls*.json")):
            for record in json_values(path)[0]:
                kept = newest.get(record["number"])
                if kept is None or record["updated_at"] >= kept["updated_at"]:
                    newest[record["number"]] = record
        merged = {r["merge_commit_sha"] for r in newest.values() if r["merged_at"]}
        on_main = git(folder / "clones" / f"{name}.git", "rev-list", "main").split()
        assert len(merged) == count
        assert merged <= set(on_main)


def test_one_commit_was_written_by_a_clock_that_was_ahead(folder):
    rows = json_values(folder / GITHUB / "tracking-web" / "pulls.json")[0]
    merged = {r["head"]["sha"]: moment(r["merged_at"]) for r in rows if r["merged_at"]}
    log = git(folder / "clones" / "tracking-web.git", "log", "--format=%H %cI", "main")
    dates = dict(line.split() for line in log.splitlines())
    ahead = [sha for sha in merged.keys() & dates.keys() if moment(dates[sha]) > merged[sha]]
    assert len(ahead) == 1


# ---- Deployments ---- #


@pytest.mark.parametrize(
    "service", ["tracking-web", "notifications", "booking", "payments", "labels", "route-planner"]
)
def test_github_deployments_agree_with_the_truth(folder, truth, service):
    home = folder / GITHUB / f"{service}-deployments"
    statuses = defaultdict(list)
    for answer in json_values(home / "deployment_statuses.json"):
        for status in answer:
            statuses[status["deployment_url"]].append(status)
    ended = {"success": [], "failure": [], "cancelled": []}
    staging = 0
    for record in json_values(home / "deployments.json")[0]:
        if record["environment"] == "staging":
            staging += 1
            continue
        last = terminal(statuses[record["url"]])
        if last is None:
            ended["cancelled"].append(record)
        else:
            ended[last["state"]].append(moment(last["created_at"]))
    assert sorted(ended["success"]) == finished(truth, service)
    assert sorted(ended["failure"]) == finished(truth, service, "failure")
    assert len(ended["cancelled"]) == len(finished(truth, service, "cancelled"))
    assert staging == truth.staging_deployments.get(service, 0)


def test_deploying_runs_agree_with_the_truth(folder, truth):
    runs = pages(folder / GITHUB / "tracking-api" / "runs.json", "workflow_runs")
    deploys = [run for run in runs if run["name"] == "Deploy production"]
    assert {run["head_branch"] for run in deploys} == {"main"}
    found = sorted(moment(r["updated_at"]) for r in deploys if r["conclusion"] == "success")
    assert found == finished(truth, "tracking-api")


def test_a_run_was_run_again_until_the_third_attempt(folder):
    runs = pages(folder / GITHUB / "tracking-api" / "runs.json", "workflow_runs")
    attempts = defaultdict(list)
    for run in runs:
        attempts[run["id"]].append((run["run_attempt"], run["conclusion"]))
    again = [(1, "failure"), (2, "failure"), (3, "success")]
    assert again in [sorted(found) for found in attempts.values()]
    assert "cancelled" in {run["conclusion"] for run in runs}


def test_deploying_jobs_agree_with_the_truth(folder, truth):
    jobs = pages(folder / GITHUB / "identity" / "jobs.json", "jobs")
    deploys = [job for job in jobs if job["name"] == "deploy-production"]
    done = [moment(j["completed_at"]) for j in deploys if j["conclusion"] == "success"]
    assert sorted(done) == finished(truth, "identity")
    assert "skipped" in {job["conclusion"] for job in deploys}


def test_version_tags_agree_with_the_truth(folder, truth):
    listed = git(
        folder / "clones" / "depot-scanner.git",
        "for-each-ref",
        "refs/tags",
        "--format=%(refname:short) %(creatordate:iso-strict)",
    )
    tags = dict(line.split() for line in listed.splitlines())
    versions = [tag for tag in tags if re.search(r"^v\d+\.\d+\.\d+$", tag)]
    assert sorted(moment(tags[tag]) for tag in versions) == finished(truth, "depot-scanner")
    assert set(tags) - set(versions) > {"nightly"}


def test_the_depots_own_table_agrees_with_the_truth(folder, truth):
    paths = sorted((folder / "exports" / "depots").iterdir())
    every = [row for path in paths for row in depot_rows(path)]
    rows = {row["nr"]: row for row in every}
    found, staging, broken, unknown = defaultdict(list), Counter(), 0, 0
    for row in rows.values():
        if not row["app"] or row["end"].startswith("31-02"):
            broken += 1
        elif row["ring"] == "UAT":
            staging[SERVICE_OF_APP[row["app"]]] += 1
        elif row["state"] not in RESULT_OF_WORD:
            unknown += 1
        else:
            at = datetime.strptime(row["end"], "%d-%m-%Y %H:%M:%S").replace(tzinfo=ZONE)
            key = SERVICE_OF_APP[row["app"]], RESULT_OF_WORD[row["state"]]
            found[key].append(at.astimezone(UTC))
    for (service, result), times in found.items():
        assert sorted(times) == finished(truth, service, result)
    assert staging["sorting"] == truth.staging_deployments["sorting"]
    assert broken == truth.quarantined["exports/depots/deployments-2026h1.csv.gz"]
    assert unknown == truth.unknown_results
    superseded = truth.superseded["exports/depots/deployments-*.csv.gz"]
    assert len(every) - len(rows) == superseded > 0


def test_one_export_is_there_twice(folder):
    home = folder / "exports" / "depots"
    copy = home / "deployments-2025h2 (copy).csv.gz"
    assert copy.read_bytes() == (home / "deployments-2025h2.csv.gz").read_bytes()


def test_successes_are_counted_by_local_quarter(truth):
    counted = Counter(
        (d.service, quarter(d.finished_at)) for d in truth.deployments if d.result == "success"
    )
    assert truth.successes() == counted
    assert counted["partner-gateway", "2026-Q1"] < 6 <= counted["labels", "2026-Q1"]
    assert counted["route-planner", "2026-Q2"] == 0


def test_the_route_planners_feed_dies_while_its_commits_go_on(folder, truth):
    last = max(d.finished_at for d in truth.deployments if d.service == "route-planner")
    assert datetime(2026, 2, 1, tzinfo=UTC) < last < datetime(2026, 2, 14, tzinfo=UTC)
    clone = folder / "clones" / "route-planner.git"
    assert int(git(clone, "rev-list", "--count", "--since=2026-03-01", "main")) > 20


def test_a_service_has_no_deployments_and_another_no_commits(truth):
    with_deployments = {d.service for d in truth.deployments}
    assert set(truth.teams) - with_deployments == {"data-warehouse"}
    assert {d.service for d in truth.deployments if d.sha is None} == {"partner-gateway"}


def test_lost_commits_were_deployed_and_are_in_no_clone(folder, truth):
    assert len(truth.lost_shas) == 2
    assert set(truth.lost_shas) <= {d.sha for d in truth.deployments}
    for name in truth.commits:
        known = git(folder / "clones" / f"{name}.git", "rev-list", "--all").split()
        assert not set(truth.lost_shas) & set(known)


# ---- Remedies ---- #


def remedied(truth: SampleTruth) -> list[tuple[DeploymentTruth, DeploymentTruth]]:
    at = {(d.service, d.finished_at): d for d in truth.deployments}
    return [(d, at[d.service, d.remedies]) for d in truth.deployments if d.remedies is not None]


def test_a_remedy_follows_the_successful_deployment_that_it_puts_right(truth):
    pairs = remedied(truth)
    assert Counter(d.reason for d, _ in pairs).keys() == {"rollback", "revert", "hotfix"}
    assert len(pairs) > 30
    for remedy, bad in pairs:
        between = [
            d
            for d in truth.deployments
            if d.service == bad.service
            and d.result == "success"
            and bad.finished_at < d.finished_at < remedy.finished_at
        ]
        assert bad.result == "success"
        assert between == []


def test_a_rollback_deploys_the_version_that_ran_before(truth):
    n_rollbacks = 0
    for remedy, bad in remedied(truth):
        if remedy.reason != "rollback" or remedy.sha is None:
            continue
        before = [
            d
            for d in truth.deployments
            if d.service == bad.service
            and d.result == "success"
            and d.finished_at < bad.finished_at
            and d.sha not in truth.lost_shas
        ]
        assert remedy.sha in {d.sha for d in before}
        assert remedy.sha != bad.sha
        n_rollbacks += 1
    assert n_rollbacks > 10


def test_a_hotfix_deploys_a_change_that_is_labelled_so(folder, truth):
    labelled = defaultdict(list)
    for name in truth.commits:
        for record in json_values(folder / GITHUB / name / "pulls.json")[0]:
            if any(label["name"] == "hotfix" for label in record["labels"]):
                labelled[name].append(moment(record["merged_at"]))
    repository = dict.fromkeys(("booking", "payments", "labels"), "storefront")
    for remedy, bad in remedied(truth):
        if remedy.reason == "hotfix":
            merges = labelled[repository.get(remedy.service, remedy.service)]
            assert any(bad.finished_at < at <= remedy.started_at for at in merges)


def test_a_version_is_sometimes_deployed_again_as_it_is(truth):
    again = [d for d in truth.deployments if d.reason == "repeated"]
    assert again
    for repeated in again:
        before = [
            d
            for d in truth.deployments
            if d.service == repeated.service
            and d.result == "success"
            and d.finished_at < repeated.finished_at
        ]
        assert before[-1].sha == repeated.sha


def test_tracking_deploys_more_often_and_checkout_fails_more_often(truth):
    def half(at: datetime) -> int:
        return 0 if at < datetime(2025, 10, 1, tzinfo=UTC) else 1

    deployed, failed = Counter(), Counter()
    for deployment in truth.deployments:
        if deployment.result == "success":
            deployed[truth.teams[deployment.service], half(deployment.finished_at)] += 1
        if deployment.remedies is not None:
            failed[truth.teams[deployment.service], half(deployment.finished_at)] += 1
    assert deployed["tracking", 1] > 1.5 * deployed["tracking", 0]
    share = [failed["checkout", n] / deployed["checkout", n] for n in (0, 1)]
    assert share[1] > 1.5 * share[0]


# ---- Incidents ---- #


def test_pagerdutys_api_export_agrees_with_the_truth(folder, truth):
    home = folder / "exports" / "pagerduty"
    old = pages(home / "incidents-2026-05-31.json", "incidents")
    new = pages(home / "incidents-2026-06-30.json", "incidents")
    teams = {truth.teams.get(i.service or "") for i in truth.incidents}
    assert teams == {None, "tracking", "checkout", "depots", "platform"}
    expected = [
        i
        for i in truth.incidents
        if not i.planned and truth.teams.get(i.service or "") in (None, "tracking", "checkout")
    ]
    assert sorted(moment(record["created_at"]) for record in new) == [
        i.started_at for i in expected
    ]
    assert {r["id"] for r in old} < {r["id"] for r in new}
    assert truth.superseded["exports/pagerduty/incidents-*.json"] == len(old)
    still_open = [r for r in new if r["resolved_at"] is None]
    assert {r["status"] for r in still_open} <= {"triggered", "acknowledged"}
    assert len(still_open) == sum(i.resolved_at is None for i in expected) >= 2
    assert sum(r["service"] is None for r in new) == 2


def test_a_late_copy_holds_changes_as_they_were_then(folder, truth):
    home = folder / GITHUB / "tracking-web"
    new = {r["number"]: r for r in json_values(home / "pulls.json")[0]}
    old = json_values(home / "pulls-state-of-2025-06-30.json")[0]
    assert truth.superseded[f"{GITHUB}/tracking-web"] == len(old)
    open_then = [r for r in old if r["closed_at"] is None]
    assert len([r for r in open_then if new[r["number"]]["merged_at"]]) >= 2
    for record in open_then:
        assert record["updated_at"] < new[record["number"]]["updated_at"]


def test_an_older_export_holds_an_incident_as_open_that_is_resolved_now(folder):
    home = folder / "exports" / "pagerduty"
    old = {r["id"]: r for r in pages(home / "incidents-2026-05-31.json", "incidents")}
    new = {r["id"]: r for r in pages(home / "incidents-2026-06-30.json", "incidents")}
    changed = [n for n, r in old.items() if r["resolved_at"] != new[n]["resolved_at"]]
    assert len(changed) == 1
    assert old[changed[0]]["status"] != "resolved"
    assert old[changed[0]]["updated_at"] < new[changed[0]]["updated_at"]


def test_pagerdutys_analytics_agree_with_the_truth(folder, truth):
    path = folder / "exports" / "pagerduty" / "analytics-depots.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    good = [row for row in rows if row["created_at"].startswith("20")]
    expected = [
        i for i in truth.incidents if not i.planned and truth.teams.get(i.service or "") == "depots"
    ]
    assert len(good) == len(expected)
    assert len(rows) - len(good) == truth.quarantined["exports/pagerduty/analytics-depots.csv"]
    backwards = [row for row in good if "" < row["resolved_at"] < row["created_at"]]
    assert len(backwards) == 2
    assert sum(row["resolved_at"] == "" for row in good) == sum(
        i.resolved_at is None for i in expected
    )


def test_issues_with_the_label_are_the_platforms_incidents(folder, truth):
    for name in ("identity", "data-warehouse"):
        records = json_values(folder / GITHUB / name / "issues.json")[0]
        labelled = [r for r in records if "incident" in {label["name"] for label in r["labels"]}]
        expected = [i.started_at for i in truth.incidents if i.service == name]
        assert sorted(moment(record["created_at"]) for record in labelled) == expected
        others = len(records) - len(labelled)
        assert others == truth.quarantined[f"{GITHUB}/{name}/issues.json"] > 0


def test_an_incident_starts_in_the_very_second_of_a_deployment(truth):
    finishes = {(d.service, d.finished_at) for d in truth.deployments if d.result == "success"}
    at_once = [i for i in truth.incidents if (i.service, i.started_at) in finishes]
    assert [(i.service, i.caused_by == i.started_at) for i in at_once] == [("booking", True)]


def test_an_incident_follows_its_deployment_within_a_day(truth):
    finishes = {(d.service, d.finished_at) for d in truth.deployments if d.result == "success"}
    caused = [i for i in truth.incidents if i.caused_by is not None]
    assert len(caused) > 30
    for incident in caused:
        assert incident.caused_by is not None
        assert (incident.service, incident.caused_by) in finishes
        hours = (incident.started_at - incident.caused_by).total_seconds() / 3600
        assert 0 <= hours < 24


def test_nothing_is_later_than_the_last_day(truth):
    assert datetime(2026, 7, 1, tzinfo=ZONE) == truth.as_of
    times = [d.finished_at for d in truth.deployments]
    times += [t for i in truth.incidents for t in (i.started_at, i.resolved_at) if t is not None]
    assert max(times) < truth.as_of
    assert len(truth.open_incidents) >= 4


def test_planned_maintenance_is_in_a_calendar_of_its_own(folder, truth):
    path = folder / "exports" / "maintenance.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    planned = [(i.service, i.started_at) for i in truth.incidents if i.planned]
    assert sorted((row["service"], moment(row["from"])) for row in rows) == sorted(planned)


def test_the_last_review_is_torn_off(folder, truth):
    lines = (folder / GITHUB / "tracking-web" / "reviews.ndjson").read_text().splitlines()
    for line in lines[:-1]:
        json.loads(line)
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[-1])
    assert truth.quarantined[f"{GITHUB}/tracking-web/reviews.ndjson"] == 1


def test_ids_are_unique_in_every_file_of_github(folder):
    for path in sorted((folder / GITHUB).rglob("*.json")):
        records = [
            record
            for value in json_values(path)
            for record in (value if isinstance(value, list) else [*value.values()][1])
        ]
        ids = [(record["id"], record.get("run_attempt")) for record in records]
        assert len(ids) == len(set(ids)), path.name


# ---- Where it may be written ---- #


def test_another_seeds_sample_replaces_one_and_leaves_what_was_made_from_it(
    folder, truth, tmp_path
):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "kept").write_text("kept")
    (tmp_path / "exports" / "old.csv").write_text("old")
    other = write_sample(tmp_path, seed=8)
    assert (tmp_path / "store" / "kept").read_text() == "kept"
    assert not (tmp_path / "exports" / "old.csv").exists()
    assert other.commits.keys() == truth.commits.keys()
    assert other.deployments != truth.deployments


@pytest.mark.parametrize("name", ["notes.txt", "devops.toml"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("[organisation]\n")
    with pytest.raises(DevopsAnalyticsError, match=r"not empty.*nothing was written"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "demo").write_text("")
    with pytest.raises(DevopsAnalyticsError, match="is a file"):
        write_sample(tmp_path / "demo")


def test_a_missing_git_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevopsAnalyticsError, match="git is not installed"):
        write_sample(tmp_path / "demo")


# ---- Scans, bills, plans and answers ---- #


def test_scans_see_what_was_planted_and_two_months_of_one_break_off(folder, truth):
    found = set()
    for path in sorted((folder / "exports" / "sarif").iterdir()):
        (log,) = json_values(path)
        ended, seen = [], defaultdict(list)
        for run in log["runs"]:
            if not run["invocations"][0]["executionSuccessful"]:
                assert run["results"] == []
                continue
            ended.append(moment(run["invocations"][0]["endTimeUtc"]))
            for result in run["results"]:
                seen[result["ruleId"]].append(ended[-1])
        assert (len(ended), len(log["runs"])) == ((44, 52) if path.stem == "identity" else (52, 52))
        for rule, times in seen.items():
            later = [at for at in ended if at > times[-1]]
            found.add((path.stem, rule, times[0], min(later, default=None)))
    planted = {
        (f.repository, f.rule, f.first_seen_at, f.fixed_at) for f in truth.assurance.findings
    }
    assert found == planted
    assert len(planted) == 4 * 24


def test_four_of_one_team_answered_the_last_wave_in_other_words_than_the_first(folder, truth):
    sheets = {}
    for wave in ("2025-autumn", "2026-spring"):
        with (folder / "exports" / "survey" / f"{wave}.csv").open(encoding="utf-8") as file:
            sheets[wave] = list(csv.DictReader(file))
        teams = Counter(row["Your team"] for row in sheets[wave])
        assert teams["Platform"] == (5 if wave == "2025-autumn" else 4)
        assert len(sheets[wave]) == sum(one.wave == wave for one in truth.assurance.respondents)
    first, last = ({name for name in rows[0] if "," in name} for rows in sheets.values())
    assert len(first) == len(last) == 6
    assert not first & last


def test_three_plans_found_drift(folder, truth):
    found = json_values(folder / "exports" / "terraform" / "plans.ndjson")
    drifted = [moment(plan["timestamp"]) for plan in found if plan.get("resource_drift")]
    assert drifted == [at for at, n in truth.assurance.plans if n]
    assert (len(drifted), len(found)) == (3, 12)
