"""Templates as XML, under the names of the fields that Azure RMS documents (``docs/templates.md``).

The schema of the files that Azure RMS itself exports is not public; what is read and written here are its fields.  A
template that says more than they can (deny entries, grants that end, conditions, a lease, a viewer) is not written,
since a person who read the file would be given more than the template gives.
"""

import locale
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from xml.etree.ElementTree import (  # builds and holds; reading is defusedxml's
    Element,
    ParseError,
    SubElement,
    TreeBuilder,
    indent,
    tostring,
)

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.policy.rights import in_order, parse_rights
from chancery.texts import message
from protection.models import ExpiryOption, TemplateStatus
from protection.selectors.templates import Expiry, Template
from protection.services.template_exchange.document import Document, Here, InvalidImport, WrittenTemplate

ALL_STAFF: Final = "allstaff-7184ab3f-ccd1-46f3-8233-3e09e9cf0e66"
"""The local part under which Azure RMS writes "everybody of the organization with this domain"."""

_OPTIONS: Final = {
    ExpiryOption.NEVER: "Never",
    ExpiryOption.ON_DATE: "OnDate",
    ExpiryOption.AFTER_DAYS: "AfterDays",
}
_MEMBERS: Final = frozenset(
    {
        "TemplateId", "Names", "Descriptions", "RightsDefinitions", "ContentExpirationOption", "ContentExpirationDate",
        "ContentValidityDuration", "LicenseValidityDuration", "Status", "ReadOnly", "ScopedIdentities",
        "EnableInLegacyApps",
    }
)  # fmt: skip
_LINE: Final = " line"
"""The attribute in which a parsed element keeps its line; no file can write one with a space in its name."""


def write_xml(found: Iterable[Template], *, here: Here) -> str:
    """Return the file's text.  Raises InvalidImport naming the templates that XML cannot say in full."""
    known = list(found)
    too_rich = [one.name() for one in known if _says_more(one.policy)]
    if too_rich:
        raise InvalidImport(
            message("XML cannot say everything that these templates say: {names}.", names=", ".join(too_rich)),
            remedy=message("Export as JSON, or name only other templates."),
        )
    root = Element("Templates", {"Organization": str(here.id)})
    for one in known:
        _write(SubElement(root, "Template"), one)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _says_more(policy: Policy) -> bool:
    return bool(policy.ends) or replace(policy, grants=(), offline_days=-1) != Policy()


def _write(element: Element, one: Template) -> None:
    _text(element, "TemplateId", str(one.id))
    for plural, singular, texts in (("Names", "Name", one.names), ("Descriptions", "Description", one.descriptions)):
        group = SubElement(element, plural)
        for language, text in texts.items():
            lcid = _lcid(language)
            _text(group, singular, text, **({"LCID": str(lcid)} if lcid else {}), Language=language)
    rights = SubElement(element, "RightsDefinitions")
    for grant in one.policy.grants:
        _write_grant(SubElement(rights, "RightsDefinition"), grant)
    _text(element, "ContentExpirationOption", _OPTIONS[ExpiryOption(one.expiry_option)])
    if one.expires is not None:
        moment = datetime.fromtimestamp(one.expires, UTC)
        _text(element, "ContentExpirationDate", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if one.expires_after_days is not None:
        _text(element, "ContentValidityDuration", str(one.expires_after_days))
    _text(element, "LicenseValidityDuration", str(one.policy.offline_days))
    _text(element, "Status", "Published" if one.status == TemplateStatus.PUBLISHED else "Archived")
    _text(element, "ReadOnly", str(one.is_default).lower())
    scope = SubElement(element, "ScopedIdentities")
    for address in one.scope:
        _text(scope, "ScopedIdentity", address)
    _text(element, "EnableInLegacyApps", str(one.offered_to_legacy).lower())


def _write_grant(element: Element, grant: Grant) -> None:
    match grant.who.kind:
        case PrincipalKind.ADDRESS:
            _text(element, "EmailAddress", grant.who.value)
        case PrincipalKind.DOMAIN:
            _text(element, "DomainName", grant.who.value)
        case PrincipalKind.ORGANIZATION:
            _text(element, "Organization", grant.who.value)
        case PrincipalKind.AUTHENTICATED:
            SubElement(element, "AuthenticatedUsers")
    rights = SubElement(element, "Rights")
    for right in in_order(grant.rights):
        _text(rights, "Right", right)


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = text


def _lcid(language: str) -> int | None:
    """Return the number by which Windows names a language; of several countries the first in its list."""
    tag = language.replace("-", "_")
    exact = (lcid for lcid, name in locale.windows_locale.items() if name == tag)
    return next(exact, None) or next(
        (lcid for lcid, name in sorted(locale.windows_locale.items()) if name.partition("_")[0] == tag), None
    )


class _Lines(TreeBuilder):
    """Builds the tree and keeps each element's line, so that a complaint can name it."""

    expat: Any = None

    def start(self, tag: Any, attrs: Any) -> Element:
        """Begin an element."""
        element = super().start(tag, attrs)
        element.set(_LINE, str(self.expat.CurrentLineNumber))
        return element


def read_xml(text: str, *, here: Here) -> Document:
    """Read a file; "everybody" of a domain that this organization has proven is everybody here.

    Document types, entities and outside references are refused before anything of them is looked at.  Raises
    InvalidImport naming the line.
    """
    builder = _Lines()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.expat = parser.parser
    try:
        parser.feed(text)
        root = parser.close()
    except ParseError as error:
        raise InvalidImport(
            message("Line {line}: this is not XML ({why}).", line=error.position[0], why=error.msg)
        ) from error
    except DefusedXmlException as error:
        raise InvalidImport(
            message("The file declares a document type or entities, which no file of templates needs."),
            remedy=message("Remove the declaration (<!DOCTYPE …>)."),
        ) from error
    if root.tag == "Template":
        return Document(None, (_read(root, here),))
    if root.tag != "Templates":
        raise InvalidImport(message("This is not a file of templates: its outermost element is <{tag}>.", tag=root.tag))
    origin = root.get("Organization")
    return Document(
        organization=None if origin is None else _uuid(origin, root),
        templates=tuple(_read(element, here) for element in _children(root, {"Template"})),
    )


def _read(element: Element, here: Here) -> WrittenTemplate:
    members: dict[str, Element] = {}
    for child in _children(element, _MEMBERS):
        if child.tag in members:
            raise _wrong(child, message("is written twice in one template"))
        members[child.tag] = child
    missing = [name for name in ("TemplateId", "Names", "RightsDefinitions") if name not in members]
    if missing:
        raise _wrong(element, message("lacks {names}", names=", ".join(f"<{name}>" for name in missing)))
    names = _languages(members["Names"], "Name")
    if not names:
        raise _wrong(members["Names"], message("holds no name"))
    offline = members.get("LicenseValidityDuration")
    grants = tuple(_grant(one, here) for one in _children(members["RightsDefinitions"], {"RightsDefinition"}))
    scope, flag = members.get("ScopedIdentities"), members.get("EnableInLegacyApps")
    return WrittenTemplate(
        where=message("Line {line} (“{name}”)", line=element.get(_LINE), name=next(iter(names.values()))),
        id=_uuid(_content(members["TemplateId"]), members["TemplateId"]),
        names=names,
        descriptions=_languages(members["Descriptions"], "Description") if "Descriptions" in members else None,
        policy=Policy(grants=grants, offline_days=-1 if offline is None else _number(offline, -1, 65_535)),
        partial=True,
        expiry=_expiry(members),
        scope=None if scope is None else tuple(_content(one) for one in _children(scope, {"ScopedIdentity"})),
        offered_to_legacy=None if flag is None else _boolean(flag),
    )


def _expiry(members: dict[str, Element]) -> Expiry | None:
    option = members.get("ContentExpirationOption")
    if option is None:
        return None
    by_word = {word.casefold(): option for option, word in _OPTIONS.items()}
    chosen = by_word.get(_content(option).casefold())
    if chosen is None:
        raise _wrong(option, message("is one of {values}", values=", ".join(_OPTIONS.values())))
    date, days = members.get("ContentExpirationDate"), members.get("ContentValidityDuration")
    return (
        chosen.value,
        _moment(date) if date is not None and chosen is ExpiryOption.ON_DATE else None,
        _number(days, 1, 2**31 - 1) if days is not None and chosen is ExpiryOption.AFTER_DAYS else None,
    )


def _grant(element: Element, here: Here) -> Grant:
    kinds = {"EmailAddress", "DomainName", "Organization", "AuthenticatedUsers"}
    who = [child for child in _children(element, kinds | {"Rights"}) if child.tag in kinds]
    rights = element.find("Rights")
    if len(who) != 1 or rights is None:
        raise _wrong(element, message("names one of whom it means and their <Rights>"))
    try:
        names = [_content(one) for one in _children(rights, {"Right"})]
        return Grant(_principal(who[0], here), parse_rights(names))
    except InvalidImport:
        raise
    except InvalidPolicy as error:
        raise InvalidImport(
            message(
                "Line {line}: {message} {next_step}",
                line=element.get(_LINE),
                message=error.message,
                next_step=error.next_step,
            )
        ) from error


def _principal(element: Element, here: Here) -> Principal:
    match element.tag:
        case "AuthenticatedUsers":
            return Principal(PrincipalKind.AUTHENTICATED)
        case "DomainName":
            return Principal.parse(f"domain:{_content(element)}")
        case "Organization":
            return Principal.parse(f"organization:{_content(element)}")
        case _:
            local, _at, domain = _content(element).rpartition("@")
            if local.casefold() != ALL_STAFF:
                return Principal.parse(f"address:{_content(element)}")
            own = domain.casefold() in here.domains
            return Principal.parse(f"organization:{here.id}" if own else f"domain:{domain}")


def _languages(group: Element, name: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for element in _children(group, {name}):
        language = element.get("Language") or _language(element)
        if language in texts:
            raise _wrong(element, message("is a second text in the language {language}", language=language))
        texts[language] = element.text or ""
    return texts


def _language(element: Element) -> str:
    number = element.get("LCID", "")
    found = locale.windows_locale.get(int(number)) if number.isdecimal() and len(number) < 8 else None
    if found is None:
        raise _wrong(element, message("names its language by the attribute Language (like en) or LCID (like 1033)"))
    return found.replace("_", "-")


def _children(parent: Element, known: set[str] | frozenset[str]) -> Iterator[Element]:
    for child in parent:
        if child.tag not in known:
            raise _wrong(child, message("is not known inside <{tag}>", tag=parent.tag))
        yield child


def _content(element: Element) -> str:
    text = (element.text or "").strip()
    if not text or len(element):
        raise _wrong(element, message("holds a text"))
    return text


def _number(element: Element, low: int, high: int) -> int:
    text = _content(element)
    if not text.removeprefix("-").isdecimal() or len(text) > 11 or not low <= int(text) <= high:
        raise _wrong(element, message("is a whole number from {low} to {high}", low=low, high=high))
    return int(text)


def _boolean(element: Element) -> bool:
    text = _content(element).casefold()
    if text not in {"true", "false"}:
        raise _wrong(element, message("is true or false"))
    return text == "true"


def _moment(element: Element) -> int:
    """Return a moment in seconds; one that names no zone is meant in UTC."""
    try:
        moment = datetime.fromisoformat(_content(element))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise _wrong(element, message("is a date like 2027-01-31T00:00:00Z")) from None


def _uuid(text: str, element: Element) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _wrong(element, message("holds no id like 6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10")) from None


def _wrong(element: Element, what: str) -> InvalidImport:
    return InvalidImport(message("Line {line}: <{tag}> {what}.", line=element.get(_LINE), tag=element.tag, what=what))
