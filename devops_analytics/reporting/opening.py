"""Opening a page: from a notebook's parameters, which are plain text, to what they mean."""

import os
from pathlib import Path
from typing import Final

from devops_analytics.config import DEFAULT_FILE
from devops_analytics.errors import UnknownNameError
from devops_analytics.periods import previous_period
from devops_analytics.reporting.delivery import DeliveryPage
from devops_analytics.reporting.executive import ExecutivePage
from devops_analytics.reporting.explore import ExplorePage
from devops_analytics.reporting.maturity import MaturityPage
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.quality import QualityPage
from devops_analytics.reporting.simulation import SimulationPage
from devops_analytics.workspace import Workspace

PAGES: Final[dict[str, type[Page]]] = {
    "executive_summary": ExecutivePage,
    "delivery": DeliveryPage,
    "maturity": MaturityPage,
    "data_quality": QualityPage,
    "explore": ExplorePage,
    "simulation": SimulationPage,
}
"""Every page by the name of its notebook."""

WORKSPACE_VARIABLE: Final = "DEVOPS_ANALYTICS_WORKSPACE"
AS_OF_VARIABLE: Final = "DEVOPS_ANALYTICS_AS_OF"
"""What `devops-analytics lab` tells the notebooks that it opens: used where nothing is named."""


def open_page(
    name: str,
    *,
    workspace: str = "",
    period: str = "",
    compare_to: str = "",
    team: str = "",
    as_of: str = "",
) -> Page:
    """Open the page of a notebook; the parameters are text, and may be empty.

    Args:
        name: executive_summary, delivery, maturity, data_quality, explore or simulation.
        workspace: a settings file, its folder, or a clone; empty: what `devops-analytics lab` was
            started on, else the demo.
        period: such as `2026-Q3`; empty: the last complete quarter at the as-of time.
        compare_to: the period shown beside it; empty: the one before.
        team: key of a team; empty: the whole organisation.
        as_of: a day or time; empty: the end of the data.

    Raises:
        UnknownNameError: there is no such page or team.
        SettingsError: the settings can't be used.
        PeriodError: a period can't be understood.
    """
    if name not in PAGES:
        raise UnknownNameError(f"no page is called {name!r}; pages: {', '.join(PAGES)}.")
    opened = open_workspace(workspace, as_of=as_of)
    asked = opened.period(period or "last-quarter")
    zone = opened.settings.organisation.zone
    before = opened.period(compare_to) if compare_to else previous_period(asked, zone=zone)
    if team and team not in opened.teams:
        known = ", ".join(opened.teams) or "none are declared"
        raise UnknownNameError(f"no team is called {team!r}; teams: {known}.")
    return PAGES[name](workspace=opened, period=asked, before=before, team=team or None)


def open_workspace(workspace: str, *, as_of: str = "") -> Workspace:
    """Open what a notebook's `workspace` names; see `open_page`."""
    named = workspace or os.environ.get(WORKSPACE_VARIABLE, "")
    moment = as_of or os.environ.get(AS_OF_VARIABLE, "") or None
    if not named:
        demo = Workspace.demo()
        if moment is None or demo.origin is None:
            return demo
        named = str(demo.origin)
    path = Path(named).expanduser()
    if path.is_dir() and (path / DEFAULT_FILE).is_file():
        path = path / DEFAULT_FILE
    if path.is_dir():
        return Workspace.from_git(path, as_of=moment)
    return Workspace.open(path, as_of=moment)
