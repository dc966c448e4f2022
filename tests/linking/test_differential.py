"""The package and an independent implementation agree on any small organisation."""

import os
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import Definitions, Settings
from devops_analytics.linking import Links, link, links_with_window
from devops_analytics.metrics.instability import (
    change_fail_rate,
    change_fail_rate_by_incident,
    change_fail_rate_by_remediation,
    deployment_rework_rate,
)
from devops_analytics.metrics.lead_time import (
    change_lead_time,
    change_lead_time_by_change,
    change_lead_time_from_authored,
)
from devops_analytics.metrics.lead_time_stages import STAGES, lead_time_stages
from devops_analytics.metrics.metric import Evidence, Observations
from devops_analytics.metrics.recovery import (
    failed_deployment_recovery_time,
    failed_deployment_recovery_time_by_remediation,
    failed_deployment_recovery_time_from_incident,
    time_to_restore,
)
from devops_analytics.metrics.throughput import deployment_days_per_week

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "30"))

TABLES_READ = (
    "service_repositories",
    "commits",
    "file_changes",
    "refs",
    "changes",
    "deployments",
    "incidents",
)


def package_reading(tables: dict[str, pl.LazyFrame], org: dict[str, Any]) -> Evidence:
    window = org["window_hours"]
    definitions = Definitions(
        attribution_window_hours=24.0 if window is None else window,
        count_merge_commits=org["count_merges"],
        count_bots=org["count_bots"],
    )
    links = link(tables, Settings(definitions=definitions), org["as_of"])
    if window is None:
        links = links_with_window(links, tables, window_hours=None)
    return Evidence(
        tables=tables,
        links=links,
        definitions=definitions,
        as_of=org["as_of"],
        time_zone=org["time_zone"],
    )


def observations(frame: pl.LazyFrame) -> dict[tuple[str | None, str], tuple[Any, ...]]:
    rows = Observations.validate(frame.collect())
    found = {
        (row["service"], row["key"]): (
            row["at"],
            pytest.approx(row["value"], abs=1e-9),
            row["observed"],
        )
        for row in rows.to_dicts()
    }
    assert len(found) == rows.height
    return found


def check_links(links: Links, expected: Any) -> None:
    ids = links.deployments["deployment_id"].to_list()
    assert ids == expected.deployments["deployment_id"].to_list()
    assert links.deployments["version"].to_list() == expected.deployments["version"].to_list()
    assert links.deployments["repo"].to_list() == expected.deployments["repo"].to_list()
    carried = {
        (row["service"], row["repo"], row["sha"]): (row["deployment_id"], row["is_baseline"])
        for row in links.deployed_in.to_dicts()
    }
    assert carried == expected.deployed_in
    assert len(carried) == links.deployed_in.height
    assert set(links.waiting.iter_rows()) == expected.waiting
    assert set(links.remedies.iter_rows()) == expected.remedies
    assert links.remedies.height == len(expected.remedies)
    blamed = {i: (d, method) for i, d, method, _ in links.blamed_on.iter_rows()}
    assert blamed == expected.blamed
    changes = {
        (row["service"], row["repo"], row["change_id"]): (row["deployment_id"], row["is_baseline"])
        for row in links.deployed_changes.to_dicts()
    }
    assert changes == expected.changes
    assert len(changes) == links.deployed_changes.height
    check_reasons(links, expected)


def check_reasons(links: Links, expected: Any) -> None:
    def reasons(kind: str) -> dict[str, str]:
        rows = links.unlinked.filter(pl.col("kind") == kind)
        return dict(rows.select("key", "reason").iter_rows())

    timed = links.unlinked.filter(pl.col("reason") == "no_finish_time")["key"]
    deployments = {k: v for k, v in reasons("deployment").items() if k not in set(timed)}
    assert deployments == expected.reasons
    assert reasons("incident") == expected.incident_reasons
    waiting = links.unlinked.filter(pl.col("kind") == "commit")
    assert set(waiting.select("service", "key").iter_rows()) == {
        (service, f"{repo}@{sha}") for service, repo, sha in expected.waiting
    }


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_links_and_observations_agree_with_the_independent_implementation(
    data: st.DataObject, organisations: Any, reference: ModuleType, make_tables: Any
) -> None:
    org = data.draw(organisations)
    tables = make_tables(**{name: org[name] for name in TABLES_READ})
    evidence = package_reading(tables, org)
    plain = reference.Organisation(**org)
    expected = reference.read(plain)
    check_links(evidence.links, expected)
    check_observations(evidence, reference, plain, expected)
    check_stages(evidence)


def check_observations(
    evidence: Evidence, reference: ModuleType, plain: Any, expected: Any
) -> None:
    pairs = [
        (change_lead_time, reference.lead_times(plain, expected)),
        (change_lead_time_from_authored, reference.lead_times(plain, expected, "authored_at")),
        (change_lead_time_by_change, reference.change_lead_times(plain, expected)),
        (change_fail_rate, reference.marked(expected, "both")),
        (change_fail_rate_by_incident, reference.marked(expected, "incident")),
        (change_fail_rate_by_remediation, reference.marked(expected, "remediation")),
        (deployment_rework_rate, reference.rework(plain, expected)),
        (failed_deployment_recovery_time, reference.recovery(plain, expected, "both")),
        (
            failed_deployment_recovery_time_from_incident,
            reference.recovery(plain, expected, "incident"),
        ),
        (
            failed_deployment_recovery_time_by_remediation,
            reference.recovery(plain, expected, "remediation"),
        ),
        (time_to_restore, reference.restore_times(plain)),
    ]
    for observe, found in pairs:
        assert observations(observe(evidence)) == found, observe.__name__
    weeks = deployment_days_per_week(evidence).collect()
    counted = {(row["service"], row["key"].split()[-1]): row["value"] for row in weeks.to_dicts()}
    assert counted == reference.days_per_week(plain, expected)


def check_stages(evidence: Evidence) -> None:
    rows = lead_time_stages(evidence).collect()
    total = change_lead_time_by_change(evidence).filter("observed").collect()
    assert rows["total_hours"].sort().to_list() == pytest.approx(total["value"].sort().to_list())
    stages = [f"{stage.name}_hours" for stage in STAGES]
    smallest = rows.select(pl.min_horizontal(*stages, "unaccounted_hours").min()).item()
    assert smallest is None or smallest >= 0
    added = rows.select(pl.sum_horizontal(*stages, "unaccounted_hours")).to_series()
    assert added.to_list() == pytest.approx(rows["total_hours"].to_list())
