"""Small groups of people are withheld, and so is what would let anybody work them out.

The organisation's respondents are those of its teams and those of no team that is known. Whoever
knows the organisation's number and those of some teams can subtract; what is left over is the
respondents of all other teams and of no known team, taken together. So much must be enough people.
"""

from collections.abc import Mapping

import polars as pl


def withheld(sizes: Mapping[str, int], *, others: int, smallest: int) -> frozenset[str]:
    """Return the groups whose numbers must not be shown beside that of all together.

    Groups that are too small are withheld, and then the smallest of the rest, until what
    subtraction leaves over is nobody or enough people.

    Args:
        sizes: respondents by group.
        others: respondents of no group.
        smallest: how many may be shown.
    """
    hidden = {name for name, size in sizes.items() if 0 < size < smallest}
    shown = sorted((size, name) for name, size in sizes.items() if size >= smallest)
    left_over = others + sum(sizes[name] for name in hidden)
    for size, name in shown:
        if not 0 < left_over < smallest:
            break
        hidden.add(name)
        left_over += size
    return frozenset(hidden)


def withheld_teams(answers: pl.DataFrame, services: pl.DataFrame, smallest: int) -> frozenset[str]:
    """Return the teams whose scores must not be shown.

    Args:
        answers: service and key (the respondent) of what counts at one moment, of all teams.
        services: service and team.
        smallest: how many respondents may be shown.
    """
    teams = services.select("service", "team").drop_nulls().unique("service")
    sizes = dict(
        answers.join(teams, on="service").group_by("team").agg(pl.col("key").n_unique()).iter_rows()
    )
    others = answers["key"].n_unique() - sum(sizes.values())
    return withheld(sizes, others=others, smallest=smallest)
