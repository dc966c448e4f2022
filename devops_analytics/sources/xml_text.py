"""XML of unknown origin as plain elements: nothing is expanded, fetched or nested without end."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from devops_analytics.errors import ExportError

_DEEPEST: Final = 100
_MOST_BYTES: Final = 128 << 20
_BETWEEN: Final = "\x1f"
"""What parts a namespace from a name: no XML holds it."""


@dataclass(slots=True)
class Element:
    """An element by its name without namespace, with its attributes, text and elements."""

    name: str
    namespace: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """Yield the elements of a name that stand directly in this one."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Element | None":
        """Return the first of them."""
        return next(self.all(name), None)

    def text_of(self, name: str) -> str | None:
        """Return the text of the first of them, without blanks around it; None: it is empty."""
        found = self.first(name)
        return (found.text.strip() or None) if found is not None else None


class BrokenXmlError(ExportError):
    """The text is no XML, or not from some place on; what was read before it holds."""


Take = Callable[[Element, list[Element]], bool]
"""Given each element as it ends, and those around it from the outermost on; true: it is done with.

An element that is done with is dropped, so that a long list of them needs little memory.
"""


def parse_xml(data: bytes, *, name: str, take: Take | None = None) -> Element:
    """Return the outermost element of an XML text; comments and instructions are left out.

    Raises:
        BrokenXmlError: the text is no XML, or ends too early.
        ExportError: it is too long or nested too deeply, or declares a document type, which
            exports don't need and attacks do.
    """
    if len(data) > _MOST_BYTES:
        raise ExportError(
            f"{name}: is longer than the {_MOST_BYTES >> 20} MB that XML is read up to; export it "
            "as JSON, or in several files."
        )
    top = Element("", "", {})
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    _attach(parser, [top], name, take)
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no keyword
    except expat.ExpatError as error:
        raise BrokenXmlError(
            f"{name}: is no whole XML: line {error.lineno}, column {error.offset + 1}: "
            f"{expat.ErrorString(error.code)}. Export it again."
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise BrokenXmlError(f"{name}: is no XML that can be read: {error}.") from error
    return top.children[0]


def outermost(data: bytes) -> Element | None:
    """Return the outermost element of a text by its beginning, without what is in it.

    None: it is no XML, or declares a document type.
    """
    found: list[Element] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if not found:
            namespace, _, local = tag.rpartition(_BETWEEN)
            found.append(Element(local, namespace, attributes))

    def refuse(*_: object) -> NoReturn:
        raise BrokenXmlError("declares a document type")

    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    with suppress(expat.ExpatError, ValueError, LookupError, BrokenXmlError):
        parser.Parse(data, False)  # noqa: FBT003 - expat takes no keyword
    return found[0] if found else None


def _attach(
    parser: expat.XMLParserType, open_elements: list[Element], name: str, take: Take | None
) -> None:
    """Let the parser put each element into the one that is open."""
    texts: list[list[str]] = [[]]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise ExportError(
                f"{name}: its XML is nested more than {_DEEPEST} levels deep; it is not read."
            )
        namespace, _, local = tag.rpartition(_BETWEEN)
        plain = {key.rpartition(_BETWEEN)[2]: value for key, value in attributes.items()}
        element = Element(local, namespace, plain)
        open_elements[-1].children.append(element)
        open_elements.append(element)
        texts.append([])

    def refuse(*_: object) -> NoReturn:
        raise ExportError(
            f"{name}: its XML declares a document type or an entity, which could make it grow "
            "without end; it is not read. Export it without `<!DOCTYPE`."
        )

    def end(_tag: str) -> None:
        # Joined once: adding piece after piece to a long text takes ever longer.
        element = open_elements.pop()
        element.text = "".join(texts.pop())
        if take is not None and take(element, open_elements[1:]):
            open_elements[-1].children.pop()

    def text(data: str) -> None:
        texts[-1].append(data)

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
