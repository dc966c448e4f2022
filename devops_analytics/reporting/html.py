"""Elements of HTML; whatever is put into one is text unless it is an element itself."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup, escape

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_KEPT: Final = re.compile(r"(?<=\bn) (?==)|(?<==) (?=\d)|(?<=\d) (?=(?:%|s|min|h|d|points?)\b|%)")

Node = str | Markup
"""Text, which is escaped, or an element."""


def element(name: str, *children: Node, attributes: Mapping[str, str] | None = None) -> Markup:
    """Return an element; attribute values and text are escaped."""
    given = joined(
        Markup(' {}="{}"').format(key, value) for key, value in (attributes or {}).items()
    )
    return Markup("<{}{}>{}</{}>").format(name, given, joined(children), name)


def joined(children: Iterable[Node]) -> Markup:
    """Return nodes one after another."""
    return Markup("").join(escape(child) for child in children)


def classed(name: str, css_class: str, *children: Node) -> Markup:
    """Return an element of a CSS class."""
    return element(name, *children, attributes={"class": css_class})


def details(summary: Node, *children: Node, css_class: str = "more") -> Markup:
    """Return a part that is folded until it is asked for."""
    return classed("details", css_class, element("summary", summary), *children)


def paragraphs(*texts: Node, css_class: str = "") -> Markup:
    """Return a paragraph for each text that is not empty."""
    attributes = {"class": css_class} if css_class else None
    return joined(element("p", text, attributes=attributes) for text in texts if text)


def unbroken(text: str) -> str:
    """Return a sentence whose numbers keep their units, and `n =` its number, on one line."""
    return _KEPT.sub(_NO_BREAK, text)


def definitions(pairs: Iterable[tuple[str, Node]], *, css_class: str) -> Markup:
    """Return a list of terms with what each is; pairs without a text are left out."""
    entries = (
        classed("div", "entry", element("dt", term), element("dd", text))
        for term, text in pairs
        if text
    )
    return classed("dl", css_class, *entries)
