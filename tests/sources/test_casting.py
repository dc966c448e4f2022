"""Values as exports write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from devops_analytics.sources.casting import (
    as_text,
    flags,
    known_values,
    most_frequent,
    whole_numbers,
    word_lists,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("+12", 12),
        ("-3", -3),
        ("12.0", 12),
        ("12.", 12),
        (12.0, 12),
        (Decimal("12.00"), 12),
        (True, 1),
        ("12.5", None),
        (12.7, None),
        ("1,200", None),
        ("1e3", None),
        ("inf", None),
        ("99999999999999999999", None),
        (1e300, None),
    ],
)
def test_whole_numbers_are_whole_or_nothing(value: object, expected: int | None) -> None:
    assert whole_numbers(pl.Series([value])).to_list() == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("True", True),
        ("1", True),
        ("yes", True),
        ("F", False),
        (0, False),
        (1.0, True),
        (2, None),
        ("maybe", None),
        (False, False),
    ],
)
def test_flags_are_said_in_many_ways(value: object, *, expected: bool | None) -> None:
    assert flags(pl.Series([value])).to_list() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.5, None], ["1", "2.5", None]),
        ([True, False], ["true", "false"]),
        ([datetime(2026, 5, 1, 10, tzinfo=UTC)], ["2026-05-01T10:00:00Z"]),
        ([date(2026, 5, 1)], ["2026-05-01"]),
        ([["a", "b"]], ['["a", "b"]']),
        ([{"a": 1}], ['{"a": 1}']),
        (["x"], ["x"]),
    ],
)
def test_text_is_what_a_person_would_write(values: list[object], expected: list[str]) -> None:
    assert as_text(pl.Series(values)).to_list() == expected


def test_blanks_and_not_a_number_say_nothing() -> None:
    assert known_values(pl.Series(["", "  ", " a ", None])).to_list() == [None, None, "a", None]
    assert known_values(pl.Series([1.5, float("nan")])).to_list() == [1.5, None]
    assert known_values(pl.Series(["", "a"], dtype=pl.Categorical)).to_list() == [None, "a"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a,b; c|d", ["a", "b", "c", "d"]),
        ("one label", ["one label"]),
        ('["a, b", 7]', ["a, b", "7"]),
        ("[not json]", ["[not json]"]),
        ("", []),
        (None, None),
    ],
)
def test_lists_are_parted(value: str | None, expected: list[str] | None) -> None:
    assert word_lists(pl.Series([value], dtype=pl.String)).to_list() == [expected]


def test_lists_are_parted_at_blanks_or_a_declared_separator_where_asked() -> None:
    shas = pl.Series(["aa  bb\tcc"])
    assert word_lists(shas, at_blanks=True).to_list() == [["aa", "bb", "cc"]]
    assert word_lists(pl.Series(["a, b/c/"]), separator="/").to_list() == [["a, b", "c"]]


def test_lists_stay_lists() -> None:
    assert word_lists(pl.Series([["a"], None, []])).to_list() == [["a"], None, []]
    assert word_lists(pl.Series([[1, 2]])).to_list() == [["1", "2"]]


def test_the_most_frequent_words_come_first_then_by_name() -> None:
    words = pl.Series(["b", "a", "c", "c", None])
    assert most_frequent(words) == "'c' 2×, 'a' 1×, 'b' 1×"
