"""Notebooks are thin, clean and parameterised."""

import ast
from pathlib import Path

import nbformat
import pytest

from devops_analytics.errors import ReportError
from devops_analytics.reporting.opening import PAGES
from devops_analytics.reporting.runner import (
    check_parameters,
    notebook_folder,
    parameter_names,
    read_notebook,
)

NOTEBOOKS = sorted(notebook_folder().glob("*.ipynb"))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_page_has_its_notebook() -> None:
    names = [path.stem for path in NOTEBOOKS]
    assert names == sorted(PAGES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestEachNotebook:
    def test_it_is_valid_and_kept_without_outputs(self, path: Path) -> None:
        notebook = read_notebook(path)
        nbformat.validate(notebook)
        for cell in code(notebook):
            assert cell.outputs == []
            assert cell.execution_count is None
        assert "papermill" not in notebook.metadata
        assert notebook.metadata.kernelspec.name == "python3"

    def test_it_begins_with_a_title_and_a_paragraph(self, path: Path) -> None:
        first = read_notebook(path).cells[0]
        assert first.cell_type == "markdown"
        title, _, paragraph = first.source.partition("\n\n")
        assert title.startswith("# ")
        assert paragraph
        assert "\n\n" not in paragraph

    def test_its_parameters_are_exactly_those_of_a_report_and_empty_texts(self, path: Path) -> None:
        notebook = read_notebook(path)
        check_parameters(notebook, where=path.name)
        (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
        assert cell is notebook.cells[1]
        values = {
            target.id: ast.literal_eval(statement.value)
            for statement in ast.parse(cell.source).body
            for target in statement.targets
        }
        assert values == dict.fromkeys(parameter_names(), "")

    def test_it_holds_no_logic(self, path: Path) -> None:
        logic = (
            ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.BinOp, ast.AugAssign, ast.For, ast.While,
            ast.If, ast.Try, ast.With, ast.comprehension,
        )  # fmt: skip
        for cell in code(read_notebook(path)):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, logic), cell.source


def parameters_cell(source: str):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = ["parameters"]
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_notebook_that_misses_a_parameter_is_refused_by_name() -> None:
    source = 'workspace = ""\nperiod = ""\ncompare_to = ""\nteam = ""'
    with pytest.raises(ReportError, match=r"mine\.ipynb.*does not set as_of; add as_of = \"\""):
        check_parameters(parameters_cell(source), where="mine.ipynb")


def test_a_notebook_may_have_parameters_of_its_own() -> None:
    source = "\n".join(f'{name} = ""' for name in (*parameter_names(), "colour"))
    check_parameters(parameters_cell(source), where="mine.ipynb")


def test_a_notebook_without_a_parameters_cell_is_refused() -> None:
    with pytest.raises(ReportError, match="found 0 cells tagged 'parameters'"):
        check_parameters(nbformat.v4.new_notebook(), where="mine.ipynb")
