"""Public mail domains: anybody can have an address there, so no organization speaks for them."""

import functools
from importlib import resources

from django.conf import settings


@functools.cache
def _listed() -> frozenset[str]:
    text = resources.files("tenants").joinpath("public_mail_domains.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def is_public_mail_domain(domain: str) -> bool:
    """Tell whether anybody can have an address there, by the list or by what the operator added to it.

    Nobody may prove such a domain, and nothing is shared between its people.  ``domain`` is in its normal form.
    """
    return domain in _listed() or domain in settings.CHANCERY_PUBLIC_MAIL_DOMAINS
