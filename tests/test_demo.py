"""The sample organisation through the whole house, against what is known of it by construction."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.periods import parse_period, periods_up_to
from devops_analytics.sample import SAMPLE_END, SampleTruth, write_sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def truth(folder: Path) -> SampleTruth:
    return write_sample(folder)


@pytest.fixture(scope="module")
def demo(folder: Path, truth: SampleTruth) -> Workspace:
    return Workspace.open(folder / "devops.toml", as_of=truth.as_of)


def test_every_deployment_is_counted_in_its_quarter(demo: Workspace, truth: SampleTruth) -> None:
    zone = demo.settings.organisation.zone
    last = parse_period("2026-Q2", zone=zone, as_of=SAMPLE_END)
    measured = demo.measure(
        periods_up_to(last, 6, zone=zone), by="service", metrics=["deployment_frequency"]
    )
    counted = {
        (row["entity"], row["period"]): int(row["numerator"])
        for row in measured.iter_rows(named=True)
        if row["numerator"]
    }
    assert counted == dict(truth.successes())


def test_every_repair_is_found_and_no_other(demo: Workspace, truth: SampleTruth) -> None:
    finishes = demo.links.deployments.select("deployment_id", "service", "finished_at")
    remedied = finishes.select(remedied_deployment_id="deployment_id", remedied_at="finished_at")
    found = demo.links.remedies.join(finishes, on="deployment_id").join(
        remedied, on="remedied_deployment_id"
    )
    planted = {
        (d.service, d.finished_at, d.remedies) for d in truth.deployments if d.remedies is not None
    }
    assert set(found.select("service", "finished_at", "remedied_at").iter_rows()) == planted
    assert len(planted) > 50


def test_every_caused_incident_is_blamed_on_its_deployment(
    demo: Workspace, truth: SampleTruth
) -> None:
    finishes = dict(demo.links.deployments.select("deployment_id", "finished_at").iter_rows())
    starts = demo.table("incidents").select("incident_id", "service", "started_at").collect()
    blamed = {
        (row["service"], row["started_at"]): finishes[row["deployment_id"]]
        for row in demo.links.blamed_on.join(starts, on="incident_id").iter_rows(named=True)
    }
    caused = {
        (i.service, i.started_at): i.caused_by for i in truth.incidents if i.caused_by is not None
    }
    assert caused
    assert {key: blamed.get(key) for key in caused} == caused


def test_every_record_is_accounted_for_and_quarantine_holds_what_was_planted(
    demo: Workspace, truth: SampleTruth
) -> None:
    assert demo.load_report is not None
    files = demo.load_report.files
    assert (files["read"] == files["loaded"] + files["quarantined"] + files["duplicates"]).all()
    found = Counter(demo.quarantine["file"].to_list())
    assert dict(found) == {name: n for name, n in truth.quarantined.items() if n}
    assert demo.quarantine["message"].null_count() == 0


def test_open_incidents_are_censored_not_dropped(demo: Workspace, truth: SampleTruth) -> None:
    rows = demo.observations("time_to_restore")
    still_open = {i.started_at for i in truth.open_incidents if not i.planned}
    assert still_open
    assert still_open == set(rows.filter(~pl.col("observed"))["at"])


def test_what_is_planned_is_no_incident(demo: Workspace, truth: SampleTruth) -> None:
    planned = {i.started_at for i in truth.incidents if i.planned}
    assert planned
    assert not planned & set(demo.observations("time_to_restore")["at"])


def test_the_dead_feed_is_unknown_and_the_silent_service_too(demo: Workspace) -> None:
    measured = demo.measure("2026-Q2", by="service", metrics=["deployment_frequency"])
    status = dict(measured.select("entity", "status").iter_rows())
    assert status["route-planner"] == "unknown"  # its export stops in February 2026
    assert status["data-warehouse"] == "unknown"  # nobody exports its deployments
    assert status["tracking-web"] == "ok"


def test_every_status_occurs(demo: Workspace) -> None:
    found = set(demo.measure("2026-Q2", by="service")["status"])
    assert {"ok", "insufficient", "none", "unknown"} <= found


def test_no_person_is_in_the_store(demo: Workspace, folder: Path, truth: SampleTruth) -> None:
    del demo
    texts = [path.read_bytes() for path in (folder / "store").rglob("*.json")]
    for path in (folder / "store").rglob("*.parquet"):
        frame = pl.read_parquet(path)
        texts.append(repr(frame.to_dict(as_series=False)).encode())
    everything = b"\n".join(texts)
    assert b"@example" not in everything
    for person in truth.people:
        assert person.encode() not in everything, person


def test_loading_again_changes_nothing(demo: Workspace, folder: Path) -> None:
    again = Workspace.open(folder / "devops.toml", as_of=demo.as_of)
    assert again.load_report is not None
    assert set(again.load_report.files["state"]) == {"unchanged"}
    assert again.measure("2026-Q2").equals(demo.measure("2026-Q2"))


def test_an_earlier_as_of_knows_nothing_of_later_events(demo: Workspace, folder: Path) -> None:
    then = Workspace.open(folder / "devops.toml", as_of="2026-01-01")
    for table in ("deployments", "incidents", "commits"):
        assert then.table(table).collect().height < demo.table(table).collect().height
    first = demo.measure("2025-Q2", metrics=["deployment_frequency"])["numerator"]
    assert then.measure("2025-Q2", metrics=["deployment_frequency"])["numerator"].equals(first)


def test_findings_are_those_planted_and_open_ones_are_censored(
    demo: Workspace, truth: SampleTruth
) -> None:
    rows = demo.observations("time_to_fix").unique("key")
    found = {(row["at"], row["key"].split(" ")[1], row["observed"]) for row in rows.to_dicts()}
    planted = [f for f in truth.assurance.findings if not f.is_dismissed]
    names = {f.repository: f"harbour-example/{f.repository}" for f in planted}
    assert found == {
        (f.first_seen_at, names[f.repository], f.fixed_at is not None) for f in planted
    }
    assert rows.height == len(planted) > 80
    fixed = rows.filter("observed")["value"].sort().to_list()
    hours = sorted((f.fixed_at - f.first_seen_at).total_seconds() / 3600
                   for f in planted if f.fixed_at is not None)  # fmt: skip
    assert fixed == pytest.approx(hours)


def test_scans_that_break_off_and_repositories_that_none_saw_are_not_clean(
    demo: Workspace, truth: SampleTruth
) -> None:
    found = demo.measure(["2026-Q1", "2026-Q2"], metrics=["scan_coverage"])
    # Four of nine repositories, and after the scans of identity break off, three.
    assert found.select("numerator", "denominator").rows() == [(4.0, 9.0), (3.0, 9.0)]
    open_ones = demo.rows("open_findings", "2026-Q2").unique("key")
    planted = Counter(
        f.repository for f in truth.assurance.findings if f.fixed_at is None and not f.is_dismissed
    )
    counted = {row["key"].split("/")[1]: row["value"] for row in open_ones.to_dicts()}
    assert planted["identity"] > 0
    assert counted == {name: planted[name] for name in counted}
    assert set(counted) == {"tracking-web", "tracking-api", "storefront", "identity"}


def test_drift_is_found_in_the_plans_that_found_it(demo: Workspace) -> None:
    found = demo.measure("2026-Q2", metrics=["infrastructure_drift"]).row(0, named=True)
    # Of every second Monday from 6 April to 15 June two plans found something.
    assert (found["numerator"], found["denominator"]) == (2.0, 6.0)


def test_the_team_of_four_is_withheld_with_the_one_that_would_tell_it(
    demo: Workspace, truth: SampleTruth
) -> None:
    teams = demo.measure("2026-Q2", by="team", metrics=["westrum"])
    hidden = teams.filter(status="suppressed")
    assert "platform" in hidden["entity"].to_list()
    assert hidden.height == 2
    assert hidden["n"].null_count() == 2
    whole = demo.measure("2026-Q2", metrics=["westrum"]).row(0, named=True)
    means = []
    for one in truth.assurance.respondents:
        given = [value for value in one.answers.values() if value]
        if one.wave == "2026-spring" and len(given) >= 4:
            means.append(sum(given) / len(given))
    assert whole["n"] == len(means) == 22
    assert whole["value"] == pytest.approx(sum(means) / len(means))
    assert whole["note"].startswith("wave 2026-spring, not comparable with wave 2025-autumn")
    autumn = demo.measure("2025-Q4", by="team", metrics=["westrum"])
    assert set(autumn["status"]) == {"ok"}
