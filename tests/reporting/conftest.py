"""A small organisation, worked out by hand, with names that try to be code."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devops_analytics import Workspace
from devops_analytics.reporting.opening import open_page
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.render import render_reports

HOSTILE = '<script>alert("x")</script>'
MARKED_UP = "<b>b</b> & $y$ %{x} {{ 7 * 7 }} </script>"
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
WEEKS = 25

SETTINGS = f"""
[organisation]
name = 'Tools & <i>Sons</i>'
time_zone = "Europe/London"

[teams.shop]
name = 'The <u>shop</u>'
[teams.shop.services]
pay = {{ repositories = ["pay"] }}
'{HOSTILE}' = {{ repositories = ["web"] }}
[teams.back.services]
'{MARKED_UP}' = {{}}

[[annotations]]
label = '{HOSTILE}'
at = 2026-05-01

[people]
salt = "for tests only"

[[sources]]
kind = "table"
path = "deployments.csv"
table = "deployments"
covers = "2026-01-01..2026-06-30"
[sources.columns]
deployment_id = "id"
service = "service"
environment = {{ constant = "production" }}
repo = "repo"
sha = "sha"
finished_at = "at"
result = {{ constant = "success" }}

[[sources]]
kind = "table"
path = "commits.csv"
table = "commits"
covers = "2026-01-01..2026-06-30"
[sources.columns]
repo = "repo"
sha = "sha"
parents = {{ column = "parent", separator = " " }}
committed_at = "at"

[[sources]]
kind = "table"
path = "incidents.csv"
table = "incidents"
covers = "2026-01-01..2026-06-30"
[sources.columns]
incident_id = "id"
service = "service"
started_at = "start"
resolved_at = "end"
"""


def write_organisation(folder: Path) -> Path:
    """Write exports and settings, and return the settings file.

    Every Monday from 5 January 2026, 25 times, `pay` gets three commits at 9, 10 and 11 o'clock
    (UTC) and is deployed at 15 o'clock: lead times of 6, 5 and 4 hours. Every fifth deployment is
    followed an hour later by an incident of two hours. The hostile service gets one commit a week
    at 10, deployed at 12. Of the marked-up one only deployments are known, each Tuesday.
    """
    folder.mkdir(parents=True, exist_ok=True)
    commits: list[Sequence[object]] = []
    deployments: list[Sequence[object]] = []
    incidents: list[Sequence[object]] = []
    last = {"pay": "", "web": ""}
    for week in range(WEEKS):
        monday = FIRST + timedelta(weeks=week)
        for repo, hours in (("pay", (0, 1, 2)), ("web", (1,))):
            for hour in hours:
                sha = f"{len(commits) + 1:040x}"
                at = (monday + timedelta(hours=hour)).isoformat()
                commits.append((repo, sha, last[repo], at))
                last[repo] = sha
        done = monday + timedelta(hours=6)
        deployments.append((f"pay-{week}", "pay", "pay", last["pay"], done.isoformat()))
        web = (monday + timedelta(hours=3)).isoformat()
        deployments.append((f"web-{week}", HOSTILE, "web", last["web"], web))
        tuesday = (monday + timedelta(days=1)).isoformat()
        deployments.append((f"bought-{week}", MARKED_UP, "", "", tuesday))
        if week % 5 == 0:
            start, end = done + timedelta(hours=1), done + timedelta(hours=3)
            incidents.append((f"i{week}", "pay", start.isoformat(), end.isoformat()))
    write(folder / "commits.csv", ("repo", "sha", "parent", "at"), commits)
    write(folder / "deployments.csv", ("id", "service", "repo", "sha", "at"), deployments)
    write(folder / "incidents.csv", ("id", "service", "start", "end"), incidents)
    config = folder / "devops.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    return config


def write(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings file of the small organisation."""
    return write_organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture(scope="session")
def workspace(organisation: Path) -> Workspace:
    """The small organisation as of 1 July 2026."""
    return Workspace.open(organisation, as_of="2026-07-01")


@pytest.fixture(scope="session")
def page(organisation: Path) -> "OpenPage":
    """Opens a page of the small organisation in the second quarter of 2026."""
    return OpenPage(organisation)


class OpenPage:
    """Opens pages of one settings file."""

    def __init__(self, config: Path) -> None:
        self.config = config

    def __call__(self, name: str, *, period: str = "2026-Q2", team: str = "") -> Page:
        return open_page(
            name, workspace=str(self.config), period=period, team=team, as_of="2026-07-01"
        )


@pytest.fixture(scope="session")
def hostile() -> str:
    """The name of a service that tries to be a script."""
    return HOSTILE


@pytest.fixture(scope="session")
def rendered(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Summary, data quality and delivery of the small organisation, and last their index."""
    return render_reports(
        workspace,
        notebooks=["executive_summary", "data_quality", "delivery"],
        period="2026-Q2",
        out=tmp_path_factory.mktemp("{reports}"),  # papermill would format the braces
    )
