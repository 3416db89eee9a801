"""Templates as JSON: the whole of each (``docs/templates.md``).  Reading is strict: an unknown member is refused."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from chancery.errors import InvalidPolicy
from chancery.policy.days import LAST_MOMENT
from chancery.policy.policy import parse_policy
from chancery.texts import message
from protection.selectors.templates import Expiry, Template
from protection.services.template_draft import MAX_EXPIRY_DAYS
from protection.services.template_exchange.document import Document, Here, InvalidImport, WrittenTemplate

FORMAT: Final = "chancery-templates"
VERSION: Final = 1

_TOP: Final = frozenset({"format", "version", "organization", "exported_at", "templates"})
_TOLD: Final = frozenset({"status", "is_default"})
"""Members that are written for the reader and change nothing: a new template arrives archived, another one stays."""
_MEMBERS: Final = _TOLD | {
    "id", "language", "names", "descriptions", "policy",
    "expiry_option", "expires", "expires_after_days",
    "scope", "offered_to_legacy",
}  # fmt: skip


def write_json(found: Iterable[Template], *, here: Here, now: int) -> str:
    """Return the file's text."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "organization": {"id": str(here.id), "name": here.name},
        "exported_at": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "templates": [_written(one) for one in found],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _written(one: Template) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "status": one.status,
        "is_default": one.is_default,
        "language": next(iter(one.names)),
        "names": dict(one.names),
        "descriptions": dict(one.descriptions),
        "policy": one.policy.as_json(),
        "expiry_option": one.expiry_option,
        "expires": one.expires,
        "expires_after_days": one.expires_after_days,
        "scope": list(one.scope),
        "offered_to_legacy": one.offered_to_legacy,
    }


def read_json(text: str) -> Document:
    """Read a file.  Raises InvalidImport naming the line, or the template and its member."""
    try:
        document = json.loads(text, object_pairs_hook=_members_once)
    except json.JSONDecodeError as error:
        raise InvalidImport(
            message(
                "Line {line}, column {column}: this is not JSON ({why}).",
                line=error.lineno,
                column=error.colno,
                why=error.msg,
            )
        ) from error
    except ValueError as error:
        raise InvalidImport(message("The file holds a number that is too long to be one.")) from error
    except RecursionError:
        raise InvalidImport(message("The file is nested too deeply to be one of templates.")) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidImport(
            message("This is not a file of templates: its member 'format' is not {format!r}.", format=FORMAT)
        )
    if document.get("version") != VERSION:
        raise InvalidImport(
            message(
                "The file has version {found!r} of the format; version {version} is read here.",
                found=document.get("version"),
                version=VERSION,
            ),
            remedy=message("Update Chancery, or export the templates again."),
        )
    _only(document, _TOP, message("The file"))
    written = document.get("templates")
    if not isinstance(written, list):
        raise InvalidImport(message("Member 'templates' is a list of templates."))
    return Document(
        organization=_origin(document.get("organization")),
        templates=tuple(
            _read(entry, message("Template {number}", number=number)) for number, entry in enumerate(written, start=1)
        ),
    )


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidImport(message("A member is written twice in one object: {twice}.", twice=", ".join(twice)))
    return members


def _origin(value: object) -> UUID | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidImport(message("Member 'organization' is an object with 'id' and 'name'."))
    return _uuid(value.get("id"), message("Member 'organization.id'"))


def _read(entry: object, number: str) -> WrittenTemplate:
    if not isinstance(entry, Mapping):
        raise InvalidImport(message("{number}: a template is an object.", number=number))
    names = _texts(entry, "names", number)
    where = message("{number} (“{name}”)", number=number, name=next(iter(names.values()))) if names else number
    _only(entry, _MEMBERS, where)
    language = entry.get("language")
    if not names or (language is not None and language not in names):
        raise InvalidImport(
            message("{where}: member 'names' needs a name, also in the template's 'language'.", where=where)
        )
    if not isinstance(entry.get("policy"), Mapping):
        raise InvalidImport(message("{where}: member 'policy' is an object.", where=where))
    try:
        policy = parse_policy(entry["policy"])
    except InvalidPolicy as error:
        raise InvalidImport(
            message(
                "{where}, member 'policy': {message} {next_step}",
                where=where,
                message=error.message,
                next_step=error.next_step,
            )
        ) from error
    return WrittenTemplate(
        where=where,
        id=_uuid(entry.get("id"), message("{where}: member 'id'", where=where)),
        names={tag: names[tag] for tag in sorted(names, key=lambda tag: tag != language)},
        descriptions=_texts(entry, "descriptions", where) if "descriptions" in entry else None,
        policy=policy,
        expiry=_expiry(entry, where) if "expiry_option" in entry else None,
        scope=_scope(entry["scope"], where) if "scope" in entry else None,
        offered_to_legacy=_flag(entry["offered_to_legacy"], where) if "offered_to_legacy" in entry else None,
    )


def _texts(entry: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
    value = entry.get(name)
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidImport(
            message("{where}: member {name!r} is an object of texts by language.", where=where, name=name)
        )
    return dict(value)


def _expiry(entry: Mapping[str, Any], where: str) -> Expiry:
    option, expires, days = (entry.get(name) for name in ("expiry_option", "expires", "expires_after_days"))
    if not isinstance(option, str):
        raise InvalidImport(message("{where}: member 'expiry_option' is a text.", where=where))
    for name, value, limit in (("expires", expires, LAST_MOMENT), ("expires_after_days", days, MAX_EXPIRY_DAYS)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit):
            raise InvalidImport(message("{where}: member {name!r} is a whole number or null.", where=where, name=name))
    return option, expires, days


def _scope(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidImport(message("{where}: member 'scope' is a list of addresses.", where=where))
    return tuple(value)


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidImport(message("{where}: member 'offered_to_legacy' is true or false.", where=where))
    return value


def _uuid(value: object, what: str) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidImport(
            message("{what} is no id.", what=what),
            remedy=message("Ids look like 6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10."),
        ) from None


def _only(members: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(members) - known)
    if unknown:
        raise InvalidImport(
            message("{where}: member {unknown} is not known.", where=where, unknown=", ".join(map(repr, unknown))),
            remedy=message("Remove it or update Chancery."),
        )
