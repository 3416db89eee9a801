"""Names that only the service gives: short names of organizations.

Pure functions without Django.  Addresses, mail domains and hosts have their normal form in ``chancery.names``, which
clients use as well; the directory finds them here beside its own.
"""

import re

from chancery.names import NameRefused, address, domain_of, free_text, host, mail_domain, one_line

__all__ = [
    "NameRefused",
    "address",
    "domain_of",
    "free_text",
    "host",
    "mail_domain",
    "one_line",
    "slug",
]

SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){1,38}[a-z0-9]")

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
