"""Every domain-separation label of the protocol, once.

Each hash, each ``info`` and each piece of associated data starts with one of these labels, so that bytes made for one
purpose never verify or open for another.  A label ends in a zero byte, which cannot occur inside a name: no label is
the beginning of another one.  A label is never given a second meaning; a changed meaning is a new label.
"""

from typing import Final


def _label(name: str) -> bytes:
    """``L(name)`` of the specification: the ASCII name under ``chancery/v1/`` and a terminating zero byte."""
    return b"chancery/v1/" + name.encode("ascii") + b"\0"


# Hashes.
KEY_ID: Final = _label("key-id")
"""Key id: the hash of a raw public key."""
DIGEST: Final = _label("digest")
"""Digest of a signed object: the hash of its JWS signing input, never of its signature."""
CONTENT_ID: Final = _label("content-id")
"""Content id: the hash of organization, signer and nonce, so that only the signer can make it."""
FEED_PAIR: Final = _label("feed-pair")
"""Feed id of one person on one document, from the feed ids of both."""
FEED_IDENTITY: Final = _label("feed-identity")
"""Feed id of a person, template, tenant key or organization, keyed by the organization's feed secret."""
CARRIED_TAG: Final = _label("carried-tag")
"""Tag of a license in a licenses file, by which its device finds it and nobody else."""

# ``info`` of HPKE: what a sealed blob is bound to.
PL_ENVELOPE: Final = _label("pl-envelope")
UL_KEY: Final = _label("ul-key")
UL_BATCH: Final = _label("ul-batch")
CARRIED_LICENSE: Final = _label("carried-license")
EDITION: Final = _label("edition")
WRAPPING_KEY: Final = _label("wrapping-key")
RENDERING_PART: Final = _label("rendering-part")
RENDERING_PAGE: Final = _label("rendering-page")

# Associated data of AES-256-GCM: what a key at rest is bound to.
CONTENT_KEY: Final = _label("content-key")
TENANT_KEY: Final = _label("tenant-key")
ISSUING_KEY: Final = _label("issuing-key")
LOG_KEY: Final = _label("log-key")
ORGANIZATION_KEY: Final = _label("organization-key")
ISSUER_KEY: Final = _label("issuer-key")
BROWSER_SESSION: Final = _label("browser-session")
SECOND_FACTOR: Final = _label("second-factor")
SIGN_ON: Final = _label("sign-on")
DIRECTORY_SERVER: Final = _label("directory-server")
CACHE: Final = _label("cache")
NOTIFICATION: Final = _label("notification")

# Contexts of Cobblestone-256: which message of a sealed file this is.
META: Final = _label("meta")
BODY: Final = _label("body")

ALL: Final = (
    KEY_ID,
    DIGEST,
    CONTENT_ID,
    FEED_PAIR,
    FEED_IDENTITY,
    CARRIED_TAG,
    PL_ENVELOPE,
    UL_KEY,
    UL_BATCH,
    CARRIED_LICENSE,
    EDITION,
    WRAPPING_KEY,
    RENDERING_PART,
    RENDERING_PAGE,
    CONTENT_KEY,
    TENANT_KEY,
    ISSUING_KEY,
    LOG_KEY,
    ORGANIZATION_KEY,
    ISSUER_KEY,
    BROWSER_SESSION,
    SECOND_FACTOR,
    SIGN_ON,
    DIRECTORY_SERVER,
    CACHE,
    NOTIFICATION,
    META,
    BODY,
)
