"""Names: of schemas, of organizations on the web, of hosts, of mail domains and of mail addresses.

Pure functions without Django.  Two spellings of one thing must never be two things here: who proved an address, and
which organization a host belongs to, are decided by comparing the normal forms that this module makes (PROTOCOL P12).
"""

import base64
import functools
import re
import secrets
import unicodedata
from collections.abc import Callable

import idna

SCHEMA_NAME = re.compile(r"org_[a-z2-7]{16}")
SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){1,38}[a-z0-9]")
ADDRESS_LIMIT = 254

RESERVED_SLUGS = frozenset(
    {
        "about", "accounts", "admin", "administrator", "api", "app", "audit", "auth", "autoconfig", "autodiscover",
        "billing", "blog", "cdn", "chancery", "console", "contact", "dev", "discovery", "dns", "docs", "download",
        "ftp", "help", "id", "identity", "imap", "internal", "issuer", "ldap", "legal", "local", "localhost", "login",
        "mail", "mx", "news", "ns", "ns1", "ns2", "oauth", "operator", "organizations", "outbox", "pop", "postmaster",
        "public", "root", "secure", "security", "signin", "signup", "smtp", "sso", "staging", "static", "status",
        "support", "system", "test", "webmail", "wpad", "www",
    }
)  # fmt: skip

PUBLIC_MAIL_DOMAINS = frozenset(
    {
        "126.com", "163.com", "aol.com", "duck.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.ch",
        "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de",
        "hotmail.fr", "icloud.com", "laposte.net", "libero.it", "live.com", "live.de", "mac.com", "mail.com",
        "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com",
        "outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com", "seznam.cz",
        "t-online.de", "tutanota.com", "tuta.com", "web.de", "wp.pl", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com",
        "yahoo.de", "yahoo.fr", "yandex.ru", "ymail.com", "zoho.com",
    }
)  # fmt: skip


class NameRefused(ValueError):
    """The text is not a name of the wanted kind; the message is meant for the person who typed it.

    Nothing here knows his language: the error remembers its ``message`` and the ``values`` put into it, and the door
    that shows it says it anew (``portal.languages.reason_of``).  Messages are found by the name of this class.
    """

    def __init__(self, message: str, /, **values: str) -> None:
        super().__init__(message.format_map(values))
        self.message, self.values = message, values


def new_schema_name(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a fresh schema name.

    It is generated and never taken from what somebody typed: a schema name stands in SQL, and one that follows from the
    organization's name would have to change with it.
    """
    return "org_" + base64.b32encode(random_bytes(10)).decode("ascii").lower()


def is_schema_name(name: str) -> bool:
    """Tell whether the name has the form that ``new_schema_name`` gives."""
    return SCHEMA_NAME.fullmatch(name) is not None


def slug(text: str) -> str:
    """Return the slug that names an organization in its host, or refuse with the reason."""
    normal = text.strip().lower()
    if not SLUG.fullmatch(normal):
        raise NameRefused(
            "A short name has 3 to 40 letters a to z, digits and single hyphens, begins with a letter and does not"
            " end with a hyphen."
        )
    if normal in RESERVED_SLUGS:
        raise NameRefused("The short name {name} is reserved.", name=normal)
    return normal


@functools.lru_cache(maxsize=4_096)
def host(text: str) -> str:
    """Return the normal form of a host name: IDNA, lower case, without port and final dot.

    Asked several times for each request with the same text, and IDNA is slow; what is kept cannot change.
    """
    bare = text.strip().lower()
    name, colon, port = bare.rpartition(":")
    if colon and port.isdigit() and ":" not in name:
        bare = name
    bare = bare.removesuffix(".")
    return _labels(bare)


def mail_domain(text: str) -> str:
    """Return the normal form of the part after the @: IDNA, lower case, at least two labels."""
    normal = _labels(text.strip().removesuffix("."))
    if "." not in normal:
        raise NameRefused("{text} is not a mail domain.", text=text.strip())
    return normal


def is_public_mail_domain(domain: str) -> bool:
    """Tell whether anybody can have an address there, so that nobody may prove or be granted the whole domain."""
    return domain in PUBLIC_MAIL_DOMAINS


def address(text: str) -> str:
    """Return the normal form of a mail address.

    The domain becomes IDNA in lower case, the local part is case-folded in Unicode's composed form.  Dots and plus
    signs stay: only the domain's own server knows whether they matter, so folding them could join two people.
    """
    local, at, domain = text.strip().rpartition("@")
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())
    if not at or not folded or any(character.isspace() or not character.isprintable() for character in folded):
        raise NameRefused("{text!r} is not a mail address.", text=text.strip())
    if any(character in '"(),:;<>@[\\]' for character in folded) or folded[0] == "." or folded[-1] == ".":
        raise NameRefused("{text!r} is not a mail address that can be used here.", text=text.strip())
    normal = f"{folded}@{mail_domain(domain)}"
    if len(normal) > ADDRESS_LIMIT:
        raise NameRefused("A mail address has at most 254 characters.")
    return normal


def domain_of(normal_address: str) -> str:
    """Return the mail domain of an address that is already in its normal form."""
    return normal_address.rpartition("@")[2]


def _labels(text: str) -> str:
    try:
        encoded = idna.encode(text, uts46=True, std3_rules=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NameRefused("{text!r} is not a host or domain name.", text=text) from error
    if any(not label or "_" in label for label in encoded.split(".")):
        raise NameRefused("{text!r} is not a host or domain name.", text=text)
    return encoded
