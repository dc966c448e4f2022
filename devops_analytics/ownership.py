"""The tables that come from the settings: services, and what they are built from."""

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.frames import rows_as_table


def services_table(settings: Settings, given: pl.LazyFrame) -> pl.LazyFrame:
    """Return the declared services, followed by given ones that are not declared."""
    teams = settings.service_teams
    rows: list[dict[str, object]] = [
        {
            "service": name,
            "team": teams[name],
            "tier": service.tier,
            "production_environments": service.production_environments or None,
            **_trace(teams[name], name),
        }
        for name, service in settings.services.items()
    ]
    return rows_as_table(rows, "services", given)


def repositories_table(settings: Settings, given: pl.LazyFrame) -> pl.LazyFrame:
    """Return which repositories the services are built from, declared ones first."""
    teams = settings.service_teams
    rows: list[dict[str, object]] = [
        {
            "service": name,
            "repo": repository.name,
            "path_prefix": repository.path.strip("/"),
            **_trace(teams[name], name),
        }
        for name, service in settings.services.items()
        for repository in service.repositories
    ]
    return rows_as_table(rows, "service_repositories", given)


def _trace(team: str, service: str) -> dict[str, object]:
    return {"source": "settings", "source_ref": f"teams.{team}.services.{service}"}
