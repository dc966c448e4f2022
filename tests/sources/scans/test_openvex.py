"""OpenVEX: the latest statement on a weakness of a product says whether it is open."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.openvex import OPENVEX

SHOP = "pkg:oci/shop@sha256:abc?repository_url=registry.example.com/harbour/shop"


def statement(status: str = "affected", day: int = 2, **fields: Any) -> dict[str, Any]:
    return {
        "vulnerability": {"name": "CVE-2026-1000", "@id": "https://example.com/CVE-2026-1000"},
        "products": [{"@id": SHOP}],
        "status": status,
        "timestamp": f"2026-03-{day:02}T09:00:00Z",
        "impact_statement": "Ada Harbour <ada@example.invalid> looked",
        **fields,
    }


def document(*statements: Any, **fields: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex-1",
        "author": "Ada Harbour <ada@example.invalid>",
        "timestamp": "2026-03-01T09:00:00Z",
        "version": 1,
        "statements": list(statements),
        **fields,
    }


@pytest.fixture
def findings(load):
    """Return the findings of statements, of which none is quarantined."""

    def said(*statements: dict[str, Any], **entry: Any) -> list[dict[str, Any]]:
        batch = load(OPENVEX, document(*statements), **entry)["findings"]
        assert batch.quarantined.is_empty()
        return batch.rows.to_dicts()

    return said


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 9, tzinfo=UTC)


def test_a_statement_is_a_finding(findings):
    (row,) = findings(statement())
    assert (row["tool"], row["repo"]) == ("OpenVEX", "registry.example.com/harbour/shop")
    assert (row["rule"], row["severity"], row["dependency"]) == ("CVE-2026-1000", "unknown", None)
    assert (row["first_seen_at"], row["fixed_at"], row["suppressed"]) == (day(2), None, False)
    assert row["updated_at"] == day(2)


# OpenVEX specification 0.2.0, "Status labels"
@pytest.mark.parametrize(
    ("word", "is_fixed", "suppressed"),
    [
        ("affected", False, False),
        ("under_investigation", False, False),
        ("fixed", True, False),
        ("not_affected", False, True),
    ],
)
def test_each_status(findings, word, is_fixed, suppressed):
    (row,) = findings(statement(word))
    assert (row["fixed_at"] is not None, row["suppressed"]) == (is_fixed, suppressed)
    assert word in OPENVEX.words["statement status"]
    assert len(OPENVEX.words["statement status"]) == 4


def test_the_latest_statement_counts_whatever_the_order(load):
    told = [statement("fixed", 9), statement("under_investigation", 2), statement("affected", 4)]
    batch = load(OPENVEX, document(*told))["findings"]
    row = batch.rows.row(0, named=True)
    assert (batch.n_read, batch.rows.height, batch.n_absorbed) == (3, 1, 2)
    assert (row["first_seen_at"], row["fixed_at"]) == (day(2), day(9))


def test_a_fix_alone_does_not_say_when_it_was_seen(findings):
    (row,) = findings(statement("fixed", 9))
    assert (row["first_seen_at"], row["fixed_at"]) == (None, day(9))


def test_a_finding_that_came_back_is_open_again(findings):
    (row,) = findings(statement("affected", 2), statement("fixed", 4), statement("affected", 9))
    assert (row["first_seen_at"], row["fixed_at"]) == (day(2), None)


def test_every_product_and_component_has_its_own_finding(findings):
    parts = [{"@id": "pkg:npm/waves@1"}, {"identifiers": {"purl": "pkg:npm/foam@2"}}]
    rows = findings(statement(products=[{"@id": "pkg:npm/shop@1", "subcomponents": parts}, "pier"]))
    assert [(row["repo"], row["dependency"]) for row in rows] == [
        ("harbour/shop", "pkg:npm/waves@1"),  # as the settings call the shop
        ("harbour/shop", "pkg:npm/foam@2"),
        ("pier", None),
    ]
    assert len({row["fingerprint"] for row in rows}) == 3


def test_documents_before_0_2_are_read_too(load):
    old = document(
        {"vulnerability": "CVE-2026-1", "products": ["pkg:npm/pier@1"], "status": "affected",
         "subcomponents": ["pkg:npm/foam@2"]},
        **{"@context": "https://openvex.dev/ns"},
    )  # fmt: skip
    row = load(OPENVEX, old)["findings"].rows.row(0, named=True)
    assert (row["rule"], row["repo"], row["dependency"]) == ("CVE-2026-1", "pier", "pkg:npm/foam@2")
    assert row["first_seen_at"] == day(1)  # the document's own time


def test_the_entry_may_name_the_repository(findings):
    assert findings(statement(), repository="own")[0]["repo"] == "own"
    assert findings(statement(products=None))[0]["repo"] == ""


def test_what_is_no_statement_is_quarantined_alone(load):
    odd = [statement("odd"), statement(vulnerability=None), statement(products=3), 7]
    batch = load(OPENVEX, document(statement(), *odd))["findings"]
    assert batch.rows.height == 1
    assert batch.quarantined["reason"].to_list() == [
        "unknown_status", "without_vulnerability", "unexpected_type", "unexpected_type",
    ]  # fmt: skip
    undated = document(statement(timestamp=None), timestamp=None)
    batch = load(OPENVEX, [undated, document(statement())])["findings"]
    assert batch.quarantined["reason"].to_list() == ["without_time"]


def test_nobody_is_kept(load, said_anywhere):
    text = said_anywhere(load(OPENVEX, document(statement(), statement("odd"))))
    assert "CVE-2026-1000" in text
    assert "ada" not in text.lower()


@given(seed=st.integers(0, 2**32))
def test_damaged_documents_never_break_anything(survives, seed):
    survives(OPENVEX, json.dumps(document(statement(), statement("fixed", 9))).encode(), seed)


def test_documents_are_recognised_and_others_are_not(save, load):
    assert OPENVEX.recognise(save(document(statement()))).confidence == 0.95
    cyclonedx = {"bomFormat": "CycloneDX", "vulnerabilities": []}
    for foreign in (cyclonedx, {"statements": []}, [{"id": 1}], "", "<a/>"):
        assert OPENVEX.recognise(save(foreign)) is None
    with pytest.raises(ExportError, match="OpenVEX"):
        load(OPENVEX, cyclonedx)
