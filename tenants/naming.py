"""Names that only the service gives: short names of organizations, public mail domains.

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
    "is_public_mail_domain",
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


def is_public_mail_domain(domain: str) -> bool:
    """Tell whether anybody can have an address there, so that nobody may prove or be granted the whole domain."""
    return domain in PUBLIC_MAIL_DOMAINS
