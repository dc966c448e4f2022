"""What the columns of canonical tables are made of, and what every table carries."""

from typing import Final

import dataframely as dy
import polars as pl

TIME: Final = pl.Datetime("us", "UTC")


def key(description: str, *, may_be_empty: bool = False) -> dy.String:
    """A text column of the primary key; `may_be_empty`: what an export doesn't say is empty."""
    return dy.String(
        primary_key=True, description=description, metadata={"may_be_empty": may_be_empty}
    )


def text(description: str) -> dy.String:
    """A text column that may be null."""
    return dy.String(nullable=True, description=description)


def required(description: str) -> dy.String:
    """A text column that is never null."""
    return dy.String(nullable=False, description=description)


def word(description: str, allowed: tuple[str, ...], *, nullable: bool = True) -> dy.String:
    """A text column that holds one of a few words."""
    return dy.String(
        nullable=nullable,
        check={"allowed": lambda column: column.is_in(allowed)},
        metadata={"allowed": allowed},
        description=description,
    )


def time(description: str, *, nullable: bool = True) -> dy.Datetime:
    """A moment, in UTC."""
    return dy.Datetime(time_unit="us", time_zone="UTC", nullable=nullable, description=description)


def count(description: str) -> dy.Int64:
    """A whole number that may be null."""
    return dy.Int64(nullable=True, description=description)


def flag(description: str) -> dy.Bool:
    """True, false or not known."""
    return dy.Bool(nullable=True, description=description)


def words(description: str) -> dy.List:
    """A list of texts that may be null."""
    return dy.List(dy.String(nullable=True), nullable=True, description=description)


def decimal(description: str) -> dy.Float64:
    """A number that may be null."""
    return dy.Float64(nullable=True, description=description)


def position(description: str) -> dy.Int64:
    """A whole number of the primary key."""
    return dy.Int64(primary_key=True, description=description)


def moment(description: str) -> dy.Datetime:
    """A moment of the primary key, in UTC."""
    return dy.Datetime(time_unit="us", time_zone="UTC", primary_key=True, description=description)


class Traced(dy.Schema):
    """What every canonical table carries besides its own columns."""

    updated_at = time("when the tool last changed this record; null: the tool does not say")
    source = required("the source (tool) that the row was read by")
    source_ref = required("the export and the record in it, as `file:record`")
