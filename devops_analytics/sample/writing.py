"""Writing the sample organisation's exports, clones and settings into a folder."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any, Final

from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.sample import files
from devops_analytics.sample.assurance import SCANNED, WAVES, Assurance, assurance_of
from devops_analytics.sample.assurance_exports import (
    attestation_rows,
    bills,
    plans,
    sarif_log,
    scorecards,
    survey_rows,
)
from devops_analytics.sample.clones import write_clone
from devops_analytics.sample.github_changes import issues, pull, releases, reviews
from devops_analytics.sample.github_runs import (
    Run,
    build_and_deploy,
    ci_runs,
    deploy_runs,
    deployments,
    record_of,
)
from devops_analytics.sample.organisation import (
    PIPELINE_BOT,
    REPOSITORIES,
    SERVICES,
    Repository,
    Service,
    Trend,
    service,
)
from devops_analytics.sample.pagerduty_exports import analytics_rows, api_incident
from devops_analytics.sample.rollouts import Trouble
from devops_analytics.sample.table_exports import depot_rows, maintenance_rows
from devops_analytics.sample.truth import SampleTruth, truth_of
from devops_analytics.sample.workdays import ZONE, local
from devops_analytics.sample.world import Exported, make_world, stream

SETTINGS: Final = "devops.toml"
CLONES: Final = "clones"
EXPORTS: Final = "exports"
GITHUB: Final = f"{EXPORTS}/github"
DEPOTS: Final = f"{EXPORTS}/depots/deployments-*.csv.gz"
PAGERDUTY: Final = f"{EXPORTS}/pagerduty/incidents-*.json"
ANALYTICS: Final = f"{EXPORTS}/pagerduty/analytics-depots.csv"

_HALVES: Final = ("2025h1", "2025h2", "2026h1")
_TESTED: Final[Mapping[str, Trend]] = {
    "tracking-web": Trend(first=14.0, last=6.0),
    "tracking-api": Trend(first=12.0, last=5.0),
}
"""Repositories with an export of their test runs → how many minutes a run takes."""


def write_sample(folder: Path, *, seed: int = 7) -> SampleTruth:
    """Write a made-up organisation: clones, exports in the tools' formats and a `devops.toml`.

    The same seed writes the same files, byte for byte. A sample that is already in the folder is
    replaced; what was made from it (store, reports) stays.

    Raises:
        DevopsAnalyticsError: the folder holds something else, can't be written, or git is missing.
    """
    try:
        _clear(folder)
        return _written(folder, seed)
    except OSError as error:
        raise DevopsAnalyticsError(
            f"{folder}: the sample can't be written there: {error.strerror}. Give another folder."
        ) from error


def _settings_text() -> str:
    return resources.files("devops_analytics.sample").joinpath(SETTINGS).read_text("utf-8")


def _clear(folder: Path) -> None:
    """Remove an earlier sample; refuse to write into a folder that holds anything else."""
    if folder.exists() and not folder.is_dir():
        raise DevopsAnalyticsError(f"{folder} is a file; give a folder for the sample.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    mark = _settings_text().splitlines()[0]
    settings = folder / SETTINGS
    found = settings.read_bytes() if settings.is_file() else b""
    if not found.startswith(mark.encode()):
        raise DevopsAnalyticsError(
            f"{folder} is not empty and holds no earlier sample (a {SETTINGS} that begins with "
            f"{mark!r}). Give a new or empty folder; nothing was written."
        )
    for name in (CLONES, EXPORTS):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def _written(folder: Path, seed: int) -> SampleTruth:
    folder.mkdir(parents=True, exist_ok=True)
    # The settings come first: by them an interrupted sample is known as one and can be replaced.
    files.write_text(folder / SETTINGS, _settings_text())
    world = make_world(seed)
    shas = {}
    for name, history in world.histories.items():
        (folder / CLONES).mkdir(exist_ok=True)
        shas[name] = write_clone(history, folder / CLONES / f"{name}.git")
    exported = Exported(world=world, shas=shas)
    superseded: dict[str, int] = {}
    staging: dict[str, int] = {}
    quarantined = {
        f"{EXPORTS}/depots/deployments-2026h1.csv.gz": 2,
        ANALYTICS: 1,
        f"{GITHUB}/tracking-web/reviews.ndjson": 1,
        f"{GITHUB}/depot-scanner/releases.json": 1,
    }
    for repository in REPOSITORIES:
        home = folder / GITHUB / repository.name
        wishes = _write_repository(home, repository, exported, seed)
        if wishes:
            quarantined[f"{GITHUB}/{repository.name}/issues.json"] = wishes
    superseded[f"{GITHUB}/tracking-web"] = _write_late_copy(folder, exported)
    for found in SERVICES:
        if found.origin == "github":
            staging[found.name] = _write_deployments(folder, found, exported)
    superseded[PAGERDUTY] = _write_pagerduty(folder, world.troubles)
    staging["sorting"], superseded[DEPOTS] = _write_depots(folder, exported)
    files.write_text(
        folder / EXPORTS / "maintenance.csv", files.csv_text(maintenance_rows(world.maintenance))
    )
    assurance = assurance_of(seed)
    _write_assurance(folder / EXPORTS, assurance)
    return truth_of(
        exported,
        assurance,
        unknown_results=1,
        staging={name: count for name, count in staging.items() if count},
        quarantined=quarantined,
        superseded=superseded,
    )


def _write_assurance(folder: Path, assurance: Assurance) -> None:
    """Write what scanners, planners and a survey saw, and what teams attest."""
    for name in SCANNED:
        log = sarif_log(name, assurance.findings)
        files.write_object(folder / "sarif" / f"{name}.sarif", log)
    files.write_lines(folder / "scorecard.ndjson", scorecards())
    for file, bill in bills():
        files.write_object(folder / "sbom" / file, bill)
    files.write_lines(folder / "terraform" / "plans.ndjson", plans(assurance.plans))
    for wave in WAVES:
        rows = survey_rows(assurance.respondents, wave)
        files.write_text(folder / "survey" / f"{wave}.csv", files.csv_text(rows))
    files.write_text(folder / "attestations.csv", files.csv_text(attestation_rows()))


# ---- GitHub ---- #


def _write_repository(folder: Path, repository: Repository, exported: Exported, seed: int) -> int:
    """Write what GitHub exports of a repository; return how many issues are no incidents."""
    name = repository.name
    changes = exported.world.changes[name]
    random = stream(seed, f"exports {name}")
    files.write_array(folder / "pulls.json", [pull(change, exported) for change in changes])
    files.write_lines(
        folder / "reviews.ndjson", reviews(changes, exported), torn=name == "tracking-web"
    )
    _write_runs(folder, name, exported, random)
    if name == "depot-scanner":
        history = exported.world.histories[name]
        files.write_array(folder / "releases.json", releases(history, PIPELINE_BOT))
    if repository.team != "platform":
        return 0
    troubles = [trouble for trouble in exported.world.troubles if trouble.service == name]
    found = issues(name, troubles, len(changes) + 1, random)
    files.write_array(folder / "issues.json", found)
    return len(found) - len(troubles)


def _write_runs(folder: Path, name: str, exported: Exported, random: Random) -> None:
    """Write the workflow runs and jobs of those repositories that export them."""
    changes = exported.world.changes[name]
    runs: list[Run] = []
    if name in _TESTED:
        runs = ci_runs(changes, exported, _TESTED[name], random)
    if name == "tracking-api":
        runs += deploy_runs(exported.world.rollouts[name], name, exported)
    if name == "identity":
        rollouts = exported.world.rollouts[name]
        runs, jobs = build_and_deploy(rollouts, changes, name, exported, random)
        _write_pages(folder / "jobs.json", jobs, "jobs")
    if runs:
        records = [record_of(run) for run in sorted(runs, key=lambda run: run.started_at)]
        _write_pages(folder / "runs.json", records, "workflow_runs")


def _write_pages(path: Path, records: Sequence[Mapping[str, Any]], field: str) -> None:
    files.write_pages(path, records, field=field, wrapper={"total_count": len(records)})


def _write_late_copy(folder: Path, exported: Exported) -> int:
    """Write an older state of the pull requests that arrived later; return its records."""
    at = local(date(2025, 7, 1), 0)
    older = [
        pull(change, exported, at=at)
        for change in exported.world.changes["tracking-web"]
        if change.opened_at < at
    ]
    path = folder / GITHUB / "tracking-web" / "pulls-state-of-2025-06-30.json"
    files.write_array(path, older)
    return len(older)


def _write_deployments(folder: Path, found: Service, exported: Exported) -> int:
    """Write a service's deployments and statuses; return how many of them went to staging."""
    if found.repository is None:
        return 0
    rollouts = exported.world.rollouts[found.name]
    records, statuses = deployments(
        rollouts, found.repository, exported, has_staging=found.has_staging
    )
    home = folder / GITHUB / f"{found.name}-deployments"
    files.write_array(home / "deployments.json", records)
    files.write_arrays(home / "deployment_statuses.json", statuses)
    return len(records) - len(rollouts)


# ---- PagerDuty and tables ---- #


def _write_pagerduty(folder: Path, troubles: Sequence[Trouble]) -> int:
    """Write two exports of the API and the analytics; return the older export's records."""
    paged = [t for t in troubles if t.service is None or _team(t) in ("tracking", "checkout")]
    numbered = list(enumerate(paged, 1))
    taken_at = local(date(2026, 6, 1), 0)
    older = [api_incident(t, n, at=taken_at) for n, t in numbered if t.started_at < taken_at]
    newer = [api_incident(t, n) for n, t in numbered]
    for day, records in (("2026-05-31", older), ("2026-06-30", newer)):
        path = folder / PAGERDUTY.replace("*", day)
        wrapper: dict[str, object] = {"limit": 100, "offset": 0, "more": False, "total": None}
        files.write_pages(path, records, field="incidents", wrapper=wrapper)
    depots = [t for t in troubles if t.service is not None and _team(t) == "depots"]
    files.write_text(folder / ANALYTICS, files.csv_text(analytics_rows(depots)))
    return len(older)


def _team(trouble: Trouble) -> str:
    return service(trouble.service).team if trouble.service is not None else ""


def _half(moment: datetime) -> str:
    wall = moment.astimezone(ZONE)
    return f"{wall.year}h{1 if wall.month <= 6 else 2}"  # noqa: PLR2004 - months


def _write_depots(folder: Path, exported: Exported) -> tuple[int, int]:
    """Write the depots' own tool's exports by half-year, one of them twice.

    Returns the staging deployments of sorting, and the records of the file that is there twice.
    """
    rows = depot_rows(exported)
    by_half = {half: [row for at, row in rows if _half(at) == half] for half in _HALVES}
    for half, found in by_half.items():
        text = files.csv_text(found, separator=";")
        files.write_gzip(folder / DEPOTS.replace("*", half), text)
        if half == "2025h2":
            files.write_gzip(folder / DEPOTS.replace("*", f"{half} (copy)"), text)
    staging = sum(row["ring"] == "UAT" for _, row in rows)
    return staging, len(by_half["2025h2"])
