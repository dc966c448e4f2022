"""Small groups are withheld, and nothing that is shown lets anybody work them out."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.estimates.suppression import withheld, withheld_teams

SMALLEST = 5


@pytest.mark.parametrize(
    ("sizes", "others", "hidden"),
    [
        ({"a": 8, "b": 6}, 0, set()),
        # Of 4, 6 and 9 with 19 in all: without b too, 19 - 15 = 4 would tell a.
        ({"a": 4, "b": 6, "c": 9}, 0, {"a", "b"}),
        # Two small groups hide each other: what is left over is 2 + 3 = 5 people.
        ({"a": 2, "b": 3, "c": 9}, 0, {"a", "b"}),
        ({"a": 2, "b": 2, "c": 9, "d": 7}, 0, {"a", "b", "d"}),
        # One person of no team could be told by subtracting both teams.
        ({"a": 6, "b": 7}, 1, {"a"}),
        # Three of no team and the team of four are seven people.
        ({"a": 4, "b": 6}, 3, {"a"}),
        ({"a": 4}, 0, {"a"}),
        ({"a": 0, "b": 6}, 0, set()),
        ({}, 4, set()),
    ],
)
def test_the_next_smallest_group_is_withheld_too_where_it_must_be(sizes, others, hidden) -> None:
    assert withheld(sizes, others=others, smallest=SMALLEST) == hidden


def in_row_space(rows: list[list[int]], target: list[int]) -> bool:
    """Say whether a sum can be worked out from published sums, by exact elimination."""

    def rank(matrix: list[list[int]]) -> int:
        left = [[Fraction(value) for value in row] for row in matrix]
        found = 0
        for column in range(len(target)):
            pivot = next((row for row in left[found:] if row[column]), None)
            if pivot is None:
                continue
            left.remove(pivot)
            left.insert(found, pivot)
            for index, row in enumerate(left):
                if index != found and row[column]:
                    factor = row[column] / pivot[column]
                    left[index] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
            found += 1
        return found

    return rank([*rows, target]) == rank(rows)


@given(
    st.lists(st.integers(0, 12), max_size=7),
    st.integers(0, 7),
    st.integers(5, 8),
)
def test_no_published_numbers_solve_for_a_small_group(sizes, others, smallest) -> None:
    groups = {f"g{number}": size for number, size in enumerate(sizes)}
    hidden = withheld(groups, others=others, smallest=smallest)
    # The unknowns are the sums of each group, and of those who are in none.
    names = [name for name, size in groups.items() if size]
    everybody = [1] * len(names) + [1] * bool(others)
    published = [
        [int(name == one) for one in names] + [0] * bool(others)
        for name in names
        if name not in hidden
    ]
    if sum(sizes) + others >= smallest:
        published.append(everybody)
    for place, size in enumerate([*(groups[name] for name in names), *[others] * bool(others)]):
        if size < smallest:
            alone = [int(place == one) for one in range(len(everybody))]
            assert not in_row_space(published, alone)
    # What subtraction leaves over are enough people, or nobody.
    left_over = others + sum(groups[name] for name in hidden)
    if sum(sizes) + others >= smallest:
        assert left_over == 0 or left_over >= smallest


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12)), st.integers(0, 6))
def test_every_small_group_is_withheld_and_none_that_nobody_is_in(sizes, others) -> None:
    hidden = withheld(sizes, others=others, smallest=SMALLEST)
    assert {name for name, size in sizes.items() if 0 < size < SMALLEST} <= hidden
    assert not any(sizes[name] == 0 for name in hidden)


def test_respondents_count_once_however_many_services_their_team_has() -> None:
    services = pl.DataFrame({"service": ["x", "y", "z"], "team": ["a", "a", "b"]})
    # Four of team a (two services each), six of b.
    answers = pl.DataFrame(
        {
            "service": ["x", "y"] * 4 + ["z"] * 6,
            "key": [f"a{n // 2}" for n in range(8)] + [f"b{n}" for n in range(6)],
        }
    )
    assert withheld_teams(answers, services, 4) == set()
    assert withheld_teams(answers, services, 5) == {"a", "b"}
