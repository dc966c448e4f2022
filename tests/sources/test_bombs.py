"""Exports made to take time or memory without end: what they cost grows with their size only.

No test here looks at a clock: what does not grow so does not end.
"""

import bz2
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from openpyxl import Workbook

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.loading import load
from devops_analytics.sources import SOURCES, compressed, tabular
from devops_analytics.sources.archives import unpacked
from devops_analytics.sources.argocd.targets import _is_name
from devops_analytics.sources.jenkins.names import Place, place_of_url
from devops_analytics.sources.parts import parts_of
from devops_analytics.sources.people import pseudonyms
from devops_analytics.sources.sbom_spdx import Creation, _tool
from devops_analytics.sources.scanners import path_of
from devops_analytics.sources.tabular import read_tabular
from devops_analytics.store import Store

SECRET = "hunter2-of-another-file"
N = 1_000_000
MADE_FROM_FILES = [kind for kind, one in SOURCES.items() if not one.reads_folders and kind != "git"]

LAUGHS = "<!DOCTYPE a [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
)
ALIASES = "a0: &a0 [ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
BOMBS = {
    "laughs.xml": LAUGHS + "]><testsuites><testsuite name='&a11;'/></testsuites>",
    "laughs.atom": LAUGHS + ']><feed xmlns="http://www.w3.org/2005/Atom"><id>&a11;</id></feed>',
    "aliases.yaml": ALIASES + "title: *a11\ndate: 2026-05-01\nresolved: *a11\naffected: *a11\n",
    "aliases.md": f"---\n{ALIASES}title: x\ndate: 2026-05-01\naffected: *a11\n---\n",
    "self.yaml": "&a [{title: x, date: 2026-05-01, affected: *a}, *a]\n",
    "application.yaml": f"{ALIASES}kind: Application\nspec: *a11\nstatus: {{history: *a11}}\n",
    "deep.json": "[" * 20_000,
    "deep.yaml": "- " * 20_000,
    "deep.toml": "a = " + "[" * 20_000,
    "deep.xml": "<testsuites>" + "<testsuite>" * 10_000,
    "one-line.csv": "a," * 100_000,
    "one-line.json": json.dumps([{"id": n, "status": "x" * 100} for n in range(1000)]),
    "quotes.csv": "a,b\n" + '"a\n' + "b\n" * 30_000,
    "blanks.json": '{"id": ' + " " * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_no_source_takes_without_end_for_a_text(
    judge: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text(BOMBS[name], encoding="utf-8")
    given: dict[str, dict[str, Any]] = {
        "table": {"table": "deployments", "columns": {"deployment_id": "a"}},
    }
    given["database"] = given["table"] | {"query": "SELECT 1"}
    for kind in MADE_FROM_FILES:
        SOURCES[kind].recognise(path)
        try:
            batches = judge(SOURCES[kind], path, **given.get(kind, {}))
        except ExportError:
            continue
        assert sum(batch.rows.estimated_size() for batch in batches.values()) < 50 << 20


@pytest.mark.parametrize("kind", ["test_reports", "sbom", "statuspage"])
def test_an_entity_never_brings_in_another_file(
    judge: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    path = tmp_path / "export.xml"
    path.write_text(
        f"<!DOCTYPE a [<!ENTITY b SYSTEM 'file://{tmp_path}/secret.txt'>]>"
        "<testsuites><testsuite><testcase name='a'>&b;</testcase></testsuite></testsuites>"
    )
    with pytest.raises(ExportError) as error:
        judge(SOURCES[kind], path)
    assert SECRET not in str(error.value)


# ---- What is packed ---- #


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the bounds, so that a bomb may be a small one."""
    monkeypatch.setattr(compressed, "SMALL", 1 << 18)
    monkeypatch.setattr(compressed, "MOST_TIMES", 50)
    monkeypatch.setattr(compressed, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(tabular, "MOST_BYTES", 1 << 20)


ROWS = b"a,b\n" + b"1,2\n" * N


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: pa.compress(data, "zstd", asbytes=True)]
)
def test_lines_that_unpack_to_far_more_than_their_size_are_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(pack(ROWS))
    with pytest.raises(ExportError, match="unpacks to far more than its packed size"):
        list(parts_of(path, size=1 << 16))
    with pytest.raises(ExportError, match="more than 1 MB"):
        read_tabular(path)


@pytest.mark.usefixtures("strict")
def test_a_workbook_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", b"<x/>")
        book.writestr("xl/workbook.xml", bytes(5 << 20))
    with pytest.raises(ExportError, match="unpacks to far more"):
        read_tabular(path)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_packed_tar_is_bounded_by_its_own_size(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        info = tarfile.TarInfo("zeros.json")
        info.size = 20 << 20
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    path = tmp_path / "bomb.tar"
    path.write_bytes(pack(plain.getvalue()))
    with pytest.raises(ExportError, match=r"zeros\.json: unpacks to more than"):
        list(unpacked(path, tmp_path / "out"))
    assert sum(one.stat().st_size for one in (tmp_path / "out").rglob("*.json")) <= 4 << 20


def test_files_of_one_name_in_an_archive_are_all_loaded(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "exports.tar", "w") as archive:
        for number in (1, 2):
            data = f"id,at\n{number},2026-05-0{number}T10:00:00Z\n".encode()
            info = tarfile.TarInfo("a.csv")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    columns = {"deployment_id": "id", "finished_at": "at", "service": {"constant": "pay"}}
    columns |= {"environment": {"constant": "production"}, "result": {"constant": "success"}}
    entry = {"kind": "table", "path": "exports.tar", "table": "deployments", "columns": columns}
    report = load(
        settings_from({"sources": [entry]}), base=tmp_path, store=Store(tmp_path / "store")
    )
    assert report.files.select("file", "loaded").rows() == [
        ("exports.tar!a.csv", 1),
        ("exports.tar!a.csv (2)", 1),
    ]


# ---- What is damaged ---- #


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    pl.DataFrame({"id": list(range(500))}).write_parquet(whole)
    path = tmp_path / "rows.parquet"
    n_refused = 0
    for at in range(4, len(whole.getvalue()), 7):
        data = bytearray(whole.getvalue())
        data[at] ^= 0xFF
        path.write_bytes(data)
        try:
            read_tabular(path)
        except ExportError:
            n_refused += 1
    assert n_refused


def test_a_workbook_without_sheets_is_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Workbook().save(whole)
    with (
        zipfile.ZipFile(whole) as made,
        zipfile.ZipFile(tmp_path / "book.xlsx", "w") as book,
    ):
        for name in made.namelist():
            book.writestr(name, re.sub(rb"<sheet [^>]*>", b"", made.read(name)))
    with pytest.raises(ExportError, match="no sheets"):
        read_tabular(tmp_path / "book.xlsx")


# ---- Patterns ---- #


def test_patterns_take_no_longer_for_what_almost_fits() -> None:
    """Trying each beginning with each end of a million signs would take hours."""
    blanks = pl.Series(["a" + " " * N + "b", "<" * N, "Ada <ada@example.invalid>"])
    assert pseudonyms(blanks, "salt").n_unique() == 3
    assert place_of_url("/job/a" * (N // 6)) is None
    assert place_of_url("/job/a" * 3 + "/7/") == Place("a/a/a", 7)
    assert _tool(Creation(creators=["Tool: " + "-1" * N + "!", "Tool: tide-2.1.0"])) == "tide"
    assert not _is_name("|" * N + "\n\n")
    assert path_of("/" * N) == "/"
