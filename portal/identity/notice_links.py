"""The link by which a person ends mail about openings without signing in (RFC 8058).

It names the person and the organization and is signed; it can do nothing else, so it does not end.
"""

from uuid import UUID

from django.core import signing

_SALT = "chancery.notices.stop"


def stop_token(organization: UUID, person: UUID) -> str:
    """Return the token that is in a mail's link."""
    return signing.dumps([str(organization), str(person)], salt=_SALT)


def read_stop_token(token: str, organization: UUID) -> UUID | None:
    """Return whose mail a token ends at an organization, None for one that was not made for it."""
    try:
        where, person = signing.loads(token, salt=_SALT)
        return UUID(person) if UUID(where) == organization else None
    except (signing.BadSignature, ValueError, TypeError):
        return None
