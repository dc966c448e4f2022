"""Many comparisons at once: some would look like changes by chance alone."""

import numpy as np

from devops_analytics.estimates.intervals import Floats


def benjamini_hochberg(p: Floats) -> Floats:
    """Return the q of each p: the share of false ones among all that are called changes up to it.

    Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289-300.

    Args:
        p: of all comparisons that are read together, in any order; may be empty.
    """
    n = len(p)
    order = np.argsort(p)[::-1]
    scaled = p[order] * n / np.arange(n, 0, -1)
    q = np.empty(n)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled))
    return q
