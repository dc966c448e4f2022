"""Where the time between first commit and production goes, as bars that add up."""

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import format_count, format_value
from devops_analytics.figures.base import chart, plain, row_axis
from devops_analytics.figures.palette import light
from devops_analytics.metrics import Unit

_ROW: Final = 38
_LEGEND: Final = {
    "orientation": "h",
    "traceorder": "normal",
    "x": 0,
    "xanchor": "left",
    "y": 1.0,
    "yanchor": "bottom",
    "font": {"size": 12, "color": light("ink")},
    "itemclick": False,
    "itemdoubleclick": False,
}


def stage_bars(shares: pl.DataFrame) -> go.Figure | None:
    """Return how the time of deployed changes splits into stages, for each entity.

    Args:
        shares: columns entity, stage, title, share (0-1, adding up to 1 for each entity), hours
            and n (changes), in the order in which entities and stages are to be drawn.

    Returns:
        The figure, or None where there is nothing to draw.
    """
    if shares.is_empty():
        return None
    entities = shares["entity"].unique(maintain_order=True).to_list()
    stages = shares["stage"].unique(maintain_order=True).to_list()
    rows = {(row["entity"], row["stage"]): row for row in shares.iter_rows(named=True)}
    return chart(
        [
            _bar([rows[entity, stage] for entity in entities], entities, nth)
            for nth, stage in enumerate(stages, start=1)
        ],
        title="Where the time from first commit to production goes",
        alt=_alt(shares, entities[0]),
        height=_ROW * len(entities) + 118,
        layout={
            "barmode": "stack",
            # A number that does not fit into its part is not written at all.
            "uniformtext": {"minsize": 11, "mode": "hide"},
            "bargap": 0.3,
            "showlegend": True,
            "legend": _LEGEND,
            "xaxis": {
                "range": [0, 1],
                "tickmode": "array",
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
                "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
                "title": {"text": "share of the hours"},
            },
            "yaxis": row_axis(dict(enumerate(entities)), len(entities)),
            "margin": {"l": 8, "r": 28, "t": 8, "b": 8},
        },
    )


def _bar(rows: Sequence[Mapping[str, object]], entities: Sequence[str], nth: int) -> go.Bar:
    shares = [float(str(row["share"])) for row in rows]
    texts = [format_value(share, Unit.SHARE.value) for share in shares]
    return go.Bar(
        name=plain(str(rows[0]["title"])),
        x=shares,
        y=list(range(len(entities))),
        orientation="h",
        marker={"color": light(f"stage-{nth}"), "line": {"width": 1.5, "color": light("paper")}},
        text=texts,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"size": 12, "color": light("paper")},
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(entity)}</b><br>{plain(str(row['title']))}: {text}"
            f"<br>{format_value(float(str(row['hours'])), Unit.HOURS.value)} a change on average"
            f"<br>{format_count(float(str(row['n'])))} changes"
            for entity, row, text in zip(entities, rows, texts, strict=True)
        ],
    )


def _alt(shares: pl.DataFrame, entity: str) -> str:
    parts = [
        f"{row['title']} {format_value(row['share'], Unit.SHARE.value)}"
        for row in shares.filter(pl.col("entity") == entity).iter_rows(named=True)
    ]
    return f"Share of the time from first commit to production, {entity}: {', '.join(parts)}."
