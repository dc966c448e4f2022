"""Colours, named once for charts and pages, in light and dark.

Text colours have a contrast of at least 4.5 to the paper they stand on, marks at least 3. Light
values are all different: a chart is drawn in them, and the page replaces each by what its name
means in the reader's colour scheme.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour on light and on dark paper, as hex digits."""

    light: str
    dark: str


PALETTE: Final = {
    "paper": Colour("#ffffff", "#11171d"),
    "panel": Colour("#f3f5f8", "#1a222b"),
    "line": Colour("#d4dae1", "#35414d"),
    "ink": Colour("#15202b", "#e9eef3"),
    "muted": Colour("#52606e", "#a7b3bf"),
    "accent": Colour("#1a5c9c", "#74b6f2"),
    "accent-soft": Colour("#cfe0f1", "#1f3f5e"),
    "quiet": Colour("#74808d", "#8b98a5"),
    "quiet-soft": Colour("#e7ebef", "#2a343f"),
    "caution": Colour("#8a4a00", "#f2b766"),
    "caution-soft": Colour("#fdf2e2", "#3a2a12"),
    "stage-1": Colour("#0b3a66", "#9ccbf5"),
    "stage-2": Colour("#2f7ab4", "#4f8fc9"),
    "stage-3": Colour("#7a2e06", "#f7a766"),
    "stage-4": Colour("#8a6d00", "#a8871f"),
    "stage-5": Colour("#5b2a66", "#e8b4e0"),
    "stage-6": Colour("#1c7a6b", "#3fa394"),
    "stage-7": Colour("#39424c", "#c3ccd5"),
}
"""Every colour by name; the page's CSS variables and the charts are made from it."""


def light(name: str) -> str:
    """Return the light value of a colour, as charts are drawn in."""
    return PALETTE[name].light
