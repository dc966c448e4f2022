"""JupyterLab on the notebooks, looking at one workspace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from devops_analytics.reporting.opening import AS_OF_VARIABLE, WORKSPACE_VARIABLE
from devops_analytics.reporting.runner import notebook_folder


def open_lab(workspace: Path, *, as_of: str = "", folder: Path = Path("notebooks")) -> int:
    """Open JupyterLab on the notebooks and return its exit code when it is closed.

    Notebooks that name no workspace look at this one. What is missing in the folder is copied
    there, and what is there is left as it is: it may have been changed.

    Args:
        workspace: a settings file or a clone.
        as_of: a day or time; empty: the end of the data.
        folder: where the notebooks are, or are copied to.
    """
    copy_notebooks(folder)
    environment = {
        **os.environ,
        WORKSPACE_VARIABLE: str(workspace.resolve()),
        AS_OF_VARIABLE: as_of,
    }
    command = [sys.executable, "-m", "jupyterlab", str(folder)]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy the notebooks that a folder lacks into it, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = []
    for notebook in sorted(notebook_folder().glob("*.ipynb")):
        target = folder / notebook.name
        if not target.exists():
            shutil.copyfile(notebook, target)
            copied.append(target)
    return copied
