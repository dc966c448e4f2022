"""Why a pooled share changed: other services weigh more (mix), or services changed (within).

Where one service fails often and deploys more than before, the organisation's rate rises although
no service became worse. The symmetric decomposition (Kitagawa 1955) splits the change exactly:

    mix    = sum over services of (weight now - then) x (mean of its rates - mean of the pooled)
    within = sum over services of (rate now - then) x mean of its weights
"""

from typing import Any, Final

import polars as pl

MIX: Final[dict[str, Any]] = {
    "metric": pl.String(),
    "service": pl.String(),
    "weight_before": pl.Float64(),
    "weight_now": pl.Float64(),
    "rate_before": pl.Float64(),
    "rate_now": pl.Float64(),
    "mix": pl.Float64(),
    "within": pl.Float64(),
    "reason": pl.String(),
}
"""Columns of a decomposition: what each service adds to the pooled change, as shares 0-1. A service
that is in only one of the periods adds to mix alone; one that is unknown in a period is left out of
both, with the reason."""


def mix_and_within(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Split the change of pooled shares between two periods.

    Args:
        now: measurements of services, of metrics that are shares, in one period.
        before: the same metrics and services in the period to compare with.

    Returns:
        A row for each metric and service, with the columns of `MIX`, in the order of `now`. `mix`
        and `within` of all services add up to the change of the pooled share of those that are
        known in both periods.
    """
    key = ["metric", "service"]
    pairs = _counts(now).join(_counts(before), on=key, suffix="_before", maintain_order="left")
    is_known = pl.all_horizontal(
        pl.col("status", "status_before").is_in(("unknown", "suppressed", "not_applicable")).not_()
    )
    pairs = pairs.with_columns(
        known=is_known,
        reason=pl.when(~is_known).then(
            pl.concat_str(
                pl.lit("now "), "status", pl.lit(", before "), "status_before"
            ).str.replace_all("_", " ")
        ),
    )
    return _split(pairs).select(
        pl.col(name).cast(kind) if name in pairs.columns else pl.col(name)
        for name, kind in MIX.items()
    )


def _counts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        "metric",
        "status",
        service="entity",
        hits=pl.col("numerator").fill_null(0.0),
        n=pl.col("denominator").fill_null(0.0),
    )


def _split(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add weights, rates and what they add to the change."""
    known = pl.col("known")
    columns: dict[str, pl.Expr] = {}
    for suffix, name in (("", "now"), ("_before", "before")):
        n, hits = pl.col(f"n{suffix}"), pl.col(f"hits{suffix}")
        total = n.filter(known).sum().over("metric")
        columns[f"weight_{name}"] = pl.when(known & (total > 0)).then(n / total)
        columns[f"rate_{name}"] = pl.when(known & (n > 0)).then(hits / n)
        columns[f"pooled_{name}"] = hits.filter(known).sum().over("metric") / total
    pairs = pairs.with_columns(**columns)
    # A service that was not there had no rate that could change: it has the other period's.
    then = pl.coalesce("rate_before", "rate_now")
    today = pl.coalesce("rate_now", "rate_before")
    pooled = (pl.col("pooled_now") + pl.col("pooled_before")) / 2
    gained = pl.col("weight_now") - pl.col("weight_before")
    weight = (pl.col("weight_now") + pl.col("weight_before")) / 2
    return pairs.with_columns(
        mix=gained * ((then + today) / 2 - pooled), within=(today - then) * weight
    )
