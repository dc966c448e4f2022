"""Reports: a notebook run and written as one HTML file, with its numbers as JSON beside it."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from devops_analytics.atomic import write_atomically
from devops_analytics.errors import ReportError
from devops_analytics.loading import Progress
from devops_analytics.reporting.html_file import facts_of, html_of, records_of, scores_of
from devops_analytics.reporting.index import Entry, update_index
from devops_analytics.reporting.runner import (
    REPORTS,
    ReportParameters,
    notebook_path,
    run_notebook,
)
from devops_analytics.workspace import Workspace


def render_report(*, notebook: Path, parameters: ReportParameters, out: Path) -> Path:
    """Render one report.

    `out` is written last and at once: a failed notebook leaves no half report, and an earlier
    report stays as it was. Beside it stand `<name>.json`, the measurements and assessments that
    are shown, and the entry in `index.html`.

    Args:
        notebook: the notebook.
        parameters: what it is told.
        out: the HTML file to write.

    Raises:
        ReportError: the notebook or its parameters can't be used, or a cell failed; the executed
            notebook is then kept as `<name>.failed.ipynb`.
    """
    executed = run_notebook(notebook, parameters, failed=out.with_suffix(".failed.ipynb"))
    facts = facts_of(executed)
    records = {
        "report": facts,
        "measurements": records_of(executed),
        "scores": scores_of(executed),
    }
    text = json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(out.with_suffix(".json"), f"{text}\n".encode())
    write_atomically(out, html_of(executed).encode())
    update_index(out.parent, [Entry.of(facts, out.name)])
    return out


def render_reports(
    workspace: Workspace,
    *,
    notebooks: Sequence[str] | None = None,
    period: str,
    compare_to: str = "",
    teams: Sequence[str] = ("",),
    out: Path,
    progress: Progress | None = None,
) -> list[Path]:
    """Render a batch of reports, one after another.

    Args:
        workspace: opened from a settings file or a clone.
        notebooks: their names or paths; those of `REPORTS` where None.
        period: such as `2026-Q3`.
        compare_to: the period shown beside it; empty: the one before.
        teams: keys of teams; the empty one is the whole organisation.
        out: the folder.
        progress: told of every report.

    Returns:
        The HTML files, and last the index of them.

    Raises:
        ReportError: a report failed; those before it are written.
    """
    if workspace.origin is None:
        raise ReportError(
            "a report is rendered from a settings file or a clone, as its notebook opens it again; "
            "this workspace was made of dataframes."
        )
    label = workspace.period(period).label
    jobs = [(team, notebook_path(name)) for team in teams for name in notebooks or REPORTS]
    paths = []
    for done, (team, notebook) in enumerate(jobs):
        if progress is not None:
            progress("reports", done, len(jobs))
        organisation = workspace.settings.organisation.name
        name = file_name([organisation, label, team, notebook.stem])
        parameters = ReportParameters(
            workspace=str(workspace.origin.resolve()),
            period=label,
            compare_to=compare_to,
            team=team,
            as_of=workspace.as_of.isoformat(),
        )
        paths.append(render_report(notebook=notebook, parameters=parameters, out=out / name))
    return [*paths, out / "index.html"] if paths else []


def file_name(parts: Sequence[str]) -> str:
    """Return a file name that says what the report is, safe on any system.

    A part that loses letters gets a few of its hash, so that two teams never share a file.
    """
    return "-".join(_safe(part) for part in parts if part) + ".html"


def _safe(part: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9._]+", "-", part).strip("-.")
    if kept.replace("-", "") == re.sub(r"[ -]", "", part):
        return kept
    return f"{kept}-{hashlib.sha256(part.encode()).hexdigest()[:6]}".strip("-")
