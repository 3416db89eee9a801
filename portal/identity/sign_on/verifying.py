"""When a signed token of a provider is believed: by a key of its own, in a way it uses, and for us alone."""

from collections.abc import Callable, Mapping
from typing import Any

import jwt

from chancery.texts import message
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.pending import AGAIN, SKEW


def verified(
    token: str,
    *,
    issuer: str,
    audience: str,
    algorithms: list[str],
    keys: Mapping[str, Any],
    reread: Callable[[], Mapping[str, Any]],
    required: tuple[str, ...] = ("exp", "iat", "sub"),
) -> dict[str, Any]:
    """Return a token's claims; ``reread`` returns the provider's keys anew, where it names one that is not known.

    Raises AnswerRefused.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in algorithms:
            raise AnswerRefused(message("The provider's token is signed in a way that is not believed."))
        key = _named(keys, header, algorithm) or _named(reread(), header, algorithm)
        if key is None:
            raise AnswerRefused(message("The provider's token is signed by a key that it does not name."), remedy=AGAIN)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=SKEW,
            options={"require": ["iss", "aud", *required]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise AnswerRefused(message("The provider's token is not valid."), remedy=AGAIN) from error
    if claims["aud"] not in (audience, [audience]):
        raise AnswerRefused(message("The provider's token is for others as well."))
    return claims


def _named(keys: Mapping[str, Any], header: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    family = {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}[algorithm[0]]
    rows = [
        one
        for one in keys.get("keys", [])
        if one.get("kty") == family
        and one.get("alg", algorithm) == algorithm
        and ("kid" not in header or one.get("kid") == header["kid"])
    ]
    # Without a name for the key there must be no choice.
    return jwt.PyJWK(dict(rows[0]), algorithm=algorithm) if len(rows) == 1 else None
