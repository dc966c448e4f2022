"""GOV.UK: the package against an independent, plain reading of the same files."""

import csv
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.check import findings_of, material_of
from devops_analytics.quality import why

pytestmark = pytest.mark.real

APPS = ("collections", "publishing-api")
PERIODS = ("2026-Q2", "2025")


def measured(workspace: Workspace, metric: str, app: str, period: str) -> dict[str, Any]:
    found = workspace.measure(period, by="service", metrics=[metric])
    return found.row(by_predicate=pl.col("entity") == app, named=True)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("app", APPS)
def test_frequency_lead_time_and_rollbacks_agree_exactly(
    govuk: Workspace, shared_data: Path, plain_govuk: ModuleType, app: str, period: str
) -> None:
    plain = plain_govuk.read_app(shared_data / "govuk", app, period)
    frequency = measured(govuk, "deployment_frequency", app, period)
    assert frequency["numerator"] == plain.deployments
    lead_time = measured(govuk, "change_lead_time", app, period)
    assert plain.waiting == 0  # nothing is censored, so the plain median is the answer
    assert lead_time["n"] == len(plain.lead_times)
    assert lead_time["value"] == pytest.approx(plain.median_lead_time, abs=1e-12)
    remedies = govuk.links.remedies.filter(pl.col("method") == "rollback")
    start, end = plain_govuk.PERIODS[period]
    made = govuk.links.deployments.filter(
        (pl.col("service") == app)
        & (pl.col("finished_at") >= start)
        & (pl.col("finished_at") < end)
    )
    assert remedies.join(made, on="deployment_id", how="semi")["deployment_id"].n_unique() == (
        plain.rollbacks
    )


def test_there_were_rollbacks_to_agree_on(shared_data: Path, plain_govuk: ModuleType) -> None:
    found = [plain_govuk.read_app(shared_data / "govuk", app, "2025").rollbacks for app in APPS]
    assert min(found) > 0


@pytest.mark.parametrize("app", APPS)
def test_fail_rate_by_remediation_is_known_and_by_incident_is_not(
    govuk: Workspace, app: str
) -> None:
    by_remedy = measured(govuk, "change_fail_rate_by_remediation", app, "2026-Q2")
    assert by_remedy["status"] == "ok"
    assert 0 <= by_remedy["low"] <= by_remedy["value"] <= by_remedy["high"] <= 1
    for metric in ("change_fail_rate", "change_fail_rate_by_incident"):
        assert measured(govuk, metric, app, "2026-Q2")["status"] == "unknown"


def test_without_incidents_time_to_restore_is_unknown_not_zero(govuk: Workspace) -> None:
    found = govuk.measure("2026-Q2", by="organisation", metrics=["time_to_restore"]).row(
        0, named=True
    )
    assert found["status"] == "unknown"
    assert found["value"] is None
    assert found["n"] in {0, None}
    assert found["note"]


@pytest.mark.parametrize("app", ["content-store", "support-api", "asset-manager"])
def test_without_commits_lead_time_is_unknown_and_frequency_is_not(
    govuk: Workspace, app: str
) -> None:
    assert measured(govuk, "change_lead_time", app, "2026-Q2")["status"] == "unknown"
    assert measured(govuk, "deployment_frequency", app, "2026-Q2")["status"] == "ok"


@pytest.mark.parametrize("app", APPS)
def test_branch_images_are_listed_as_unlinked(
    govuk: Workspace, shared_data: Path, plain_govuk: ModuleType, app: str
) -> None:
    plain = plain_govuk.read_app(shared_data / "govuk", app, "2026-Q2")
    unlinked = govuk.links.unlinked.filter(
        (pl.col("kind") == "deployment") & (pl.col("service") == app)
    )
    assert unlinked.height == plain.unlinked
    assert set(unlinked["reason"]) <= {"sha_not_in_clone", "no_version", "ref_not_found"}


def test_unlinked_deployments_are_findings_by_reason(
    govuk: Workspace, shared_data: Path, plain_govuk: ModuleType
) -> None:
    found = {row["check"]: row["count"] for row in findings_of(govuk).iter_rows(named=True)}
    # Branch images of the two apps with a history, over all time.
    plain = sum(
        plain_govuk.read_app(shared_data / "govuk", app, "2026-Q2").unlinked for app in APPS
    )
    by_reason = [found.get(f"deployments_{reason}", 0) for reason in
                 ("sha_not_in_clone", "no_version", "ref_not_found")]  # fmt: skip
    assert sum(by_reason) == plain == 7
    # All other apps have no repository in the settings.
    others = govuk.links.deployments.filter(~pl.col("service").is_in(APPS)).height
    assert found["deployments_no_repository"] == others == 22_086
    assert "records_in_quarantine" not in found  # what the settings leave out is no finding


def test_bots_and_clocks_agree_with_the_exports(govuk: Workspace, shared_data: Path) -> None:
    found = {row["check"]: row for row in findings_of(govuk).iter_rows(named=True)}
    rows: list[dict[str, str]] = []
    for app in APPS:
        path = shared_data / "govuk" / f"{app}.commits.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    assert found["bots"]["count"] == sum(r["author_is_bot"] == "1" for r in rows) == 4414
    made = {r["sha"]: datetime.fromisoformat(r["committed_at"]) for r in rows}
    backwards = {
        r["sha"]
        for r in rows
        if any(made[r["sha"]] < made[parent] for parent in r["parents"].split() if parent in made)
    }
    assert found["commits_older_than_parents"]["count"] == len(backwards) == 20
    ahead = [
        r for r in rows
        if datetime.fromisoformat(r["authored_at"]) > datetime.fromisoformat(r["committed_at"])
    ]  # fmt: skip
    assert found["commits_authored_after_committed"]["count"] == len(ahead) == 6


def test_why_says_that_most_services_have_no_repository(govuk: Workspace) -> None:
    measured = govuk.measure("2026-Q2", metrics=["change_lead_time", "time_to_restore"])
    told = {row["metric"]: row for row in why(measured, material_of(govuk)).iter_rows(named=True)}
    assert not told["change_lead_time"]["is_empty"]
    # Of the 1,897 deployments of the quarter (London time) 1,757 are of the other apps.
    assert any(
        text.startswith("1,757 of 1,897 deployments lead to no commit")
        for text in told["change_lead_time"]["reasons"]
    )
    assert told["time_to_restore"]["is_empty"]
    assert told["time_to_restore"]["reasons"] == ["no feed of incidents"]


def test_every_record_is_accounted_for(govuk: Workspace) -> None:
    files = govuk.load_report.files
    assert (files["read"] == files["loaded"] + files["quarantined"] + files["duplicates"]).all()
    production = files.row(
        by_predicate=pl.col("file").str.contains("deployments-production"), named=True
    )
    # 24,435 rows; create (66), config (47) and remove (16) change no code.
    assert production["read"] == 24_435
    assert production["quarantined"] == 129
    assert set(govuk.quarantine["reason"]) == {"excluded_by_settings"}


def test_a_quarter_is_compared_with_the_one_before_from_its_deployments(govuk: Workspace) -> None:
    found = {row["metric"]: row for row in govuk.compare("2026-Q2").iter_rows(named=True)}
    frequency = found["deployment_frequency"]
    # 91 days after 90; weeks vary more than chance makes them, so the limits are wider than exact.
    ratio = (frequency["n"] / 91) / (frequency["baseline_n"] / 90)
    assert frequency["change"] == pytest.approx(ratio, rel=1e-3)
    assert frequency["verdict"] == "no detectable change"
    assert frequency["method"].endswith("bursts")
    assert found["time_to_restore"]["reason"] == "2026-Q2: no feed of incidents"
