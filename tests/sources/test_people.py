"""Names, logins and addresses become pseudonyms; programs are told apart."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.config import People
from devops_analytics.sources.people import (
    are_bots,
    pseudonyms,
    without_addresses,
    without_identities,
)

BOTS = People().bot_patterns


def made(*identities: str | None, salt: str = "s") -> list[str | None]:
    return pseudonyms(pl.Series(identities, dtype=pl.String), salt).to_list()


def test_a_pseudonym_is_a_prefix_and_sixteen_signs() -> None:
    (found,) = made("a name")
    assert found is not None
    assert re.fullmatch(r"p-[0-9a-f]{16}", found)


def test_the_address_alone_counts_whatever_the_name_and_the_case() -> None:
    same = made(
        "One <dev@example.invalid>", "Another <DEV@example.invalid >", "dev@example.invalid"
    )
    assert len(set(same)) == 1


def test_an_empty_address_leaves_the_name() -> None:
    assert made("One <>") == made(" one ")


def test_nobody_has_no_pseudonym() -> None:
    assert made(None, "", "  ", " <> ") == [None] * 4


def test_another_salt_gives_other_pseudonyms() -> None:
    assert made("login", salt="a") != made("login", salt="b")
    assert made("login", salt="") != made("login", salt="b")


@given(st.lists(st.text(max_size=20), max_size=10), st.text(max_size=80))
def test_one_identity_has_one_pseudonym_wherever_it_stands(names: list[str], salt: str) -> None:
    together = made(*names, salt=salt)
    assert together == [made(name, salt=salt)[0] for name in names]


@pytest.mark.parametrize(
    ("identity", "is_bot"),
    [
        ("dependabot[bot] <1+dependabot[bot]@example.invalid>", True),
        ("Renovate Bot <r@example.invalid>", True),
        ("github-actions", True),
        ("Abbot Example <abbot@example.invalid>", False),
        ("robotics-team", False),
        (None, None),
    ],
)
def test_programs_are_told_by_their_names(identity: str | None, *, is_bot: bool | None) -> None:
    assert are_bots(pl.Series([identity], dtype=pl.String), BOTS).to_list() == [is_bot]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from dev@example.invalid to", "from (address) to"),
        ('{"author":"dev@example.invalid","n":1}', '{"author":"(address)","n":1}'),
        ("One <dev.x+y@example.invalid>", "One <(address)>"),
        ("a@b, c@d;e@f", "(address), (address);(address)"),
        ("@login says hello", "@login says hello"),
    ],
)
def test_addresses_are_taken_out_of_free_text(text: str, expected: str) -> None:
    assert pl.select(without_addresses(pl.lit(text))).item() == expected


def test_a_records_own_people_are_taken_out_of_its_text() -> None:
    texts = pl.Series(["by A. Name <x@y>, for a. name", "Annalise was here", None, "kept"])
    people = pl.Series(["A. Name <x@y>", "Anna", "Anna", None])
    assert without_identities(texts, people).to_list() == [
        "by (person) <(person)>, for (person)",
        "Annalise was here",
        None,
        "kept",
    ]
