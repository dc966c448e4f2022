"""An executed notebook as one HTML file: nothing is loaded from anywhere when it is opened."""

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from devops_analytics.figures.palette import PALETTE
from devops_analytics.reporting.block import PLOTLY, SHOWN

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""The browser itself then refuses every request."""

_TEMPLATES: Final = Path(__file__).parent / "template"
_HEADING: Final = re.compile(r"<h([1-4])(?: [^>]*)?>(.*?)</h\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_LISTED_LEVELS: Final = frozenset({2, 3})


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    text: Markup
    anchor: str


def html_of(executed: Any) -> str:
    """Return an executed notebook as a page: its headings and outputs, without code."""
    body, headings = with_anchors(_body(executed))
    facts, charts = facts_of(executed), charts_of(executed)
    titles = [heading.text for heading in headings if heading.level == 1]
    name = titles[0] if titles else Markup("Report")
    parts = [name, facts["organisation"], facts["team"], facts["period"]]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            policy=POLICY,
            variables=Markup(css_variables()),  # noqa: S704 - made from the palette alone
            title=Markup(" · ").join(part for part in parts if part),
            facts=facts,
            contents=[heading for heading in headings if heading.level in _LISTED_LEVELS],
            body=Markup(body),  # noqa: S704 - the display objects escaped what is data
            palette=Markup(json.dumps(_names_of_colours())),  # noqa: S704 - made from the palette
            charts=_packed(json.dumps(charts, sort_keys=True)) if charts else "",
            bundle=plotly_bundle() if charts else "",
        )
    )


def list_page(organisations: Sequence[tuple[str, Sequence[Mapping[str, str]]]]) -> str:
    """Return the page that lists reports, by organisation."""
    return (
        _environment()
        .get_template("list.html.j2")
        .render(
            policy=POLICY,
            variables=Markup(css_variables()),  # noqa: S704 - made from the palette alone
            organisations=organisations,
        )
    )


def _body(executed: Any) -> str:
    # Only whoever renders needs nbconvert, which takes half a second to import.
    from nbconvert import HTMLExporter  # noqa: PLC0415

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        extra_template_basedirs=[str(_TEMPLATES.parent)],
        template_name=_TEMPLATES.name,
        exclude_anchor_links=True,
    )
    exporter.config.NbConvertBase.display_data_priority = [
        PLOTLY,
        "text/html",
        "text/markdown",
        "text/plain",
    ]
    body, _ = exporter.from_notebook_node(
        executed, resources={"plotly_type": PLOTLY, "own_type": SHOWN}
    )
    return str(body)


def with_anchors(body: str) -> tuple[str, list[Heading]]:
    """Return HTML with an anchor of its own on every heading, and the headings."""
    headings: list[Heading] = []
    taken: set[str] = set()

    def anchored(match: re.Match[str]) -> str:
        level, inner = int(match[1]), match[2]
        anchor = _free(_slug(_TAG.sub("", inner)), taken)
        taken.add(anchor)
        text = Markup(_TAG.sub("", inner).strip())  # noqa: S704 - escaped where it was made
        headings.append(Heading(level=level, text=text, anchor=anchor))
        return f'<h{level} id="{anchor}">{inner}</h{level}>'

    return _HEADING.sub(anchored, body), headings


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", Markup(text).unescape().lower()).strip("-") or "part"  # noqa: S704


def _free(anchor: str, taken: set[str]) -> str:
    nth, free = 1, anchor
    while free in taken:
        nth += 1
        free = f"{anchor}-{nth}"
    return free


# ---- What an executed notebook holds ---- #


def _bundles(executed: Any) -> Iterator[Mapping[str, Any]]:
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {})


def charts_of(executed: Any) -> list[dict[str, Any]]:
    """Return data and layout of every chart in an executed notebook, in the order of the page."""
    charts = (data[PLOTLY] for data in _bundles(executed) if PLOTLY in data)
    return [{"data": chart["data"], "layout": chart["layout"]} for chart in charts]


def facts_of(executed: Any) -> dict[str, str]:
    """Return what the notebook's title says it is about; empty texts where it has none."""
    names = ("organisation", "team", "heading", "period", "days", "as_of", "version")
    facts = dict.fromkeys(names, "")
    for data in _bundles(executed):
        facts |= data.get(SHOWN, {}).get("facts", {})
    return facts


def records_of(executed: Any) -> list[dict[str, Any]]:
    """Return the measurements shown, each once, in the order of the page."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for data in _bundles(executed):
        for record in data.get(SHOWN, {}).get("records", []):
            key = tuple(str(record[name]) for name in ("metric", "by", "entity", "period"))
            found.setdefault(key, dict(record))
    return list(found.values())


def scores_of(executed: Any) -> list[dict[str, Any]]:
    """Return the assessments shown, in the order of the page."""
    return [score for data in _bundles(executed) for score in data.get(SHOWN, {}).get("scores", [])]


# ---- What every page carries ---- #


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


@cache
def plotly_bundle() -> str:
    """Return plotly's own JavaScript, gzipped, in base64: the same bytes every time."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - needed for pages with charts alone

    return _packed(get_plotlyjs())


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def css_variables() -> str:
    """Return the palette as CSS variables; dark is for screens, print is always light."""
    light = "".join(f"--{name}:{colour.light};" for name, colour in PALETTE.items())
    dark = "".join(f"--{name}:{colour.dark};" for name, colour in PALETTE.items())
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}"


def _names_of_colours() -> dict[str, str]:
    return {colour.light: name for name, colour in PALETTE.items()}
