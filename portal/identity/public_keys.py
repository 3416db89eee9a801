"""Public keys that administrators paste for an application, as JWK, JWK set or PEM; a private one is refused."""

import json
from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.identity.sign_on.discovery import read_keys

ALGORITHMS: Final = ("ES256", "EdDSA", "PS256", "RS256")
"""Signatures of applications that are believed."""
MOST_TEXT: Final = 40_000
_MOST_KEYS: Final = 20
_SMALLEST_RSA: Final = 2048
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MEMBERS: Final = ("kty", "n", "e", "crv", "x", "y", "kid", "alg", "use")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class KeyRefused(ChanceryError):
    """The text is no public key that an application can sign in with; the remedy says which one is."""

    code = "key_refused"


def keys_in(text: str) -> dict[str, Any]:
    """Return the public keys in a text as a set of JWK.  Raises KeyRefused."""
    plain = text.strip()
    if len(plain) > MOST_TEXT:
        raise KeyRefused(message("The text is too long to be a key."), remedy=_REMEDY)
    if "PRIVATE KEY" in plain:
        raise _private()
    rows = [_of_pem(plain)] if plain.startswith("-----BEGIN") else _rows(plain)
    if not 0 < len(rows) <= _MOST_KEYS:
        raise KeyRefused(message("The text names no key, or too many."), remedy=_REMEDY)
    for one in rows:
        if not isinstance(one, dict):
            raise KeyRefused(message("The text is not a public key."), remedy=_REMEDY)
        if not _PRIVATE.isdisjoint(one):
            raise _private()
        if not usable_algorithms(one):
            raise KeyRefused(message("Applications cannot sign in with a key of this kind."), remedy=_REMEDY)
    return {"keys": [{name: one[name] for name in _MEMBERS if name in one} for one in rows]}


def keys_at(url: str) -> dict[str, Any]:
    """Read the public keys at an address; those that cannot be used are left out.  Raises what ``read_keys`` raises."""
    rows = read_keys(url)["keys"][:_MOST_KEYS]
    kept = [{name: one[name] for name in _MEMBERS if name in one} for one in rows if usable_algorithms(one)]
    if not kept:
        raise KeyRefused(message("{url} names no key that applications can sign in with.", url=url), remedy=_REMEDY)
    return {"keys": kept}


def usable_algorithms(key: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the signatures that a public key can check here; none where it is too weak or of another kind."""
    kind = key.get("kty")
    fits: tuple[str, ...] = {"RSA": ("PS256", "RS256"), "EC": ("ES256",), "OKP": ("EdDSA",)}.get(str(kind), ())
    named = key.get("alg")
    fits = tuple(one for one in fits if named in (None, one))
    if not fits or key.get("use", "sig") != "sig":
        return ()
    try:
        loaded = jwt.PyJWK(dict(key), algorithm=fits[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return ()
    return fits if _is_strong(loaded) else ()


def _is_strong(loaded: object) -> bool:
    if isinstance(loaded, rsa.RSAPublicKey):
        return loaded.key_size >= _SMALLEST_RSA
    if isinstance(loaded, ec.EllipticCurvePublicKey):
        return isinstance(loaded.curve, ec.SECP256R1)
    return isinstance(loaded, ed25519.Ed25519PublicKey)


def _rows(plain: str) -> list[Any]:
    try:
        found = json.loads(plain)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise KeyRefused(message("The text is not a public key."), remedy=_REMEDY)
    rows = found.get("keys", [found])
    return rows if isinstance(rows, list) else []


def _of_pem(plain: str) -> dict[str, Any]:
    try:
        loaded = load_pem_public_key(plain.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefused(message("The text is not a public key."), remedy=_REMEDY) from error
    if isinstance(loaded, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(loaded, as_dict=True)
    if isinstance(loaded, ec.EllipticCurvePublicKey):
        return ECAlgorithm.to_jwk(loaded, as_dict=True)
    if isinstance(loaded, ed25519.Ed25519PublicKey):
        return OKPAlgorithm.to_jwk(loaded, as_dict=True)
    raise KeyRefused(message("Applications cannot sign in with a key of this kind."), remedy=_REMEDY)


def _private() -> KeyRefused:
    return KeyRefused(
        message("This is a private key, which only the application may know."),
        remedy=message("Make a new pair of keys, since others may have seen this one, and give the public key."),
    )


_REMEDY: Final = message(
    "Give a public key as PEM, JWK or JWK set: P-256, Ed25519, or RSA of at least 2048 bits, for signatures by ES256,"
    " EdDSA, PS256 or RS256."
)
