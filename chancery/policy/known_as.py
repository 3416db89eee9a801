"""By which of their addresses a document knows somebody from elsewhere: it shows no other one.

See docs/protocol.md P20.
"""

from collections.abc import Collection

from chancery.names import domain_of
from chancery.policy.policy import Policy, Principal, PrincipalKind


def known_as(policy: Policy, addresses: Collection[str], *, otherwise: str, also: Collection[str] = ()) -> str:
    """Return the address by which a policy means somebody, ``otherwise`` where it means none of them.

    Of several it is ``otherwise`` if that is one of them, else the first.  ``also`` are addresses that the document
    names beside its policy.
    """
    named = {*policy.index, *policy.deny, *(Principal(PrincipalKind.ADDRESS, one) for one in also)}
    by_address = {one for one in addresses if Principal(PrincipalKind.ADDRESS, one) in named}
    by_domain = {one for one in addresses if Principal(PrincipalKind.DOMAIN, domain_of(one)) in named}
    meant = by_address or by_domain or {otherwise}
    return otherwise if otherwise in meant else min(meant)
