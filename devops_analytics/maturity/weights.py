"""What the weights decide: scores and their order when weights are drawn at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from devops_analytics.maturity.words import value_in_words
from devops_analytics.metrics.metric import Unit

DRAWS: Final = 1_000
SEED: Final = 20_100_625
"""Any fixed number, so that the same evidence gives the same answer."""

SCHEMA: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "score": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "n": pl.Int64(),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightSensitivity:
    """How scores move when the weights of the scored indicators are drawn at random.

    `scores` has dimension, score (with the model's weights), low and high (95 % of the draws lie
    between) and n (scored indicators; with one there is nothing to weigh). `order_changes` is the
    share (0-1) of draws in which the order of the dimensions is another one; None under two
    dimensions. `names` are the dimensions in words.
    """

    scores: pl.DataFrame
    order_changes: float | None
    draws: int
    names: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """The sensitivity in one line."""
        if self.scores.is_empty():
            return "No dimension is assessed, so there are no weights to vary."
        parts = [
            f"{self.names[dimension]} between {low:.0f} and {high:.0f}"
            for dimension, low, high in self.scores.select("dimension", "low", "high").iter_rows()
        ]
        text = (
            f"With weights drawn at random ({self.draws:,} draws, the middle 95 %): "
            f"{', '.join(parts)}"
        )
        if self.order_changes is None:
            return f"{text}."
        changes = value_in_words(self.order_changes, Unit.SHARE.value)
        return f"{text}; the order of dimensions is another one in {changes} of them."


def weight_sensitivity(
    points: Mapping[str, Sequence[float]],
    scores: Mapping[str, float],
    *,
    names: Mapping[str, str],
    draws: int = DRAWS,
) -> WeightSensitivity:
    """Draw weights evenly over all that add up to one (Dirichlet), and score again.

    Args:
        points: the points of the scored indicators of each assessed dimension.
        scores: the score of each assessed dimension with the model's weights.
        names: the name in words of each.
        draws: how many sets of weights are drawn.
    """
    generator = np.random.default_rng(SEED)
    drawn = {
        # A mean lies within what it is a mean of, whatever the last digits of the weights say.
        dimension: np.clip(
            generator.dirichlet(np.ones(len(own)), size=draws) @ np.asarray(own),
            min(own),
            max(own),
        )
        for dimension, own in points.items()
    }
    rows = [
        (
            dimension,
            scores[dimension],
            *(float(end) for end in np.quantile(values, (0.025, 0.975))),
            len(points[dimension]),
        )
        for dimension, values in drawn.items()
    ]
    changes = None
    if len(drawn) > 1:
        order = np.argsort([-scores[dimension] for dimension in drawn], kind="stable")
        orders = np.argsort(-np.column_stack(list(drawn.values())), axis=1, kind="stable")
        changes = float(np.mean(np.any(orders != order, axis=1)))
    return WeightSensitivity(
        scores=pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        order_changes=changes,
        draws=draws,
        names=names,
    )
