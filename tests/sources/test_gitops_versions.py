"""Versions found in YAML of unknown origin, by a dotted path."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.gitops_versions import MOST, places
from devops_analytics.sources.yaml_text import documents

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("shop/web@v2", "v2"), ("web:v2", "v2"), ("registry:5000/web", None),
        ("release/2", "release/2"),
        (f"web:v2@sha256:{SHA}", "v2"), (f"web@sha256:{SHA}", None), ("web:", None), ("@", None),
    ],
)  # fmt: skip
def test_the_tag_of_an_image_is_told_from_a_port_and_a_checksum(text: str, tag: str | None) -> None:
    (place,) = places(documents(f"version: '{text}'".encode(), name="x"), "version")
    assert (place.version.tag, place.version.artifact) == (tag, text)


@pytest.mark.parametrize(
    "value", ["'{{ .Values.tag }}'", "${TAG}", "not a version", "[v1]", "{}", "{{ .tag }}"]
)
def test_what_is_still_to_be_filled_in_is_no_version(value: str) -> None:
    assert places(documents(f"tag: {value}".encode(), name="x"), "tag") == []


def test_anchors_merges_and_several_documents_are_followed() -> None:
    text = b"base: &base {image: {tag: v1}}\nshop:\n  <<: *base\n---\nshop: {image: {tag: v2}}\n"
    found = places(documents(text, name="x"), "shop.image.tag")
    assert [(place.path, place.version.text) for place in found] == [
        (("shop", "image", "tag"), "v1"),
        (("#1", "shop", "image", "tag"), "v2"),
    ]


def test_a_dot_that_belongs_to_a_key_is_escaped_and_a_number_is_an_items_place() -> None:
    text = b"labels: {app.example.com/version: v3}\nimages: [{tag: a}, {tag: b}]\n"
    tree = documents(text, name="x")
    (label,) = places(tree, r"labels.app\.example\.com/version")
    (item,) = places(tree, "images.1.tag")
    assert (label.version.text, item.version.text) == ("v3", "b")


def test_more_places_than_anybody_means_are_refused() -> None:
    ring = documents(b"&r [*r, *r, *r]", name="x")
    with pytest.raises(ExportError, match="more than 1000 versions at"):
        places(ring, ".".join(["*"] * 30))
    many = documents(b"a: [" + b"x, " * (MOST + 1) + b"]", name="x")
    with pytest.raises(ExportError, match="more than 1000"):
        places(many, "a.*")


@given(
    data=st.binary(max_size=300) | st.text("-[]{}:*&<! \n'\"#|>?a1", max_size=120).map(str.encode)
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_yaml_or_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(ExportError):
        places(documents(data, name="x.yaml"), "*.a.*")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[" * 200_000, "nested more than 100 levels deep"),
        (b"- " * 100_000, "nested more than 100 levels deep"),
        (b"a: *b", "an anchor that it does not have"),
        (b"a: b: hunter2", r"is no YAML that can be read \(line 1, column 5\)"),
        (b"a: 'hunter2", "is no YAML that can be read"),
        (b"\x00", "is no YAML that can be read"),
        (
            b"a: &a {" + b"".join(b"k%d: 1," % n for n in range(1001)) + b"}\n"
            + b"".join(b"m%d: {<<: *a}\n" % n for n in range(101)),
            "merges more than 100000 keys",
        ),
    ],
)  # fmt: skip
def test_broken_and_endless_texts_are_refused_without_showing_them(text: bytes, said: str) -> None:
    with pytest.raises(ExportError, match=said) as refused:
        documents(text, name="x.yaml")
    assert str(refused.value).startswith("x.yaml: ")
    assert "hunter2" not in str(refused.value)


def test_texts_stay_as_they_are_written() -> None:
    (document,) = documents(b"{a: 1.10, b: 012, c: no, d: ~, e: '', f: 'null', 1: 2}", name="x")
    assert document == {
        "a": "1.10", "b": "012", "c": "no", "d": None, "e": "", "f": "null", "1": "2",
    }  # fmt: skip
