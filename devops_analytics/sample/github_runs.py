"""GitHub's REST answers about deployments, workflow runs and jobs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Final

from devops_analytics.sample.changes import Change
from devops_analytics.sample.files import zulu
from devops_analytics.sample.github_changes import API, number_for, repository, user
from devops_analytics.sample.history import MAIN
from devops_analytics.sample.organisation import OWNER, PEOPLE, PIPELINE_BOT, Person, Trend
from devops_analytics.sample.rollouts import Rollout
from devops_analytics.sample.workdays import END, after, lognormal
from devops_analytics.sample.world import Exported

PRODUCTION: Final = "production"
STAGING: Final = "staging"
DEPLOY_WORKFLOW: Final = "Deploy production"
BUILD_WORKFLOW: Final = "Build and deploy"
DEPLOY_JOB: Final = "deploy-production"


# ---- Deployments ---- #


def deployments(
    rollouts: Sequence[Rollout], name: str, exported: Exported, *, has_staging: bool
) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """Return deployments and, for each, its statuses.

    A deployment that was given up never reaches a status that ends it; one that succeeded
    becomes inactive when the next one succeeds. Staging gets each new version half an hour before.
    """
    records, statuses = [], []
    for number, rollout in enumerate(rollouts):
        sha = exported.deployed_sha(rollout, name)
        if has_staging and rollout.reason == "ordinary":
            earlier = replace(
                rollout,
                started_at=after(rollout.started_at, -0.6),
                finished_at=after(rollout.finished_at, -0.6),
                result="success",
            )
            record = _deployment(earlier, name, sha, STAGING)
            records.append(record)
            statuses.append(_statuses(record, earlier, None))
        following = (r for r in rollouts[number + 1 :] if r.result == "success")
        record = _deployment(rollout, name, sha, PRODUCTION)
        records.append(record)
        statuses.append(_statuses(record, rollout, next(following, None)))
    return records, statuses


def _deployment(rollout: Rollout, name: str, sha: str, environment: str) -> dict[str, Any]:
    number = number_for("deployment", rollout.service, environment, rollout.started_at)
    address = f"{API}/{OWNER}/{name}/deployments/{number}"
    return {
        "url": address,
        "id": number,
        "task": "deploy",
        "original_environment": environment,
        "environment": environment,
        "created_at": zulu(rollout.started_at),
        "updated_at": zulu(rollout.finished_at),
        "repository_url": f"{API}/{OWNER}/{name}",
        "creator": user(_creator(rollout)),
        "sha": sha,
        "ref": MAIN,
        "production_environment": environment == PRODUCTION,
    }


def _creator(rollout: Rollout) -> Person:
    by_hand = rollout.reason == "rollback"
    return PEOPLE["platform"][0] if by_hand else PIPELINE_BOT


def _statuses(
    deployment: dict[str, Any], rollout: Rollout, following: Rollout | None
) -> list[dict[str, Any]]:
    steps = [("queued", rollout.started_at), ("in_progress", after(rollout.started_at, 0.01))]
    if rollout.result == "cancelled":
        steps = steps[:1]
    else:
        steps.append((rollout.result, rollout.finished_at))
    if following is not None and rollout.result == "success":
        steps.append(("inactive", following.finished_at))
    found = []
    for state, at in steps:
        number = number_for("status", deployment["id"], state)
        found.append(
            {
                "url": f"{deployment['url']}/statuses/{number}",
                "id": number,
                "state": state,
                "environment": deployment["environment"],
                "created_at": zulu(at),
                "deployment_url": deployment["url"],
            }
        )
    return found[::-1]  # the API answers with the newest first


# ---- Workflow runs ---- #


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """An attempt of a workflow run."""

    repository: str
    workflow: str
    number: int
    attempt: int
    sha: str
    branch: str
    event: str
    created_at: datetime
    started_at: datetime
    finished_at: datetime
    conclusion: str
    actor: Person


def record_of(run: Run) -> dict[str, Any]:
    """Return a run as the API shows it."""
    number = number_for("run", run.repository, run.number)
    file = run.workflow.lower().replace(" ", "-")
    return {
        "id": number,
        "name": run.workflow,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": f".github/workflows/{file}.yml",
        "run_number": run.number,
        "event": run.event,
        "status": "completed",
        "conclusion": run.conclusion,
        "workflow_id": number_for("workflow", run.repository, run.workflow),
        "url": f"{API}/{OWNER}/{run.repository}/actions/runs/{number}",
        "created_at": zulu(run.created_at),
        "updated_at": zulu(run.finished_at),
        "run_attempt": run.attempt,
        "run_started_at": zulu(run.started_at),
        "actor": user(run.actor),
        "repository": repository(run.repository),
    }


def ci_runs(
    changes: Sequence[Change], exported: Exported, minutes: Trend, random: Random
) -> list[Run]:
    """Return the test runs of changes: one when each is opened, one on main when it is merged.

    Some fail; some of those are flaky and pass when they are run again, on main only the second
    time.
    """
    starts: list[tuple[datetime, Change, str, str]] = []
    for change in changes:
        head, merge = exported.head_sha(change), exported.merge_sha(change)
        starts.append((change.opened_at, change, change.branch, head))
        if change.merged_at and merge:
            starts.append((change.merged_at, change, MAIN, merge))
    found: list[Run] = []
    for number, (at, change, branch, sha) in enumerate(sorted(starts, key=lambda s: s[0]), 1):
        run = Run(
            repository=change.repository,
            workflow="CI",
            number=number,
            attempt=1,
            sha=sha,
            branch=branch,
            event="push" if branch == MAIN else "pull_request",
            created_at=at,
            started_at=after(at, random.uniform(0.001, 0.05)),
            finished_at=at,
            conclusion="success",
            actor=change.author,
        )
        found += _attempts(run, minutes.at(at), random)
    return [run for run in found if run.finished_at < END]


_ON_MAIN: Final = {
    ("success",): 95,
    ("failure",): 3,
    ("failure", "failure", "success"): 2,
}
_ON_BRANCHES: Final = {
    ("success",): 83,
    ("failure",): 7,
    ("failure", "success"): 7,
    ("cancelled",): 3,
}
"""How the attempts of a run end, and in how many of a hundred runs they end so."""


def _attempts(run: Run, minutes: float, random: Random) -> Iterator[Run]:
    def ended(run: Run, conclusion: str) -> Run:
        hours = lognormal(random, minutes / 60, 0.3)
        return replace(run, finished_at=after(run.started_at, hours), conclusion=conclusion)

    is_main = run.branch == MAIN
    shares = _ON_MAIN if is_main else _ON_BRANCHES
    conclusions = random.choices(list(shares), weights=list(shares.values()))[0]
    for attempt, conclusion in enumerate(conclusions, 1):
        done = ended(replace(run, attempt=attempt), conclusion)
        yield done
        run = replace(run, started_at=after(done.finished_at, random.uniform(0.05, 0.5)))


def deploy_runs(rollouts: Sequence[Rollout], name: str, exported: Exported) -> list[Run]:
    """Return the runs of the deploying workflow.

    A failed one is run again; a rollback runs the older version's run again: same run, one
    attempt more.
    """
    found: list[Run] = []
    for rollout in rollouts:
        is_again = rollout.reason in ("retry", "rollback")
        sha = exported.deployed_sha(rollout, name)
        same = [run for run in found if run.sha == sha] if is_again else []
        number = same[-1].number if same else 100_000 + len(found)
        found.append(
            Run(
                repository=name,
                workflow=DEPLOY_WORKFLOW,
                number=number,
                attempt=1 + sum(run.number == number for run in found),
                sha=sha,
                branch=MAIN,
                event="workflow_dispatch",
                created_at=same[0].created_at if same else after(rollout.started_at, -0.005),
                started_at=rollout.started_at,
                finished_at=rollout.finished_at,
                conclusion=rollout.result,
                actor=PEOPLE["tracking"][0],
            )
        )
    return found


# ---- Jobs ---- #


def build_and_deploy(
    rollouts: Sequence[Rollout],
    changes: Sequence[Change],
    name: str,
    exported: Exported,
    random: Random,
) -> tuple[list[Run], list[dict[str, Any]]]:
    """Return runs that build, and whose last job deploys when asked to and is skipped otherwise."""
    starts: list[tuple[datetime, datetime, str, str]] = [
        (after(r.started_at, -0.2), r.finished_at, exported.deployed_sha(r, name), r.result)
        for r in rollouts
    ]
    for change in changes:
        sha = exported.merge_sha(change)
        if change.merged_at is not None and sha is not None:
            end = after(change.merged_at, lognormal(random, 0.15, 0.3))
            starts.append((change.merged_at, end, sha, "skipped"))
    runs: list[Run] = []
    jobs: list[dict[str, Any]] = []
    for number, (begun, end, sha, deployed) in enumerate(sorted(starts), 1):
        run = Run(
            repository=name,
            workflow=BUILD_WORKFLOW,
            number=number,
            attempt=1,
            sha=sha,
            branch=MAIN,
            event="push" if deployed == "skipped" else "workflow_dispatch",
            created_at=begun,
            started_at=begun,
            finished_at=end,
            conclusion="success" if deployed == "skipped" else deployed,
            actor=PEOPLE["platform"][1],
        )
        if end < END:
            runs.append(run)
            jobs += _jobs(run, deployed)
    return runs, jobs


def _jobs(run: Run, deployed: str) -> Iterator[dict[str, Any]]:
    span = run.finished_at - run.started_at
    built = (run.started_at + span * 0.5).replace(microsecond=0)
    steps = (
        ("build", run.started_at, built, "success"),
        (DEPLOY_JOB, built, run.finished_at, deployed),
    )
    for name, begun, end, conclusion in steps:
        number = number_for("job", run.repository, run.number, name)
        run_number = number_for("run", run.repository, run.number)
        yield {
            "id": number,
            "run_id": run_number,
            "workflow_name": run.workflow,
            "head_branch": run.branch,
            "run_url": f"{API}/{OWNER}/{run.repository}/actions/runs/{run_number}",
            "run_attempt": run.attempt,
            "head_sha": run.sha,
            "url": f"{API}/{OWNER}/{run.repository}/actions/jobs/{number}",
            "status": "completed",
            "conclusion": conclusion,
            "created_at": zulu(run.created_at),
            "started_at": zulu(begun),
            "completed_at": zulu(end),
            "name": name,
            "labels": ["ubuntu-latest"],
            "runner_id": number_for("runner", run.number) % 1000,
            "runner_name": f"Hosted Agent {run.number % 40}",
            "runner_group_name": "Hosted Agents",
        }
