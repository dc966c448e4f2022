"""JSON and TOML of unknown origin: whatever is wrong with them is one error that says so."""

import msgspec
import pytest

from devops_analytics.errors import ExportError
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.toml_text import parsed


@pytest.mark.parametrize(
    "text", [b"{", b"[" * 100_000, b'{"a\x9f": 1}', b'{"a": ' * 5000 + b"1" + b"}" * 5000, b"[1]"]
)
def test_json_that_is_damaged_is_one_kind_of_error(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded(text, dict[str, dict[str, object]])


def test_json_is_decoded_as_the_type_that_is_asked_for() -> None:
    assert decoded(b'{"a": [1, null]}', object) == {"a": [1, None]}
    assert decoded(msgspec.Raw(b'{"a": 1}'), dict[str, int]) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a = ", "Invalid value"),
        (b"a = " + b"9" * 5000, "digits"),
        (b"a = 0x" + b"f" * 5000, "more than 64 bits"),
        (b"[[a]]\nb = [{ c = -9223372036854775809 }]", "more than 64 bits"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = '\xc3", "utf-8"),
        (b"#" * (5 << 20), "longer than the 4 MB"),
    ],
)
def test_toml_that_is_damaged_is_one_kind_of_error(text: bytes, said: str) -> None:
    with pytest.raises(ExportError, match=f"a.toml.*{said}"):
        parsed(text, name="a.toml")


def test_toml_is_read_as_it_is_written() -> None:
    assert parsed(b"a = 9223372036854775807\n[b]\nc = [true]", name="a.toml") == {
        "a": 2**63 - 1,
        "b": {"c": [True]},
    }
