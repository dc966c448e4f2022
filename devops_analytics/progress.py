"""Bars on a terminal while something long goes on: what, how far, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from devops_analytics.loading import ROWS_OF

_MEGABYTE = 1_000_000


@contextmanager
def progress_bars(console: Console) -> Iterator[Callable[[str, int, int | None], None] | None]:
    """Give a function to report progress to, or None where nobody looks at the console.

    It is called with what is done, how much of it, and of how much (None: not known).
    """
    if not console.is_terminal:
        yield None
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}
        rows: dict[str, int] = {}

        def step(what: str, done: int, total: int | None) -> None:
            if what.startswith(ROWS_OF):
                rows[what.removeprefix(ROWS_OF)] = done
                return
            if what not in tasks:
                tasks[what] = bars.add_task(escape(what), total=total, amount="")
            amount = f"{done:,}"
            if what in rows and total is not None:
                amount = (
                    f"{done // _MEGABYTE:,} of {total // _MEGABYTE:,} MB, {rows[what]:,} records"
                )
            bars.update(tasks[what], completed=done, total=total, amount=amount)

        yield step
