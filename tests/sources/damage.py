"""Damage to exports of any format: what a broken tool, a bad copy or somebody malicious may do."""

import codecs
import gzip
import re
from random import Random

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[\w.+:-]+|\s+|.', re.DOTALL)
_CLOSED = {b"{": b"}", b"[": b"]"}

ODD = (
    *(b"null", b"true", b"[]", b"{}", b'""', b"0", b"-1", b"-0", b"1e999", b"1e308", b"NaN"),
    *(b"-Infinity", b"9" * 30, b"9" * 5000, b"9223372036854775808", b"0.1", b"[[[null]]]"),
    *(rb'"\ud800"', rb'"\u0000"', b'"' + b"x" * 5000 + b'"', b'{"id": 1, "id": 2}', b'{"": {}}'),
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xd9\xa3", b"\r", b"\n", b"\t"),
    *(b",", b";", b'"', b"'", b"<", b">", b"&lol;", b"&#0;", b"<![CDATA[", b"]]>", b"<a>" * 200),
    *(b"[" * 200, b"[" * 200 + b"]" * 200, b'{"a":' * 200 + b"1" + b"}" * 200, b"[" * 100_000),
    *(b"*a", b"&a", b"!!python/name:os", b"- " * 200, b"<<: *a", b"? ", b"%TAG", b"---\n", b"+++"),
    *(b"9999-99-99T99:99:99Z", b"0001-01-01T00:00:00Z", b"99999-01-01", b"2026-02-30", b"24:60"),
    *(b"-9223372036854775809", b"253402300800000", b"1772442000.5", b'"2026-03-02T09:00:00+99:99"'),
    *(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", b"=1+1", b"{}{}", b"\\", b"../.."),
)
"""What may stand where something else is expected."""


def damaged(content: bytes, chance: Random) -> bytes:
    """Return an export with up to four faults."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_FAULTS)(content, chance) or b" "
    return content


def _flipped(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _without_some(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at + chance.randint(1, 40) :]


def _with_more(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + chance.choice(ODD) + content[at:]


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _repeated(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at : at + chance.randint(1, 400)] * 2 + content[at:]


def _swapped(content: bytes, chance: Random) -> bytes:
    """Put something else where a word, a number, a string or a sign stood."""
    tokens = _TOKEN.findall(content)
    at = chance.randrange(len(tokens))
    tokens[at] = chance.choice((*ODD, chance.choice(tokens)))
    return b"".join(tokens)


def _swapped_whole(content: bytes, chance: Random) -> bytes:
    """Put something else where a whole object or array stood."""
    tokens = _TOKEN.findall(content)
    begins = [at for at, token in enumerate(tokens) if token in _CLOSED]
    if not begins:
        return _swapped(content, chance)
    at = end = chance.choice(begins)
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end] in _CLOSED) - (tokens[end] in _CLOSED.values())
        if not depth:
            break
    return b"".join([*tokens[:at], chance.choice(ODD), *tokens[end + 1 :]])


def _in_utf16(content: bytes, _: Random) -> bytes:
    return codecs.BOM_UTF16_LE + content.decode("utf-8", "replace").encode("utf-16-le")


def marked(content: bytes, _: Random | None = None) -> bytes:
    """Return text with a byte order mark before it."""
    return codecs.BOM_UTF8 + content


def packed(content: bytes, _: Random | None = None) -> bytes:
    """Return an export as gzip packs it."""
    return gzip.compress(content, mtime=0)


def _packed_and_cut(content: bytes, chance: Random) -> bytes:
    return _cut(packed(content), chance)


_FAULTS = (
    *(_swapped, _swapped_whole) * 4,
    *(_flipped, _without_some, _with_more, _repeated) * 2,
    *(_cut, _in_utf16, marked, packed, _packed_and_cut),
)
"""All kinds of faults, the likelier ones more often."""
