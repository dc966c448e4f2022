"""SPDX documents, 3.0, as JSON-LD → what is needed of them."""

from typing import Final

import msgspec

from devops_analytics.sources.sbom_parts import Bill, Part, licence_text


class Struct(msgspec.Struct, rename="camel"):
    """A part of a document; keys that are not declared are not read."""


class Identifier(Struct):
    """What an element is called elsewhere."""

    kind: str | None = msgspec.field(name="externalIdentifierType", default=None)
    identifier: str | None = None


class Element(Struct):
    """An element of the graph of SPDX 3."""

    kind: str | None = msgspec.field(name="type", default=None)
    spdx_id: str | None = None
    name: str | None = None
    version: str | None = msgspec.field(name="software_packageVersion", default=None)
    purl: str | None = msgspec.field(name="software_packageUrl", default=None)
    external_identifier: list[Identifier] | None = None
    root_element: list[str] | str | None = None
    relationship_type: str | None = None
    source: str | None = msgspec.field(name="from", default=None)
    to: list[str] | str | None = None
    expression: str | None = msgspec.field(name="simplelicensing_licenseExpression", default=None)
    created: str | None = None


class Document(Struct):
    """A document of SPDX 3: a graph of elements."""

    graph: list[msgspec.Raw] = msgspec.field(name="@graph")


_ELEMENT: Final = msgspec.json.Decoder(Element, strict=False)
_ROOTED: Final = ("SpdxDocument", "software_Sbom", "Bom")
"""Elements that name what they are of."""
_LICENCES: Final = ("hasDeclaredLicense", "hasConcludedLicense")
"""Relationships of a package with its licence; the first that is there counts."""


def bill(document: Document) -> Bill:
    """Return what is needed of a document of SPDX 3."""
    elements: list[Element] = []
    parts: list[Part | str] = []
    for raw in document.graph:
        try:
            elements.append(_ELEMENT.decode(raw))
        except msgspec.DecodeError as error:
            parts.append(f"an element is not as SPDX 3 has it: {error}")
    packages = [one for one in elements if one.kind == "software_Package"]
    roots = {root for one in elements if one.kind in _ROOTED for root in _listed(one.root_element)}
    subjects = [one for one in packages if one.spdx_id in roots]
    subject = subjects[0] if len(subjects) == 1 and len(packages) > 1 else None
    licences = _licences(elements)
    parts += [_part(one, licences) for one in packages if one is not subject]
    documents = [one for one in elements if one.kind == "SpdxDocument"]
    return Bill(
        tool=next((one.name for one in elements if one.kind == "Tool" and one.name), "SPDX"),
        at=max((one.created for one in elements if one.created), default=None),
        repository=None,
        subject=subject.name if subject else next((one.name for one in documents), None),
        parts=parts,
        n_left_out=int(subject is not None),
    )


def _part(package: Element, licences: dict[str | None, str]) -> Part:
    named = [one for one in package.external_identifier or () if one.kind == "packageUrl"]
    return Part(
        name=package.name,
        version=package.version,
        purl=package.purl or (named[0].identifier if named else None),
        licence=licences.get(package.spdx_id),
    )


def _licences(elements: list[Element]) -> dict[str | None, str]:
    """Return the licence of each package that has one."""
    texts = {one.spdx_id: one.expression or one.name for one in elements}
    found: dict[str | None, str] = {}
    for relationship in _LICENCES:
        for one in elements:
            if one.relationship_type == relationship and one.source not in found:
                text = licence_text([texts.get(to) for to in _listed(one.to)])
                if text is not None:
                    found[one.source] = text
    return found


def _listed(value: list[str] | str | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []
