"""What the DNS said of a mail domain, in sentences that say what to do."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tenants.directory.domain_checks import LookupResult


def check_in_words(result: str, domain: str, *, resolver: str = "", seen: Sequence[str] = ()) -> str:
    """Return the sentence of a lookup's result; "" where nobody has asked yet."""
    sentences = {
        LookupResult.FOUND: _("The record is there."),
        LookupResult.OTHER: _(
            "{domain} has TXT records, but none is this text. It may be mistyped, or not in effect everywhere yet."
        ),
        LookupResult.EMPTY: _("{domain} has no TXT record. Add it; that can take an hour to be seen everywhere."),
        LookupResult.NO_DOMAIN: _(
            "The DNS does not know {domain} (NXDOMAIN). Check the spelling, and whether the domain is registered."
        ),
        LookupResult.ALIAS: _(
            "{domain} is an alias (CNAME) of another name. The record has to be at the domain itself."
        ),
        LookupResult.FAILED: _(
            "The DNS could not answer for {domain} (SERVFAIL or refused). Try again soon; if it stays so, check its"
            " name servers and DNSSEC."
        ),
        LookupResult.TIMEOUT: _("The DNS did not answer in time. Try again soon."),
    }
    if result not in sentences:
        return ""
    said = sentences[LookupResult(result)].format(domain=domain)
    held = _("Found instead: {texts}.").format(texts=", ".join(f"“{one}”" for one in seen)) if seen else ""
    asked = _("Answer of {resolver}.").format(resolver=resolver) if resolver and result != LookupResult.FOUND else ""
    return " ".join(part for part in (said, held, asked) if part)
