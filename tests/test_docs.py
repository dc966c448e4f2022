"""The generated pages are what the code says now."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from devops_analytics.cli import app


@pytest.fixture(scope="module")
def generator(repository_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", repository_root / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = [
    "docs/metrics.md",
    "docs/settings.md",
    "docs/simulation.md",
    "docs/sources.md",
    "data/README.md",
]


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_current(
    generator: ModuleType, repository_root: Path, name: str
) -> None:
    written = (repository_root / name).read_text(encoding="utf-8")
    assert written == generator.PAGES[name](), f"{name} is old: run `make docs`"


def test_every_command_has_help_and_is_named_in_the_readme(repository_root: Path) -> None:
    readme = (repository_root / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__
        name = command.name or command.callback.__name__
        assert f"devops-analytics {name}" in readme, name
        done = CliRunner().invoke(app, [name, "--help"])
        assert done.exit_code == 0


def test_links_between_pages_lead_somewhere(repository_root: Path) -> None:
    for page in [*repository_root.glob("*.md"), *repository_root.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_changelog_keeps_its_form(repository_root: Path) -> None:
    lines = (repository_root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    sections = {line for line in lines if line.startswith("### ")}
    assert sections <= {
        f"### {word}" for word in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
    }
