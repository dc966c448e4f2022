"""What all files of a GitLab entry tell of its projects, pipelines, deployments and requests."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from devops_analytics.sources.gitlab.events import (
    DeploymentEvent,
    Event,
    JobEvent,
    PipelineEvent,
    RequestEvent,
    deployment_in,
    has_left_draft,
    job_in,
    jobs_in,
    pipeline_in,
    request_in,
)
from devops_analytics.sources.gitlab.records import (
    Answer,
    Commit,
    Deployment,
    Discussion,
    Environment,
    Job,
    MergeRequest,
    Note,
    Pipeline,
    Project,
)
from devops_analytics.sources.gitlab.words import DEPLOYMENT_WORDS, STATUS_WORDS, has_ended
from devops_analytics.sources.moments import moments
from devops_analytics.sources.repositories import Names, repository_name

_PAGE: Final = re.compile(r"^https?://[^/]+/(.+?)/-/")
_OLD_PAGE: Final = re.compile(
    r"^https?://[^/]+/(.+)/(?:pipelines|merge_requests|issues|jobs|builds|commits?|tags|releases)/"
    r"[^/]+$"
)
"""Addresses before GitLab 12, and those of some events still."""
_IN_PATH: Final = re.compile(r"(?:^|/)merge_requests/(\d+)/commits(?![^/._-])")
"""The path of a file with the commits of a merge request."""
_REFERENCE: Final = re.compile(r"^(.+)[!#]\d+$")


class Key(NamedTuple):
    """Something of a repository."""

    repo: str
    number: str


class Try(NamedTuple):
    """What is deployed again when a job is run again."""

    repo: str
    environment: str | None
    pipeline: int
    job: str


@dataclass(kw_only=True, slots=True)
class Span:
    """When the jobs of a pipeline began and ended; `is_open`: one of them has not ended."""

    began: str | None = None
    ended: str | None = None
    is_open: bool = False


@dataclass(kw_only=True, slots=True)
class RequestFacts:
    """What the versions of a merge request tell that a single one may not."""

    author: str | None = None
    merged_at: str | None = None
    closed_at: str | None = None
    ready_at: str | None = None


@dataclass(kw_only=True, slots=True)
class Known:
    """What all files of an entry tell."""

    names: Names
    projects: dict[int, str] = field(default_factory=dict)
    tiers: dict[int, str] = field(default_factory=dict)
    """By the id of the environment."""
    starts: dict[Key, str] = field(default_factory=dict)
    """Pipeline → when it began, by its own record."""
    finishes: dict[tuple[Key, str | None], str] = field(default_factory=dict)
    """Pipeline and its status → when it ended, by its own record."""
    spans: dict[Key, Span] = field(default_factory=lambda: defaultdict(Span))
    """Pipeline → when its jobs ran."""
    sources: dict[Key, str] = field(default_factory=dict)
    """Pipeline → what started it."""
    deployed: set[str] = field(default_factory=set)
    """Repositories with deployments."""
    attempts: dict[Key, int] = field(default_factory=dict)
    """Deployment → which try of its job it is; alone, it need not be the first."""
    running: dict[Key, str] = field(default_factory=dict)
    """Deployment → when an event told that it runs."""
    requests: dict[Key, RequestFacts] = field(default_factory=lambda: defaultdict(RequestFacts))
    by_id: dict[int, Key] = field(default_factory=dict)
    """Id of a merge request on its instance → its key."""
    of_commit: dict[Key, str] = field(default_factory=dict)
    """Commit → the merge request that it is of: by the path of its file, or as its merge."""
    acts: list[tuple[Key, MergeRequest, str | None, str | None]] = field(default_factory=list)
    """Events of merge requests: which, as it then was, who acted, and what was done."""
    notes: list[Note] = field(default_factory=list)
    parents: dict[Key, list[str]] = field(default_factory=dict)
    """Commit → its parents, of repositories of which every commit's parents are there too."""

    def repository(self, *answers: Answer | None, page: str | None = None) -> str | None:
        """Return the repository that the first of some records to tell it tells, as declared."""
        found = (self._said(one) for one in answers if one is not None)
        said = next((name for name in found if name), None) or _project_of(page)
        return repository_name(self.names, said)

    def _said(self, answer: Answer) -> str | None:
        full = answer.references.full if answer.references is not None else None
        reference = _REFERENCE.match(full or "")
        return (
            self.projects.get(answer.project_id or 0)
            or (reference[1] if reference else None)
            or _project_of(answer.web_url)
        )


def _project_of(page: str | None) -> str | None:
    found = _PAGE.match(page or "") or _OLD_PAGE.match(page or "")
    return found[1] if found else None


def known_of(found: Sequence[Any], commits: Iterable[tuple[Commit, str]], names: Names) -> Known:
    """Bring the records of all files together; commits come with the label of their file."""
    known = Known(names=names)
    for one in found:
        project = one.project if isinstance(one, Event) else one
        if isinstance(project, Project) and project.path_with_namespace:
            known.projects[project.id] = project.path_with_namespace
        if isinstance(one, Environment) and one.id is not None and one.tier:
            known.tiers[one.id] = one.tier
    _add_pipelines(known, found)
    _add_jobs(known, found)
    _add_deployments(known, found)
    _add_requests(known, found)
    known.notes.extend(one for one in found if isinstance(one, Note))
    known.notes.extend(note for one in found if isinstance(one, Discussion) for note in one.notes)
    _add_commits(known, commits)
    return known


def _add_pipelines(known: Known, found: Sequence[Any]) -> None:
    pipelines = [one for one in found if isinstance(one, Pipeline)]
    pipelines += [pipeline_in(one) for one in found if isinstance(one, PipelineEvent)]
    for pipeline in pipelines:
        repo = known.repository(pipeline)
        if repo is None:
            continue
        key = Key(repo, str(pipeline.id))
        if pipeline.started_at:
            known.starts[key] = pipeline.started_at
        if pipeline.finished_at:
            known.finishes[key, pipeline.status] = pipeline.finished_at
        if pipeline.source:
            known.sources[key] = pipeline.source


def _add_jobs(known: Known, found: Sequence[Any]) -> None:
    jobs = [one for one in found if isinstance(one, Job)]
    jobs += [job for one in found if isinstance(one, PipelineEvent) for job in jobs_in(one)]
    jobs += [job_in(one) for one in found if isinstance(one, JobEvent)]
    at = moments(text for job in jobs for text in (job.started_at, job.finished_at))
    for job in _newest(jobs, at):
        repo = known.repository(job, job.pipeline)
        if repo is None or job.pipeline is None:
            continue
        span = known.spans[Key(repo, str(job.pipeline.id))]
        if not has_ended(job.status, STATUS_WORDS):
            span.is_open = True
            continue
        span.began = _edge([span.began, job.started_at], at, last=False)
        span.ended = _edge([span.ended, job.finished_at], at, last=True)


def _newest(jobs: Iterable[Job], at: dict[str, datetime]) -> Iterable[Job]:
    """Return each job as it was last, as events tell of it several times."""
    newest: dict[int, Job] = {}
    for job in jobs:
        old = newest.get(job.id)
        if old is None or not has_ended(old.status, STATUS_WORDS) or _is_later(job, old, at):
            newest[job.id] = job
    return newest.values()


def _is_later(job: Job, old: Job, at: dict[str, datetime]) -> bool:
    new, before = at.get(job.finished_at or ""), at.get(old.finished_at or "")
    return new is not None and (before is None or new >= before)


def _edge(texts: Sequence[str | None], at: dict[str, datetime], *, last: bool) -> str | None:
    """Return the earliest or latest of some times; what is no time is left out."""
    dated = sorted((at[text], text) for text in texts if text and text in at)
    return dated[-1 if last else 0][1] if dated else None


def _add_deployments(known: Known, found: Sequence[Any]) -> None:
    deployments = [one for one in found if isinstance(one, Deployment)]
    deployments += [deployment_in(one) for one in found if isinstance(one, DeploymentEvent)]
    tries: dict[Try, set[int]] = defaultdict(set)
    for one in deployments:
        job = one.deployable
        repo = known.repository(one, job, job.pipeline if job is not None else None)
        if repo is None:
            continue
        known.deployed.add(repo)
        named = _try_of(one, repo)
        if named is not None:
            tries[named].add(one.id)
        if DEPLOYMENT_WORDS.get(one.status or "") == "in_progress" and one.finished_at:
            known.running[Key(repo, str(one.id))] = one.finished_at
    for named, ids in tries.items():
        for attempt, number in enumerate(sorted(ids) if len(ids) > 1 else (), 1):
            known.attempts[Key(named.repo, str(number))] = attempt


def _try_of(deployment: Deployment, repo: str) -> Try | None:
    """Return what a deployment is a try of; None where its job is not known."""
    job = deployment.deployable
    if job is None or job.pipeline is None or job.name is None:
        return None
    place = deployment.environment.name if deployment.environment is not None else None
    return Try(repo, place, job.pipeline.id, job.name)


def _add_requests(known: Known, found: Sequence[Any]) -> None:
    requests = [(one, False) for one in found if isinstance(one, MergeRequest)]
    for event in (one for one in found if isinstance(one, RequestEvent)):
        request = request_in(event)
        repo = known.repository(request)
        requests.append((request, has_left_draft(event)))
        if repo is not None:
            login = event.user.username if event.user is not None else None
            act = (Key(repo, str(request.iid)), request, login, event.object_attributes.action)
            known.acts.append(act)
    at = moments(
        text for one, _ in requests for text in (one.merged_at, one.closed_at, one.updated_at)
    )
    for one, is_ready in requests:
        repo = known.repository(one)
        if repo is None:
            continue
        key = Key(repo, str(one.iid))
        known.by_id[one.id] = key
        facts = known.requests[key]
        facts.author = facts.author or (one.author.username if one.author is not None else None)
        facts.merged_at = _edge([facts.merged_at, one.merged_at], at, last=True)
        facts.closed_at = _edge([facts.closed_at, one.closed_at], at, last=True)
        if is_ready:
            facts.ready_at = _edge([facts.ready_at, one.updated_at], at, last=True)
        # Of a branch only its last commit is named: its others would seem to be of no request.
        for sha in filter(None, (one.merge_commit_sha, one.squash_commit_sha)):
            if one.state == "merged":
                known.of_commit.setdefault(Key(repo, sha.lower()), key.number)


def _add_commits(known: Known, commits: Iterable[tuple[Commit, str]]) -> None:
    """Add whose request commits are, and their parents where the history is whole.

    GitLab lists the commits of a request without parents, as if each were a root.
    """
    above: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for commit, label in commits:
        repo = known.repository(commit)
        if repo is None:
            continue
        sha = commit.id.lower()
        in_path = _IN_PATH.search(label)
        if in_path:
            known.of_commit[Key(repo, sha)] = in_path[1]
        parents = [one.lower() for one in commit.parent_ids or ()]
        above[repo][sha] = parents or above[repo].get(sha, [])
    for repo, parents_of in above.items():
        n_roots = sum(not found for found in parents_of.values())
        is_whole = all(one in parents_of for found in parents_of.values() for one in found)
        if n_roots == 1 and len(parents_of) > 1 and is_whole:
            known.parents |= {Key(repo, sha): found for sha, found in parents_of.items()}
