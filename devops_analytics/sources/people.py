"""People at the door: names, logins and addresses become pseudonyms, programs are told apart."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import polars as pl

_ADDRESS: Final = re.compile(r"<([^<>]*)>\s*$")
_LENGTH: Final = 16
ANY_ADDRESS: Final = r"[^\s<>\"',;:()\[\]{}]+@[^\s<>\"',;:()\[\]{}]+"
"""What looks like an e-mail address in free text; a little too much rather than too little."""


def pseudonyms(identities: pl.Series, salt: str) -> pl.Series:
    """Return a pseudonym for each identity; null and empty stay null.

    An identity is a login, a name, an address, or `name <address>`, of which only the address
    counts. Case and white space don't count. With the salt a pseudonym can be recomputed from a
    guessed identity, so the salt is to be kept secret, and an empty one protects nobody.
    """
    known = identities.drop_nulls().unique()
    made = {identity: _pseudonym(identity, salt) for identity in known}
    return identities.replace_strict(made, default=None, return_dtype=pl.String)


def _pseudonym(identity: str, salt: str) -> str | None:
    address = _ADDRESS.search(identity)
    chosen = (address[1] if address and address[1].strip() else identity).strip().lower()
    if not chosen:
        return None
    digest = hashlib.blake2b(chosen.encode(), key=salt.encode()[:64], digest_size=_LENGTH // 2)
    return f"p-{digest.hexdigest()}"


def are_bots(identities: pl.Series, patterns: Sequence[str]) -> pl.Series:
    """Return whether each identity matches a bot pattern (any case); null where there is none."""
    searched = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    known = identities.drop_nulls().unique()
    judged = {identity: any(one.search(identity) for one in searched) for identity in known}
    return identities.replace_strict(judged, default=None, return_dtype=pl.Boolean)


def without_addresses(text: pl.Expr) -> pl.Expr:
    """Return text in which every address is replaced by a sign."""
    return text.str.replace_all(ANY_ADDRESS, "(address)")
