"""Assertions that a provider encrypted to a key of the connection (XML Encryption 1.1).

AES in GCM tells by itself whether something was changed on the way.  CBC does not: whoever may send changed messages
and see whether they can be read, reads them in the end.  So CBC is taken only inside an answer that the provider signed
as a whole, and whatever fails here fails with one and the same sentence.
"""

from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from chancery.texts import message
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.saml.xml import Element, children, decoded, document, name, only, text_of

_GCM: Final = {
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": 16,
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": 32,
}
_CBC: Final = {
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc": 16,
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc": 32,
}
_OAEP: Final = {
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
}
_DIGESTS: Final = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1(),  # noqa: S303 -- the default of OAEP, where it is no signature
    "http://www.w3.org/2001/04/xmlenc#sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512(),
}
_MASKS: Final = {
    "http://www.w3.org/2009/xmlenc11#mgf1sha1": hashes.SHA1(),  # noqa: S303 -- as above
    "http://www.w3.org/2009/xmlenc11#mgf1sha256": hashes.SHA256(),
    "http://www.w3.org/2009/xmlenc11#mgf1sha512": hashes.SHA512(),
}
_MGF: Final = "{http://www.w3.org/2009/xmlenc11#}MGF"


def decrypted(element: Element, keys: Iterable[rsa.RSAPrivateKey], *, whole_is_signed: bool) -> Element:
    """Return the element inside an ``EncryptedAssertion``.  Raises AnswerRefused."""
    data = only(element, "xenc", "EncryptedData")
    method = str(only(data, "xenc", "EncryptionMethod").get("Algorithm"))
    if method in _CBC and not whole_is_signed:
        raise AnswerRefused(
            message("The provider encrypts in a way that anybody on the way can change."),
            remedy=message("Ask your administrator to let it sign the answer as well, or encrypt by AES in GCM."),
        )
    if method not in _CBC | _GCM:
        raise AnswerRefused(
            message("The provider encrypts in a way that is not read here."),
            remedy=message("Ask your administrator to let it encrypt by AES in GCM, with RSA-OAEP."),
        )
    wrapped = [*data.iter(name("xenc", "EncryptedKey")), *children(element, "xenc", "EncryptedKey")]
    sent = decoded(_value(data))
    for one in wrapped[:4]:
        for key in keys:
            try:
                return document(_opened(method, _key(one, key, (_CBC | _GCM)[method]), sent))
            except (ValueError, LookupError, InvalidTag, AnswerRefused):
                continue
    raise AnswerRefused(
        message("The provider's assertion cannot be decrypted."),
        remedy=message("Ask your administrator to give the provider the metadata of this connection anew."),
    )


def _key(element: Element, key: rsa.RSAPrivateKey, length: int) -> bytes:
    method = only(element, "xenc", "EncryptionMethod")
    if method.get("Algorithm") not in _OAEP:
        raise ValueError("only OAEP")
    digest, mask = children(method, "ds", "DigestMethod"), list(method.iterchildren(_MGF))
    by = _DIGESTS[digest[0].get("Algorithm")] if digest else hashes.SHA1()  # noqa: S303 -- the default of the standard
    over = _MASKS[mask[0].get("Algorithm")] if mask else hashes.SHA1()  # noqa: S303 -- as above
    opened = key.decrypt(decoded(_value(element)), padding.OAEP(padding.MGF1(over), by, None))
    if len(opened) != length:
        raise ValueError("another length")
    return opened


def _opened(method: str, key: bytes, sent: bytes) -> bytes:
    if method in _GCM:
        return AESGCM(key).decrypt(sent[:12], sent[12:], None)
    if len(sent) < 32 or len(sent) % 16:
        raise ValueError("no whole blocks")
    reader = Cipher(AES(key), CBC(sent[:16])).decryptor()
    opened = reader.update(sent[16:]) + reader.finalize()
    # Only the last byte of the padding says how long it is (XML Encryption 1.1, 5.2.1).
    if not 1 <= opened[-1] <= 16:
        raise ValueError("no padding")
    return opened[: -opened[-1]]


def _value(element: Element) -> str:
    return "".join(text_of(only(only(element, "xenc", "CipherData"), "xenc", "CipherValue")).split())
