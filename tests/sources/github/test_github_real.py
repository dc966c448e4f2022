"""Real exports of GitHub: every record is accounted for."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from devops_analytics.config import Settings
from devops_analytics.config_tools import GithubSource
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.source import Context

pytestmark = pytest.mark.real

ENTRY = GithubSource(kind="github", path="exports")
CONTEXT = Context(settings=Settings(), label="exports/x.json")


class Told(NamedTuple):
    """What came of the records of some files: read = loaded + put aside + duplicates."""

    read: int
    loaded: int
    duplicates: int
    put_aside: dict[str, int]


def batches(paths: list[Path]) -> list[tuple[Path, Batch]]:
    assert GITHUB.read_many is not None
    return [
        (path, conform(draft, entry=ENTRY, context=CONTEXT))
        for path, draft in GITHUB.read_many(paths, ENTRY, CONTEXT)
    ]


def told(found: list[tuple[str, Batch]]) -> dict[tuple[str, str], Told]:
    rows: dict[tuple[str, str], Told] = {}
    for name, batch in found:
        old = rows.get((name, batch.table), Told(0, 0, 0, {}))
        aside = Counter(old.put_aside) + Counter(batch.quarantined["reason"])
        rows[name, batch.table] = Told(
            old.read + batch.n_read,
            old.loaded + batch.rows.height + batch.n_absorbed,
            old.duplicates + batch.n_duplicates,
            dict(aside),
        )
    for row in rows.values():
        assert row.read == row.loaded + row.duplicates + sum(row.put_aside.values())
    return rows


def test_every_answer_of_the_api_is_accounted_for(shared_data):
    paths = sorted((shared_data / "api-payloads" / "github").glob("*.ndjson"))
    found = told([(path.stem, batch) for path, batch in batches(paths)])
    assert found == {
        # Issue events and comments: nothing is computed from them.
        ("events", "incidents"): Told(50, 0, 0, {"not_needed": 50}),
        ("pull_request_review_comments", "reviews"): Told(16, 0, 0, {"not_needed": 16}),
        # 16 are pull requests, as the API lists them too; none has an incident label.
        ("issues", "incidents"): Told(42, 0, 0, {"is_a_pull_request": 16, "not_an_incident": 26}),
        ("jobs", "pipeline_jobs"): Told(35, 35, 0, {}),
        # Two reviews that somebody shortened name no pull request.
        ("pr_reviews_bot_filter", "reviews"): Told(2, 0, 0, {"change_not_known": 2}),
        ("pull_request_commits", "commits"): Told(91, 90, 1, {}),
        ("pull_request_reviews", "reviews"): Told(31, 30, 1, {}),
        ("pull_requests", "changes"): Told(50, 49, 1, {}),
        ("pull_requests_bot_filter", "changes"): Told(2, 2, 0, {}),
        ("runs", "pipeline_runs"): Told(35, 35, 0, {}),
    }
    lines = {path.stem: path.read_bytes().count(b"\n") for path in paths}
    assert {name: row.read for (name, _), row in found.items()} == lines


def test_every_webhook_event_is_accounted_for(shared_data):
    paths = sorted((shared_data / "github-webhooks").glob("*/*.json"))
    found = told([(path.parent.name, batch) for path, batch in batches(paths)])
    assert found == {
        # Checks and statuses of commits, approvals, merge queues: nothing is computed from them.
        ("check_run", "pipeline_jobs"): Told(8, 0, 0, {"not_needed": 8}),
        ("check_suite", "pipeline_runs"): Told(8, 0, 0, {"not_needed": 8}),
        ("deployment_review", "deployments"): Told(1, 0, 0, {"not_needed": 1}),
        ("merge_group", "pipeline_runs"): Told(1, 0, 0, {"not_needed": 1}),
        ("status", "pipeline_jobs"): Told(3, 0, 0, {"not_needed": 3}),
        # An alert of 2021 is fixed, but does not say when.
        ("code_scanning_alert", "findings"): Told(5, 4, 0, {"time_not_known": 1}),
        ("dependabot_alert", "findings"): Told(2, 2, 0, {}),
        ("secret_scanning_alert", "findings"): Told(1, 1, 0, {}),
        ("deployment", "deployments"): Told(3, 3, 0, {}),
        ("deployment_status", "deployments"): Told(3, 3, 0, {}),
        ("pull_request", "changes"): Told(28, 28, 0, {}),
        ("pull_request_review", "reviews"): Told(3, 3, 0, {}),
        # Four pushes delete a tag, so that no commit is in them.
        ("push", "commits"): Told(6, 2, 0, {"not_needed": 4}),
        # Two releases were deleted.
        ("release", "refs"): Told(12, 10, 0, {"is_gone": 2}),
        ("workflow_job", "pipeline_jobs"): Told(7, 7, 0, {}),
        ("workflow_run", "pipeline_runs"): Told(4, 4, 0, {}),
    }
    assert sum(row.read for row in found.values()) == len(paths)


def test_every_check_of_a_commit_is_put_aside(shared_data):
    # GraphQL answers: two of the 16 files hold two commits. Runs and jobs tell the same.
    paths = sorted((shared_data / "jenkins-nodejs" / "github-ci").glob("*.json"))
    found = told([("github-ci", batch) for _, batch in batches(paths)])
    assert len(paths) == 16
    assert found == {("github-ci", "pipeline_runs"): Told(18, 0, 0, {"not_needed": 18})}


def test_every_event_is_recognised_and_no_answer_of_another_tool(shared_data):
    for path in sorted((shared_data / "github-webhooks").glob("*/*.json")):
        assert GITHUB.recognise(path) is not None, path
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        found = GITHUB.recognise(path)
        assert found is None or path.parent.name == "github", path


def test_nobody_is_named(shared_data):
    folder = shared_data / "github-webhooks"
    paths = [*sorted(folder.glob("*/*.json")), *sorted(shared_data.glob("api-payloads/github/*"))]
    words = set()
    for path in paths:
        for value in _people(json.loads(line) for line in _texts(path)):
            words.add(value.casefold())
    for path, batch in batches(paths):
        for frame in (batch.rows.drop("repo", "service", strict=False), batch.quarantined):
            for column in frame.iter_columns():
                said = {str(value).casefold() for value in column if value is not None}
                assert not said & words, (path.name, column.name)
                assert not any("@example.invalid" in text for text in said), path.name


def _texts(path: Path) -> list[str]:
    text = path.read_text()
    return text.splitlines() if path.suffix == ".ndjson" else [text]


def _people(values) -> set[str]:
    """Return logins and addresses anywhere in the records, but not what branches are called."""
    found: set[str] = set()
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found |= {value[key] for key in ("login", "email", "username") if value.get(key)}
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def test_real_reviews_date_the_requests_that_they_are_of(shared_data):
    folder = shared_data / "api-payloads" / "github"
    paths = [folder / "pull_requests.ndjson", folder / "pull_request_reviews.ndjson"]
    drafts = {path.name: draft for path, draft in GITHUB.read_many(paths, ENTRY, CONTEXT)}
    found = {
        row["change_id"]: row["first_review_at"]
        for row in drafts["pull_requests.ndjson"].rows.iter_rows(named=True)
        if row["first_review_at"]
    }
    pulls = {one["number"]: one["user"]["login"] for one in _records(paths[0])}
    expected: dict[str, str] = {}
    for one in sorted(_records(paths[1]), key=lambda one: one["submitted_at"]):
        number = int(one["pull_request_url"].rsplit("/", 1)[1])
        if number in pulls and one["user"]["login"] != pulls[number]:
            expected.setdefault(str(number), one["submitted_at"])
    assert expected
    assert found == expected


def _records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_real_commits_belong_to_the_requests_that_they_lie_between(shared_data):
    folder = shared_data / "api-payloads" / "github"
    paths = [folder / "pull_requests.ndjson", folder / "pull_request_commits.ndjson"]
    found = dict(batches(paths))[paths[1]].rows
    of = dict(found.select("sha", "change_id").iter_rows())
    heads = {
        one["head"]["sha"]: str(one["number"])
        for one in _records(paths[0])
        if one["head"]["sha"] in of
    }
    assert len(heads) == 42
    assert all(of[sha] == number for sha, number in heads.items())
    assert found["change_id"].null_count() == 2
    # The lists hold no history, so no commit says that it has a graph.
    assert found["parents"].null_count() == found.height
    assert found["is_merge"].sum() == 16
