"""Dropping a source or killing a feed never improves anything that is claimed."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics import Workspace
from devops_analytics.maturity import Assessment, change_index, read_model, score
from devops_analytics.metrics import METRICS

MODEL = read_model(None, metrics=METRICS)
NAMED = MODEL.metrics_named
VALUES = st.one_of(st.floats(0, 1), st.floats(0, 5000))
FOUND = st.one_of(
    st.tuples(VALUES, st.integers(0, 200)).map(lambda found: (found[0], None, None, found[1])),
    st.sampled_from(["unknown", "none", "insufficient", "suppressed"]),
)
ORDER = {"not assessed": 0, "not applicable": 0, "assessed": 1}
SURE = {None: 0, "medium": 1, "high": 2}


def assert_not_better(after: Assessment, before: Assessment) -> None:
    """Nothing that is claimed of a dimension may rise: proof, level, coverage, how sure."""
    pairs = before.dimensions.join(after.dimensions, on="dimension", suffix="_after")
    for row in pairs.iter_rows(named=True):
        assert row["range_low_after"] <= row["range_low"] + 1e-9, row
        assert (row["level_after"] or 0) <= (row["level"] or 0), row
        assert row["coverage_after"] <= row["coverage"] + 1e-9, row
        assert ORDER[row["status_after"]] <= ORDER[row["status"]], row
    for row in change_index(before, after).iter_rows(named=True):
        assert (row["change"] or 0) <= 0, row
        if row["n_alike"]:
            assert row["points_after"] <= row["points_before"] + 1e-9, row
        assert row["found"] == [], row


@settings(max_examples=25)
@given(data=st.data())
def test_a_feed_that_dies_never_improves_a_dimension_of_any_lens(measured, data) -> None:
    found = data.draw(st.fixed_dictionaries(dict.fromkeys(NAMED, FOUND)))
    dead = data.draw(st.sets(st.sampled_from(NAMED), min_size=1))
    alive = measured(**found)
    killed = measured(**found | dict.fromkeys(dead, "unknown"))
    for lens in MODEL.lenses:
        before, after = (score(one, MODEL, entity="Shop", lens=lens) for one in (alive, killed))
        assert_not_better(after, before)


@settings(max_examples=25)
@given(data=st.data())
def test_a_metric_that_is_not_measured_never_improves_a_dimension(measured, data) -> None:
    found = data.draw(st.fixed_dictionaries(dict.fromkeys(NAMED, FOUND)))
    gone = data.draw(st.sets(st.sampled_from(NAMED), min_size=1))
    full = measured(**found)
    part = full.filter(~pl.col("metric").is_in(list(gone)))
    for lens in MODEL.lenses:
        if part.is_empty():
            return
        before, after = (score(one, MODEL, entity="Shop", lens=lens) for one in (full, part))
        assert_not_better(after, before)


@pytest.fixture(scope="module")
def demo() -> Workspace:
    return Workspace.demo()


def dropped(demo: Workspace, table: str) -> Workspace:
    """The demo as if no export had filled a table."""
    frames = {name: frame for name, frame in demo.tables.items() if name != table}
    # Without sources, whose `covers` would say that there was nothing rather than no export.
    settings = demo.settings.model_copy(update={"deployments": [], "sources": []})
    return Workspace.from_frames(
        {name: frame.collect() for name, frame in frames.items()},
        settings=settings,
        as_of=demo.as_of,
    )


@pytest.fixture(scope="module")
def full(demo: Workspace) -> Workspace:
    return dropped(demo, "")


TABLES = ("changes", "reviews", "pipeline_runs", "pipeline_jobs", "deployments", "incidents")


@pytest.mark.parametrize("table", TABLES)
def test_an_export_that_is_dropped_from_the_demo_never_improves_it(demo, full, table) -> None:
    part = dropped(demo, table)
    for lens in demo.model.lenses:
        before, after = (one.score("2026-Q2", lens=lens) for one in (full, part))
        assert before.dimensions["score"].drop_nulls().len() > 0 or lens == "devsecops"
        assert_not_better(after, before)
