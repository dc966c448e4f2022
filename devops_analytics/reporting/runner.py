"""Running a notebook with papermill, its parameters checked first."""

import ast
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import nbformat

import devops_analytics
from devops_analytics.atomic import write_atomically
from devops_analytics.errors import ReportError, UnknownNameError

REPORTS: Final = ("executive_summary", "delivery", "maturity", "data_quality")
"""The notebooks that are rendered where none is named."""

_TAG: Final = "parameters"
_LONGEST_RUN: Final = 600
"""Seconds after which a cell is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportParameters:
    """What a notebook is told, as plain text; empty means what `open_page` says."""

    workspace: str = ""
    period: str = ""
    compare_to: str = ""
    team: str = ""
    as_of: str = ""


def notebook_folder() -> Path:
    """Return the folder of the notebooks: inside an installed package, else beside its source."""
    package = Path(devops_analytics.__file__).parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def notebook_path(name: str) -> Path:
    """Return the notebook of a name, or of a path that ends in `.ipynb`.

    Raises:
        UnknownNameError: there is none.
    """
    path = Path(name) if name.endswith(".ipynb") else notebook_folder() / f"{name}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in notebook_folder().glob("*.ipynb")))
        raise UnknownNameError(
            f"no notebook is called {name!r}; notebooks: {known}, or the path of an .ipynb file."
        )
    return path


def read_notebook(path: Path) -> Any:
    """Read a notebook.

    Raises:
        ReportError: it is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, UnicodeDecodeError, nbformat.reader.NotJSONError, AttributeError) as error:
        raise ReportError(f"{path}: can't be read as a notebook: {error}.") from error


def check_parameters(notebook: Any, *, where: str) -> None:
    """Check that a notebook has a parameters cell that knows every parameter.

    papermill itself would only warn, and the report would silently be of something else.

    Raises:
        ReportError: there is no such cell, or a parameter is missing in it.
    """
    cells = [cell for cell in notebook.cells if _TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ReportError(
            f"{where}: found {len(cells)} cells tagged {_TAG!r}, expected one that sets "
            f"{', '.join(parameter_names())}."
        )
    found = {
        target.id
        for statement in ast.parse(cells[0].source).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    missing = [name for name in parameter_names() if name not in found]
    if missing:
        raise ReportError(
            f"{where}: its cell tagged {_TAG!r} does not set {', '.join(missing)}; add "
            f'{missing[0]} = "" to it.'
        )


def parameter_names() -> list[str]:
    """Return the names that a notebook's parameters cell sets."""
    return [field.name for field in fields(ReportParameters)]


def run_notebook(path: Path, parameters: ReportParameters, *, failed: Path) -> Any:
    """Run a notebook in a kernel and return it with its outputs.

    Args:
        path: the notebook; it is not changed.
        parameters: what it is told.
        failed: where the executed notebook is kept if a cell fails.

    Raises:
        ReportError: a cell failed; the text says what in one line, and where the notebook is.
    """
    # Only whoever renders needs papermill, which takes a second to import.
    from papermill import execute_notebook  # noqa: PLC0415
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    notebook = read_notebook(path)
    check_parameters(notebook, where=path.name)
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.ipynb"
        try:
            result = execute_notebook(
                notebook,
                executed,
                parameters=asdict(parameters),
                progress_bar=False,
                request_save_on_cell_execute=False,
                execution_timeout=_LONGEST_RUN,
                extra_arguments=["--log-level=CRITICAL", "--HistoryManager.enabled=False"],
            )
        except PapermillExecutionError as error:
            write_atomically(failed, executed.read_bytes())
            raise ReportError(
                f"{path.name} failed in its cell [{error.exec_count}]: {error.ename}: "
                f"{_first_line(error.evalue)} The executed notebook is {failed}."
            ) from error
    failed.unlink(missing_ok=True)
    return result


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "no message"
    return line if line.endswith(".") else f"{line}."
