"""``seal`` and ``unseal``: the only way anything is wrapped to a tenant key or a device key.

The construction is single-shot HPKE (RFC 9180, base mode) of the reviewed library; a sealed blob is the encapsulated
key followed by the ciphertext.  Whatever the blob is bound to goes into ``info`` (see ``bindings.py``), therefore a
blob lifted into another object does not open.

For a private key inside a token, which can only agree on a secret, the receiving half of RFC 9180 is written out here:
some twenty-five lines, tested against the library's own sender.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.store import Agrees, KeyStore, OpensHpke
from chancery.crypto.suites import P256
from chancery.errors import CannotUnseal, InvalidObject
from chancery.texts import message

_KDF_HKDF_SHA256 = 0x0001
_AEAD_AES_256_GCM = 0x0002


def seal(public: EncryptionPublicKey, plaintext: bytes, info: bytes) -> bytes:
    """Seal to a public key, bound to ``info``."""
    return public.kem.hpke.encrypt(plaintext, public.library, info)


def unseal(store: KeyStore, kid: bytes, blob: bytes, info: bytes) -> bytes:
    """Open a sealed blob with the key ``kid`` of the store, or raise ``CannotUnseal``.

    Wrong key, wrong ``info`` and changed bytes read the same, because telling them apart helps only a forger.
    """
    public = store.encryption_key(kid)
    if len(blob) < public.kem.overhead:
        raise CannotUnseal(message("The sealed blob is too short."))
    try:
        if isinstance(store, OpensHpke):
            return store.hpke_open(kid, blob, info)
        if isinstance(store, Agrees) and public.kem is P256:
            encapsulated, ciphertext = blob[: P256.encapsulated_size], blob[P256.encapsulated_size :]
            agreed = store.agree(kid, EncryptionPublicKey(P256, encapsulated).raw)
            return open_agreed(public, agreed, encapsulated, ciphertext, info)
    except (InvalidTag, ValueError, InvalidObject):
        raise CannotUnseal(message("The sealed blob does not open.")) from None
    raise CannotUnseal(message("This key store cannot open blobs sealed to a {name} key.", name=public.kem.name))


def open_agreed(
    public: EncryptionPublicKey, agreed: bytes, encapsulated: bytes, ciphertext: bytes, info: bytes
) -> bytes:
    """Finish opening from a Diffie-Hellman secret: DHKEM's extract-and-expand, then the key schedule of RFC 9180."""
    kem_suite = b"KEM" + public.kem.kem_id.to_bytes(2, "big")
    prk = _labeled_extract(kem_suite, b"", b"eae_prk", agreed)
    shared = _labeled_expand(kem_suite, prk, b"shared_secret", encapsulated + public.raw, 32)
    return open_shared(public.kem.kem_id, shared, ciphertext, info)


def open_shared(kem_id: int, shared: bytes, ciphertext: bytes, info: bytes) -> bytes:
    """Open the ciphertext from the KEM's shared secret: the key schedule of base mode, first message."""
    suite = b"HPKE" + b"".join(value.to_bytes(2, "big") for value in (kem_id, _KDF_HKDF_SHA256, _AEAD_AES_256_GCM))
    psk_hash = _labeled_extract(suite, b"", b"psk_id_hash", b"")
    context = b"\x00" + psk_hash + _labeled_extract(suite, b"", b"info_hash", info)
    secret = _labeled_extract(suite, shared, b"secret", b"")
    key = _labeled_expand(suite, secret, b"key", context, 32)
    nonce = _labeled_expand(suite, secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def _labeled_extract(suite: bytes, salt: bytes, label: bytes, key_material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key_material, hashlib.sha256)


def _labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, labeled).derive(prk)
