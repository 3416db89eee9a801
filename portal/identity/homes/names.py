"""How installations name each other: by their origin alone, from which every address follows (docs/protocol.md P32).

So nobody registers anything anywhere: an installation is a client of every other one under the address of its own
document, and is sent its answers at one address under the same origin.
"""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.fetching import checked_url

RECORD_NAME: Final = "_chancery"
RECORD_PREFIX: Final = "chancery-home="
"""What the TXT record of ``_chancery.<mail domain>`` begins with; the installation's origin follows."""
SCOPE: Final = "home"
"""What an installation asks for to learn who somebody is."""
DOCUMENT: Final = "/.well-known/chancery"
CALLBACK: Final = "/signin/at-home/callback/"
MOST_CLIENT_ID: Final = 100
"""Characters of a client's id that the account suite's table holds."""


def client_id() -> str:
    """Return the name of this installation as a client of others."""
    return f"{settings.CHANCERY_BASE_URL}{DOCUMENT}"


def callback() -> str:
    """Return where others send browsers back to."""
    return f"{settings.CHANCERY_BASE_URL}{CALLBACK}"


def record_text() -> str:
    """Return the text by which a mail domain names this installation as the home of its people."""
    return f"{RECORD_PREFIX}{settings.CHANCERY_BASE_URL}"


def installation_of(client: str) -> str:
    """Return the origin of the installation that a client id names, "" for any other client."""
    if not client.endswith(DOCUMENT) or len(client) > MOST_CLIENT_ID:
        return ""
    return origin_or_none(client.removesuffix(DOCUMENT))


def origin_or_none(text: str) -> str:
    """Return the text where it is an origin in its one spelling, and not our own; "" otherwise."""
    try:
        parts = urlsplit(checked_url(text))
        port = parts.port
    except (ProviderFailed, ValueError):
        return ""
    host = (parts.hostname or "").rstrip(".")
    usual = {"http": 80, "https": 443}[parts.scheme]
    netloc = host if port in {None, usual} else f"{host}:{port}"
    return text if text == f"{parts.scheme}://{netloc}" and text != settings.CHANCERY_BASE_URL else ""


def host_of(installation: str) -> str:
    """Return the host of an origin, with its port, as people read it."""
    return installation.partition("://")[2]
