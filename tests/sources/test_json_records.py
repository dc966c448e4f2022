"""JSON of every shape: the same records come out, and what is broken is one record, not a loss."""

import gzip
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.json_records import Records, first_records, read_records

WRAPPERS = ("jobs", "incident")
ONE, TWO = {"id": 1, "t": '}{ ][ "quoted" \\'}, {"t": "é {/owner}{/repo}", "l": [1, {}]}


@pytest.fixture
def records(tmp_path):
    """Read bytes or text as a file."""

    def read(content: bytes | str, **options) -> Records:
        path = tmp_path / "export.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_records(path, wrappers=WRAPPERS, **options)

    return read


def dense(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def page(*items: object) -> dict[str, object]:
    return {"total_count": 9, "jobs": list(items), "next": None}


SHAPES = {
    "array": dense([ONE, TWO]),
    "pretty array": pretty([ONE, TWO]),
    "page": dense(page(ONE, TWO)),
    "pretty page": pretty(page(ONE, TWO)),
    "lines": dense(ONE) + "\n" + dense(TWO) + "\n",
    "lines with blanks, CRLF and no end": dense(ONE) + "\r\n\r\n  \r\n" + dense(TWO),
    "objects without a line between": dense(ONE) + dense(TWO),
    "objects with commas between": dense(ONE) + ",\n" + dense(TWO),
    "pretty objects": pretty(ONE) + "\n" + pretty(TWO),
    "arrays without a line between": dense([ONE]) + dense([]) + dense([TWO]),
    "arrays on lines": dense([ONE]) + "\n" + dense([TWO]) + "\n",
    "pretty arrays": pretty([ONE]) + pretty([TWO]),
    "pages without a line between": dense(page(ONE)) + dense(page()) + dense(page(TWO)),
    "pages on lines": dense(page(ONE)) + "\n" + dense(page(TWO)),
    "pretty pages": pretty(page(ONE)) + "\n" + pretty(page(TWO)),
    "slurped arrays": dense([[ONE], [TWO]]),
    "slurped pages": dense([page(ONE), page(TWO)]),
    "array of a record a line": "[\n" + dense(ONE) + ",\n" + dense(TWO) + "\n]",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packing", ["plain", "bom", "gzip", "gzip in two parts", "zstandard"])
def test_every_shape_gives_the_same_records(records, shape, packing):
    text = SHAPES[shape].encode()
    packed = {
        "plain": text,
        "bom": b"\xef\xbb\xbf" + text,
        "gzip": gzip.compress(text),
        "gzip in two parts": gzip.compress(text[:20]) + gzip.compress(text[20:]),
        "zstandard": pa.Codec("zstd").compress(text, asbytes=True),
    }[packing]
    found = records(packed)
    assert [json.loads(raw) for _, raw in found.rows] == [ONE, TWO]
    assert found.rejected == []


def test_a_single_object_is_one_record(records):
    assert records(pretty(ONE)).rows[0][0] == 1
    assert len(records(dense(ONE)).rows) == 1


def test_a_wrapped_object_is_one_record(records):
    assert records('{"incident": {"id": 4}}').rows == [(1, b'{"id": 4}')]


def test_an_object_with_an_id_is_a_record_whatever_it_holds(records):
    raw = b'{"id":3,"jobs":[{"id":4}]}'
    assert records(raw).rows == [(1, raw)]


@pytest.mark.parametrize("content", ["[]", dense(page()), '{"jobs": null}'])
def test_no_records_are_no_error(records, content):
    assert records(content) == Records(rows=[], rejected=[])


def test_lines_are_numbered_as_in_the_file(records):
    found = records('{"a":1}\n\noops\n{"a":2}\n')
    assert [number for number, _ in found.rows] == [1, 4]
    assert [(number, reason) for number, reason, _, _ in found.rejected] == [(3, "not_json")]
    assert found.rejected[0][2].startswith("line 3, byte 10: ")
    assert found.rejected[0][3] == "oops"


def test_records_of_pages_are_numbered_through(records):
    found = records(dense(page(ONE, TWO)) + "\n" + dense(page(ONE)))
    assert [number for number, _ in found.rows] == [1, 2, 3]


def test_a_broken_first_line_costs_only_itself(records):
    found = records('{"a":1,"b\n{"a":2}\n{"a":3}\n')
    assert [number for number, _ in found.rows] == [2, 3]
    assert [(number, reason) for number, reason, _, _ in found.rejected] == [(1, "not_json")]


def test_a_broken_item_of_an_array_costs_only_itself(records):
    found = records('[{"a":1},{"a":tru},{"a":3}]')
    assert [number for number, _ in found.rows] == [1, 3]
    assert found.rejected[0][:2] == (2, "not_json")
    assert found.rejected[0][3] == '{"a":tru}'


def test_an_item_that_is_no_object_is_rejected(records):
    found = records('[{"a":1}, 7, "x", null]')
    assert [reason for _, reason, _, _ in found.rejected] == ["not_an_object"] * 3


def test_a_broken_record_and_a_cut_are_two(records):
    found = records('[{"a":1},{"a":tru},{"a":3}')
    assert [reason for _, reason, _, _ in found.rejected] == ["not_json", "truncated_json"]
    assert len(found.rows) == 2


@pytest.mark.parametrize(
    ("content", "whole", "position"),
    [
        ('[{"a":1},{"a":2', 1, "byte 10"),
        ('[{"a":1},', 1, "byte 10"),
        ('[{"a":1}', 1, "byte 9"),
        ('{"a":1}\n{"a":2', 1, "line 2, byte 9"),
        ('{"total_count":3,"jobs":[{"a":1},{"a":"} ]', 1, "byte 34"),
        ('{"total_count":3,"jobs":[{"a":1}],"ne', 1, "byte 33"),
        ('{"jobs":[{"a":1}]}{"jobs":[{"a":2},{"b', 2, "byte 36"),
        ('[{"jobs":[{"a":1},{"b', 1, "byte 19"),
        ('[{"a":1},{"a":-', 1, "byte 10"),
        ('[{"a":1},{"a":3.5e', 1, "byte 10"),
        ('[{"a":1},{"a":"\\u00', 1, "byte 10"),
        ('{"a":1}\n{"a":2, ', 1, "line 2, byte 9"),
        ("{", 0, "byte 1"),
        ("[", 0, "byte 2"),
        ('{"id":1,"jobs":[{"a":1},', 0, "byte 1"),
    ],
)
def test_what_is_whole_before_a_cut_is_kept_and_the_rest_is_one(records, content, whole, position):
    found = records(content)
    assert len(found.rows) == whole
    assert [reason for _, reason, _, _ in found.rejected] == ["truncated_json"]
    assert position in found.rejected[0][2]


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda b: pa.Codec("zstd").compress(b, asbytes=True)]
)
def test_a_compressed_file_that_was_cut_says_so(records, pack):
    lines = b"".join(b'{"number":%d}\n' % (n * 7919 % 100_003) for n in range(60_000))
    packed = pack(lines)
    found = records(packed[: len(packed) * 2 // 3])
    assert 0 < len(found.rows) < 60_000
    assert (
        b"".join(raw + b"\n" for _, raw in found.rows)
        == lines[: sum(len(r) + 1 for _, r in found.rows)]
    )
    assert [reason for _, reason, _, _ in found.rejected] == ["truncated_json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\n<!doctype html><html>", "login page"),
        ('[{"a":"é"}]'.encode("latin-1"), "0xe9 in line 1"),
        ('{"a":1}'.encode("utf-16")[:2] + b"\x00\xd8" * 3, "UTF-16"),
        (b"service,at\nshop,1\n", "no JSON object; it begins with 'service,at"),
        (b"[1, 2]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"[" * 100_000 + b"]" * 100_000, "no JSON object"),
        (b'{"message":"Not Found","documentation_url":"https://x.example"}', "Not Found"),
        (b'{"error":{"message":"Forbidden","code":2010}}', "Forbidden"),
        (b'{"message":"401 Unauthorized"}', "401 Unauthorized"),
    ],
)
def test_a_file_that_is_no_json_is_an_error_that_says_what_it_is(records, content, said):
    with pytest.raises(ExportError, match=r"export\.json: ") as caught:
        records(content)
    assert said in str(caught.value)


def test_an_error_between_pages_is_rejected_and_quoted(records):
    found = records(dense(page(ONE)) + dense({"message": "rate limit", "documentation_url": "d"}))
    assert len(found.rows) == 1
    assert found.rejected[0][1] == "api_error"
    assert "rate limit" in found.rejected[0][2]


def test_utf16_that_is_marked_is_read_as_it_is(records):
    assert records('[{"a":"é"}]'.encode("utf-16")).rows == [(1, '{"a":"é"}'.encode())]


def test_another_encoding_may_be_declared(records):
    assert records('[{"a":"é"}]'.encode("latin-1"), encoding="latin-1").rows == [
        (1, '{"a":"é"}'.encode())
    ]
    with pytest.raises(ExportError, match="utf-16"):
        records(b'[{"a":1}]', encoding="utf-16")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ExportError, match=r"gone\.json: can't be read"):
        read_records(tmp_path / "gone.json")


def test_the_first_records_of_a_long_file_are_found(tmp_path):
    path = tmp_path / "long.json"
    path.write_text(dense([{"n": n, "pad": "x" * 1000} for n in range(2000)]))
    found = first_records(path)
    assert 900 < len(found) < 1100
    assert json.loads(found[0])["n"] == 0


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(alphabet='a"\\{}[]é,:\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet='a"\\{}[]', max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.lists(
    st.dictionaries(st.text(alphabet="xyz{", max_size=3), values, max_size=3), max_size=5
)
writers = st.sampled_from(
    [
        dense,
        pretty,
        lambda rows: dense(page(*rows)),
        lambda rows: pretty(page(*rows)),
        lambda rows: "".join(dense(row) + "\n" for row in rows),
        lambda rows: "".join(pretty([row]) for row in rows),
        lambda rows: "".join(dense(page(row)) for row in rows),
    ]
)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(rows=objects, write=writers)
def test_any_records_come_back_as_they_were_written(records, rows, write):
    text = write(rows)
    if text:
        found = records(text)
        assert [json.loads(raw) for _, raw in found.rows] == rows
        assert found.rejected == []


@quick
@given(rows=objects, write=writers, share=st.floats(0, 1))
def test_any_cut_keeps_a_beginning_and_rejects_at_most_one(records, rows, write, share):
    text = write(rows).encode()
    cut = text[: int(len(text) * share)]
    try:
        found = records(cut)
    except ExportError:
        assert not cut.strip()
        return
    kept = [json.loads(raw) for _, raw in found.rows]
    assert kept == rows[: len(kept)]
    assert {reason for _, reason, _, _ in found.rejected} <= {"truncated_json"}
    assert len(found.rejected) <= 1


@quick
@given(content=st.binary(max_size=60) | st.text(alphabet='{}[]",:1 \n', max_size=40))
def test_no_content_makes_anything_but_records_or_an_export_error(records, content):
    try:
        found = records(content)
    except ExportError:
        return
    for _, raw in found.rows:
        assert isinstance(json.loads(raw), dict)


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 1}\n"Ann Harbour"\n',
        b'[{"id": 1}, "Ann Harbour"]',
        b'{"id": 1}\nAnn Harbour was here\n{"id": 2}\n',
        b'{"id": 1}\n{"id": 2, "name": "Ann Harbour\n',
        b'{"id": 1}\n{"name": "Ann Harbour" "id": 2}\n',
    ],
)
def test_what_is_said_of_a_broken_record_names_nobody(records, content):
    # Its text stands in the fourth place, which sources leave out of what they keep.
    ((_, _, message, _),) = records(content).rejected
    assert "Ann" not in message
