"""What happened: as the settings may say it, whom it concerns, and what an error says."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from devops_analytics.change import annotations, annotations_about
from devops_analytics.config import read_settings, settings_from
from devops_analytics.errors import SettingsError, UnknownNameError

SERVICES = pl.DataFrame({"service": ["pay", "web", "old"], "team": ["shop", "shop", None]})


def of(*entries, zone="Europe/Amsterdam"):
    given = {"organisation": {"time_zone": zone}, "annotations": list(entries)}
    return annotations(settings_from(given), SERVICES)


def test_days_are_of_the_reporting_zone_and_the_last_one_counts() -> None:
    found = of(
        {"label": "Freeze", "from": "2025-12-20", "to": "2026-01-02"},
        {"label": "Merger", "at": "2025-07-01"},
        {"label": "Switch", "at": "2026-03-01T06:30:00"},
        {"label": "Cut", "at": datetime(2026, 4, 1, 12, tzinfo=UTC)},
    )
    assert found["label"].to_list() == ["Merger", "Freeze", "Switch", "Cut"]
    # Amsterdam is an hour ahead in winter, two in summer.
    assert found["start_at"].to_list() == [
        datetime(2025, 6, 30, 22, tzinfo=UTC),
        datetime(2025, 12, 19, 23, tzinfo=UTC),
        datetime(2026, 3, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 4, 1, 12, tzinfo=UTC),
    ]
    assert found["end_at"].to_list() == [None, datetime(2026, 1, 2, 23, tzinfo=UTC), None, None]


def test_everybody_sees_what_concerns_them() -> None:
    found = of(
        {"label": "all", "at": "2026-01-01"},
        {"label": "shop", "at": "2026-01-02", "team": "shop"},
        {"label": "pay", "at": "2026-01-03", "service": "pay"},
        {"label": "old", "at": "2026-01-04", "service": "old"},
    )

    def seen(by: str, entity: str) -> list[str]:
        return annotations_about(found, by=by, entity=entity, services=SERVICES)["label"].to_list()

    assert seen("organisation", "Org") == ["all", "shop", "pay", "old"]
    assert seen("team", "shop") == ["all", "shop", "pay"]
    assert seen("service", "pay") == ["all", "shop", "pay"]
    assert seen("service", "web") == ["all", "shop"]
    assert seen("service", "old") == ["all", "old"]


def test_no_annotations_are_an_empty_frame() -> None:
    assert of().height == 0


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"team": "shops"}, "no team is called 'shops'; teams: shop."),
        ({"service": "play"}, "no service is called 'play'; services: old, pay, web."),
        ({"redefines": ["change_failure_rate"]}, "Did you mean change_fail_rate"),
    ],
)
def test_a_name_that_is_not_known_is_an_error(entry, words) -> None:
    with pytest.raises(UnknownNameError) as raised:
        of({"label": "x", "at": "2026-01-01", **entry})
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label = 'x'", "expected either `at`, or `from` and `to`"),
        ("label = 'x'\nat = 2026-01-01\nto = 2026-01-02", "either `at`, or `from` and `to`"),
        ("label = 'x'\nfrom = 2026-01-01", "expected `from` and `to` together"),
        ("label = 'x'\nfrom = 2026-01-02\nto = 2026-01-01", "expected `to` not before `from`"),
        ("label = 'x'\non = 2026-01-02", "annotations[0].on: no such key; allowed here: at, from"),
        ("at = 2026-01-02", "annotations[0].label: this key is missing"),
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_an_error(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "devops.toml").write_text("")
    beside = tmp_path / "annotations.toml"
    beside.write_text(f"[[annotations]]\n{text}\n")
    with pytest.raises(SettingsError) as raised:
        read_settings(tmp_path / "devops.toml")
    assert words in str(raised.value)
    assert str(beside) in str(raised.value)


def test_both_files_may_hold_annotations_and_the_second_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "devops.toml"
    path.write_text("[[annotations]]\nlabel = 'one'\nat = 2026-01-01\n")
    beside = tmp_path / "annotations.toml"
    beside.write_text("[[annotations]]\nlabel = 'two'\nat = 2026-01-02\n")
    assert [one.label for one in read_settings(path).annotations] == ["one", "two"]
    beside.write_text("[definitions]\nminimum_n = 3\n")
    with pytest.raises(SettingsError, match="found definitions; allowed here: annotations"):
        read_settings(path)
