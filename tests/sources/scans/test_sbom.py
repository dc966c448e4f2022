"""Bills of materials of every form: when, of what, and which components with which licence."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.sbom import SBOM

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAVES = {
    "type": "library",
    "group": "@harbour",
    "name": "waves",
    "version": "1.2.0",
    "purl": "pkg:npm/%40harbour/waves@1.2.0",
    "author": "Ada Harbour <ada@example.invalid>",
    "licenses": [{"license": {"id": "MIT"}}],
}
FOAM = {"type": "library", "name": "foam", "version": "0.3"}


def cyclonedx(*components: Any, **metadata: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "timestamp": "2026-03-02T10:00:00+01:00",
            "authors": [{"name": "Ada Harbour", "email": "ada@example.invalid"}],
            "tools": {"components": [{"type": "application", "name": "tide", "version": "2"}]},
            "component": {"type": "application", "name": "shop", "version": "7"},
            **metadata,
        },
        "components": list(components),
    }


XML = """<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata>
    <timestamp>2026-03-02T09:00:00Z</timestamp>
    <tools><tool><vendor>Harbour</vendor><name>tide</name></tool></tools>
    <authors><author><name>Ada Harbour</name><email>ada@example.invalid</email></author></authors>
    <component type="application"><name>shop</name>
      <externalReferences><reference type="vcs">
        <url>https://example.com/harbour/shop.git</url></reference></externalReferences>
    </component>
  </metadata>
  <components>
    <component type="library">
      <author>Ada Harbour</author>
      <group>@harbour</group><name>waves</name><version>1.2.0</version>
      <licenses><license><id>MIT</id></license></licenses>
      <purl>pkg:npm/%40harbour/waves@1.2.0</purl>
      <components>
        <component type="library"><name>foam</name><version>0.3</version>
          <licenses><expression>MIT OR ISC</expression></licenses></component>
      </components>
    </component>
  </components>
</bom>
"""

SPDX = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "shop-7",
    "creationInfo": {
        "created": "2026-03-02T09:00:00Z",
        "creators": ["Person: Ada Harbour (ada@example.invalid)", "Tool: tide-2.1.0"],
    },
    "packages": [
        {"SPDXID": "SPDXRef-shop", "name": "com.github.harbour/shop", "versionInfo": "7"},
        {
            "SPDXID": "SPDXRef-waves",
            "name": "waves",
            "versionInfo": "1.2.0",
            "supplier": "Person: Ada Harbour (ada@example.invalid)",
            "licenseDeclared": "MIT",
            "licenseConcluded": "NOASSERTION",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                {"referenceType": "purl", "referenceLocator": "pkg:npm/waves@1.2.0"},
            ],
        },
        {"name": "foam", "versionInfo": "0.3", "licenseDeclared": "NOASSERTION",
         "licenseConcluded": "Apache-2.0"},
    ],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
         "relatedSpdxElement": "SPDXRef-shop"}
    ],
}  # fmt: skip

TAG_VALUE = """SPDXVersion: SPDX-2.2
DataLicense: CC0-1.0
DocumentName: shop-7
# a comment
Creator: Person: Ada Harbour (ada@example.invalid)
Creator: Tool: tide-2.1.0
Created: 2026-03-02T09:00:00Z
DocumentComment: <text>PackageName: not one
Created: never</text>

PackageName: com.github.harbour/shop
SPDXID: SPDXRef-shop
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop

PackageName: waves
SPDXID: SPDXRef-waves
PackageVersion: 1.2.0
PackageLicenseDeclared: MIT
ExternalRef: PACKAGE-MANAGER purl pkg:npm/waves@1.2.0

FileName: ./a.js
SPDXID: SPDXRef-file

PackageName: foam
SPDXID: SPDXRef-foam
PackageVersion: 0.3
PackageLicenseDeclared: NOASSERTION
PackageLicenseConcluded: <text>Apache-2.0</text>
"""

SPDX3 = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "created": "2026-03-02T09:00:00Z"},
        {"type": "Person", "spdxId": "p", "name": "Ada Harbour"},
        {"type": "Tool", "spdxId": "t", "name": "tide"},
        {"type": "SpdxDocument", "spdxId": "d", "name": "doc", "rootElement": ["s"]},
        {"type": "software_Sbom", "spdxId": "s", "rootElement": ["shop"]},
        {"type": "software_Package", "spdxId": "shop", "name": "shop"},
        {"type": "software_Package", "spdxId": "w", "name": "waves",
         "software_packageVersion": "1.2.0", "software_packageUrl": "pkg:npm/waves@1.2.0"},
        {"type": "software_Package", "spdxId": "f", "name": "foam",
         "software_packageVersion": "0.3"},
        {"type": "simplelicensing_LicenseExpression", "spdxId": "l",
         "simplelicensing_licenseExpression": "MIT"},
        {"type": "Relationship", "relationshipType": "hasDeclaredLicense", "from": "w",
         "to": ["l"]},
    ],
}  # fmt: skip


# ---- FORMS ---- #


def test_a_cyclonedx_bill_is_a_scan_and_its_components(load):
    batches = load(SBOM, cyclonedx(WAVES, FOAM))
    scan = batches["scans"].rows.row(0, named=True)
    assert (scan["tool"], scan["repo"], scan["at"]) == ("tide", "harbour/shop", NINE)
    assert (scan["succeeded"], scan["findings"], scan["score"]) == (True, None, None)
    rows = batches["components"].rows
    assert rows.select("repo", "purl", "at", "name", "version", "licence").rows() == [
        ("harbour/shop", "pkg:npm/%40harbour/waves@1.2.0", NINE, "@harbour/waves", "1.2.0", "MIT"),
        ("harbour/shop", "foam@0.3", NINE, "foam", "0.3", None),
    ]


def test_components_inside_components_count_too(load):
    inner = {"name": "drop", "version": "1", "components": [FOAM]}
    rows = load(SBOM, cyclonedx(WAVES | {"components": [inner]}))["components"].rows
    assert rows["name"].to_list() == ["@harbour/waves", "drop", "foam"]


def test_the_same_bill_as_xml_gives_the_same(load):
    batches = load(SBOM, XML)
    assert batches["scans"].rows.select("tool", "repo", "at").rows() == [
        ("Harbour tide", "harbour/shop", NINE)
    ]
    assert batches["components"].rows.select("purl", "name", "licence").rows() == [
        ("pkg:npm/%40harbour/waves@1.2.0", "@harbour/waves", "MIT"),
        ("foam@0.3", "foam", "MIT OR ISC"),
    ]


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6"])
def test_every_version_of_cyclonedx_is_read(load, version):
    content = cyclonedx(WAVES, tools=[{"vendor": "Harbour", "name": "tide"}])
    batches = load(SBOM, content | {"specVersion": version})
    assert batches["scans"].rows["tool"].to_list() == ["Harbour tide"]
    assert load(SBOM, XML.replace("bom/1.4", f"bom/{version}"))["components"].rows.height == 2


@pytest.mark.parametrize(
    ("content", "absorbed"),
    [(SPDX, 1), (SPDX | {"spdxVersion": "SPDX-2.2"}, 1), ({"sbom": SPDX}, 1), (TAG_VALUE, 1)],
)
def test_an_spdx_document_in_each_form_gives_the_same(load, content, absorbed):
    batches = load(SBOM, content)
    assert batches["scans"].rows.select("tool", "repo", "at").rows() == [
        ("tide", "harbour/shop", NINE)
    ]
    assert batches["components"].rows.select("purl", "name", "version", "licence").rows() == [
        ("pkg:npm/waves@1.2.0", "waves", "1.2.0", "MIT"),
        ("foam@0.3", "foam", "0.3", "Apache-2.0"),
    ]
    assert batches["components"].n_absorbed == absorbed  # what the document is of


def test_a_document_of_spdx_3_is_read(load):
    batches = load(SBOM, SPDX3)
    assert batches["scans"].rows.select("tool", "repo", "at").rows() == [
        ("tide", "harbour/shop", NINE)
    ]
    assert batches["components"].rows.select("purl", "name", "version", "licence").rows() == [
        ("pkg:npm/waves@1.2.0", "waves", "1.2.0", "MIT"),
        ("foam@0.3", "foam", "0.3", None),
    ]


# ---- WHAT IT IS OF, WHEN, AND LICENCES ---- #


def test_the_entry_names_the_repository_else_the_address_of_the_code_else_the_name(load):
    reference = {"type": "vcs", "url": "git@example.com:harbour/pier.git"}
    content = cyclonedx(FOAM, component={"name": "shop", "externalReferences": [reference]})
    assert load(SBOM, content, repository="own")["scans"].rows["repo"].to_list() == ["own"]
    assert load(SBOM, content)["scans"].rows["repo"].to_list() == ["harbour/pier"]
    grouped = cyclonedx(FOAM, component={"group": "docks", "name": "pier"})
    assert load(SBOM, grouped)["scans"].rows["repo"].to_list() == ["docks/pier"]


def test_a_bill_of_nothing_is_quarantined_until_the_entry_names_it(load):
    batches = load(SBOM, cyclonedx(FOAM, component=None))
    assert batches["scans"].quarantined["reason"].to_list() == ["bill_of_nothing"]
    assert "with 1 components" in batches["scans"].quarantined["message"][0]
    assert load(SBOM, cyclonedx(FOAM, component=None), repository="x")["scans"].rows.height == 1


def test_a_bill_without_time_needs_one_in_its_path(load):
    content = cyclonedx(FOAM, timestamp=None)
    assert load(SBOM, content)["scans"].quarantined["reason"].to_list() == ["scan_without_time"]
    dated = load(SBOM, content, name="bom-2026-03-02.json", time=r"\d{4}-\d{2}-\d{2}")
    assert dated["components"].rows["at"].to_list() == [datetime(2026, 3, 2, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("licences", "text"),
    [
        ([{"license": {"id": "MIT"}}], "MIT"),
        ([{"license": {"name": "Harbour  licence"}}], "Harbour licence"),
        ([{"expression": "MIT OR Apache-2.0"}], "MIT OR Apache-2.0"),
        ([{"license": {"id": "MIT"}}, {"license": {"id": "ISC"}}], "MIT, ISC"),
        ([{"license": {"name": "by ada@example.invalid"}}], "by …"),
        ([{"license": {"name": "NOASSERTION"}}, {}], None),
        ([], None),
    ],
)
def test_licences_are_told_by_id_name_or_expression(load, licences, text):
    rows = load(SBOM, cyclonedx(FOAM | {"licenses": licences}))["components"].rows
    assert rows["licence"].to_list() == [text]


# ---- COUNTING ---- #


def test_each_component_is_accounted_for(load):
    file = {"type": "file", "name": "a.js"}
    batches = load(SBOM, cyclonedx(WAVES, WAVES, file, {"version": "1"}, {"name": ["odd"]}, 3))
    batch = batches["components"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates, batch.n_absorbed) == (6, 1, 1, 1)
    assert batch.quarantined["reason"].to_list() == [
        "component_without_name", "unexpected_type", "unexpected_type",
    ]  # fmt: skip


def test_a_list_of_vulnerabilities_alone_is_no_bill(load):
    content = {key: value for key, value in cyclonedx().items() if key != "components"}
    batch = load(SBOM, content | {"vulnerabilities": [{"id": "CVE-2026-1"}]})["scans"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


@pytest.mark.parametrize("content", [cyclonedx(WAVES, FOAM), XML, SPDX, TAG_VALUE, SPDX3])
def test_nobody_is_kept(load, said_anywhere, content):
    text = said_anywhere(load(SBOM, content))
    assert "waves" in text
    assert "Ada" not in text
    assert "example.invalid" not in text


# ---- DAMAGE ---- #


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('<!DOCTYPE bom [<!ENTITY a "b">]><bom>&a;</bom>', "document type"),
        ('<?xml version="1.0"?><!DOCTYPE bom SYSTEM "http://example.invalid/x"><bom/>', "document"),
        ("<?xml version='1.0'?>" + "<bom>" * 200 + "</bom>" * 200, "more than 100 levels"),
        (XML[:700], "is no whole XML: line"),
        ("<?xml version='1.0'?><html/>", "expected XML of CycloneDX"),
        ("<?xml version='1.0' encoding='nonsense'?><bom/>", "XML"),
        ("", "empty"),
        ("nothing", "none of|no JSON"),
        ('{"a": 1}', "none of its 1 records"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_with_advice(load, content, said):
    with pytest.raises(ExportError, match=said):
        load(SBOM, content)


@pytest.mark.parametrize(
    "content",
    [json.dumps(cyclonedx(WAVES | {"components": [FOAM]})), XML, json.dumps(SPDX), TAG_VALUE,
     json.dumps(SPDX3)],
)  # fmt: skip
@given(seed=st.integers(0, 2**32))
def test_damaged_bills_never_break_anything(survives, content, seed):
    survives(SBOM, content.encode(), seed)


# ---- RECOGNITION ---- #


@pytest.mark.parametrize("content", [cyclonedx(WAVES), XML, SPDX, {"sbom": SPDX}, TAG_VALUE, SPDX3])
def test_bills_are_recognised_by_their_content(save, content):
    found = SBOM.recognise(save(content, "anything"))
    assert (found.confidence, found.suggestion) == (0.95, {})


def test_a_date_in_the_name_is_suggested_where_the_bill_has_none(save):
    found = SBOM.recognise(save(cyclonedx(FOAM, timestamp=None) | {"metadata": {}}, "b-2026-03-02"))
    assert "time" in found.suggestion


@pytest.mark.parametrize(
    "foreign",
    [{"components": []}, "<testsuites/>", "<bom/>", [{"id": 1}], "SPDXVersion", "a,b\n1,2", ""],
)
def test_others_files_are_left_alone(save, foreign):
    assert SBOM.recognise(save(foreign)) is None


# ---- REAL BILLS ---- #


@pytest.mark.real
def test_the_examples_of_cyclonedx_load(shared_data, judge):
    """Three bills have a time; that of Laravel has none, and its 62 components wait for one."""
    numbers = {}
    for file in sorted((shared_data / "security" / "cyclonedx").iterdir()):
        assert SBOM.recognise(file).confidence == 0.95
        batches = judge(SBOM, file)
        parts = batches.get("components")
        numbers[file.name.split("_")[1]] = (
            batches["scans"].rows["repo"].to_list(),
            batches["scans"].quarantined["reason"].to_list(),
            (parts.n_read, parts.rows.height, parts.n_duplicates) if parts else None,
        )
    assert numbers == {
        "cern-lhc-vdm-editor-e564943": (["CERN/lhc-vdm-editor"], [], (43, 43, 0)),
        "juice-shop": (["bkimminich/juice-shop"], [], (840, 840, 0)),
        "laravel-7.12.0": ([], ["scan_without_time"], None),
        "proton-bridge": (["ProtonMail/proton-bridge"], [], (201, 201, 0)),
    }


@pytest.mark.real
def test_laravels_bill_loads_with_a_date_in_its_name(shared_data, judge, tmp_path):
    (file,) = (shared_data / "security" / "cyclonedx").glob("*laravel*")
    copy = tmp_path / "laravel-2026-03-02.json"
    copy.write_bytes(file.read_bytes())
    batches = judge(SBOM, copy, **SBOM.recognise(copy).suggestion)
    assert batches["components"].rows.height == 62
    assert batches["components"].quarantined.is_empty()
