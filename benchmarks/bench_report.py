"""Seconds per report on the sample organisation, beside what they are made of.

The named alternative is papermill and nbconvert alone on a notebook with one empty cell: what no
report that is run in a kernel of its own can go below.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbconvert
import nbformat
import papermill

from devops_analytics import Workspace
from devops_analytics.reporting import render_reports
from devops_analytics.sample import SAMPLE_END, write_sample

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def empty_notebook(folder: Path) -> None:
    """Run and convert a notebook with one empty cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "empty.ipynb")
    executed = papermill.execute_notebook(
        folder / "empty.ipynb", None, progress_bar=False, kernel_name="python3"
    )
    nbconvert.HTMLExporter(template_name="basic").from_notebook_node(executed)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"write the sample: {seconds(lambda: write_sample(folder / 'demo')):.2f} s")
        config = folder / "demo" / "devops.toml"
        first = seconds(lambda: Workspace.open(config, as_of=SAMPLE_END))
        again = seconds(lambda: Workspace.open(config, as_of=SAMPLE_END))
        print(f"load it: {first:.2f} s; load it again, nothing new: {again:.2f} s")
        workspace = Workspace.open(config, as_of=SAMPLE_END)
        kinds = ("executive_summary", "delivery", "maturity")
        times: dict[str, list[float]] = {kind: [] for kind in (*kinds, "empty")}
        for _ in range(ROUNDS):
            times["empty"].append(seconds(lambda: empty_notebook(folder)))
            for kind in kinds:

                def render(kind: str = kind) -> None:
                    render_reports(
                        workspace,
                        notebooks=[kind],
                        period="2026-Q2",
                        compare_to="",
                        teams=[""],
                        out=folder / "reports",
                        progress=None,
                    )

                times[kind].append(seconds(render))
        floor = statistics.median(times["empty"])
        print(f"an empty notebook: {floor:.2f} s")
        for kind in kinds:
            found = statistics.median(times[kind])
            print(f"{kind}: {found:.2f} s per report, {found / floor:.1f} times the empty one")


if __name__ == "__main__":
    main()
