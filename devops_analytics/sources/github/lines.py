"""Workflow runs with one on each line, read in one pass: the form of exports that grow big."""

from typing import Any, Final

import msgspec
import numpy as np
from msgspec import UNSET

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.github.answers import Export, Found
from devops_analytics.sources.github.records import Run, repository_of
from devops_analytics.sources.source import Export as Source


class _Line(Run, kw_only=True, gc=False):
    """A run, with the keys that would make it a record of another kind."""

    run_number: Any = UNSET
    sender: Any = UNSET
    deployment_url: Any = UNSET
    environment: Any = UNSET
    run_id: Any = UNSET


_LINE_END: Final = ord("\n")
_LONGEST_FIRST: Final = 1 << 20
_DECODER: Final = msgspec.json.Decoder(_Line)


def runs_by_line(source: Source) -> Export | None:
    """Return the runs of a file that holds one on each line and nothing else.

    None: it may hold anything else, so that it is to be read with more care. Where it returns
    runs, they are those that `read_export` returns, in a fraction of the time.

    Raises:
        ExportError: the file can't be read.
    """
    data = read_content(source).data
    if not _begins_with_run(data):
        return None
    try:
        runs = _DECODER.decode_lines(data if data.isascii() else utf8_text(source, data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ExportError):
        return None
    n_ends = np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == _LINE_END)
    n_lines = n_ends + (not data.endswith(b"\n"))
    # With as many lines as runs none is empty, and none holds more or less than one run.
    if n_lines != len(runs) or not all(map(_is_run, runs)):
        return None
    found = [Found(number, run, repository_of(run)) for number, run in enumerate(runs, 1)]
    return Export(path=source, found={"run": found})


def _begins_with_run(data: bytes) -> bool:
    """Say whether the first line is a run, which costs nothing to find out."""
    first, _, rest = data[:_LONGEST_FIRST].partition(b"\n")
    try:
        return bool(rest) and _is_run(_DECODER.decode(first))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _is_run(line: _Line) -> bool:
    """Say whether a record can be nothing but a run, by what it has and has not."""
    return (
        line.head_sha is not None
        and (line.run_attempt is not None or line.run_number is not UNSET)
        and line.sender is UNSET
        and line.deployment_url is UNSET
        and line.environment is UNSET
        and line.run_id is UNSET
    )
