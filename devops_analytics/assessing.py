"""The maturity assessment of what is known: by the model, with what is attested."""

from functools import cached_property
from pathlib import Path

import polars as pl

from devops_analytics.maturity import Assessment, Attested, Model, attested, read_model, score
from devops_analytics.metrics import METRICS
from devops_analytics.periods import Period
from devops_analytics.placing import Placing


class Assessing(Placing):
    """What is known, and how mature it says that practices are."""

    def score(
        self, period: str | Period, *, lens: str | None = None, team: str | None = None
    ) -> Assessment:
        """Return the maturity assessment of the organisation, or of one team, through a lens.

        Args:
            period: one period.
            lens: a lens of the model, such as calms, pillars, spectrum, devsecops or outcomes; the
                model's first one where None.
            team: only this team.

        Raises:
            UnknownNameError: there is no such lens or team.
        """
        asked = self.period(period)
        which = (asked.label, team)
        if which not in self._assessable:
            by = "organisation" if team is None else "team"
            measured = self.measure(asked, by=by, metrics=self.model.metrics_named, team=team)
            self._assessable[which] = (measured, self._attested(asked, team))
        measurements, attestations = self._assessable[which]
        return score(
            measurements,
            self.model,
            entity=self.settings.organisation.name if team is None else team,
            lens=lens,
            attestations=attestations,
        )

    @cached_property
    def model(self) -> Model:
        """The maturity model: of the package, or the user's own, beside the settings file.

        Raises:
            SettingsError: the user's file can't be used.
        """
        own = self.settings.maturity.model
        if not own:
            return read_model(None, metrics=METRICS)
        origin = self.origin
        folder = origin.parent if origin is not None and origin.is_file() else Path()
        return read_model(folder / own, metrics=METRICS)

    @cached_property
    def _assessable(self) -> dict[tuple[str, str | None], tuple[pl.DataFrame, Attested]]:
        """What all lenses look at, by period and team."""
        return {}

    def _attested(self, period: Period, team: str | None) -> Attested:
        """Return what is attested of the organisation or a team at the end of a period."""
        owned = self.services
        if team is not None:
            owned = owned.filter(pl.col("team") == team)
        return attested(
            self.tables["attestations"].collect(),
            self.model,
            entity=self.settings.organisation.name if team is None else team,
            services=dict(owned.select("service", "team").iter_rows()),
            moment=min(period.end, self.as_of),
        )
