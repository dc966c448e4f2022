"""Attestations: a value from 0 to 1, a day, a link; what is none of these is kept apart."""

from datetime import UTC, datetime
from pathlib import Path

from devops_analytics.config import settings_from
from devops_analytics.config_evidence import AttestationsSource
from devops_analytics.sources.attestations import ATTESTATIONS
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context


def loaded(path: Path) -> Batch:
    source = AttestationsSource(kind="attestations", path=path.name)
    settings = settings_from({"organisation": {"time_zone": "Europe/Amsterdam"}})
    context = Context(settings=settings, label=path.name)
    (draft,) = ATTESTATIONS.read(path, source, context)
    return conform(draft, entry=source, context=context)


CSV = """subject,indicator,at,value,url,expires_at,note
red,on_call_paid,2026-05-01,yes,https://example.com/1,2027-05-01,said by Ada
red,blameless_reviews,2026-05-01,40%,,,
blue,on_call_paid,2026-05-01,n/a,,,
blue,blameless_reviews,2026-05-01,mostly,,,
"""
TOML = """
[[attestations]]
subject = "red"
indicator = "on_call_paid"
at = 2026-05-01
value = true
url = "https://example.com/1"
expires_at = 2027-05-01

[[attestations]]
subject = "red"
indicator = "blameless_reviews"
at = 2026-05-01
value = 0.4

[[attestations]]
subject = "blue"
indicator = "on_call_paid"
at = 2026-05-01
value = "n/a"

[[attestations]]
subject = "blue"
indicator = "blameless_reviews"
at = 2026-05-01
valeu = 1
"""


def test_csv_and_toml_give_the_same(tmp_path: Path) -> None:
    csv, toml = tmp_path / "a.csv", tmp_path / "a.toml"
    csv.write_text(CSV)
    toml.write_text(TOML)
    columns = ["subject", "indicator", "at", "value", "url", "expires_at"]
    one, two = loaded(csv), loaded(toml)
    assert one.rows.select(columns).equals(two.rows.select(columns))
    assert one.rows["value"].to_list() == [1.0, 0.4, None]
    # Midnight in Amsterdam, in summer two hours before UTC's.
    assert one.rows["at"][0] == datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert one.quarantined["reason"].to_list() == ["not_a_share"]
    assert two.quarantined["reason"].to_list() == ["unknown_key"]
    assert "'valeu'; allowed: subject" in two.quarantined["message"][0]


def test_an_expiry_in_the_future_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    assert loaded(path).rows["expires_at"][0] == datetime(2027, 4, 30, 22, tzinfo=UTC)


def test_they_are_recognised_by_their_columns(tmp_path: Path) -> None:
    for name, text in (("a.csv", CSV), ("a.toml", TOML)):
        (tmp_path / name).write_text(text)
        found = ATTESTATIONS.recognise(tmp_path / name)
        assert found is not None
        assert found.kind == "attestations"
    other = tmp_path / "pyproject.toml"
    other.write_text("[project]\nname = 'x'\n")
    assert ATTESTATIONS.recognise(other) is None
