"""Numbers beside others: of DORA's respondents, of other tools, and what a change is worth."""

from collections.abc import Sequence

import polars as pl

from devops_analytics.benchmarks import place
from devops_analytics.errors import UnknownNameError
from devops_analytics.measuring import Measuring
from devops_analytics.metrics import DORA_FIVE, Kind, metric
from devops_analytics.mix import mix_and_within
from devops_analytics.peers import as_peers, peer, scopes_by
from devops_analytics.periods import Period
from devops_analytics.value import METRICS_OF_VALUE, valued


class Placing(Measuring):
    """What is known, and what its numbers stand beside."""

    def value(
        self, period: str | Period, *, compare_to: str | Period, team: str | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return what outcomes are worth beside a baseline period (`value.VALUE`, `TORNADO`)."""
        by = "organisation" if team is None else "team"
        now, baseline = (
            self.measure(one, by=by, metrics=METRICS_OF_VALUE, team=team)
            for one in (period, compare_to)
        )
        return valued(now, baseline, self.settings.value)

    def placed(
        self, period: str | Period, *, by: str = "service", team: str | None = None
    ) -> pl.DataFrame:
        """Return where values lie among the respondents of DORA's survey (`PLACEMENT`)."""
        return place(self.measure(period, by=by, metrics=DORA_FIVE, team=team))

    def as_tools(
        self,
        period: str | Period,
        tools: Sequence[str],
        *,
        by: str = "organisation",
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return what other tools would show from the same data, beside ours (`peers.AS_PEER`).

        Raises:
            UnknownNameError: a tool's definitions are not known.
        """
        asked = [peer(tool) for tool in tools]
        metrics = list(dict.fromkeys(theirs.metric for one in asked for theirs in one.metrics))
        ours = self.measure(period, by=by, metrics=metrics, team=team)
        services = self.services
        if team is not None:
            services = services.filter(pl.col("service").is_in(self.services_of(team)))
        named = services.with_columns(organisation=pl.lit(self.settings.organisation.name))
        scopes = scopes_by(
            by, named, evidence=self.evidence, period=self.period(period), now=self.as_of
        )
        return as_peers(asked, scopes, ours)

    def mix(
        self,
        period: str | Period,
        *,
        compare_to: str | Period,
        metric_id: str,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return how a pooled share's change splits into mix and within (`mix.MIX`).

        Raises:
            UnknownNameError: the metric is not known, or no share.
        """
        if metric(metric_id).kind is not Kind.PROPORTION:
            raise UnknownNameError(
                f"{metric_id} is no share: only a pooled share's change splits into mix and within."
            )
        now, before = (
            self.measure(one, by="service", metrics=[metric_id], team=team)
            for one in (period, compare_to)
        )
        return mix_and_within(now, before)
