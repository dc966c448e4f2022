"""Any table with a declared mapping."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from devops_analytics.config import Settings, TableSource, settings_from
from devops_analytics.errors import ExportError
from devops_analytics.loading import load
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.table import read, recognise
from devops_analytics.store import Store

COLUMNS = {
    "deployment_id": "id",
    "service": "app",
    "environment": {"constant": "production"},
    "finished_at": "when",
    "result": {"column": "outcome", "values": {"OK": "success", "KO": "failure"}},
}
LINES = "id;app;when;outcome\n1;pay;2026-05-01T10:00:00Z;OK\n2;pay;2026-05-02T10:00:00Z;KO\n"


def entry(**changes: Any) -> TableSource:
    keys: dict[str, Any] = {
        "kind": "table",
        "path": "x",
        "table": "deployments",
        "columns": COLUMNS,
    }
    found = settings_from({"sources": [keys | changes]}).sources[0]
    assert isinstance(found, TableSource)
    return found


def loaded(path: Path, declared: TableSource, given: Settings | None = None) -> Batch:
    context = Context(settings=given or Settings(), label=path.name)
    (draft,) = read(path, declared, context)
    return conform(draft, entry=declared, context=context)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def as_file(folder: Path, kind: str) -> Path:  # noqa: PLR0911 - one a format
    frame = pl.read_csv(LINES.encode(), separator=";", infer_schema=False)
    rows = frame.to_dicts()
    match kind:
        case "csv":
            return written(folder, "x.csv", LINES.replace(";", ","))
        case "bom":
            return written(folder, "x.csv", b"\xef\xbb\xbf" + LINES.encode())
        case "gz":
            return written(folder, "x.csv.gz", gzip.compress(LINES.encode()))
        case "tsv":
            return written(folder, "x.tsv", LINES.replace(";", "\t"))
        case "crlf":
            return written(folder, "x.csv", LINES.replace("\n", "\r\n"))
        case "json":
            return written(folder, "x.json", json.dumps(rows))
        case "ndjson":
            return written(folder, "x.ndjson", "\n".join(json.dumps(row) for row in rows))
        case "parquet":
            frame.write_parquet(folder / "x.parquet")
            return folder / "x.parquet"
        case _:
            return written(folder, "x.csv", LINES)


@pytest.mark.parametrize(
    "kind", ["semicolons", "csv", "bom", "gz", "tsv", "crlf", "json", "ndjson", "parquet"]
)
def test_every_format_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    batch = loaded(as_file(tmp_path, kind), entry())
    assert batch.rows.select("deployment_id", "service", "finished_at", "result").rows() == [
        ("1", "pay", datetime(2026, 5, 1, 10, tzinfo=UTC), "success"),
        ("2", "pay", datetime(2026, 5, 2, 10, tzinfo=UTC), "failure"),
    ]


def test_a_workbook_gives_its_typed_times(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "app", "when", "outcome"])
    sheet.append([1, "pay", datetime(2026, 5, 1, 12), "OK"])  # noqa: DTZ001 - Excel knows no zones
    book.save(tmp_path / "x.xlsx")
    batch = loaded(tmp_path / "x.xlsx", entry(time_zone="Europe/Amsterdam"))
    assert batch.rows["finished_at"].to_list() == [datetime(2026, 5, 1, 10, tzinfo=UTC)]
    assert batch.rows["deployment_id"].to_list() == ["1"]
    with pytest.raises(ExportError, match="found none called 'May'; sheets: Sheet"):
        loaded(tmp_path / "x.xlsx", entry(sheet="May"))


def test_declared_encodings_are_read_and_wrong_ones_named(tmp_path: Path) -> None:
    text = LINES.replace("pay", "zahlé")
    latin = written(tmp_path, "x.csv", text.encode("latin-1"))
    assert loaded(latin, entry(encoding="latin-1")).rows["service"][0] == "zahlé"
    with pytest.raises(ExportError, match=r"line 2 .* is not utf-8 text.*Set `encoding`"):
        loaded(latin, entry())
    wide = written(tmp_path, "y.csv", text.encode("utf-16"))
    assert loaded(wide, entry(encoding="utf-16")).rows["service"][0] == "zahlé"
    # Its mark says what it is.
    assert loaded(wide, entry()).rows["service"][0] == "zahlé"


def test_a_folder_of_parquet_is_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "deploys"
    folder.mkdir()
    for number in range(3):
        frame = pl.DataFrame(
            {
                "nr": [number],
                "app": ["pay"],
                "at": [datetime(2026, 5, 1 + number, tzinfo=UTC)],
                "ok": ["yes"],
            }
        )
        frame.write_parquet(folder / f"part-{number}.parquet")
    columns = {
        "deployment_id": "nr",
        "service": "app",
        "finished_at": "at",
        "result": {"column": "ok", "values": {"yes": "success"}},
    }
    declared = {"kind": "table", "path": "deploys", "table": "deployments", "columns": columns}
    report = load(
        settings_from({"sources": [declared]}), base=tmp_path, store=Store(tmp_path / "store")
    )
    assert report.problems == ()
    assert report.files["loaded"].to_list() == [1, 1, 1]


def test_a_ragged_line_is_kept_apart_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = LINES + "3;pay\n4;pay;2026-05-04T10:00:00Z;OK\n"
    batch = loaded(written(tmp_path, "x.csv", content), entry())
    assert batch.rows["deployment_id"].to_list() == ["1", "2", "4"]
    bad = batch.quarantined.row(0, named=True)
    assert (bad["record"], bad["reason"]) == (4, "wrong_number_of_fields")
    assert "expected 4 fields as in the header, found 2" in bad["message"]
    assert batch.rows["source_ref"].to_list() == ["x.csv:2", "x.csv:3", "x.csv:5"]


def test_a_quoted_line_break_does_not_shift_the_line_numbers(tmp_path: Path) -> None:
    content = 'id,app,when,outcome\n1,"pay\nment",2026-05-01T10:00:00Z,OK\n2,pay,never,OK\n'
    batch = loaded(written(tmp_path, "x.csv", content), entry())
    assert batch.rows["source_ref"].to_list() == ["x.csv:2"]
    assert batch.quarantined["record"].to_list() == [4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"id,app,when,id\n", "column 'id' occurs twice"),
        (b"id,app,wen,outcome\n1,a,b,c\n", "has no column 'when'.*Did you mean 'wen'"),
        (b"PAR1 and then nonsense", "can't be read as parquet"),
        (b"PK\x03\x04 and then nonsense", "can't be read as"),
        (b'[{"id": 1, "app": ', "has no column"),
        (b"<html>sign in</html>", "has no column"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = written(tmp_path, "x.csv", content)
    with pytest.raises(ExportError, match=message) as raised:
        loaded(path, entry())
    assert "x.csv" in str(raised.value)


def test_a_header_alone_is_no_rows_and_no_error(tmp_path: Path) -> None:
    assert loaded(written(tmp_path, "x.csv", "id,app,when,outcome\n"), entry()).n_read == 0


def test_rows_that_where_leaves_out_are_counted(tmp_path: Path) -> None:
    batch = loaded(written(tmp_path, "x.csv", LINES), entry(where={"outcome": ["OK"]}))
    assert batch.rows["deployment_id"].to_list() == ["1"]
    bad = batch.quarantined.row(0, named=True)
    assert (bad["record"], bad["reason"]) == (3, "excluded_by_settings")
    assert "outcome is not OK" in bad["message"]


def test_an_unmapped_result_is_unknown_and_another_unmapped_word_is_quarantined(
    tmp_path: Path,
) -> None:
    content = (
        "id,app,when,outcome,by\n"
        "1,pay,2026-05-01T10:00:00Z,HM,ci\n"
        "2,pay,2026-05-02T10:00:00Z,OK,cat\n"
    )
    columns = COLUMNS | {"trigger": {"column": "by", "values": {"ci": "pipeline"}}}
    batch = loaded(written(tmp_path, "x.csv", content), entry(columns=columns))
    assert batch.rows.select("deployment_id", "result", "trigger").rows() == [
        ("1", "unknown", "pipeline")
    ]
    assert batch.quarantined["reason"].to_list() == ["not_mapped"]
    assert "found 'cat'" in batch.quarantined["message"][0]


def test_success_is_never_assumed(tmp_path: Path) -> None:
    columns = {name: column for name, column in COLUMNS.items() if name != "result"}
    with pytest.raises(ExportError, match=r"columns.result: this key is missing.*constant"):
        loaded(written(tmp_path, "x.csv", LINES), entry(columns=columns))


def test_patterns_templates_and_lists_take_values_out(tmp_path: Path) -> None:
    content = (
        "app,when,image,hosts\n"
        "pay,2026-05-01T10:00:00Z,release-" + "a" * 40 + ",other|shop.example\n"
        "pay,2026-05-02T10:00:00Z,v12,other|another\n"
    )
    columns = {
        "deployment_id": {"template": "{app}@{when}"},
        "service": {"column": "hosts", "separator": "|"},
        "sha": {"column": "image", "pattern": "^release-([0-9a-f]{40})$"},
        "ref": {"column": "image", "pattern": r"^(?P<value>v\d+)$"},
        "finished_at": "when",
        "result": {"constant": "success"},
    }
    given = settings_from({"teams": {"t": {"services": {"shop": {"aliases": ["shop.example"]}}}}})
    batch = loaded(written(tmp_path, "x.csv", content), entry(columns=columns), given)
    assert batch.rows.select("deployment_id", "service", "sha", "ref").rows() == [
        ("pay@2026-05-01T10:00:00Z", "shop", "a" * 40, None),
        ("pay@2026-05-02T10:00:00Z", "other", None, "v12"),
    ]


def test_json_is_reached_into_by_dotted_names(tmp_path: Path) -> None:
    rows = [{"id": 7, "on": {"app": "pay"}, "when": "2026-05-01T10:00:00Z", "outcome": "OK"}]
    path = written(tmp_path, "x.json", json.dumps(rows))
    batch = loaded(path, entry(columns=COLUMNS | {"service": "on.app"}))
    assert batch.rows.select("deployment_id", "service").rows() == [("7", "pay")]


def test_truncated_json_keeps_what_is_whole(tmp_path: Path) -> None:
    rows = [
        {"id": n, "app": "pay", "when": "2026-05-01T10:00:00Z", "outcome": "OK"} for n in (1, 2, 3)
    ]
    path = written(tmp_path, "x.json", json.dumps(rows)[:-20])
    batch = loaded(path, entry())
    assert batch.rows["deployment_id"].to_list() == ["1", "2"]
    assert batch.quarantined["reason"].to_list() == ["truncated_json"]


def test_a_parents_column_becomes_a_list(tmp_path: Path) -> None:
    content = "sha,parents,at\na,,2026-05-01T10:00:00Z\nb,a  c,2026-05-01T11:00:00Z\n"
    columns = {
        "repo": {"constant": "r"},
        "sha": "sha",
        "parents": {"column": "parents", "separator": " "},
        "committed_at": "at",
    }
    batch = loaded(written(tmp_path, "x.csv", content), entry(table="commits", columns=columns))
    assert batch.rows["parents"].to_list() == [[], ["a", "c"]]


def test_columns_with_canonical_names_are_recognised(tmp_path: Path) -> None:
    content = "deployment_id,service,finished_at,result\n1,pay,2026-05-01T10:00:00Z,success\n"
    found = recognise(written(tmp_path, "x.csv", content))
    assert found is not None
    assert found.suggestion["table"] == "deployments"
    unsure = recognise(written(tmp_path, "y.csv", LINES))
    assert unsure is not None
    assert unsure.confidence < 0.5
    assert recognise(written(tmp_path, "z.txt", "just words\n")) is None


# ---- What a mapping can say ---- #


def rows_of(batch: Batch, *names: str) -> list[tuple[Any, ...]]:
    return batch.rows.select(names).rows()


def test_a_template_takes_empty_fields_but_is_nothing_where_all_are_empty(tmp_path: Path) -> None:
    fields = [",img", "c,", ","]
    content = "chart,image,when\n" + "".join(f"{both},2026-05-01T10:00:00Z\n" for both in fields)
    columns = {
        "deployment_id": {"template": "{chart}/{image}"},
        "service": {"constant": "s"},
        "finished_at": "when",
        "result": {"constant": "success"},
    }
    batch = loaded(written(tmp_path, "x.csv", content), entry(columns=columns))
    assert rows_of(batch, "deployment_id") == [("/img",), ("c/",)]
    assert batch.quarantined["reason"].to_list() == ["missing_value"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"template": "{id"}, "columns.ref.template: found '{id'"),
        ({"template": "none"}, "columns.ref.template: found 'none'"),
        ({"column": "id", "constant": "x"}, "columns.ref: found column and constant"),
        ({"pattern": "x"}, "has no column 'ref'"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_an_error(
    tmp_path: Path, column: dict[str, str], message: str
) -> None:
    path = written(tmp_path, "x.csv", LINES)
    with pytest.raises(ExportError, match=message):
        loaded(path, entry(columns=COLUMNS | {"ref": column}))


def test_a_result_word_beside_the_declared_ones_is_unknown_even_if_it_is_success(
    tmp_path: Path,
) -> None:
    content = "id,app,when,outcome\n1,a,2026-05-01T10:00:00Z,success\n2,a,2026-05-01T10:00:00Z,ok\n"
    batch = loaded(written(tmp_path, "x.csv", content), entry())
    assert rows_of(batch, "deployment_id", "result") == [("1", "unknown"), ("2", "success")]
    assert "\n".join(batch.notes) == (
        "deployments: 1 results are taken as unknown, as `values` doesn't map their words: "
        "'success' 1×"
    )


def test_flags_can_be_mapped_from_words_and_empty_ones_stay_unknown(tmp_path: Path) -> None:
    content = "id,app,when,outcome,kind\n" + "".join(
        f"{n},a,2026-05-01T10:00:00Z,OK,{kind}\n"
        for n, kind in enumerate(["regular", "emergency", "", "other"])
    )
    mapped = {"column": "kind", "values": {"regular": True, "emergency": False}}
    batch = loaded(
        written(tmp_path, "x.csv", content), entry(columns=COLUMNS | {"planned": mapped})
    )
    assert rows_of(batch, "deployment_id", "planned") == [("0", True), ("1", False), ("2", None)]
    assert batch.quarantined["reason"].to_list() == ["not_mapped"]
    named = {"column": "kind", "values": {"regular": True, "": False, "emergency": False}}
    batch = loaded(written(tmp_path, "x.csv", content), entry(columns=COLUMNS | {"planned": named}))
    assert rows_of(batch, "planned") == [(True,), (False,), (False,)]


def test_the_first_known_service_of_a_list_is_taken(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "app": ["API", "shop.example"], "when": "2026-05-01T10:00:00Z", "outcome": "OK"},
        {"id": 2, "app": "API; till", "when": "2026-05-01T10:00:00Z", "outcome": "OK"},
        {"id": 3, "app": "API;other", "when": "2026-05-01T10:00:00Z", "outcome": "OK"},
    ]
    given = settings_from({"teams": {"t": {"services": {"shop": {"aliases": ["shop.example"]}}}}})
    service = {"column": "app", "separator": ";", "values": {"till": "shop"}}
    path = written(tmp_path, "x.json", json.dumps(rows))
    batch = loaded(path, entry(columns=COLUMNS | {"service": service}), given)
    assert rows_of(batch, "service") == [("shop",), ("shop",), ("API",)]


def test_lists_in_json_are_lists(tmp_path: Path) -> None:
    rows = [
        {"n": 1, "labels": [{"name": "a, b"}, {"name": "c"}]},
        {"n": 2.0, "labels": []},
        {"n": 3, "labels": None},
    ]
    columns = {
        "repo": {"constant": "r"},
        "change_id": "n",
        "opened_at": {"constant": "2026-05-01T10:00:00Z"},
        "labels": "labels.name",
    }
    path = written(tmp_path, "x.json", json.dumps(rows))
    batch = loaded(path, entry(table="changes", columns=columns))
    assert rows_of(batch, "change_id", "labels") == [("1", ["a, b", "c"]), ("2", []), ("3", None)]
    path = written(tmp_path, "x.json", json.dumps(rows[:1]))
    with pytest.raises(ExportError, match=r"has no column 'labels\.nmae'"):
        loaded(path, entry(table="changes", columns=columns | {"labels": "labels.nmae"}))


def test_pages_of_json_are_opened_unless_the_mapping_reaches_into_them(tmp_path: Path) -> None:
    row = {"id": 1, "app": "a", "when": "2026-05-01T10:00:00Z", "outcome": "OK"}
    page = written(tmp_path, "page.json", json.dumps({"total": 1, "items": [row]}))
    assert loaded(page, entry()).n_read == 1
    nested = written(tmp_path, "nested.json", json.dumps([{"data": row, "when": row["when"]}]))
    columns = {
        "deployment_id": "data.id",
        "service": "data.app",
        "finished_at": "when",
        "result": {"constant": "success"},
    }
    assert rows_of(loaded(nested, entry(columns=columns)), "deployment_id") == [("1",)]


def test_an_empty_array_is_no_rows_and_no_error(tmp_path: Path) -> None:
    assert loaded(written(tmp_path, "x.json", "[]"), entry()).n_read == 0


def test_parquet_is_taken_over_typed_and_reached_into(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [1.0, 2.0],
            "app": [{"name": "pay"}, {"name": "shop"}],
            "when": [datetime(2026, 5, 1, 10, tzinfo=UTC)] * 2,
            "outcome": ["OK", "KO"],
            "on": [True, False],
        }
    )
    frame.write_parquet(tmp_path / "x.parquet")
    declared = entry(columns=COLUMNS | {"service": "app.name"}, where={"on": ["true"]})
    batch = loaded(tmp_path / "x.parquet", declared)
    assert rows_of(batch, "deployment_id", "service", "finished_at") == [
        ("1", "pay", datetime(2026, 5, 1, 10, tzinfo=UTC))
    ]
    assert "found 'false'" in batch.quarantined["message"][0]


def test_no_column_of_the_file_is_mistaken_for_our_own(tmp_path: Path) -> None:
    content = "record,raw,when\nR-7,x,2026-05-01T10:00:00Z\n"
    columns = {
        "deployment_id": "record",
        "service": "raw",
        "finished_at": "when",
        "result": {"constant": "success"},
    }
    batch = loaded(written(tmp_path, "x.csv", content), entry(columns=columns))
    assert rows_of(batch, "deployment_id", "service", "source_ref") == [("R-7", "x", "x.csv:2")]


def test_what_is_put_aside_shows_only_what_is_mapped_and_no_person(tmp_path: Path) -> None:
    content = "sha,who,actor,at,kind\na,Ann Example,Bo Example,2026-05-01T10:00:00Z,bad\n"
    columns = {"repo": {"constant": "r"}, "sha": "sha", "author": "who", "committed_at": "at"}
    declared = entry(table="commits", columns=columns, where={"kind": ["good"]})
    raw = loaded(written(tmp_path, "x.csv", content), declared).quarantined["raw"].item()
    assert json.loads(raw) == {"kind": "bad", "sha": "a", "at": "2026-05-01T10:00:00Z"}


CHANGES = st.sampled_from(
    ["", "x", '"', ",", ";", "\n", "\r\n", "é", "2026-05-01", "OK", "KO", " "]
)


@settings(max_examples=80, deadline=None)
@drawn(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), CHANGES), max_size=4))
def test_nothing_is_lost_however_a_file_is_damaged(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, str]]
) -> None:
    header, *lines = LINES.replace(";", ",").splitlines(keepends=True)
    body = "".join(lines) * 3
    for position, length, text in changes:
        at = position % (len(body) + 1)
        body = body[:at] + text + body[at + length :]
    path = written(tmp_path_factory.mktemp("damaged"), "x.csv", header + body)
    batch = loaded(path, entry(separator=","))
    # Every line that holds anything belongs to one record; a record may hold several lines.
    n_lines = len([line for line in body.split("\n") if line.strip("\r")])
    assert batch.n_read <= n_lines
    assert batch.n_read == batch.rows.height + batch.quarantined.height + batch.n_duplicates
    begins = [int(ref.rpartition(":")[2]) for ref in batch.rows["source_ref"]]
    begins += batch.quarantined["record"].to_list()
    assert len(set(begins)) == len(begins)
    n_multiline = body.count('"')
    assert n_multiline or batch.n_read == n_lines


# ---- Recognition ---- #


def test_canonical_json_is_recognised_and_other_json_only_mentioned(tmp_path: Path) -> None:
    row = {"deployment_id": 1, "service": "a", "result": "success", "extra": 1}
    # What happened at no time is nothing.
    undated = recognise(written(tmp_path, "w.json", json.dumps([row])))
    assert undated is not None
    assert undated.confidence < 0.5
    row["finished_at"] = "2026-05-01T10:00:00Z"
    found = recognise(written(tmp_path, "x.json", json.dumps([row])))
    assert found is not None
    assert found.suggestion["columns"] == {
        "deployment_id": "deployment_id",
        "service": "service",
        "result": "result",
        "finished_at": "finished_at",
    }
    other = recognise(written(tmp_path, "y.json", json.dumps([{"a": 1, "b": 2}])))
    assert other is not None
    assert other.confidence < 0.5
    assert recognise(written(tmp_path, "z.json", "[1, 2")) is None
    assert recognise(written(tmp_path, "empty.csv", "")) is None


@pytest.mark.parametrize("number", ["1e999", "9" * 5000])
def test_a_number_beyond_all_bounds_costs_its_record_only(tmp_path: Path, number: str) -> None:
    good = {"id": 1, "app": "pay", "when": "2026-05-01T10:00:00Z", "outcome": "OK"}
    bad = json.dumps(good).replace("1", number, 1)
    path = written(tmp_path, "x.ndjson", f"{bad}\n{json.dumps(good)}\n")
    assert recognise(path) is not None
    batch = loaded(path, entry())
    assert batch.rows["deployment_id"].to_list() == ["1"]
    assert batch.quarantined.select("record", "reason").rows() == [(1, "not_json")]
