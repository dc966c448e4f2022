"""What other tools would show from the same data, beside the suite's own numbers, and why."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl

from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics import Evidence, metric
from devops_analytics.peers.datadog import DATADOG
from devops_analytics.peers.devlake import DEVLAKE
from devops_analytics.peers.fourkeys import FOUR_KEYS
from devops_analytics.peers.gitlab import GITLAB
from devops_analytics.peers.peer import Peer, Scope
from devops_analytics.peers.sleuth import SLEUTH
from devops_analytics.periods import Period

__all__ = ["AS_PEER", "PEERS", "Peer", "Scope", "as_peers", "peer", "scopes_by"]

PEERS: Final[dict[str, Peer]] = {
    one.id: one for one in (DEVLAKE, FOUR_KEYS, GITLAB, DATADOG, SLEUTH)
}
"""Every tool whose definitions are known, by its id."""

AS_PEER: Final[dict[str, Any]] = {
    "tool": pl.String(),
    "metric": pl.String(),
    "entity": pl.String(),
    "period": pl.String(),
    "value": pl.Float64(),
    "n": pl.Int64(),
    "ours": pl.Float64(),
    "our_status": pl.String(),
    "unit": pl.String(),
    "definition": pl.String(),
    "differs": pl.String(),
}
"""Columns of `as_peers`: what the tool would show (null: nothing to count), how many rows are
behind it, the suite's own value of the same question with its status, and why they differ."""


def peer(tool: str) -> Peer:
    """Return a tool's definitions.

    Raises:
        UnknownNameError: no such tool is known; the text names those that are.
    """
    if tool not in PEERS:
        raise UnknownNameError(
            f"no definitions of a tool {tool!r} are known. Known: {', '.join(PEERS)}."
        )
    return PEERS[tool]


def scopes_by(
    by: str, services: pl.DataFrame, *, evidence: Evidence, period: Period, now: datetime
) -> dict[str, Scope]:
    """Return each entity (by organisation, team or service) with what its numbers are of.

    `services` has the columns service, team and organisation; a service of no team is in none.
    """
    return {
        str(entity): Scope(
            evidence=evidence, period=period, services=tuple(rows["service"]), now=now
        )
        for (entity,), rows in services.drop_nulls(by).group_by(by, maintain_order=True)
    }


def as_peers(
    tools: Iterable[Peer], scopes: Mapping[str, Scope], ours: pl.DataFrame
) -> pl.DataFrame:
    """Return what tools would show of entities, with the columns of `AS_PEER`.

    Args:
        tools: whose definitions.
        scopes: entity → what its numbers are of.
        ours: measurements of the same entities and periods, of the metrics that tools answer to.
    """
    own = {(row["metric"], row["entity"]): row for row in ours.iter_rows(named=True)}
    rows = []
    for tool in tools:
        for theirs in tool.metrics:
            for entity, scope in scopes.items():
                answer = theirs.answer(scope)
                mine = own[theirs.metric, entity]
                rows.append(
                    {
                        "tool": tool.id,
                        "metric": theirs.metric,
                        "entity": entity,
                        "period": scope.period.label,
                        "value": answer.value,
                        "n": answer.n,
                        "ours": mine["value"],
                        "our_status": mine["status"],
                        "unit": metric(theirs.metric).unit.value,
                        "definition": theirs.definition,
                        "differs": theirs.differs,
                    }
                )
    return pl.DataFrame(rows, schema=AS_PEER, orient="row")
