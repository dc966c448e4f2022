"""The table source on real exports, against a plain reading with the csv module."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import TableSource, settings_from
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.table import read

pytestmark = pytest.mark.real


def plain(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def loaded(path: Path, *, teams: dict[str, Any] | None = None, **keys: Any) -> Batch:
    given = settings_from(
        {
            "people": {"salt": "for tests only"},
            "teams": teams or {},
            "sources": [{"kind": "table", "path": path.name, **keys}],
        }
    )
    declared = given.sources[0]
    assert isinstance(declared, TableSource)
    context = Context(settings=given, label=path.name)
    (draft,) = read(path, declared, context)
    return conform(draft, entry=declared, context=context)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_deployments_of_govuk(shared_data: Path) -> None:
    path = shared_data / "govuk" / "deployments-production.csv"
    batch = loaded(
        path,
        table="deployments",
        where={"kind": ["deploy", "rollback"]},
        columns={
            "deployment_id": {"template": "{environment}/{app}/{deployed_at}"},
            "service": "app",
            "environment": "environment",
            "sha": {"column": "image_tag", "pattern": r"^(?:release-)?([0-9a-f]{40})$"},
            "ref": {"column": "image_tag", "pattern": r"^(v\d+)$"},
            "artifact": "image_tag",
            "finished_at": "deployed_at",
            "result": {"constant": "success"},
        },
    )
    records = plain(path)
    kept = [record for record in records if record["kind"] in {"deploy", "rollback"}]
    assert batch.n_read == len(records)
    assert batch.quarantined.height == len(records) - len(kept)
    newest = {(r["environment"], r["app"], r["deployed_at"]): r for r in kept}
    assert batch.rows.height == len(newest)
    assert batch.n_duplicates == len(kept) - len(newest)
    assert set(batch.rows["environment_kind"]) == {"production"}
    expected = {
        "/".join(key): (
            (re.findall(r"^(?:release-)?([0-9a-f]{40})$", r["image_tag"]) or [None])[0],
            (re.findall(r"^(v\d+)$", r["image_tag"]) or [None])[0],
            moment(r["deployed_at"]),
        )
        for key, r in newest.items()
    }
    found = batch.rows.select("deployment_id", "sha", "ref", "finished_at").iter_rows()
    assert {key: (sha, ref, at) for key, sha, ref, at in found} == expected


def test_commits_of_govuk(shared_data: Path) -> None:
    path = shared_data / "govuk" / "collections.commits.csv"
    batch = loaded(
        path,
        table="commits",
        columns={
            "repo": {"constant": "collections"},
            "sha": "sha",
            "parents": {"column": "parents", "separator": " "},
            "author": "author_id",
            "is_bot": "author_is_bot",
            "authored_at": "authored_at",
            "committed_at": "committed_at",
            "is_merge": "is_merge",
            "files": "files_changed",
            "lines_added": "insertions",
            "lines_deleted": "deletions",
            "change_id": "pr_number",
            "reverts_sha": "reverts_sha",
            "subject_kind": {
                "column": "subject",
                "pattern": "(?i)^(revert|hotfix)",
                "values": {"revert": "revert", "hotfix": "hotfix"},
            },
        },
    )
    records = plain(path)
    assert (batch.n_read, batch.rows.height) == (len(records), len(records))
    assert batch.quarantined.is_empty()
    assert batch.notes == ()
    expected = [
        (
            r["sha"],
            r["parents"].split(),
            r["author_is_bot"] == "1",
            moment(r["authored_at"]),
            moment(r["committed_at"]),
            r["is_merge"] == "1",
            int(r["insertions"]),
            r["pr_number"] or None,
            r["reverts_sha"] or None,
        )
        for r in records
    ]
    names = ("sha", "parents", "is_bot", "authored_at", "committed_at", "is_merge", "lines_added")
    assert batch.rows.select(*names, "change_id", "reverts_sha").rows() == expected
    assert batch.rows["author"].n_unique() == len({r["author_id"] for r in records})
    assert batch.rows["author"].str.contains(r"^p-[0-9a-f]{16}$").all()
    kinds = Counter(
        word[0].lower() if (word := re.findall("(?i)^(?:revert|hotfix)", r["subject"])) else None
        for r in records
    )
    assert dict(batch.rows["subject_kind"].value_counts().iter_rows()) == kinds


def test_tags_of_govuk(shared_data: Path) -> None:
    path = shared_data / "govuk" / "publishing-api.tags.csv"
    batch = loaded(
        path,
        table="refs",
        columns={
            "repo": {"constant": "publishing-api"},
            "name": "tag",
            "kind": {"constant": "tag"},
            "sha": "commit_sha",
            "created_at": "created_at",
        },
    )
    records = plain(path)
    assert batch.rows.select("name", "sha", "created_at").rows() == [
        (r["tag"], r["commit_sha"], moment(r["created_at"])) for r in records
    ]


def test_incidents_of_jenkins(shared_data: Path) -> None:
    path = shared_data / "jenkins-infra" / "incidents.csv"
    services = {"get-jenkins-io": {"aliases": ["get.jenkins.io"]}, "ldap": {}}
    batch = loaded(
        path,
        teams={"t": {"services": services}},
        table="incidents",
        columns={
            "incident_id": "incident_id",
            "service": {"column": "affected", "separator": "|"},
            "severity": "severity",
            "started_at": "started_at",
            "resolved_at": "resolved_at",
            "planned": "planned_guess",
        },
    )
    records = plain(path)
    assert (batch.n_read, batch.rows.height) == (len(records), len(records))
    assert batch.rows["planned"].to_list() == [r["planned_guess"] == "1" for r in records]
    # The ten without a zone are written with a Z in this file, so they are taken at their word.
    assert sum(r["has_tz"] == "0" for r in records) == 10
    assert batch.rows["started_at"].to_list() == [moment(r["started_at"]) for r in records]
    backwards = batch.rows.filter(pl.col("resolved_at") < pl.col("started_at"))
    assert backwards.height == 8
    expected = []
    for record in records:
        hosts = [host.strip() for host in record["affected"].split("|") if host.strip()]
        known = [host for host in hosts if host in {"get-jenkins-io", "get.jenkins.io", "ldap"}]
        first = (known or hosts or [None])[0]
        expected.append("get-jenkins-io" if first == "get.jenkins.io" else first)
    assert batch.rows["service"].to_list() == expected
    assert expected.count("get-jenkins-io") > 0
