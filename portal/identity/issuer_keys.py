"""The issuer's signing key: made at first use, kept in the database sealed under the root key.

So a second web process signs with the same key, and nobody has to configure one.
"""

from allauth.idp.oidc.models import PrivateKey
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.db import connection, transaction

from chancery.crypto import aead, labels
from tenants.directory.models import IssuerKey

_LOCK = 0x6368616E  # any number of our own, for the advisory lock of the first use
_opened: dict[str, str] = {}


def private_keys() -> list[PrivateKey]:
    """Return all signing keys, opened, making the first one when there is none."""
    rows = list(IssuerKey.objects.order_by("created_at"))
    if not rows:
        rows = [_first_key()]
    return [PrivateKey(pem=_open(row), issued_at=row.created_at) for row in rows]


@transaction.atomic
def _first_key() -> IssuerKey:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    existing = IssuerKey.objects.order_by("created_at").first()
    if existing is not None:
        return existing
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return IssuerKey.objects.create(sealed=aead.wrap(settings.CHANCERY_ROOT_KEY, pem, labels.ISSUER_KEY))


def _open(row: IssuerKey) -> str:
    name = str(row.id)
    if name not in _opened:
        _opened[name] = aead.unwrap(settings.CHANCERY_ROOT_KEY, bytes(row.sealed), labels.ISSUER_KEY).decode()
    return _opened[name]
