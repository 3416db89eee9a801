"""Write templates into a file, for another installation or as a copy of one's own (promise C42)."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from chancery.errors import NotFound
from chancery.texts import message
from protection.selectors.templates import templates
from protection.services.template_exchange.as_json import write_json
from protection.services.template_exchange.as_xml import write_xml
from protection.services.template_exchange.document import Here


class Form(StrEnum):
    """The formats of ``docs/templates.md``."""

    JSON = "json"
    XML = "xml"


def export_templates(*, here: Here, chosen: Collection[UUID], form: Form, now: int) -> str:
    """Return the text of a file with these templates, or with all when none is named.

    Raises NotFound, and InvalidImport for what XML cannot say.
    """
    known = templates()
    found = [one for one in known if not chosen or one.id in chosen]
    missing = set(chosen) - {one.id for one in found}
    if missing:
        raise NotFound(message("There is no template {missing}.", missing=", ".join(map(str, sorted(missing)))))
    return write_json(found, here=here, now=now) if form is Form.JSON else write_xml(found, here=here)
