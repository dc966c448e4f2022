"""Drafts judged together come out as they do one by one."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_sources import TableSource
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import QUARANTINE, Context, Draft
from devops_analytics.sources.together import conform_together

ENTRY = TableSource(kind="table", path="x", table="deployments", columns={})
CONTEXT = Context(settings=settings_from({"people": {"salt": "s"}}), label="x")

ROW = st.fixed_dictionaries(
    {
        "deployment_id": st.one_of(st.integers(1, 30).map(str), st.none()),
        "service": st.sampled_from(["pay", "ship", None]),
        "environment": st.sampled_from(["production", "odd", None]),
        "result": st.sampled_from(["success", "failure", "success", "puzzling"]),
        "finished_at": st.sampled_from(
            ["2026-05-01T10:00:00Z", "2026-05-01T10:00:00+02:00", "2026-05-01 10:00", "soon", None]
        ),
        "trigger": st.sampled_from(["person", "wizard", None]),
    }
)


@st.composite
def drafts(draw: st.DrawFn) -> list[tuple[str, Draft]]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        rows = draw(st.lists(ROW, max_size=4))
        columns = list(ROW_COLUMNS if draw(st.booleans()) else ROW_COLUMNS[:-1])
        frame = pl.DataFrame(rows, schema=dict.fromkeys(ROW_COLUMNS, pl.String)).select(columns)
        if draw(st.booleans()):
            records = [1 + 7 * place for place in range(frame.height)]
            frame = frame.with_columns(record=pl.Series(records, dtype=pl.Int64))
        label = f"folder/{number}.json"
        refused = pl.DataFrame(
            [(label, "deployments", 99, "odd", "found something", None)] * draw(st.integers(0, 2)),
            schema=QUARANTINE,
            orient="row",
        )
        absorbed = draw(st.integers(0, 2))
        draft = Draft(
            table="deployments",
            rows=frame,
            n_read=frame.height + refused.height + absorbed,
            n_absorbed=absorbed,
            rejected=refused,
        )
        found.append((label, draft))
    return found


ROW_COLUMNS = (
    "deployment_id", "service", "environment", "result", "finished_at", "trigger",
)  # fmt: skip


def judged_alone(label: str, draft: Draft) -> Batch:
    context = Context(settings=CONTEXT.settings, label=label)
    return conform(draft, entry=ENTRY, context=context)


def content(batch: Batch) -> dict[str, Any]:
    order = ["record", "reason", "message"]
    return {
        "rows": batch.rows.to_dicts(),
        "quarantined": batch.quarantined.drop("raw").sort(order).to_dicts(),
        "counts": (batch.n_read, batch.n_duplicates, batch.n_absorbed),
        "notes": batch.notes,
    }


@given(drafts())
def test_together_or_alone_makes_no_difference(found: list[tuple[str, Draft]]) -> None:
    together = conform_together(found, entry=ENTRY, context=CONTEXT)
    alone = [judged_alone(label, draft) for label, draft in found]
    assert [content(batch) for batch in together] == [content(batch) for batch in alone]
    for batch in together:
        kept = batch.rows.height + batch.n_absorbed + batch.n_duplicates
        assert batch.n_read == kept + batch.quarantined.height
