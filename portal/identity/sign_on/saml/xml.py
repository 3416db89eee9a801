"""XML that others wrote: read within bounds, without document types, entities or anything that is fetched.

Answers are read more strictly than metadata: a comment or an instruction inside splits what a reader takes for one
text, so an address that was signed could be read as another one.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as guarded
from lxml import etree

from chancery.texts import message
from portal.identity.sign_on.errors import AnswerRefused

Element = Any
"""An element of lxml, which carries no types."""
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
PREFIXES: Final[Mapping[str, str]] = {
    "samlp": PROTOCOL,
    "saml": ASSERTION,
    "md": METADATA,
    "ds": SIGNATURE,
    "xenc": ENCRYPTION,
}
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
MOST_BYTES: Final = 256 * 1024
"""How long a message of a provider may be; answers with hundreds of groups have a tenth of it."""


def name(prefix: str, local: str) -> str:
    """Return the full name of an element."""
    return f"{{{PREFIXES[prefix]}}}{local}"


def document(raw: bytes, *, strict: bool = True) -> Element:
    """Return the root of a document.  Raises AnswerRefused.

    A reader that knows nothing but refusing goes first, so that no document type is ever seen by the one that is used.
    """
    try:
        guarded(raw, forbid_dtd=True)
        root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (DefusedXmlException, ParseError, etree.XMLSyntaxError, ValueError) as error:
        raise AnswerRefused(message("The provider's message is not XML that is read here.")) from error
    around = (root.getprevious() is not None) or (root.getnext() is not None)
    if strict and (around or not all(isinstance(one.tag, str) for one in root.iter())):
        raise AnswerRefused(message("The provider's message holds comments, by which names can be forged."))
    return root


def decoded(text: str) -> bytes:
    """Return the bytes of a message in base64.  Raises AnswerRefused for what is none, or too long."""
    plain = "".join(text.split())
    try:
        raw = base64.b64decode(plain, validate=True) if len(plain) <= MOST_BYTES * 4 // 3 + 4 else b""
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or len(raw) > MOST_BYTES:
        raise AnswerRefused(message("The provider's message is missing, damaged or too long."))
    return raw


def children(element: Element, prefix: str, local: str) -> list[Element]:
    """Return the direct children of this name."""
    return list(element.iterchildren(name(prefix, local)))


def only(element: Element, prefix: str, local: str) -> Element:
    """Return the one child of this name.  Raises AnswerRefused when there is none, or several."""
    found = children(element, prefix, local)
    if len(found) != 1:
        raise AnswerRefused(message("The provider's message needs exactly one {name}.", name=local))
    return found[0]


def text_of(element: Element) -> str:
    """Return what an element says, if it holds nothing but text."""
    return "" if len(element) else str(element.text or "").strip()


def moment(text: str | None) -> int | None:
    """Return a moment in seconds since 1970, None where there is none.  Raises AnswerRefused for what is no moment."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise AnswerRefused(message("The provider's message names a moment that is none.")) from error


def written(seconds: int) -> str:
    """Return a moment as SAML writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(prefix: str, local: str, /, *inside: Element | str, **attributes: str) -> Element:
    """Return a new element with texts and elements inside."""
    element = etree.Element(name(prefix, local), nsmap={one: PREFIXES[one] for one in (prefix,)}, **attributes)
    for one in inside:
        if isinstance(one, str):
            element.text = one
        else:
            element.append(one)
    return element


def bytes_of(element: Element) -> bytes:
    """Return an element as a document of its own, with the names that hold around it."""
    found: bytes = etree.tostring(element, with_tail=False)
    return found
