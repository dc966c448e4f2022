"""A source that never fills what a metric rests on is no feed of it: unknown, not 0 or none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.check import material_of, unknown_metrics
from devops_analytics.metrics import METRICS
from devops_analytics.quality import why
from devops_analytics.schema import TABLES, polars_schema

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
SETTINGS = {"teams": {"web": {"services": {"shop": {"repositories": ["shop"]}}}}}
WITH_COLUMNS = [declared for declared in METRICS if declared.columns]


def incidents(source: str, n: int = 10, **columns: object) -> list[dict[str, Any]]:
    return [
        {"incident_id": f"{source}{number}", "service": "shop", "source": source,
         "source_ref": f"x:{number}", "started_at": AS_OF - timedelta(days=number + 1),
         "resolved_at": AS_OF - timedelta(days=number), **columns}
        for number in range(n)
    ]  # fmt: skip


def opened(**tables: list[dict[str, Any]]) -> Workspace:
    frames = {name: pl.DataFrame(rows, schema=polars_schema(name)) for name, rows in tables.items()}
    return Workspace.from_frames(frames, settings=SETTINGS, as_of=AS_OF)


def measured(workspace: Workspace, metric: str) -> dict[str, Any]:
    return workspace.measure("2026-06", metrics=[metric]).row(0, named=True)


@pytest.mark.parametrize(
    ("metric", "column"),
    [("detected_by_monitoring", "detected_by"), ("incidents_reviewed", "review_url"),
     ("detected_by_customers", "detected_by"), ("time_to_acknowledge", "acknowledged_at"),
     ("time_to_mitigate", "mitigated_at")],
)  # fmt: skip
def test_a_column_that_never_occurs_makes_it_unknown(metric: str, column: str) -> None:
    workspace = opened(incidents=incidents("tool"))
    found = measured(workspace, metric)
    assert (found["status"], found["value"]) == ("unknown", None)
    assert found["note"].startswith(f"no feed of incidents that says {column}")
    said = why(workspace.measure("2026-06", metrics=[metric]), material_of(workspace))
    reasons = said.row(0, named=True)["reasons"]
    assert f"no {column} in any record of incidents: map it, if the export has it" in reasons
    # What needs no such column stays known.
    assert measured(workspace, "incidents_per_service_week")["status"] == "ok"


def test_one_source_that_says_is_the_feed_and_the_other_is_not() -> None:
    told = incidents("teller", 3, detected_by="monitoring")
    workspace = opened(incidents=[*told, *incidents("silent", 20)])
    found = measured(workspace, "detected_by_monitoring")
    assert (found["n"], found["numerator"]) == (3, 3)
    assert "feed covers" in found["note"]  # since the teller's first incident only
    assert measured(workspace, "incidents_per_service_week")["n"] == 23


def test_another_column_that_says_the_same_will_do() -> None:
    ended = AS_OF - timedelta(days=8)
    changes: list[dict[str, Any]] = [
        {"repo": "shop", "change_id": name, "author": "p-1", "source": "host", "opened_at": began,
         "merged_at": merged_at}
        for name, began, merged_at in (
            ("1", ended - timedelta(days=1), ended),
            ("0", ended - timedelta(days=9), ended - timedelta(days=7)),
        )
    ]  # fmt: skip
    review = {"repo": "shop", "change_id": "1", "review_id": "1", "reviewer": "p-2",
              "source": "host", "at": ended - timedelta(hours=2)}  # fmt: skip
    assert measured(opened(changes=changes), "review_wait")["status"] == "unknown"
    known = measured(opened(changes=changes, reviews=[review]), "review_wait")
    assert (known["status"], known["n"]) == ("insufficient", 1)


def test_check_names_the_table_whose_sources_can_not_say() -> None:
    workspace = opened(incidents=incidents("tool"))
    rows = unknown_metrics(workspace).filter(pl.col("metric") == "time_to_mitigate")
    assert rows["missing"].to_list() == ["incidents"]
    assert "time_to_restore" not in unknown_metrics(workspace)["metric"].to_list()


@pytest.mark.parametrize("declared", WITH_COLUMNS, ids=lambda declared: declared.id)
def test_the_columns_of_a_declaration_are_there_and_judge_a_table_that_it_needs(declared) -> None:
    for alternatives in declared.columns:
        assert alternatives[0][0] in declared.needs
        for table, column in alternatives:
            assert column in TABLES[table].column_names()
            assert TABLES[table].columns()[column].nullable
