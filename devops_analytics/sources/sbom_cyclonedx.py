"""CycloneDX bills of materials, 1.2 to 1.6, JSON and XML → what is needed of them."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from devops_analytics.sources.sbom_parts import Bill, Part, licence_text
from devops_analytics.sources.scanners import repository_of_url
from devops_analytics.sources.xml_text import Element

NAMESPACE: Final = "http://cyclonedx.org/schema/bom/"

_MOST_NESTED: Final = 100


class Struct(msgspec.Struct):
    """A part of a bill; keys that are not declared are not read."""


class Licence(Struct):
    """A licence by its SPDX id, or by its name."""

    id: str | None = None
    name: str | None = None


class LicenceChoice(Struct):
    """A licence, or an expression of several."""

    license: Licence | None = None
    expression: str | None = None


class Reference(Struct):
    """Where more about a component is."""

    type: str | None = None
    url: str | None = None


class Component(Struct):
    """A component; who wrote or supplies it is not read."""

    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    licenses: list[LicenceChoice] | None = None
    components: list[msgspec.Raw] | None = None


class Subject(Component):
    """What the bill is of."""

    externalReferences: list[Reference] | None = None  # noqa: N815 - the standard's own name


class Tool(Struct):
    """A tool that made the bill."""

    name: str | None = None
    vendor: str | None = None


class Tools(Struct):
    """The tools that made the bill, as CycloneDX has them from 1.5 on."""

    components: list[Tool] | None = None
    services: list[Tool] | None = None


class Metadata(Struct):
    """When the bill was made, by what, and what it is of."""

    timestamp: str | None = None
    tools: list[Tool] | Tools | None = None
    component: Subject | None = None


class Document(Struct):
    """A bill of materials."""

    metadata: Metadata | None = None
    components: list[msgspec.Raw] | None = None


_DECODER: Final = msgspec.json.Decoder(Component, strict=False)


def bill(document: Document) -> Bill:
    """Return what is needed of a document."""
    metadata = document.metadata or Metadata()
    subject = metadata.component or Subject()
    sources = [one.url for one in subject.externalReferences or () if one.type == "vcs"]
    repositories = [name for url in sources if (name := repository_of_url(url))]
    return Bill(
        tool=_tool(metadata) or "CycloneDX",
        at=metadata.timestamp,
        repository=repositories[0] if repositories else None,
        subject=_full_name(subject),
        parts=list(_parts(document.components)),
    )


def _tool(metadata: Metadata) -> str | None:
    tools = metadata.tools or []
    named = (
        [*(tools.components or ()), *(tools.services or ())] if isinstance(tools, Tools) else tools
    )
    for tool in named:
        vendor = tool.vendor or ""
        if tool.name:
            is_named = not vendor or vendor.casefold() in tool.name.casefold()
            return tool.name if is_named else f"{vendor} {tool.name}"
    return None


def _full_name(component: Component) -> str | None:
    return "/".join(part for part in (component.group, component.name) if part) or None


def _parts(items: list[msgspec.Raw] | None) -> Iterator[Part | str]:
    """Yield the components with those inside them; for one that can't be read, why."""
    waiting = [(raw, 0) for raw in reversed(items or ())]
    while waiting:
        raw, depth = waiting.pop()
        try:
            component = _DECODER.decode(raw)
        except msgspec.DecodeError as error:
            yield f"a component is not as CycloneDX has it: {error}"
            continue
        if depth < _MOST_NESTED:
            waiting.extend((one, depth + 1) for one in reversed(component.components or ()))
        yield Part(
            kind=component.type,
            name=_full_name(component),
            version=component.version,
            purl=component.purl,
            licence=_licence(component.licenses),
        )


def _licence(choices: list[LicenceChoice] | None) -> str | None:
    named: list[str | None] = []
    for choice in choices or ():
        licence = choice.license or Licence()
        named.append(choice.expression or licence.id or licence.name)
    return licence_text(named)


# ---- XML ---- #


def as_json(document: Element) -> dict[str, Any]:
    """Return what is needed of a bill in XML in the form that JSON has."""
    metadata = document.first("metadata")
    return {
        "bomFormat": "CycloneDX",
        "metadata": _metadata(metadata) if metadata is not None else None,
        "components": _components(document),
    }


def _metadata(metadata: Element) -> dict[str, Any]:
    tools = metadata.first("tools")
    named: list[Element] = []
    if tools is not None:
        inside = [tools, *tools.all("components"), *tools.all("services")]
        named = [child for one in inside for child in one.children]
    component = metadata.first("component")
    return {
        "timestamp": metadata.text_of("timestamp"),
        "tools": [
            {"name": one.text_of("name"), "vendor": one.text_of("vendor")}
            for one in named
            if one.name in {"tool", "component", "service"}
        ],
        "component": _component(component) if component is not None else None,
    }


def _components(element: Element) -> list[dict[str, Any]]:
    listed = element.first("components")
    return [_component(one) for one in listed.all("component")] if listed is not None else []


def _component(element: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: element.text_of(name) for name in ("group", "name", "version", "purl")
    }
    references = element.first("externalReferences")
    licences = element.first("licenses")
    return fields | {
        "type": element.attributes.get("type"),
        "components": _components(element),
        "licenses": [
            {"expression": one.text.strip()}
            if one.name == "expression"
            else {"license": {"id": one.text_of("id"), "name": one.text_of("name")}}
            for one in (licences.children if licences is not None else ())
        ],
        "externalReferences": [
            {"type": one.attributes.get("type"), "url": one.text_of("url")}
            for one in (references.all("reference") if references is not None else ())
        ],
    }
