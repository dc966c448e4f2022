"""Small organisations made by hypothesis: every awkward case is near every other one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

BASE = datetime(2026, 3, 27, tzinfo=UTC)  # two days before summer time begins in Europe
AS_OF = BASE + timedelta(hours=400)
SERVICES = ("alpha", "alpha", "alpha", "beta", "gamma")
REPOS = ("one", "two")
PREFIXES = ("", "apps/a", "apps/b")
RESULTS = ("success", "success", "success", "success", "success", "failure", "cancelled")
KINDS = ("production", "production", "production", "production", "production", "staging")

Row = dict[str, Any]

# Few distinct hours, so that things fall into the same second.
HOURS = st.integers(0, 30).map(lambda n: BASE + timedelta(hours=12 * n))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def weighted(
    common: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return st.integers(0, 3).flatmap(lambda n: rare if n == 0 else common)


@st.composite
def _histories(draw: st.DrawFn, repo: str) -> list[Row]:
    """Commits of one repository: any acyclic graph, any order of times, or no graph at all."""
    n = draw(weighted(st.integers(3, 9), st.integers(0, 3)))
    has_graph = draw(weighted(st.just(True), st.just(False)))
    shas = [f"{repo}-{i}" for i in range(n)]
    rows = []
    for i, sha in enumerate(shas):
        parents = draw(_parents(shas, i))
        rows.append(
            {
                "repo": repo,
                "sha": sha,
                "parents": parents if has_graph else None,
                "authored_at": draw(weighted(HOURS, st.none())),
                "committed_at": draw(HOURS),
                "is_merge": len(parents) > 1 if has_graph else None,
                "is_bot": draw(weighted(st.sampled_from([False, None]), st.just(True))),
                "change_id": draw(weighted(st.none(), st.sampled_from(["1", "2", "3"]))),
                "reverts_sha": draw(maybe(st.sampled_from([*shas[: i + 2], "gone"]))),
                "subject_kind": draw(weighted(st.just("other"), st.sampled_from(["hotfix", None]))),
            }
        )
    return rows


def _parents(shas: list[str], i: int) -> st.SearchStrategy[list[str]]:
    if i == 0:
        return st.just([])
    near = st.just([shas[i - 1]])
    any_two = st.lists(st.sampled_from([*shas[:i], "gone"]), max_size=2, unique=True)
    return weighted(near, any_two)


@st.composite
def _refs(draw: st.DrawFn, repo: str, shas: list[str]) -> list[Row]:
    target = st.sampled_from([*shas, "gone"]) if shas else st.just("gone")
    rows = [
        {"repo": repo, "name": name, "kind": kind, "sha": draw(weighted(target, st.none()))}
        for name, kind in (("v1", "tag"), ("v2", "release"), ("main", "branch"))
        if draw(st.booleans())
    ]
    if shas and draw(weighted(st.just(True), st.just(False))):
        rows.append(
            {"repo": repo, "name": "HEAD", "kind": "branch", "sha": draw(st.sampled_from(shas))}
        )
    return rows


@st.composite
def _deployments(draw: st.DrawFn, shas: list[str], main: list[str]) -> list[Row]:
    """Mostly versions of one repository, forth and back again, among all that can go wrong."""
    usual = st.sampled_from(main[:5] or ["gone"])
    anything = st.sampled_from([*shas, "gone", None])
    return [
        {
            "deployment_id": f"d{i:02}",
            "service": draw(st.sampled_from(SERVICES)),
            "environment_kind": draw(st.sampled_from(KINDS)),
            "repo": draw(weighted(st.none(), st.sampled_from([None, *REPOS]))),
            "sha": draw(weighted(usual, anything)),
            "ref": draw(weighted(st.none(), st.sampled_from(["v1", "v2", "v9", "main"]))),
            "artifact": draw(maybe(st.sampled_from(["image:1", "image:2"]))),
            "finished_at": draw(weighted(HOURS, weighted(HOURS, st.none()))),
            "result": draw(st.sampled_from(RESULTS)),
            "planned": draw(weighted(st.none(), st.booleans())),
        }
        for i in range(draw(weighted(st.integers(6, 14), st.integers(0, 6))))
    ]


@st.composite
def _changes(draw: st.DrawFn, repo: str, shas: list[str]) -> list[Row]:
    """Requests of one repository; no two are merged by the same commit."""
    merges = draw(st.permutations([*shas, None, None, None]))
    rows = []
    for number, merge_sha in zip(("1", "2", "3"), merges, strict=False):
        if not draw(st.booleans()):
            continue
        opened_at = draw(HOURS)
        merged_at = draw(weighted(HOURS.map(lambda t, o=opened_at: max(t, o)), st.none()))
        rows.append(
            {
                "repo": repo,
                "change_id": number,
                "is_bot": draw(weighted(st.sampled_from([False, None]), st.just(True))),
                "opened_at": opened_at,
                "ready_at": draw(maybe(HOURS)),
                "first_review_at": draw(maybe(HOURS)),
                "approved_at": draw(maybe(HOURS)),
                "merged_at": merged_at,
                "merge_sha": merge_sha if merged_at is not None else None,
                "title_kind": draw(weighted(st.just("other"), st.just("hotfix"))),
            }
        )
    return rows


@st.composite
def _incidents(draw: st.DrawFn, shas: list[str]) -> list[Row]:
    sha = st.sampled_from([*shas, "gone"]) if shas else st.just("gone")
    return [
        {
            "incident_id": f"i{i}",
            "service": draw(weighted(st.sampled_from(SERVICES), st.none())),
            "started_at": draw(weighted(HOURS, st.none())),
            "created_at": draw(maybe(HOURS)),
            "resolved_at": draw(weighted(HOURS, st.none())),
            "planned": draw(weighted(st.sampled_from([False, None]), st.just(True))),
            "deployment_id": draw(
                weighted(st.none(), st.sampled_from(["d00", "d01", "d02", "unknown"]))
            ),
            "sha": draw(weighted(st.none(), sha)),
        }
        for i in range(draw(weighted(st.integers(3, 7), st.integers(0, 3))))
    ]


@st.composite
def _owners(draw: st.DrawFn) -> list[Row]:
    """Which repositories, or parts of them, the services are built from."""
    rows = []
    for service in sorted(set(SERVICES)):
        for repo in REPOS:
            is_usual = (service, repo) in {("alpha", "one"), ("beta", "two")}
            if draw(st.integers(0, 3)) > (0 if is_usual else 2):
                prefix = draw(weighted(st.just(""), st.sampled_from(PREFIXES)))
                rows.append({"service": service, "repo": repo, "path_prefix": prefix})
    return rows


@st.composite
def _files(draw: st.DrawFn, commits: list[Row]) -> list[Row]:
    paths = ("apps/a/x", "apps/ab/x", "apps/b", "readme")
    repos = draw(st.lists(st.sampled_from(REPOS), unique=True, min_size=1))
    return [
        {"repo": row["repo"], "sha": row["sha"], "path": path, "kind": "source"}
        for row in commits
        if row["repo"] in repos
        for path in draw(st.lists(st.sampled_from(paths), unique=True, max_size=2))
    ]


@st.composite
def organisations(draw: st.DrawFn) -> dict[str, Any]:
    """Rows of every table that linking reads, and the choices that matter."""
    commits = [row for repo in REPOS for row in draw(_histories(repo))]
    by_repo = {r: [c["sha"] for c in commits if c["repo"] == r] for r in REPOS}
    shas = [row["sha"] for row in commits]
    return {
        "as_of": AS_OF,
        "window_hours": draw(st.sampled_from([24.0, 12.0, 100.0, None])),
        "count_merges": draw(st.booleans()),
        "count_bots": draw(st.booleans()),
        "time_zone": draw(st.sampled_from(["UTC", "Europe/London", "America/St_Johns"])),
        "service_repositories": draw(_owners()),
        "commits": commits,
        "file_changes": draw(_files(commits)),
        "refs": [row for repo in REPOS for row in draw(_refs(repo, by_repo[repo]))],
        "changes": [row for repo in REPOS for row in draw(_changes(repo, by_repo[repo]))],
        "deployments": draw(_deployments(shas, by_repo["one"])),
        "incidents": draw(_incidents(shas)),
    }
