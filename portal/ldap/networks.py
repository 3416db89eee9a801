"""Which servers may be asked: only those in networks that the operator has named.

Directory servers are inside, where nobody from outside comes.  A service that connects to what an organization's
administrator names must not become their way in.  So the name is resolved once, every address that it has must lie in
an allowed network, and the connection goes to that very address: a name that is resolved twice may lead elsewhere.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from chancery.texts import message
from portal.ldap.errors import NOT_ALLOWED, UNREACHABLE, ServerFailed

Network = IPv4Network | IPv6Network


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks that a list separated by commas or spaces names.  Raises ValueError."""
    return tuple(ip_network(part) for part in text.replace(",", " ").split())


def address_of(host: str, port: int, allowed: Sequence[Network]) -> str:
    """Return the address to connect to, if all that the name has are allowed.  Raises ServerFailed."""
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise ServerFailed(UNREACHABLE, message("The name {host} is not known.", host=host))
    if not all(_is_in(one, allowed) for one in found):
        raise ServerFailed(
            NOT_ALLOWED,
            message("{host} is in no network that this installation may ask.", host=host),
            remedy=message("Ask your operator to add its network to CHANCERY_LDAP_NETWORKS."),
        )
    return found[0]


def _is_in(address: str, allowed: Sequence[Network]) -> bool:
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    plain = parsed if mapped is None else mapped
    return any(plain.version == network.version and plain in network for network in allowed)
