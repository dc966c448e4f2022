"""Bills of materials: CycloneDX (JSON, XML) and SPDX (JSON, tag-value, JSON-LD)."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from devops_analytics.config_evidence import SbomSource
from devops_analytics.errors import ExportError
from devops_analytics.sources import sbom_cyclonedx, sbom_spdx, sbom_spdx3
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    UNEXPECTED_TYPE,
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import Records
from devops_analytics.sources.sbom_parts import Bill, Part
from devops_analytics.sources.scanners import (
    WITHOUT_TIME,
    as_declared,
    time_in_path,
    time_pattern,
    without_time,
)
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind
from devops_analytics.sources.xml_text import parse_xml

WRAPPERS: Final = ("sbom",)
"""The key that GitHub's answer holds a bill under."""

_TITLE: Final = "a bill of materials (CycloneDX or SPDX)"
_SAMPLE: Final = 1 << 16
_IS_XML: Final = re.compile(rb"\s*<")
_XML_BILL: Final = re.compile(rb"<(?:\w+:)?bom\s[^>]{0,2000}" + sbom_cyclonedx.NAMESPACE.encode())
_TAGS: Final = re.compile(rb"^SPDXVersion:\s*SPDX-2", re.MULTILINE)
_JSON_BILLS: Final = (
    ("CycloneDX, JSON", re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')),
    ("SPDX, JSON", re.compile(rb'"spdxVersion"\s*:\s*"SPDX-')),
    ("SPDX, JSON-LD", re.compile(rb'"@context"\s*:\s*"https?://spdx\.org/rdf/3')),
)
_TIME: Final = re.compile(
    rb'"timestamp"\s*:|<(?:\w+:)?timestamp>|"created"\s*:|^Created:', re.MULTILINE
)
_OWN_NAMES: Final = ("com.github.",)
"""What GitHub puts before a repository's name."""


# ---- Rows ---- #


def _rows(make: Callable[[Any], Bill]) -> Callable[[Any, Reading], Iterator[Row]]:
    """Return what makes the rows of a document, by what makes a bill of it."""

    def rows(document: Any, reading: Reading) -> Iterator[Row]:
        yield from _bill(make(document), reading)

    return rows


def _bill(bill: Bill, reading: Reading) -> Iterator[Row]:
    repo = _repository(bill, reading)
    at = bill.at or time_in_path(reading)
    what = f"the bill of {repo or 'something without a name'} with {len(bill.parts)} components"
    if at is None:
        yield "scans", Refused(WITHOUT_TIME, without_time(what, reading))
        return
    if repo is None:
        message = f"{what} does not say what it is of; set `repository` of the [[sources]] entry"
        yield "scans", Refused("bill_of_nothing", message)
        return
    about = {"repo": repo, "at": at, "updated_at": at}
    yield "scans", about | {"tool": bill.tool, "check": "", "succeeded": True}
    for _ in range(bill.n_left_out):
        yield "components", None
    for number, part in enumerate(bill.parts, start=1):
        yield "components", _component(number, part, about)


def _component(
    number: int, part: Part | str, about: dict[str, Any]
) -> dict[str, Any] | Refused | None:
    """Return the columns of a component; None: it is a file, no part by itself."""
    if isinstance(part, str):
        return Refused(UNEXPECTED_TYPE, f"component {number}: {part}")
    if part.kind == "file" and not part.purl:
        return None
    named = "@".join(text for text in (part.name, part.version) if text) if part.name else None
    if not (part.purl or named):
        message = f"component {number} has neither a name nor a package URL; correct the bill"
        return Refused("component_without_name", message)
    return about | {
        "purl": part.purl or named,
        "name": part.name,
        "version": part.version,
        "licence": part.licence,
    }


def _repository(bill: Bill, reading: Reading) -> str | None:
    subject = bill.subject
    for start in _OWN_NAMES:
        subject = subject.removeprefix(start) if subject else None
    said: str | None = reading.entry.repository or bill.repository or subject
    return as_declared(said, reading.context.settings)


# ---- Kinds ---- #


def _is_cyclonedx(keys: Keys) -> bool:
    return bytes(keys.get("bomFormat", b"")) == b'"CycloneDX"'


def _is_only_vex(keys: Keys) -> bool:
    return _is_cyclonedx(keys) and with_keys("vulnerabilities", without=("components",))(keys)


def _is_graph(keys: Keys) -> bool:
    return with_keys("@context", "@graph")(keys) and b"spdx.org" in bytes(keys["@context"])


KINDS: Final = (
    RecordKind(
        name="list of vulnerabilities",
        is_one=_is_only_vex,
        table="scans",
        struct=sbom_cyclonedx.Document,
    ),
    RecordKind(
        name="bill of CycloneDX",
        is_one=_is_cyclonedx,
        table="scans",
        struct=sbom_cyclonedx.Document,
        rows=_rows(sbom_cyclonedx.bill),
    ),
    RecordKind(
        name="bill of SPDX",
        is_one=with_keys("spdxVersion"),
        table="scans",
        struct=sbom_spdx.Document,
        rows=_rows(sbom_spdx.bill),
    ),
    RecordKind(
        name="bill of SPDX 3",
        is_one=_is_graph,
        table="scans",
        struct=sbom_spdx3.Document,
        rows=_rows(sbom_spdx3.bill),
    ),
)


def read(export: Export, entry: SbomSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of a scan and of components. Authors, suppliers and files are not read.

    Raises:
        ExportError: the file is no bill of materials, or XML that can't be read safely.
    """
    records = _converted(export)
    return read_kinds(
        export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title=_TITLE, records=records
    )


def _converted(export: Export) -> Records | None:
    """Return a bill in XML or tag-value in the form that JSON has; None where it is JSON."""
    data = read_content(export).data
    if _IS_XML.match(data.removeprefix(b"\xef\xbb\xbf")):
        top = parse_xml(data, name=str(export))
        if top.name != "bom" or not top.namespace.startswith(sbom_cyclonedx.NAMESPACE):
            raise ExportError(
                f"{export}: expected XML of CycloneDX (<bom xmlns={sbom_cyclonedx.NAMESPACE}…>), "
                f"found <{top.name}>."
            )
        document = sbom_cyclonedx.as_json(top)
    else:
        text = utf8_text(export, data)
        if text.lstrip()[:1] in {b"{", b"["} or not _TAGS.search(text):
            return None
        document = {"spdxVersion": "SPDX-2"} | sbom_spdx.from_tags(text.decode("utf-8", "replace"))
    return Records(rows=[(1, msgspec.json.encode(document))], rejected=[])


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a bill of materials, by its beginning."""
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    name = _format(text)
    if name is None:
        return None
    return Recognition(
        kind="sbom",
        confidence=0.95,
        reason=f"bill of materials, {name}",
        suggestion={} if _TIME.search(text) else time_pattern(export.name),
    )


def _format(text: bytes) -> str | None:
    if text.lstrip().startswith((b"{", b"[")):
        return next((name for name, pattern in _JSON_BILLS if pattern.search(text)), None)
    if _IS_XML.match(text):
        return "CycloneDX, XML" if _XML_BILL.search(text) else None
    return "SPDX, tag-value" if _TAGS.search(text) else None


SBOM: Final = SourceKind(
    kind="sbom",
    title="Bills of materials",
    reads="CycloneDX as JSON or XML; SPDX as JSON, tag-value or JSON-LD",
    tables=("scans", "components"),
    read=read,
    recognise=recognise,
)
