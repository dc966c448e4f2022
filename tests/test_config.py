"""The settings file: what it accepts, and what its errors say."""

from pathlib import Path

import pytest

from devops_analytics.config import Settings, environment_kind, read_settings, settings_from
from devops_analytics.errors import SettingsError


def test_an_empty_file_has_every_default(tmp_path: Path) -> None:
    path = tmp_path / "devops.toml"
    path.write_text("")
    assert read_settings(path) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[organisation]\nnme = 'x'", "organisation.nme: no such key; allowed here: name, reports"),
        ("[organisation]\ntime_zone = 'Mars'", "organisation.time_zone: found 'Mars'"),
        ("[[sources]]\nkind = 'tabl'\npath = 'x'", "sources[0]"),
        ("[[sources]]\nkind = 'git'", "sources[0].path: this key is missing"),
        ("[[sources]]\nkind = 'git'\npath = 'x'\nrepo = 'y'", "sources[0].repo: no such key"),
        ("[definitions]\nminimum_n = 'six'", "definitions.minimum_n: found 'six'"),
        ("[definitions]\nattribution_window_hours = -1", "found -1"),
        ("[people]\nbot_patterns = ['(']", "expected a regular expression"),
        ("[[deployments]]\nfrom = 'tags'\nservice = 'pay'", "deployments[0].service: found 'pay'"),
        ("[[deployments]]\nfrom = 'magic'", "deployments[0].from: found 'magic'"),
        ("organisation = ", "not valid TOML"),
        (
            "[[sources]]\nkind='table'\npath='x'\ntable='commits'\ncolumns={shaa='x'}",
            "'shaa' is not a column of commits; allowed: author",
        ),
    ],
)
def test_an_error_names_file_key_found_and_allowed(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "devops.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        read_settings(path)
    assert str(path) in str(raised.value)
    assert expected in str(raised.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="devops-analytics init"):
        read_settings(tmp_path / "nowhere.toml")


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "devops.toml"
    path.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_settings(path)


def test_a_service_has_one_team() -> None:
    teams = {"a": {"services": {"pay": {}}}, "b": {"services": {"pay": {}}}}
    with pytest.raises(SettingsError, match="belongs to two teams, 'a' and 'b'"):
        settings_from({"teams": teams})


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ("production", "production"),
        ("eu_prod", "production"),
        ("prod-1", "production"),
        ("pre-prod", "staging"),
        ("preproduction", "staging"),
        ("non-prod", "unknown"),
        ("reproduction", "unknown"),
        ("staging", "staging"),
        ("qa", "test"),
        ("review/42", "development"),
        ("github-pages", "unknown"),
    ],
)
def test_environment_kind_goes_by_the_name(environment: str, kind: str) -> None:
    assert environment_kind(Settings(), "pay", environment) == kind


def test_a_service_may_name_its_own_production() -> None:
    settings = settings_from(
        {"teams": {"a": {"services": {"docs": {"production_environments": ["github-pages"]}}}}}
    )
    assert environment_kind(settings, "docs", "github-pages") == "production"
    assert environment_kind(settings, "pay", "github-pages") == "unknown"
