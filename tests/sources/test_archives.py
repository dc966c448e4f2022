"""Archives: what is in them is read, where it would go is up to us, and there is a limit."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from devops_analytics.errors import ExportError
from devops_analytics.sources import archives, compressed
from devops_analytics.sources.archives import is_archive, unpacked


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_files_are_unpacked_with_their_content_and_ending(tmp_path: Path, pack: object) -> None:
    files = {"runs/2026 September.json": b"[]", "b.csv": b"a\n1\n"}
    path = pack(tmp_path / "exports", files)  # type: ignore[operator]
    assert is_archive(path)
    found = list(unpacked(path, tmp_path / "out"))
    assert {one.name: one.path.read_bytes() for one in found if one.path} == files
    assert [one.path.suffix for one in found if one.path] == [".json", ".csv"]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a/../../evil.json"])
def test_no_path_leaves_the_archive(tmp_path: Path, pack: object, name: str) -> None:
    path = pack(tmp_path / "exports", {name: b"[]"})  # type: ignore[operator]
    (found,) = unpacked(path, tmp_path / "out")
    assert found.path is None
    assert "leads out" in found.reason
    assert not list(tmp_path.rglob("evil*"))


def test_links_are_left_out_with_the_reason(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("passwd.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    (found,) = unpacked(tmp_path / "a.tar", tmp_path / "out")
    assert (found.path, found.reason) == (None, "it is a link or a device, no file")


def test_a_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed, "SMALL", 1 << 20)
    monkeypatch.setattr(compressed, "MOST_TIMES", 100)
    path = zipped(tmp_path / "bomb.zip", {"zeros.json": bytes(50 << 20)})
    with pytest.raises(ExportError, match=r"zeros\.json: unpacks to more than"):
        list(unpacked(path, tmp_path / "out"))
    assert sum(one.stat().st_size for one in (tmp_path / "out").rglob("*.json")) <= 6 << 20


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    path = zipped(tmp_path / "many.zip", {f"{n}.json": b"[]" for n in range(4)})
    with pytest.raises(ExportError, match="more than 3 files"):
        list(unpacked(path, tmp_path / "out"))


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.json": bytes(range(256)) * 500})
    data = bytearray(path.read_bytes())
    data[60:200] = bytes(140)
    path.write_bytes(bytes(data))
    with pytest.raises(ExportError, match="damaged"):
        list(unpacked(path, tmp_path / "out"))


def test_a_workbook_and_a_text_are_no_archives(tmp_path: Path) -> None:
    book = zipped(tmp_path / "book.xlsx", {"[Content_Types].xml": b"<x/>", "xl/a.xml": b"<x/>"})
    text = tmp_path / "a.csv"
    text.write_text("a,b\n1,2\n")
    assert not is_archive(book)
    assert not is_archive(text)
