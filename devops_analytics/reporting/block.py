"""What a cell shows: HTML, perhaps a chart, and the measurements in it, as one display object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import plotly.graph_objects as go
from markupsafe import Markup

from devops_analytics.display import Measurement

PLOTLY: Final = "application/vnd.plotly.v1+json"
"""The mimetype that JupyterLab draws charts from."""

SHOWN: Final = "application/vnd.devops-analytics+json"
"""Ours: what a report's machine-readable copy is made from; JupyterLab passes over it."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a page.

    `html` is shown by itself, or below the chart in a report (JupyterLab shows the chart alone).
    `scores` are assessments as records of JSON. `facts` say what page it is; only the title has
    them.
    """

    html: Markup
    figure: go.Figure | None = None
    shown: tuple[Measurement, ...] = ()
    scores: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002 - IPython passes both by name
        exclude: object = None,  # noqa: ARG002 - IPython filters what is returned itself
    ) -> dict[str, Any]:
        """Return the block in every form that JupyterLab or a report may take."""
        bundle: dict[str, Any] = {
            "text/html": str(self.html),
            "text/plain": "",
            SHOWN: {
                "records": [record(one) for one in self.shown],
                "scores": [dict(one) for one in self.scores],
                "facts": dict(self.facts),
            },
        }
        if self.figure is not None:
            bundle[PLOTLY] = json.loads(self.figure.to_json())
            bundle["text/plain"] = self.figure.layout.meta["alt"]
        return bundle


def record(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as a record of JSON, with the columns of `Measurements`."""
    values = {name: getattr(measurement, name) for name in Measurement.__dataclass_fields__}
    for name in ("period_start", "period_end"):
        values[name] = values[name].isoformat().replace("+00:00", "Z")
    return values
