"""The house stays as it is drawn: one direction, small files, a clock that is an argument."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import devops_analytics

PACKAGE = Path(__file__).resolve().parents[1] / "devops_analytics"
MODULES = sorted(PACKAGE.rglob("*.py"))

ROOMS = (
    ("errors", "text", "atomic"),
    ("schema_columns",),
    ("schema_evidence",),
    ("schema", "config_errors"),
    ("config_sources",),
    ("config_evidence", "config_value", "config_annotations"),
    ("config_tools",),
    ("config", "periods"),
    ("as_of", "frames"),
    ("sources",),
    ("store",),
    ("loading", "clone", "ownership"),
    ("feeds", "linking"),
    ("metrics",),
    ("estimates", "quality", "reference", "censoring", "sensitivity"),
    ("change",),
    ("maturity", "benchmarks", "value", "mix", "peers", "simulation"),
    ("known", "sample"),
    ("comparing",),
    ("measuring",),
    ("placing",),
    ("assessing",),
    ("workspace",),
    ("check", "detection", "printing", "display", "progress", "load_summary"),
    ("display_changes", "display_tables"),
    ("figures", "story"),
    ("reporting",),
    ("cli_options",),
    ("cli",),
    ("__main__", "__init__"),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
LONGEST = 400


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "devops_analytics":
                names = [f"devops_analytics.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "devops_analytics" and len(parts) > 1 and parts[1] in RANK:
                found.add(parts[1])
    return found


def ids(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_no_room_imports_from_a_room_to_its_right(path: Path) -> None:
    own = room(path)
    assert own in RANK, f"say in ROOMS where {own} stands"
    wrong = [other for other in imported_rooms(path) if other != own and RANK[other] > RANK[own]]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_files_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_the_clock_is_read_only_at_the_command_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"datetime\.now|date\.today|time\.time\(", text)
    assert found == [] or room(path) == "cli"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_charts_and_notebooks_are_imported_only_where_reports_are_made(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^\s*(?:import|from) (plotly|papermill|nbconvert)", text, re.MULTILINE)
    assert found == [] or room(path) in {"figures", "reporting"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, devops_analytics\n"
        "heavy = {'polars', 'pandas', 'plotly', 'papermill', 'pydantic'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_imported() -> None:
    for name in devops_analytics.__all__:
        assert getattr(devops_analytics, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = devops_analytics.nothing


def test_no_address_or_registry_host_is_written_down() -> None:
    root = PACKAGE.parent
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False
    ).stdout.split()
    hosts = re.compile("py" + r"pi\.org|python" + "hosted|npm" + r"js\.org")
    for name in listed:
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        assert not hosts.search(text), name
