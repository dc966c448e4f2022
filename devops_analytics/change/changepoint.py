"""Where a series changed its level, if it did so once: Pettitt's test."""

from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np

from devops_analytics.change.effect import sign
from devops_analytics.estimates.intervals import Floats

FEWEST_POINTS: Final = 20
"""With fewer points a change point is not looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangePoint:
    """The place of the first point after a change; `direction` 1: higher since, -1: lower."""

    place: int
    direction: int
    p: float


def pettitt(values: Floats) -> ChangePoint:
    """Return where the values before and after differ most in rank, and how likely by chance.

    A. N. Pettitt, Applied Statistics 28 (1979) 126-135; its approximate p errs on the side of no
    change. It finds one change of level and takes neighbours to be independent.

    Args:
        values: in order of time, at least 2.
    """
    n = len(values)
    signs = np.sign(np.subtract.outer(values, values)).sum(axis=1)
    below = np.cumsum(signs)[:-1]
    place = int(np.abs(below).argmax())
    most = abs(float(below[place]))
    return ChangePoint(
        place=place + 1,
        direction=-sign(float(below[place])),
        p=min(1.0, 2 * exp(-6 * most**2 / (n**3 + n**2))),
    )
