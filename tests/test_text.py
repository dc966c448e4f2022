"""Text made of columns."""

import polars as pl
import pytest

from devops_analytics.text import filled


def test_places_are_filled_in_order_and_null_makes_null() -> None:
    frame = pl.DataFrame({"a": ["x", None], "n": [1, 2]})
    found = frame.select(filled("{}@{} of {{all}}", "a", pl.col("n") + 1)).to_series()
    assert found.to_list() == ["x@2 of {{all}}", None]


def test_an_empty_chunk_is_no_trouble() -> None:
    parts = [pl.DataFrame({"a": ["x"]}), pl.DataFrame({"a": ["y"]})]
    kept = pl.concat(parts, rechunk=False).lazy().filter(pl.col("a") == "y")
    assert kept.select(filled("<{}>", "a")).collect(engine="streaming").item() == "<y>"


def test_a_template_and_its_values_must_fit() -> None:
    with pytest.raises(ValueError, match="has 1 places for 2 values"):
        filled("{}", "a", "b")
