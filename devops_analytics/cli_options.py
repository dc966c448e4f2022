"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from devops_analytics.printing import Format

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The settings file.", show_default=True)
]
GitOption = Annotated[
    Path | None,
    typer.Option(
        "--git",
        help="A local clone to look at without a settings file: its version tags are taken as "
        "production deployments.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="Answer as of this day or time (2026-07-01, 2026-07-01T06:00Z). Default: now. "
        "Give it to get the same answer on any day.",
    ),
]
PeriodOption = Annotated[
    str,
    typer.Option(
        "--period",
        "-p",
        help="2026, 2026-Q3, 2026-09, 2026-W38, 2026-01-01..2026-03-31, last-month, last-quarter.",
    ),
]
ByOption = Annotated[
    str, typer.Option("--by", help="Whose numbers: organisation, team or service.")
]
MetricOption = Annotated[
    list[str] | None, typer.Option("--metric", "-m", help="Only these metrics (repeatable).")
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write to this file.")]
