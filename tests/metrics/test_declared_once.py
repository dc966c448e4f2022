"""A metric stands in one place: taken away there, it is gone from command, docs and numbers."""

import ast
import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import devops_analytics.measuring
import devops_analytics.metrics
from devops_analytics import Workspace
from devops_analytics.cli import app
from devops_analytics.metrics import METRICS, Metric

PACKAGE = Path(devops_analytics.metrics.__file__).parents[1]
GONE = "work_in_progress"


def texts_of_package() -> Counter[str]:
    """Count the texts that stand in the code of the package, joined as Python joins them."""
    found: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] += 1
    return found


@pytest.fixture(scope="module")
def texts() -> Counter[str]:
    return texts_of_package()


@pytest.mark.parametrize("metric", METRICS, ids=lambda one: one.id)
def test_what_a_metric_says_is_written_once(metric: Metric, texts: Counter[str]) -> None:
    # Some texts of variants are made of a template, and then stand nowhere as a whole.
    assert texts[metric.definition] <= 1
    assert texts[metric.question] <= 1


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> tuple[Metric, ...]:
    """Take one declaration away, as if its family's tuple did not hold it."""
    left = tuple(one for one in METRICS if one.id != GONE)
    assert len(left) == len(METRICS) - 1
    for room in (devops_analytics.metrics, devops_analytics.measuring):
        monkeypatch.setattr(room, "METRICS", left)
    return left


def generator(repository_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", repository_root / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_taken_away_it_is_gone_from_command_docs_and_numbers(
    without: tuple[Metric, ...], repository_root: Path
) -> None:
    shown = CliRunner().invoke(app, ["metrics"], env={"COLUMNS": "300"})
    assert shown.exit_code == 0
    assert "work_in_progress_age" in shown.stdout
    assert f"{GONE} " not in shown.stdout
    page = generator(repository_root).metric_reference()
    assert f"`{GONE}`" not in page
    measured = Workspace.demo().measure("2026-Q2")
    assert set(measured["metric"]) == {one.id for one in without}
