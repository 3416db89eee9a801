"""What a directory server's answers mean, in words: result codes (RFC 4511, appendix A) and certificates."""

import ssl
from collections.abc import Mapping
from typing import Final

from sansldap import LDAPResult, LDAPResultCode

from chancery.texts import message
from portal.ldap.errors import CERTIFICATE, CREDENTIALS, REFUSED, ServerFailed

_MOST_SAID: Final = 200
_REFUSALS: Final[Mapping[int, str]] = {
    LDAPResultCode.NO_SUCH_OBJECT: message("{what} is not there, or the bind account may not see it."),
    LDAPResultCode.INVALID_DN_SYNTAX: message("{what} is no distinguished name."),
    LDAPResultCode.INSUFFICIENT_ACCESS_RIGHTS: message("The bind account may not read {what}."),
    LDAPResultCode.SIZE_LIMIT_EXCEEDED: message("The server gives the bind account only a part of {what}."),
    LDAPResultCode.ADMIN_LIMIT_EXCEEDED: message("The server gives the bind account only a part of {what}."),
    LDAPResultCode.TIME_LIMIT_EXCEEDED: message("The server took too long to search {what}."),
    LDAPResultCode.UNAVAILABLE_CRITICAL_EXTENSION: message("The server cannot answer page by page (RFC 2696)."),
    LDAPResultCode.REFERRAL: message("The server refers to another one for {what}. Referrals are not followed."),
    LDAPResultCode.BUSY: message("The server is busy."),
    LDAPResultCode.UNAVAILABLE: message("The server is not available."),
}
_WRONG: Final = frozenset(
    {
        LDAPResultCode.INVALID_CREDENTIALS,
        LDAPResultCode.INAPPROPRIATE_AUTHENTICATION,
        LDAPResultCode.INVALID_DN_SYNTAX,
        LDAPResultCode.NO_SUCH_OBJECT,
    }
)


def bind_refused(result: LDAPResult) -> ServerFailed:
    """Return why an account was not let in.  A server never says whether it was the name or the password."""
    if result.result_code in _WRONG:
        return ServerFailed(
            CREDENTIALS,
            message("The server refuses the bind account or its password."),
            remedy=message("Type name and password again, and look whether the account is locked or expired."),
        )
    return ServerFailed(REFUSED, message("The server refuses the bind: {said}.", said=_said(result)))


def refused(result: LDAPResult, what: str) -> ServerFailed:
    """Return why something was not read."""
    text = _REFUSALS.get(result.result_code)
    if text is None:
        return ServerFailed(
            REFUSED, message("The server refuses to read {what}: {said}.", what=what, said=_said(result))
        )
    return ServerFailed(REFUSED, message(text, what=what))


def not_trusted(host: str, error: ssl.SSLError) -> ServerFailed:
    """Return why no encrypted connection came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerFailed(
            CERTIFICATE,
            message("The certificate of {host} is not trusted: {reason}.", host=host, reason=error.verify_message),
            remedy=message(
                "Give the certificate of the authority that has signed it, or let the server have a new one."
            ),
        )
    return ServerFailed(
        CERTIFICATE,
        message("{host} offers no encrypted connection that is secure enough.", host=host),
        remedy=message("Check the port: 636 is for ldaps, 389 for StartTLS."),
    )


def _said(result: LDAPResult) -> str:
    """Return the code's name and what the server adds, without control characters and within bounds."""
    added = "".join(letter for letter in result.diagnostics_message if letter.isprintable())[:_MOST_SAID]
    name = result.result_code.name.replace("_", " ").lower()
    return f"{name} ({added})" if added else name
