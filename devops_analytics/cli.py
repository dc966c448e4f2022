"""The `devops-analytics` command: thin, it asks the library and prints the answer."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console

from devops_analytics import __version__
from devops_analytics.cli_options import (
    AsOfOption,
    ByOption,
    ConfigOption,
    FormatOption,
    GitOption,
    MetricOption,
    OutOption,
    PeriodOption,
)
from devops_analytics.config import DEFAULT_FILE
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.load_summary import files_shown, notes_shown, unread_shown
from devops_analytics.loading import totals
from devops_analytics.printing import Format, print_frame
from devops_analytics.progress import progress_bars

app = typer.Typer(
    name="devops-analytics",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""How good is our software delivery, and what should we do next?

Reads the exports you already have (git clones, CI runs, deployments, incidents), computes DORA's
metrics with their uncertainty and a CALMS assessment, and renders reports that open offline.

**First steps**

- `devops-analytics demo` writes a sample organisation to try everything on.
- `devops-analytics report --git PATH --period 2026-Q2` reports on any clone with version tags.
- `devops-analytics init DIR` writes a `devops.toml` for the exports in a folder; then `check`,
  `measure`, `report`.

Exit codes: 0 done, 1 bad input or a failed report, 2 wrong usage.""",
)
notes = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command; say in one place, without a traceback, what is wrong with the input."""
    try:
        app()
    except DevopsAnalyticsError as error:
        notes.print(f"error: {error}", markup=False, style="red")
        sys.exit(1)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            sys.exit(0)
        where = f"{error.filename}: " if error.filename else ""
        notes.print(f"error: {where}{error.strerror or error}", markup=False, style="red")
        sys.exit(1)
    except KeyboardInterrupt:
        notes.print("stopped")
        sys.exit(130)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


# ---- Getting started ---- #


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("data/demo"),
) -> None:
    """Write a sample organisation: exports in the tools' own formats and a `devops.toml`."""
    from devops_analytics.sample import write_sample

    write_sample(directory)
    config = directory / "devops.toml"
    notes.print(f"The sample organisation is in {directory}. Try:", markup=False)
    for rest in (
        f"check --config {config} --as-of 2026-07-01",
        f"measure --config {config} --period 2026-Q2 --as-of 2026-07-01",
        f"report --config {config} --period 2026-Q2 --as-of 2026-07-01",
    ):
        notes.print(f"  devops-analytics {rest}", markup=False)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="The folder that holds exports.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace a settings file.")] = False,
) -> None:
    """Write a `devops.toml` for the exports found in a folder, and say what was recognised."""
    from devops_analytics.detection import detect, write_settings

    found = detect(directory)
    path = write_settings(directory, found, force=force)
    for line in found.lines():
        notes.print(line, markup=False)
    notes.print(
        f"wrote {path}; read it, then: devops-analytics check --config {path}", markup=False
    )


@app.command()
def sources() -> None:
    """List the tools whose exports can be read, and what each gives."""
    from devops_analytics.sources import SOURCES

    frame = pl.DataFrame(
        [
            {"kind": s.kind, "tool": s.title, "reads": s.reads, "tables": ", ".join(s.tables)}
            for s in SOURCES.values()
        ]
    )
    print_frame(frame, form=Format.TABLE, out=None)


@app.command()
def metrics(
    metric_id: Annotated[str | None, typer.Argument(help="Show one in full.")] = None,
) -> None:
    """List the metrics, or explain one: question, definition, choices, what misleads."""
    from devops_analytics.metrics import METRICS, metric
    from devops_analytics.reference import described

    if metric_id is None:
        frame = pl.DataFrame(
            [
                {"metric": m.id, "name": m.name, "unit": m.unit.value, "family": m.family}
                for m in METRICS
            ]
        )
        print_frame(frame, form=Format.TABLE, out=None)
        return
    declared = metric(metric_id)
    typer.echo(f"{declared.name} ({declared.id})")
    for label, text in described(declared):
        typer.echo(f"\n{label}\n  {text}")


# ---- From exports to numbers ---- #


@app.command()
def load(config: ConfigOption = DEFAULT_FILE, git: GitOption = None) -> None:
    """Load what is new in the exports, and account for every record."""
    workspace = _open(config, git, None)
    _print_load(workspace)


@app.command()
def check(
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="The records kept apart, counted by reason.")
    ] = False,
    print_as: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Say what was read, which feeds live, what is odd, what is unknown and why.

    In another format than a table, or to a file, it gives the findings of the data-quality checks,
    or all quarantined records.
    """
    from devops_analytics.check import checked, findings_of, kept_apart

    workspace = _open(config, git, as_of)
    if print_as is not Format.TABLE or out is not None:
        found = workspace.quarantine if quarantine else findings_of(workspace)
        print_frame(found, form=print_as, out=out)
        return
    if not quarantine:
        _print_load(workspace)
    for title, why, frame in kept_apart(workspace) if quarantine else checked(workspace):
        typer.echo(f"\n{title}\n{why}\n")
        print_frame(frame, form=Format.TABLE, out=None)


@app.command()
def measure(
    period: PeriodOption,
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    by: ByOption = "organisation",
    metric: MetricOption = None,
    as_tool: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            help="What another tool would show from the same data, and why it differs: devlake, "
            "fourkeys, gitlab, datadog, sleuth (repeatable).",
        ),
    ] = None,
    print_as: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Print measurements: value, interval, n, status and note for each metric and entity."""
    from devops_analytics.display import measurement_table
    from devops_analytics.display_tables import peer_table

    workspace = _open(config, git, as_of)
    if as_tool:
        theirs = workspace.as_tools(period, as_tool, by=by)
        print_frame(theirs, form=print_as, out=out, shown=peer_table(theirs))
        return
    found = workspace.measure(period, by=by, metrics=metric)
    print_frame(found, form=print_as, out=out, shown=measurement_table(found))


@app.command()
def compare(
    period: PeriodOption,
    to: Annotated[
        str, typer.Option("--to", help="previous, year-before, or a period such as 2026-Q1.")
    ] = "previous",
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    by: ByOption = "organisation",
    metric: MetricOption = None,
    print_as: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Say whether a period is better, worse, or no different from another, and how sure that is."""
    from devops_analytics.display_changes import comparison_table

    workspace = _open(config, git, as_of)
    found = workspace.compare(period, to=to, by=by, metrics=metric)
    print_frame(found, form=print_as, out=out, shown=comparison_table(found))


@app.command()
def rows(
    metric: Annotated[str, typer.Argument(help="A metric's id.")],
    period: PeriodOption,
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    service: Annotated[str | None, typer.Option("--service", help="Only this service.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only this team.")] = None,
    print_as: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Print the observations behind a number, each with its key and the export it came from."""
    workspace = _open(config, git, as_of)
    found = workspace.rows(metric, period, service=service, team=team)
    print_frame(found, form=print_as, out=out)


@app.command()
def score(
    period: PeriodOption,
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    team: Annotated[str | None, typer.Option("--team", help="Only this team.")] = None,
    lens: Annotated[
        str | None,
        typer.Option(
            "--lens",
            help="How to look at the evidence: calms, pillars, spectrum, devsecops, outcomes, or "
            "one of your own model. Default: the model's first.",
        ),
    ] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="The indicators behind the dimensions.")
    ] = False,
    improvements: Annotated[
        bool, typer.Option("--improvements", help="What would move the scores most.")
    ] = False,
    compare_to: Annotated[
        str | None,
        typer.Option("--compare-to", help="Levels gained or lost since this earlier period."),
    ] = None,
    print_as: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Print the maturity assessment: score, range, coverage, level and what blocks the next one."""
    from devops_analytics.display_tables import assessment_tables

    if sum((evidence, improvements, compare_to is not None)) > 1:
        raise typer.BadParameter("give one of --evidence, --improvements and --compare-to.")
    workspace = _open(config, git, as_of)
    what = "evidence" if evidence else "improvements" if improvements else "dimensions"
    now = workspace.score(period, lens=lens, team=team)
    before = workspace.score(compare_to, lens=lens, team=team) if compare_to else None
    frame, shown = assessment_tables(now, what, before=before)
    print_frame(frame, form=print_as, out=out, shown=shown)


# ---- Reports ---- #


@app.command()
def report(
    period: PeriodOption,
    config: ConfigOption = DEFAULT_FILE,
    git: GitOption = None,
    as_of: AsOfOption = None,
    notebook: Annotated[
        list[str] | None,
        typer.Option("--notebook", "-n", help="Only this one, such as data_quality (repeatable)."),
    ] = None,
    compare_to: Annotated[
        str, typer.Option("--compare-to", help="Period to show beside it. Default: the previous.")
    ] = "",
    team: Annotated[str | None, typer.Option("--team", help="A report for one team.")] = None,
    all_teams: Annotated[
        bool, typer.Option("--all-teams", help="The organisation's and one for each team.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the reports.")] = None,
) -> None:
    """Render HTML reports, each one file that opens offline, and an `index.html` of them."""
    from devops_analytics.reporting import render_reports

    workspace = _open(config, git, as_of)
    workspace.period(period)
    if compare_to:
        workspace.period(compare_to)
    teams: list[str] = [""]
    if team is not None:
        workspace.services_of(team)
        teams = [team]
    elif all_teams:
        teams += workspace.teams
    with progress_bars(notes) as progress:
        paths = render_reports(
            workspace,
            notebooks=notebook,
            period=period,
            compare_to=compare_to,
            teams=teams,
            out=out if out is not None else workspace.reports_folder,
            progress=progress,
        )
    for path in paths:
        typer.echo(path)


@app.command()
def lab(
    config: ConfigOption = DEFAULT_FILE, git: GitOption = None, as_of: AsOfOption = None
) -> None:
    """Open the notebooks in JupyterLab, on this workspace."""
    from devops_analytics.reporting import open_lab

    _open(config, git, as_of)
    raise typer.Exit(open_lab(git if git is not None else config, as_of=as_of or ""))


# ---- What the commands share ---- #


def _open(config: Path, git: Path | None, as_of: str | None) -> Any:
    from devops_analytics.workspace import Workspace

    moment = as_of if as_of is not None else datetime.now(UTC)
    with progress_bars(notes) as progress:
        if git is not None:
            return Workspace.from_git(git, as_of=moment, progress=progress)
        return Workspace.open(config, as_of=moment, progress=progress)


def _print_load(workspace: Any) -> None:
    files = workspace.load_report.files
    print_frame(files_shown(files), form=Format.TABLE, out=None)
    sums = totals(files)
    typer.echo(
        f"\nread {sums['read']:,} = loaded {sums['loaded']:,} + quarantined "
        f"{sums['quarantined']:,} + duplicates {sums['duplicates']:,}"
    )
    for note in notes_shown(files):
        typer.echo(f"note: {note}")
    for unread in unread_shown(workspace.load_report.unread):
        typer.echo(f"left unread: {unread}")
