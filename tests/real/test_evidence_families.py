"""Scorecards, answers and paths of real organisations become the numbers of a plain reading."""

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.sources.file_kinds import file_kind

pytestmark = pytest.mark.real


def opened(folder: Path, text: str) -> Workspace:
    (folder / "devops.toml").write_text(f'[people]\nsalt = "tests"\n{text}', encoding="utf-8")
    return Workspace.open(folder / "devops.toml")


def test_the_scores_of_an_organisation_are_the_latest_of_its_repositories(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "security" / "scorecard" / "nodejs-org-database.json"
    workspace = opened(tmp_path, f'[[sources]]\nkind = "scorecard"\npath = "{path}"')
    periods = {"2022": datetime(2023, 1, 1, tzinfo=UTC), "2023": datetime(2024, 1, 1, tzinfo=UTC)}
    found = workspace.measure(list(periods), metrics=["scorecard_score"])
    owners = json.loads(path.read_text(encoding="utf-8"))["github.com"]
    for row in found.iter_rows(named=True):
        end = periods[row["period"]]
        scores = []
        for names in owners.values():
            for history in names.values():
                kept = [*(history["previous"] or []), history["current"]]
                dated = [(datetime.fromisoformat(k["date"]), k["score"]) for k in kept if k]
                lately = [
                    (at.replace(tzinfo=at.tzinfo or UTC), score)
                    for at, score in dated
                    if end - timedelta(days=35) <= at.replace(tzinfo=at.tzinfo or UTC) < end
                ]
                scores += [max(lately)[1]] if lately else []
        assert row["n"] == len(scores)
        assert row["value"] == pytest.approx(median(scores))
    # No tool that finds weaknesses is among the exports, so nothing is known of those.
    unknown = workspace.measure("2023", metrics=["scan_coverage", "open_findings", "time_to_fix"])
    assert set(unknown["status"]) == {"unknown"}
    assert found["value"].to_list() == [5.8, 5.8]
    assert found["n"].to_list() == [43, 13]


def test_bills_of_one_day_tell_an_age_of_at_least_nothing(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "security" / "cyclonedx"
    workspace = opened(tmp_path, f'[[sources]]\nkind = "sbom"\npath = "{folder}"')
    rows = workspace.observations("dependency_age")
    assert not rows["observed"].any()
    assert set(rows["key"].str.split(" ").list.first()) == {
        "bkimminich/juice-shop",
        "CERN/lhc-vdm-editor",
        "ProtonMail/proton-bridge",
    }
    # Each has one bill, so how long a version stood before is not known, and no median is told.
    found = workspace.measure("2020-08", metrics=["dependency_age", "sbom_coverage"])
    assert found["value"].to_list() == [None, None]


def test_a_public_survey_gives_the_means_of_its_answers(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "surveys" / "cncf-release-cadence-2018-2019.csv"
    workspace = opened(
        tmp_path,
        f'[[sources]]\nkind = "survey"\npath = "{path}"\nwave_column = "year"\n'
        'respondent = "respondent"\nteam = "region"\nnot_known = ["N/A"]\n'
        '[sources.items.automation]\ncolumn = "release_automation"\nscale = "0-2"\n'
        "values = { manual = 0, mixed = 1, automated = 2 }\n",
    )
    coded = {"manual": 0, "mixed": 1, "automated": 2}
    answers = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            word = row["release_automation"].strip().lower()
            if word in coded:
                answers[row["year"]].append(coded[word])
    for year, given in answers.items():
        found = workspace.survey(year).filter(metric="automation").row(0, named=True)
        assert (found["n"], found["status"]) == (len(given), "ok")
        assert found["value"] == pytest.approx(mean(given))
        assert found["low"] < found["value"] < found["high"]
    assert set(answers) == {"2018", "2019"}


def test_repositories_of_two_organisations_are_under_code(shared_data: Path) -> None:
    rows, commits = [], []
    for path in sorted((shared_data / "iac-inventory").glob("*.paths.txt")):
        repo = path.name.removesuffix(".paths.txt")
        commits.append({"repo": repo, "sha": "a", "committed_at": datetime(2026, 6, 1, tzinfo=UTC)})
        lines = path.read_text(encoding="utf-8").splitlines()
        rows += [{"repo": repo, "sha": "a", "path": line} for line in lines if line]
    files = pl.DataFrame(rows).with_columns(kind=file_kind(pl.col("path")))
    trace = {"source": "git:clones", "source_ref": "clones:1"}
    frames = {
        "commits": pl.DataFrame(commits).with_columns(**{k: pl.lit(v) for k, v in trace.items()}),
        "file_changes": files.with_columns(**{k: pl.lit(v) for k, v in trace.items()}),
    }
    workspace = Workspace.from_frames(frames)
    found = {
        row["key"]: row["value"]
        for row in workspace.observations("repositories_under_code").to_dicts()
    }
    with_code = files.filter(kind="infrastructure")["repo"].unique()
    assert len(found) == 4
    assert {name for name, value in found.items() if value} == set(with_code)
    assert set(with_code) == set(found)
