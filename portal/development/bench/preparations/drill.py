"""What a drill has left recorded, compared with what its clients were answered."""

import json
from pathlib import Path
from typing import Any

from django.db import connection

from audit.selectors.verify import verify
from protection.selectors.organization import log_verifier_key
from tenants.context import in_schema


def compare(*, schema: str, answered: str) -> dict[str, Any]:
    """Return what is missing, and what is recorded beyond what was answered; ``answered`` is a file of event ids."""
    events = json.loads(Path(answered).read_text(encoding="utf-8"))
    licensed, reported = events["licensed"], events["reported"]
    with in_schema(schema), connection.cursor() as cursor:
        cursor.execute("select id::text, kind from audit_event")
        kinds = dict(cursor.fetchall())
        cursor.execute(
            "select d.body::jsonb ->> 'of' from audit_event e join audit_eventdetails d on d.digest = e.details_digest"
            " where e.kind = 'license.release_failed'"
        )
        failed = {of for (of,) in cursor.fetchall()}
        cursor.execute("select event_id::text from audit_reportedevent")
        waiting = {identity for (identity,) in cursor.fetchall()}
        faults = verify(vkey=log_verifier_key()).faults
    opened = {identity for identity, kind in kinds.items() if kind == "content.opened"}
    return {
        "licensed": len(licensed),
        "reported": len(reported),
        "lost": len(set(reported) - kinds.keys() - waiting),
        "unrecorded": len(set(licensed) - opened),
        "unanswered": len(opened - set(licensed)),
        "failed": len(failed & (opened - set(licensed))),
        "faults": faults,
    }
