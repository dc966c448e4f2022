"""Databases, read only: by SQLAlchemy's URL in a variable of the environment, or an SQLite file."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from devops_analytics.errors import ExportError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

ROWS: Final = 50_000
"""Rows that are fetched at once."""

_SQLITE: Final = b"SQLite format 3\0"
_READS: Final = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_SECRET: Final = re.compile(r"://[^/@]*:[^/@]*@")


def url_of(place: str, path: Path) -> str | None:
    """Return the URL that an entry's path stands for; None where it is no database.

    `place` is the path as the settings have it: `$NAME` names a variable of the environment that
    holds the URL, so that no password is written into the settings or the store.

    Raises:
        ExportError: the variable is not set, or the settings hold a password.
    """
    if place.startswith("$"):
        url = os.environ.get(place[1:])
        if not url:
            raise ExportError(
                f"{place}: the environment has no variable of this name; set it to the "
                "database's URL, such as postgresql://user:password@host/name."
            )
        return url
    if _SECRET.search(place):
        raise ExportError(
            "path: found a URL with a password in the settings; put the URL into a variable of "
            'the environment and write path = "$NAME".'
        )
    if "://" in place:
        return place
    if path.is_file() and path.open("rb").read(len(_SQLITE)) == _SQLITE:
        return f"sqlite:///file:{path.resolve()}?mode=ro&uri=true"
    return None


@contextmanager
def connected(url: str, place: str) -> Iterator["Connection"]:
    """Give a connection in a transaction that is rolled back in the end.

    Raises:
        ExportError: SQLAlchemy or the database's driver is not installed, or it can't be reached.
    """
    try:
        import sqlalchemy  # noqa: PLC0415 - an extra, and only databases need it
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415
    except ImportError as error:
        raise ExportError(
            f"{place}: databases need SQLAlchemy; install devops-analytics[database]."
        ) from error
    try:
        engine = sqlalchemy.create_engine(url)
        options = {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}
        with engine.connect().execution_options(**options) as connection:
            yield connection
            connection.rollback()
    except (SQLAlchemyError, ImportError) as error:
        # The message may hold the URL with its password.
        said = _SECRET.sub("://…@", str(error).splitlines()[0])
        raise ExportError(f"{place}: the database can't be read: {said}") from error


def rows_of(connection: "Connection", query: str, place: str) -> Iterator[pl.DataFrame]:
    """Yield the rows of a query in frames of at most `ROWS`; text stays text, times are times.

    Raises:
        ExportError: the query does anything but read.
    """
    import sqlalchemy  # noqa: PLC0415 - as above

    statement = query.strip().rstrip(";")
    if not _READS.match(statement) or ";" in statement:
        raise ExportError(
            f"{place}: query: found {statement[:60]!r}; expected one statement that begins with "
            "SELECT or WITH."
        )
    answer = connection.execution_options(stream_results=True).execute(sqlalchemy.text(statement))
    names = list(answer.keys())
    is_first = True
    while (rows := answer.fetchmany(ROWS)) or is_first:
        yield _frame(names, [tuple(row) for row in rows])
        is_first = False


def _frame(names: list[str], rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pl.DataFrame(
        {name: _column(name, cells) for name, cells in zip(names, columns, strict=True)}
    )


def _column(name: str, cells: tuple[Any, ...]) -> pl.Series:
    """Return a column with the type of its values, as text where they are of several types."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) == 1 and kinds <= {bool, int, float, str}:
        return pl.Series(name, cells, dtype={bool: pl.Boolean, int: pl.Int64, float: pl.Float64,
                                             str: pl.String}[kinds.pop()])  # fmt: skip
    texts = [None if cell is None else _text(cell) for cell in cells]
    return pl.Series(name, texts, dtype=pl.String)


def _text(cell: Any) -> str:
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
