"""OpenVEX: what somebody says of weaknesses in products: affected, fixed, or not their problem."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from devops_analytics.config_evidence import OpenvexSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    UNEXPECTED_TYPE,
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
)
from devops_analytics.sources.moments import moment
from devops_analytics.sources.scanners import as_declared, hashed
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

OPEN: Final = "open"
FIXED: Final = "fixed"
SUPPRESSED: Final = "suppressed"
STATUSES: Final = {
    "affected": OPEN,
    "under_investigation": OPEN,
    "fixed": FIXED,
    "not_affected": SUPPRESSED,
}

TOOL: Final = "OpenVEX"

_SAMPLE: Final = 1 << 16
_CONTEXT: Final = b"openvex.dev/ns"
_IS_DOCUMENT: Final = re.compile(rb'"@context"\s*:\s*"https?://openvex\.dev/ns')
_PURL: Final = re.compile(
    r"pkg:/*[^/@?#]+/(?P<name>[^?#]+?)(?:@[^@?#]*)?(?:\?(?P<extra>[^#]*))?(?:#.*)?"
)
_ADDRESS: Final = re.compile(r"(?:^|&)repository_url=(?P<address>[^&]+)")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Struct(msgspec.Struct):
    """A part of a document; keys that are not declared are not read."""


class Vulnerability(Struct):
    """A weakness by its name; before 0.2 it was only the name."""

    name: str | None = None
    identifier: str | None = msgspec.field(name="@id", default=None)


class Identifiers(Struct):
    """Other names of a product."""

    purl: str | None = None


class Product(Struct):
    """A product, or a component of one; before 0.2 it was only the name."""

    identifier: str | None = msgspec.field(name="@id", default=None)
    identifiers: Identifiers | None = None
    subcomponents: list["Product | str"] | None = None


class Statement(Struct):
    """A statement; its reasons and remarks are not read."""

    vulnerability: Vulnerability | str | None = None
    products: list[Product | str] | None = None
    subcomponents: list[Product | str] | None = None
    status: str | None = None
    timestamp: str | None = None
    last_updated: str | None = None


class Document(Struct):
    """A document; its author is not read."""

    statements: list[msgspec.Raw]
    timestamp: str | None = None
    last_updated: str | None = None


class _Said(NamedTuple):
    """What a statement says of a weakness in a component of a product."""

    rule: str
    product: str
    component: str | None
    state: str
    at: str | None


_DECODER: Final = msgspec.json.Decoder(Statement, strict=False)


# ---- Rows ---- #


def _document(document: Document, reading: Reading) -> Iterator[Row]:
    said: dict[tuple[str, str, str | None], list[_Said]] = {}
    for number, raw in enumerate(document.statements, start=1):
        for one in _statement(number, raw, document):
            if isinstance(one, Refused):
                yield "findings", one
            else:
                said.setdefault((one.rule, one.product, one.component), []).append(one)
    for statements in said.values():
        # Of statements on one thing the latest counts, and of those of one moment the last.
        statements.sort(key=lambda one: moment(one.at) or _EARLIEST)
        yield "findings", _finding(statements, reading)
        yield from [("findings", None)] * (len(statements) - 1)


def _finding(statements: list[_Said], reading: Reading) -> dict[str, Any]:
    """Return the row of a finding from what is said of it, in the order of time.

    That it is fixed is no word on when it was seen.
    """
    last = statements[-1]
    seen = [one.at for one in statements if one.state != FIXED]
    known = as_declared(_name(last.product), reading.context.settings)
    return {
        "tool": TOOL,
        "repo": reading.entry.repository or known,
        "fingerprint": hashed(last.rule, last.product, last.component),
        "rule": last.rule,
        "severity": "unknown",
        "first_seen_at": seen[0] if seen else None,
        "fixed_at": last.at if last.state == FIXED else None,
        "suppressed": last.state == SUPPRESSED,
        "dependency": last.component,
        "updated_at": last.at,
    }


def _statement(number: int, raw: msgspec.Raw, document: Document) -> Iterator[_Said | Refused]:
    try:
        statement = _DECODER.decode(raw)
    except msgspec.DecodeError as error:
        yield Refused(UNEXPECTED_TYPE, f"statement {number} is not as OpenVEX has it: {error}")
        return
    rule = _rule(statement.vulnerability)
    state = STATUSES.get(statement.status or "")
    if rule is None or state is None:
        yield Refused(
            "unknown_status" if rule else "without_vulnerability",
            f"statement {number}: vulnerability {rule!r}, status {statement.status!r}; it needs "
            f"the name of a vulnerability, and a status of {', '.join(STATUSES)}",
        )
        return
    at = statement.last_updated or statement.timestamp
    at = at or document.last_updated or document.timestamp
    if at is None:
        yield Refused("without_time", f"statement {number} and its document have no `timestamp`")
        return
    for product in statement.products or [Product()]:
        own = product.subcomponents if isinstance(product, Product) else None
        parts: list[Product | str | None] = [*(own or statement.subcomponents or ())]
        for component in parts or [None]:
            yield _Said(
                rule=rule,
                product=_identifier(product) or "",
                component=_identifier(component),
                state=state,
                at=at,
            )


def _rule(vulnerability: Vulnerability | str | None) -> str | None:
    if isinstance(vulnerability, Vulnerability):
        return vulnerability.name or vulnerability.identifier
    return vulnerability or None


def _identifier(product: Product | str | None) -> str | None:
    if isinstance(product, Product):
        purl = product.identifiers.purl if product.identifiers else None
        return purl or product.identifier
    return product or None


def _name(product: str) -> str | None:
    """Return a product's name without its version: what a registry or host calls it."""
    purl = _PURL.fullmatch(product)
    if purl is None:
        return product or None
    address = _ADDRESS.search(purl["extra"] or "")
    return unquote(address["address"] if address else purl["name"])


# ---- Files ---- #


def _is_document(keys: Keys) -> bool:
    return "statements" in keys and _CONTEXT in bytes(keys.get("@context", b""))


KINDS: Final = (
    RecordKind(
        name="document",
        is_one=_is_document,
        table="findings",
        struct=Document,
        rows=_document,
    ),
)


def read(export: Export, entry: OpenvexSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of findings: one for each weakness of a product, or of a component of it.

    Raises:
        ExportError: nothing in the file is a document.
    """
    return read_kinds(export, entry, context, kinds=KINDS, title=TOOL)


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a document, by its beginning."""
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    if not text.lstrip().startswith((b"{", b"[")) or not _IS_DOCUMENT.search(text):
        return None
    return Recognition(kind="openvex", confidence=0.95, reason="OpenVEX, JSON")


OPENVEX: Final = SourceKind(
    kind="openvex",
    title=TOOL,
    reads="OpenVEX documents as JSON",
    tables=("findings",),
    read=read,
    recognise=recognise,
    words={"statement status": STATUSES},
)
