"""Text made of columns, without the function of Polars that fails on empty chunks."""

import polars as pl


def filled(template: str, *values: pl.Expr | pl.Series | str) -> pl.Expr:
    """Return a template with its `{}` filled by columns, null where one of them is null.

    `pl.format` does the same but panics in Polars 2.1 when a filter before it leaves an empty
    chunk (pola-rs/polars issues 25339 and 25525).
    """
    first, *rest = template.split("{}")
    if len(rest) != len(values):
        raise ValueError(f"{template!r} has {len(rest)} places for {len(values)} values")
    parts: list[pl.Expr | pl.Series] = [pl.lit(first)]
    for value, literal in zip(values, rest, strict=True):
        parts.append((pl.col(value) if isinstance(value, str) else value).cast(pl.String))
        parts.append(pl.lit(literal))
    return pl.concat_str(parts)
