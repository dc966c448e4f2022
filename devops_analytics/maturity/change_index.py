"""How an assessment moved since the last: levels, and points on the same evidence."""

from typing import Final

import polars as pl

from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.maturity.score import Assessment
from devops_analytics.metrics.survey import NOT_COMPARABLE

CHANGE_INDEX: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "level_before": pl.Int64(),
        "level_after": pl.Int64(),
        "change": pl.Int64(),
        "points_before": pl.Float64(),
        "points_after": pl.Float64(),
        "n_alike": pl.Int64(),
        "lost": pl.List(pl.String()),
        "found": pl.List(pl.String()),
        "reworded": pl.List(pl.String()),
    }
)
"""One row for each dimension.

`change` is the levels gained (negative where lost; null where either is not assessed or has no
levels). `points_before` and `points_after` are the weighted means of the `n_alike` indicators that
are scored both times: what is no longer known can't make a dimension look better. `lost` and
`found` are the indicators that are scored only before, and only after. `reworded` are those of
surveys whose waves are worded differently: they are compared neither in points nor in levels.
"""

_WAVE: Final = r"(wave [^;]*)"
"""What a reason says of the wave that an answer is of."""


def change_index(before: Assessment, after: Assessment) -> pl.DataFrame:
    """Return how an entity moved between two assessments (schema `CHANGE_INDEX`).

    Raises:
        DevopsAnalyticsError: they are of two entities, through two lenses, or by two versions of
            the model.
    """
    for what in ("entity", "lens", "model_version"):
        found = getattr(before, what), getattr(after, what)
        if found[0] != found[1]:
            raise DevopsAnalyticsError(
                f"two assessments can be compared only with one {what.replace('_', ' ')}: found "
                f"{found[0]!r} and {found[1]!r}. Score the earlier period again with the same."
            )
    old, new = (
        one.dimensions.select("dimension", "level").rename({"level": f"level_{which}"})
        for one, which in ((before, "before"), (after, "after"))
    )
    return (
        new.join(old, on="dimension", how="left", maintain_order="left")
        .join(_alike(before, after), on="dimension", how="left", maintain_order="left")
        .with_columns(
            change=pl.when(pl.col("reworded").list.len() == 0).then(
                pl.col("level_after") - pl.col("level_before")
            )
        )
        .select(*CHANGE_INDEX)
    )


def _alike(before: Assessment, after: Assessment) -> pl.DataFrame:
    """Return the points of each dimension on what is scored both times, and what is not."""
    was, now = (_points(one) for one in (before, after))
    both = now.join(was, on=["dimension", "indicator"], suffix="_before", maintain_order="left")
    is_both = pl.col("points").is_not_null() & pl.col("points_before").is_not_null()
    waves = [pl.col(name).str.extract(_WAVE) for name in ("reason", "reason_before")]
    is_other = (waves[0] != waves[1]) & waves[0].str.contains(NOT_COMPARABLE, literal=True)
    is_reworded = is_both & (pl.col("class") == "survey") & is_other.fill_null(value=False)
    is_alike = is_both & ~is_reworded
    weight = pl.col("weight").filter(is_alike)
    mean = {
        f"points_{which}": (pl.col(name).filter(is_alike) * weight).sum() / weight.sum()
        for name, which in (("points_before", "before"), ("points", "after"))
    }
    is_one_sided = {
        "lost": pl.col("points").is_null() & pl.col("points_before").is_not_null(),
        "found": pl.col("points").is_not_null() & pl.col("points_before").is_null(),
        "reworded": is_reworded,
    }
    return both.group_by("dimension", maintain_order=True).agg(
        **{name: pl.when(is_alike.any()).then(value) for name, value in mean.items()},
        n_alike=is_alike.sum().cast(pl.Int64),
        **{name: pl.col("indicator").filter(where) for name, where in is_one_sided.items()},
    )


def _points(assessment: Assessment) -> pl.DataFrame:
    own = assessment.evidence.filter(pl.col("role") == "indicator")
    return own.select("dimension", "indicator", "class", "weight", "points", "reason")
