"""Links and delivery metrics a second time, from their definitions, in pandas and plain Python.

Nothing here comes from the package and nothing is fast: ancestors are whole sets, every rule is a
loop over rows. Differential tests compare it with the package on organisations made by hypothesis.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

Row = dict[str, Any]
ENDED = ("success", "failure", "error", "timeout")


@dataclass
class Organisation:
    """Rows of canonical tables, and the choices that the definitions leave open."""

    as_of: datetime
    window_hours: float | None = 24.0
    count_merges: bool = False
    count_bots: bool = False
    time_zone: str = "UTC"
    service_repositories: list[Row] = field(default_factory=list)
    commits: list[Row] = field(default_factory=list)
    file_changes: list[Row] = field(default_factory=list)
    refs: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    deployments: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)


@dataclass
class Reading:
    """What follows from an organisation's rows."""

    deployments: pd.DataFrame
    deployed_in: dict[tuple[str, str, str], tuple[str, bool]] = field(default_factory=dict)
    waiting: set[tuple[str, str, str]] = field(default_factory=set)
    remedies: set[tuple[str, str, str]] = field(default_factory=set)
    blamed: dict[str, tuple[str, str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    incident_reasons: dict[str, str] = field(default_factory=dict)
    changes: dict[tuple[str, str, str], tuple[str | None, bool]] = field(default_factory=dict)
    first_commit: dict[tuple[str, str], datetime] = field(default_factory=dict)


def hours(delta: timedelta) -> float:
    return delta / timedelta(hours=1)


def read(org: Organisation) -> Reading:
    reading = Reading(deployments=_deployments(org))
    _reasons(org, reading)
    for service, repo in _pairs(reading, org):
        _carry(org, reading, service, repo)
        _carry_changes(org, reading, service, repo)
    _remedies(org, reading)
    _blame(org, reading)
    return reading


# ---- Deployments and versions ---- #


def _commit_rows(org: Organisation, repo: str) -> dict[str, Row]:
    return {row["sha"]: row for row in org.commits if row["repo"] == repo}


def _has_graph(org: Organisation, repo: str) -> bool:
    return any(row["parents"] is not None for row in _commit_rows(org, repo).values())


def _tag(org: Organisation, repo: str, name: str | None) -> Row | None:
    for row in org.refs:
        if row["repo"] == repo and row["name"] == name and row["kind"] in {"tag", "release"}:
            return row
    return None


def _is_branch(org: Organisation, repo: str | None, name: str | None) -> bool:
    return any(
        row["repo"] == repo and row["name"] == name and row["kind"] == "branch" for row in org.refs
    )


def _resolve(org: Organisation, row: Row, repo: str) -> tuple[str | None, str | None, bool]:
    """Return the commit held by the history, where the ref leads, and whether it is a ref."""
    held = _commit_rows(org, repo)
    tag = _tag(org, repo, row["ref"])
    target = tag["sha"] if tag else None
    if row["sha"] in held:
        return row["sha"], target, tag is not None
    return (target if target in held else None), target, tag is not None


def _deployments(org: Organisation) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            _placed(org, row)
            for row in org.deployments
            if row["environment_kind"] == "production"
            and row["result"] in ENDED
            and row["finished_at"] is not None
        ],
        columns=[
            "deployment_id",
            "service",
            "finished_at",
            "succeeded",
            "version",
            "repo",
            "commit",
            "sha",
            "ref",
            "planned",
            "candidates",
            "target",
        ],
        dtype=object,
    )
    ordered = frame.sort_values(["service", "finished_at", "deployment_id"])
    return ordered.reset_index(drop=True)


def _placed(org: Organisation, row: Row) -> Row:
    declared = sorted(
        {r["repo"] for r in org.service_repositories if r["service"] == row["service"]}
    )
    candidates = [row["repo"]] if row["repo"] else declared
    repo = candidates[0] if len(candidates) == 1 else None
    if len(candidates) > 1:
        holding = [
            name
            for name in candidates
            if _resolve(org, row, name)[0] is not None or _resolve(org, row, name)[2]
        ]
        repo = holding[0] if len(holding) == 1 else None
    commit, target = None, None
    if repo is not None:
        commit, target, _ = _resolve(org, row, repo)
    sha = commit or row["sha"] or target
    ref = None
    is_branch = (
        row["sha"] is None
        and _tag(org, repo, row["ref"]) is None
        and _is_branch(org, repo, row["ref"])
    )
    if row["ref"] is not None and not is_branch:
        ref = row["ref"]
    return {
        "deployment_id": row["deployment_id"],
        "service": row["service"],
        "finished_at": row["finished_at"],
        "succeeded": row["result"] == "success",
        "version": sha or ref or row["artifact"],
        "repo": repo,
        "commit": commit,
        "sha": row["sha"],
        "ref": row["ref"],
        "planned": row["planned"],
        "candidates": len(candidates),
        "target": target,
    }


def _reasons(org: Organisation, reading: Reading) -> None:
    for row in reading.deployments.to_dict("records"):
        if row["succeeded"]:
            reason = _reason(org, row)
            if reason is not None:
                reading.reasons[row["deployment_id"]] = reason


def _reason(org: Organisation, row: Row) -> str | None:
    repo = row["repo"]
    if row["candidates"] == 0:
        return "no_repository"
    if repo is None:
        return "repository_unknown"
    if not _commit_rows(org, repo):
        return "no_commits"
    if _has_graph(org, repo) and row["commit"] is None:
        return _reason_in_graph(org, row)
    prefixes = _prefixes(org, row["service"], repo)
    has_files = any(r["repo"] == repo for r in org.file_changes)
    return "statistics_missing" if prefixes and not has_files else None


def _reason_in_graph(org: Organisation, row: Row) -> str:
    if row["sha"] is not None or row["target"] is not None:
        return "sha_not_in_clone"
    if row["ref"] is None:
        return "no_version"
    is_tag = _tag(org, row["repo"], row["ref"]) is not None
    is_branch = not is_tag and _is_branch(org, row["repo"], row["ref"])
    return "ref_is_a_branch" if is_branch else "ref_not_found"


# ---- Commits ---- #


def _pairs(reading: Reading, org: Organisation) -> list[tuple[str, str]]:
    frame = reading.deployments
    placed = frame[frame["succeeded"].astype(bool) & frame["repo"].notna()]
    return sorted(set(zip(placed["service"], placed["repo"], strict=True)))


def _prefixes(org: Organisation, service: str, repo: str) -> list[str]:
    found = [
        row["path_prefix"]
        for row in org.service_repositories
        if row["service"] == service and row["repo"] == repo
    ]
    return [] if "" in found else found


def _touches(org: Organisation, service: str, repo: str, sha: str) -> bool:
    prefixes = _prefixes(org, service, repo)
    if not prefixes:
        return True
    paths = [r["path"] for r in org.file_changes if r["repo"] == repo and r["sha"] == sha]
    return any(
        path == prefix or path.startswith(prefix + "/") for path in paths for prefix in prefixes
    )


def _ancestors(commits: dict[str, Row], sha: str) -> set[str]:
    found: set[str] = set()
    todo = [sha]
    while todo:
        one = todo.pop()
        if one in commits and one not in found:
            found.add(one)
            todo += commits[one]["parents"] or []
    return found


def _successes(reading: Reading, service: str, repo: str) -> list[Row]:
    frame = reading.deployments
    return [
        row
        for row in frame.to_dict("records")
        if row["service"] == service and row["repo"] == repo and row["succeeded"]
    ]


def _trunk(org: Organisation, repo: str) -> set[str]:
    commits = _commit_rows(org, repo)
    for row in org.refs:
        if row["repo"] == repo and row["name"] == "HEAD" and row["sha"] in commits:
            return _ancestors(commits, row["sha"])
    return set(commits)


def _journeys(
    org: Organisation, reading: Reading, service: str, repo: str
) -> tuple[dict[str, tuple[str, bool]], set[str]]:
    """Return sha → (deployment, baseline) and the shas that wait, whatever paths they touch."""
    commits = _commit_rows(org, repo)
    done = _successes(reading, service, repo)
    if not _has_graph(org, repo):
        return _by_time(org, repo, commits, done)
    placed = [row for row in done if row["commit"] is not None]
    carried: dict[str, tuple[str, bool]] = {}
    for row in placed:
        for sha in _ancestors(commits, row["commit"]) - set(carried):
            carried[sha] = (row["deployment_id"], row is placed[0])
    waiting = _trunk(org, repo) - set(carried) if placed else set()
    return carried, waiting


def _by_time(
    org: Organisation, repo: str, commits: dict[str, Row], done: list[Row]
) -> tuple[dict[str, tuple[str, bool]], set[str]]:
    changes = {r["change_id"]: r for r in org.changes if r["repo"] == repo}
    by_sha: dict[str, datetime] = {}
    for row in org.changes:
        if row["repo"] == repo and row["merged_at"] and row["merge_sha"]:
            by_sha[row["merge_sha"]] = row["merged_at"]
    carried, waiting = {}, set()
    for sha, commit in commits.items():
        change = changes.get(commit["change_id"])
        entered = by_sha.get(sha) or (change["merged_at"] if change else commit["committed_at"])
        if entered is None:
            continue
        after = [row for row in done if row["finished_at"] >= entered]
        if after:
            carried[sha] = (after[0]["deployment_id"], entered <= done[0]["finished_at"])
        else:
            waiting.add(sha)
    return carried, waiting


def _carry(org: Organisation, reading: Reading, service: str, repo: str) -> None:
    carried, waiting = _journeys(org, reading, service, repo)
    for sha, found in carried.items():
        if _touches(org, service, repo, sha):
            reading.deployed_in[service, repo, sha] = found
    for sha in waiting:
        if _touches(org, service, repo, sha):
            reading.waiting.add((service, repo, sha))


# ---- Changes ---- #


def _members(org: Organisation, change: Row) -> set[str]:
    """Return the commits of a merged change."""
    repo = change["repo"]
    commits = _commit_rows(org, repo)
    members = {sha for sha, row in commits.items() if row["change_id"] == change["change_id"]}
    merge = change["merge_sha"]
    if merge in commits:
        members.add(merge)
        if merge in _first_parents(org, repo):
            first = (commits[merge]["parents"] or [None])[0]
            before = _ancestors(commits, first) if first else set()
            brought = _ancestors(commits, merge) - before
            members |= {sha for sha in brought if commits[sha]["change_id"] is None}
    return members


def _first_parents(org: Organisation, repo: str) -> list[str]:
    """Return the chain of first parents from HEAD; none where HEAD or the graph is not known.

    Nothing is known of it either where no deployment of the repository leads to a commit.
    """
    commits = _commit_rows(org, repo)
    heads = [r["sha"] for r in org.refs if r["repo"] == repo and r["name"] == "HEAD"]
    frame = _deployments(org)
    placed = frame[frame["succeeded"].astype(bool) & (frame["repo"] == repo)]
    if not heads or heads[0] not in commits or placed["commit"].isna().all():
        return []
    if not _has_graph(org, repo):
        return []
    chain = [heads[0]]
    while True:
        parents = commits[chain[-1]]["parents"] or []
        if not parents or parents[0] not in commits:
            return chain
        chain.append(parents[0])


def _carry_changes(org: Organisation, reading: Reading, service: str, repo: str) -> None:
    carried, waiting = _journeys(org, reading, service, repo)
    commits = _commit_rows(org, repo)
    done = _successes(reading, service, repo)
    for change in org.changes:
        if change["repo"] != repo or change["merged_at"] is None:
            continue
        key = (service, repo, change["change_id"])
        members = _members(org, change)
        if members & set(commits):
            times = [commits[sha]["committed_at"] for sha in members]
            reading.first_commit[repo, change["change_id"]] = min(times)
        seen = set(carried) | waiting
        touching = any(sha in seen and _touches(org, service, repo, sha) for sha in members)
        if _prefixes(org, service, repo) and not touching:
            continue
        if _has_graph(org, repo):
            if change["merge_sha"] in carried:
                reading.changes[key] = carried[change["merge_sha"]]
            elif change["merge_sha"] in waiting:
                reading.changes[key] = (None, False)
            continue
        after = [row for row in done if row["finished_at"] >= change["merged_at"]]
        is_baseline = change["merged_at"] <= done[0]["finished_at"]
        reading.changes[key] = (after[0]["deployment_id"] if after else None, is_baseline)


# ---- Remedies ---- #


def _remedies(org: Organisation, reading: Reading) -> None:
    frame = reading.deployments
    done = frame[frame["succeeded"].astype(bool)]
    for _, group in done.groupby(["service", "repo"], dropna=False, sort=True):
        rows = group.to_dict("records")
        _rollbacks(reading, [row for row in rows if row["version"] is not None])
        _hotfixes(org, reading, rows)
    _reverts(org, reading)


def _rollbacks(reading: Reading, rows: list[Row]) -> None:
    versions = [row["version"] for row in rows]
    for place in range(1, len(rows)):
        version, running = versions[place], versions[place - 1]
        went_back = version in versions[:place] and versions.index(version) < versions.index(
            running
        )
        if version != running and went_back:
            last = max(i for i in range(place) if versions[i] == version)
            reading.remedies.add(
                (rows[place]["deployment_id"], rows[last + 1]["deployment_id"], "rollback")
            )


def _hotfixes(org: Organisation, reading: Reading, rows: list[Row]) -> None:
    for place, row in enumerate(rows):
        before = [
            other
            for other in rows[:place]
            if other["version"] is None
            or row["version"] is None
            or other["version"] != row["version"]
        ]
        if before and _carries_hotfix(org, reading, row["deployment_id"]):
            reading.remedies.add((row["deployment_id"], before[-1]["deployment_id"], "hotfix"))


def _carries_hotfix(org: Organisation, reading: Reading, deployment: str) -> bool:
    commits = {(row["repo"], row["sha"]): row for row in org.commits}
    for (_, repo, sha), found in reading.deployed_in.items():
        if found == (deployment, False) and commits[repo, sha]["subject_kind"] == "hotfix":
            return True
    return any(
        _first_of(org, reading, change, service) == (deployment, False)
        for change in org.changes
        if change["merged_at"] and change["title_kind"] == "hotfix"
        for service in {service for service, _, _ in [*reading.deployed_in, *reading.changes]}
    )


def _first_of(
    org: Organisation, reading: Reading, change: Row, service: str
) -> tuple[str, bool] | None:
    """Return the service's first deployment with anything of a change in it."""
    order = {d: i for i, d in enumerate(reading.deployments["deployment_id"])}
    repo = change["repo"]
    found = [reading.deployed_in.get((service, repo, sha)) for sha in _members(org, change)]
    found.append(reading.changes.get((service, repo, change["change_id"])))
    placed = [one for one in found if one is not None and one[0] is not None]
    return min(placed, key=lambda one: order[one[0]]) if placed else None


def _reverts(org: Organisation, reading: Reading) -> None:
    order = {d: i for i, d in enumerate(reading.deployments["deployment_id"])}
    reverts = {(r["repo"], r["sha"]): r["reverts_sha"] for r in org.commits if r["reverts_sha"]}
    for (service, repo, sha), (fix, is_baseline) in reading.deployed_in.items():
        reverted = reverts.get((repo, sha))
        if is_baseline or reverted is None:
            continue
        carried = _journeys(org, reading, service, repo)[0]
        if not _has_graph(org, repo) and not _touches(org, service, repo, reverted):
            continue
        failed, was_baseline = carried.get(reverted, (fix, True))
        if not was_baseline and order[failed] < order[fix]:
            reading.remedies.add((fix, failed, "revert"))


# ---- Incidents ---- #


def _unplanned(org: Organisation) -> list[Row]:
    return [
        row | {"start": row["started_at"] or row["created_at"]}
        for row in org.incidents
        if not row["planned"]
    ]


def _blame(org: Organisation, reading: Reading) -> None:
    rows = reading.deployments.to_dict("records")
    known = {row["deployment_id"]: row for row in rows}
    for incident in _unplanned(org):
        found = (
            _explicit(incident, reading, known)
            or _remediation(org, incident, reading, known)
            or _window(org, incident, rows)
        )
        if found:
            reading.blamed[incident["incident_id"]] = found
        else:
            reading.incident_reasons[incident["incident_id"]] = _why(org, incident, rows)


def _explicit(incident: Row, reading: Reading, known: dict[str, Row]) -> tuple[str, str] | None:
    if incident["deployment_id"] in known:
        return incident["deployment_id"], "explicit id"
    if incident["sha"] is None:
        return None
    service = incident["service"]
    carried = {
        found[0]
        for (of, _, sha), found in reading.deployed_in.items()
        if sha == incident["sha"] and not found[1] and service in {None, of}
    }
    exact = {
        d
        for d, row in known.items()
        if row["succeeded"]
        and incident["sha"] == (row["commit"] or row["sha"] or row["target"])
        and service in {None, row["service"]}
    }
    for candidates in (carried, exact):
        if candidates:
            return min(candidates, key=lambda d: (known[d]["finished_at"], d)), "explicit sha"
    return None


def _remediation(
    org: Organisation, incident: Row, reading: Reading, known: dict[str, Row]
) -> tuple[str, str] | None:
    start, end = incident["start"], incident["resolved_at"]
    if org.window_hours is None or start is None:
        return None
    found = []
    for fix, failed, _ in reading.remedies:
        fixed_at, failed_at = known[fix]["finished_at"], known[failed]["finished_at"]
        same = known[failed]["service"] == incident["service"]
        is_due = end is None or fixed_at <= end + timedelta(hours=org.window_hours)
        if same and failed_at <= start < fixed_at and is_due:
            found.append((fixed_at, fix, failed_at, failed))
    if not found:
        return None
    soonest = min((fixed_at, fix) for fixed_at, fix, _, _ in found)
    latest = max(
        (failed_at, failed)
        for fixed_at, fix, failed_at, failed in found
        if (fixed_at, fix) == soonest
    )
    return latest[1], "remediation"


def _window(org: Organisation, incident: Row, rows: list[Row]) -> tuple[str, str] | None:
    start = incident["start"]
    if org.window_hours is None or start is None:
        return None
    before = [
        (row["finished_at"], row["deployment_id"])
        for row in rows
        if row["succeeded"]
        and row["service"] == incident["service"]
        and row["finished_at"] <= start
    ]
    if before and start - max(before)[0] <= timedelta(hours=org.window_hours):
        return max(before)[1], "within window"
    return None


def _why(org: Organisation, incident: Row, rows: list[Row]) -> str:
    times = [
        row["finished_at"]
        for row in rows
        if row["succeeded"] and row["service"] == incident["service"]
    ]
    if org.window_hours is None:
        return "not_named"
    if incident["service"] is None:
        return "no_service"
    if incident["start"] is None:
        return "no_start"
    if not times:
        return "service_not_deployed"
    return "before_first_deployment" if incident["start"] < min(times) else "outside_window"


# ---- Observations: key → (at, value, observed) ---- #

Found = dict[tuple[str | None, str], tuple[datetime, float, bool]]


def lead_times(org: Organisation, reading: Reading, start: str = "committed_at") -> Found:
    commits = {(row["repo"], row["sha"]): row for row in org.commits}
    finish = dict(
        zip(reading.deployments["deployment_id"], reading.deployments["finished_at"], strict=True)
    )
    found: Found = {}
    for (service, repo, sha), (deployment, is_baseline) in reading.deployed_in.items():
        row = commits[repo, sha]
        if not is_baseline and _counted(org, row) and row[start] is not None:
            value = hours(finish[deployment] - row[start])
            found[service, f"{repo}@{sha}"] = (finish[deployment], value, True)
    for service, repo, sha in reading.waiting:
        row = commits[repo, sha]
        if _counted(org, row) and row[start] is not None:
            until = _known_to(org, reading, service, repo, row["committed_at"])
            value = hours(until - row[start])
            found[service, f"{repo}@{sha}"] = (row["committed_at"], value, False)
    return {key: row for key, row in found.items() if row[1] >= 0}


def _counted(org: Organisation, row: Row) -> bool:
    return (org.count_merges or not row["is_merge"]) and (org.count_bots or not row["is_bot"])


def _known_to(
    org: Organisation, reading: Reading, service: str, repo: str, since: datetime
) -> datetime:
    """Return when a deployment of unknown content may have carried what waits, else as_of."""
    times = [
        row["finished_at"]
        for row in reading.deployments.to_dict("records")
        if row["service"] == service
        and row["repo"] in {None, repo}
        and row["deployment_id"] in reading.reasons
        and row["finished_at"] >= since
    ]
    return min([*times, org.as_of]) if times else org.as_of


def change_lead_times(org: Organisation, reading: Reading) -> Found:
    rows = {(row["repo"], row["change_id"]): row for row in org.changes}
    finish = dict(
        zip(reading.deployments["deployment_id"], reading.deployments["finished_at"], strict=True)
    )
    found: Found = {}
    for (service, repo, change), (deployment, is_baseline) in reading.changes.items():
        row = rows[repo, change]
        if is_baseline or (row["is_bot"] and not org.count_bots):
            continue
        start = min(row["opened_at"], reading.first_commit.get((repo, change), row["opened_at"]))
        if deployment is None:
            until = _known_to(org, reading, service, repo, row["merged_at"])
            found[service, f"{repo}#{change}"] = (start, hours(until - start), False)
        else:
            at = finish[deployment]
            found[service, f"{repo}#{change}"] = (at, hours(at - start), True)
    return {key: row for key, row in found.items() if row[1] >= 0}


def marked(reading: Reading, which: str) -> Found:
    """Return change fail rate and its variants: each successful deployment, 1 if it failed."""
    remedied = {failed for _, failed, _ in reading.remedies}
    blamed = {deployment for deployment, _ in reading.blamed.values()}
    failed = {
        "both": remedied | blamed,
        "incident": blamed,
        "remediation": remedied,
    }[which]
    return {
        (row["service"], row["deployment_id"]): (
            row["finished_at"],
            float(row["deployment_id"] in failed),
            True,
        )
        for row in reading.deployments.to_dict("records")
        if row["succeeded"]
    }


def rework(org: Organisation, reading: Reading) -> Found:
    repairs = {fix for fix, _, _ in reading.remedies}
    window = timedelta(hours=24.0 if org.window_hours is None else org.window_hours)
    found = marked(reading, "both")
    for row in reading.deployments.to_dict("records"):
        key = (row["service"], row["deployment_id"])
        if key not in found:
            continue
        during = any(
            incident["service"] == row["service"]
            and incident["start"] is not None
            and incident["start"] <= row["finished_at"]
            and (
                incident["resolved_at"] is None
                or row["finished_at"] <= incident["resolved_at"] + window
            )
            for incident in _unplanned(org)
        )
        is_rework = row["deployment_id"] in repairs or (row["planned"] is False and during)
        found[key] = (row["finished_at"], float(is_rework), True)
    return found


def recovery(org: Organisation, reading: Reading, which: str) -> Found:
    """Return recovery times from the deployment ("both"), "incident" or by "remediation"."""
    known = {row["deployment_id"]: row for row in reading.deployments.to_dict("records")}
    incidents = {row["incident_id"]: row for row in _unplanned(org)}
    found: Found = {}
    for deployment, row in known.items():
        if not row["succeeded"]:
            continue
        blamed = [
            incidents[name]
            for name, (of, _) in reading.blamed.items()
            if of == deployment and not _ends_before_start(incidents[name])
        ]
        fixes = [
            known[fix]["finished_at"] for fix, failed, _ in reading.remedies if failed == deployment
        ]
        span = _span(org, row["finished_at"], blamed, fixes, which)
        if span is not None and span[0] >= 0:
            found[row["service"], deployment] = (row["finished_at"], *span)
    return found


def _span(
    org: Organisation, at: datetime, blamed: list[Row], fixes: list[datetime], which: str
) -> tuple[float, bool] | None:
    if which == "remediation":
        return (hours(min(fixes) - at), True) if fixes else None
    begins = [incident["start"] for incident in blamed if incident["start"] is not None]
    if which == "incident" and not begins:
        return None
    start = min(begins) if which == "incident" else at
    if not blamed:
        return (hours(min(fixes) - start), True) if fixes else None
    if any(incident["resolved_at"] is None for incident in blamed):
        return hours(org.as_of - start), False
    return hours(max(incident["resolved_at"] for incident in blamed) - start), True


def _ends_before_start(incident: Row) -> bool:
    start, end = incident["start"], incident["resolved_at"]
    return start is not None and end is not None and end < start


def restore_times(org: Organisation) -> Found:
    return {
        (row["service"], row["incident_id"]): (
            row["start"],
            hours((row["resolved_at"] or org.as_of) - row["start"]),
            row["resolved_at"] is not None,
        )
        for row in _unplanned(org)
        if row["start"] is not None and not _ends_before_start(row)
    }


def days_per_week(org: Organisation, reading: Reading) -> dict[tuple[str, str], float]:
    """Return (service, ISO week) → days with a successful deployment, over complete weeks."""
    frame = reading.deployments
    done = frame[frame["succeeded"].astype(bool)]
    found: dict[tuple[str, str], float] = {}
    last = pd.Timestamp(org.as_of).tz_convert(org.time_zone).date()
    for service, group in done.groupby("service"):
        local = pd.to_datetime(group["finished_at"], utc=True).dt.tz_convert(org.time_zone)
        days = set(local.dt.date)
        day = min(days)
        while day.weekday() != 0:
            day += timedelta(days=1)
        while day + timedelta(days=7) <= last:
            week = {day + timedelta(days=i) for i in range(7)}
            year, number, _ = day.isocalendar()
            found[str(service), f"{year}-W{number:02}"] = float(len(week & days))
            day += timedelta(days=7)
    return found
