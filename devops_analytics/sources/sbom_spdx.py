"""SPDX documents, 2.2 and 2.3, as JSON and tag-value → what is needed of them."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from devops_analytics.sources.sbom_parts import Bill, Part, licence_text

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_TOOL: Final = re.compile(r"\s*Tool:\s*(?P<name>.{1,200}?)(?:-v?\d[\w.+-]{0,200})?\s*$")
"""`Tool: syft-1.2.0`; creators that are persons or organisations are not looked at."""
_TAG: Final = re.compile(r"(?P<tag>[A-Za-z][A-Za-z0-9]*):[ \t]*(?P<value>.*)")
_TEXT: Final = "<text>"
_END: Final = "</text>"


class Struct(msgspec.Struct, rename="camel"):
    """A part of a document; keys that are not declared are not read."""


class External(Struct):
    """What a package is called elsewhere."""

    reference_type: str | None = None
    reference_locator: str | None = None


class Package(Struct):
    """A package; who supplies it is not read."""

    identifier: str | None = msgspec.field(name="SPDXID", default=None)
    name: str | None = None
    version_info: str | None = None
    license_declared: str | None = None
    license_concluded: str | None = None
    external_refs: list[External] | None = None


class Relationship(Struct):
    """What two elements are to each other."""

    relationship_type: str | None = None
    element: str | None = msgspec.field(name="spdxElementId", default=None)
    related: str | None = msgspec.field(name="relatedSpdxElement", default=None)


class Creation(Struct):
    """When a document was made, and by what."""

    created: str | None = None
    creators: list[str] | None = None


class Document(Struct):
    """A document of SPDX 2."""

    name: str | None = None
    creation_info: Creation | None = None
    packages: list[msgspec.Raw] | None = None
    document_describes: list[str] | None = None
    relationships: list[msgspec.Raw] | None = None


_PACKAGE: Final = msgspec.json.Decoder(Package, strict=False)
_RELATIONSHIP: Final = msgspec.json.Decoder(Relationship, strict=False)


def bill(document: Document) -> Bill:
    """Return what is needed of a document; the one package that it is of is no part of it."""
    creation = document.creation_info or Creation()
    packages = list(_packages(document.packages))
    described = _described(document)
    subjects = [one for one in packages if isinstance(one, Package) and one.identifier in described]
    subject = subjects[0] if len(subjects) == 1 and len(packages) > 1 else None
    return Bill(
        tool=_tool(creation) or "SPDX",
        at=creation.created,
        repository=None,
        subject=(subject.name if subject else None) or document.name,
        parts=[
            one if isinstance(one, str) else _part(one) for one in packages if one is not subject
        ],
        n_left_out=int(subject is not None),
    )


def _packages(items: list[msgspec.Raw] | None) -> Iterator[Package | str]:
    for raw in items or ():
        try:
            yield _PACKAGE.decode(raw)
        except msgspec.DecodeError as error:
            yield f"a package is not as SPDX has it: {error}"


def _described(document: Document) -> set[str]:
    found = set(document.document_describes or ())
    for raw in document.relationships or ():
        try:
            one = _RELATIONSHIP.decode(raw)
        except msgspec.DecodeError:
            continue
        if one.relationship_type == "DESCRIBES" and one.element == _DOCUMENT and one.related:
            found.add(one.related)
    return found


def _part(package: Package) -> Part:
    names = [one for one in package.external_refs or () if one.reference_type == "purl"]
    declared = licence_text([package.license_declared])
    return Part(
        name=package.name,
        version=package.version_info,
        purl=names[0].reference_locator if names else None,
        licence=declared or licence_text([package.license_concluded]),
    )


def _tool(creation: Creation) -> str | None:
    found = [_TOOL.match(creator) for creator in creation.creators or ()]
    return next((one["name"] for one in found if one), None)


# ---- Tag-value ---- #


def from_tags(text: str) -> dict[str, Any]:
    """Return what is needed of a tag-value document in the form that JSON has.

    Tags behind a file or a snippet are theirs, until the next package begins.
    """
    document: dict[str, Any] = {"creationInfo": {"creators": []}, "packages": []}
    document["relationships"] = []
    package: dict[str, Any] | None = None
    for tag, value in _tags(text):
        if tag == "PackageName":
            package = {"name": value, "externalRefs": []}
            document["packages"].append(package)
        elif tag in {"FileName", "SnippetSPDXID", "LicenseID"}:
            package = {"externalRefs": []}
        elif tag == "Relationship":
            document["relationships"].extend(_related(value))
        elif package is not None:
            _tell(package, tag, value)
        elif tag == "Creator":
            document["creationInfo"]["creators"].append(value)
        elif tag == "Created":
            document["creationInfo"]["created"] = value
        elif tag == "DocumentName":
            document["name"] = value
    return document


_PACKAGE_TAGS: Final = {
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageLicenseConcluded": "licenseConcluded",
}


def _tell(package: dict[str, Any], tag: str, value: str) -> None:
    if tag in _PACKAGE_TAGS:
        package[_PACKAGE_TAGS[tag]] = value
    elif tag == "ExternalRef":
        parts = value.split(None, 2)
        if len(parts) == 3:  # noqa: PLR2004 - category, type, locator
            package["externalRefs"].append(
                {"referenceType": parts[1], "referenceLocator": parts[2]}
            )


def _related(value: str) -> Iterator[dict[str, str]]:
    parts = value.split()
    if len(parts) >= 3:  # noqa: PLR2004 - element, relationship, element
        yield {
            "spdxElementId": parts[0],
            "relationshipType": parts[1],
            "relatedSpdxElement": parts[2],
        }


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield tags with their values; a text over several lines is left out, as none is needed."""
    is_text = False
    for line in text.splitlines():
        if is_text:
            is_text = _END not in line
            continue
        found = _TAG.match(line)
        if found is None:
            continue
        value = found["value"].strip()
        is_text = value.startswith(_TEXT) and _END not in value
        if value.startswith(_TEXT):
            value = value.removeprefix(_TEXT).removesuffix(_END).strip()
        yield found["tag"], value
