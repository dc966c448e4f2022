"""People at the door: names, logins and addresses become pseudonyms, programs are told apart."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import polars as pl

PEOPLE: Final = ("author", "reviewer", "respondent")
"""The columns of the canonical tables that name a person."""
GUESSABLE: Final = (
    "people.salt is empty, so whoever knows a name can find its pseudonym; set a secret salt under "
    "[people]"
)
"""What is to be said where pseudonyms protect nobody."""
ANY_ADDRESS: Final = r"[^\s<>\"',;:()\[\]{}]+@[^\s<>\"',;:()\[\]{}]+"
"""What looks like an e-mail address in free text; a little too much rather than too little."""

_LENGTH: Final = 16
_SHORTEST_NAME: Final = 3


def pseudonyms(identities: pl.Series, salt: str) -> pl.Series:
    """Return a pseudonym for each identity; null and empty stay null.

    An identity is a login, a name, an address, or `name <address>`, of which only the address
    counts where there is one. Case and white space around it don't count. With the salt a
    pseudonym can be recomputed from a guessed identity, so the salt is to be kept secret, and an
    empty one protects nobody.
    """
    known = identities.drop_nulls().unique()
    made = {identity: _pseudonym(identity, salt) for identity in known}
    return identities.replace_strict(made, default=None, return_dtype=pl.String)


def _pseudonym(identity: str, salt: str) -> str | None:
    name, address = _parts(identity)
    chosen = (address or name).lower()
    if not chosen:
        return None
    digest = hashlib.blake2b(chosen.encode(), key=salt.encode()[:64], digest_size=_LENGTH // 2)
    return f"p-{digest.hexdigest()}"


def _parts(identity: str) -> tuple[str, str]:
    """Return name and address; either may be empty."""
    text = identity.strip()
    name, opened, address = text.removesuffix(">").rpartition("<")
    if not text.endswith(">") or not opened or ">" in address:
        return text, ""
    return name.strip(), address.strip()


def identity(name: str | None, address: str | None) -> str | None:
    """Return a name and an address as git writes them together; None where neither is given."""
    said, at = (name or "").strip(), (address or "").strip()
    return (f"{said} <{at}>" if at else said) or None


def are_bots(identities: pl.Series, patterns: Sequence[str]) -> pl.Series:
    """Return whether each identity matches a bot pattern (any case); null where there is none."""
    searched = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    known = identities.drop_nulls().unique()
    judged = {identity: any(one.search(identity) for one in searched) for identity in known}
    return identities.replace_strict(judged, default=None, return_dtype=pl.Boolean)


def without_addresses(text: pl.Expr) -> pl.Expr:
    """Return text in which every address is replaced by a sign."""
    return text.str.replace_all(ANY_ADDRESS, "(address)")


def without_identities(texts: pl.Series, identities: pl.Series) -> pl.Series:
    """Return each text without the names, logins and addresses of the identity beside it."""
    found = [
        text if text is None or identity is None else _without(text, identity)
        for text, identity in zip(texts, identities, strict=True)
    ]
    return pl.Series(texts.name, found, dtype=pl.String)


def _without(text: str, identity: str) -> str:
    for part in _parts(identity):
        # A name of a letter or two is found in every word, and tells nobody apart.
        if len(part) >= _SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "(person)", text, flags=re.IGNORECASE)
    return text
