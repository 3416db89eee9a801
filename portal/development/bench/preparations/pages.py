"""How long the service takes for a page of an organization with many documents and events, and how many statements."""

import time
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.identity.organization_sign_in import BACKEND
from portal.middleware import SESSION_HOST
from tenants.context import in_schema
from tenants.directory.models import Person

SMALL: Final = 100
"""Documents and events at which the statements are counted first; more of them must not mean more statements."""

_DOCUMENTS: Final = """
insert into protection_content (cid, pl_digest, issuer_id, issuer_address, owner_id, owner_address, title, policy,
    registration, feed_id, published_at, registered_at, tenant_key_id)
select gen_random_uuid(), sha256(uuid_send(gen_random_uuid())), issuer_id, issuer_address, owner_id, owner_address,
    'Report ' || number || '.pdf', policy, 'registered', uuid_send(gen_random_uuid()),
    now() - number * interval '1 minute', now() - number * interval '1 minute', tenant_key_id
from (select * from protection_content order by registered_at limit 1) one, generate_series(1, %(count)s) number
"""
_EVENTS: Final = """
with chosen as materialized (
    select cid, row_number() over (order by registered_at desc) as place from protection_content
), event as (
    insert into audit_event (id, received_at, kind, outcome, reason, content_id, source, personal_commitment)
    select gen_random_uuid(), now() - number * interval '1 second', 'content.opened',
        case when number %% 20 = 0 then 'refused' else 'allowed' end,
        case when number %% 20 = 0 then 'not_granted' else '' end, cid, 'bench', sha256(uuid_send(cid))
    from generate_series(1, %(count)s) number
    join chosen on chosen.place = 1 + number %% least((select count(*) from chosen), 5000)
    returning id
)
insert into audit_eventpersonal (event_id, person_id, record, salt)
select id, %(person)s, '{"addresses":["ada@bench.example"],"name":"Ada"}', '\\x00' from event
"""


def measure(*, schema: str, host: str, person: str, documents: int, events: int, requests: int) -> dict[str, Any]:
    """Return for each page its times in milliseconds and the statements with few and with many rows."""
    pages = _pages(schema)
    client = _signed_in(host, person)
    few = {name: _statements(client, host, path) for name, path in pages.items()}
    with in_schema(schema), connection.cursor() as cursor:
        cursor.execute(_DOCUMENTS, {"count": documents})
        cursor.execute(_EVENTS, {"count": events, "person": person})
        cursor.execute("vacuum analyze protection_content, audit_event, audit_eventpersonal")
    return {
        name: {
            "few": few[name],
            "many": _statements(client, host, path),
            "milliseconds": [_timed(client, host, path) for _ in range(requests)],
        }
        for name, path in pages.items()
    }


def _pages(schema: str) -> dict[str, str]:
    with in_schema(schema), connection.cursor() as cursor:
        cursor.execute("select cid from protection_content order by registered_at desc limit 1")
        (cid,) = cursor.fetchone()
    return {
        "home": "/",
        "documents": "/documents/",
        "all documents": "/documents/?scope=all",
        "a search among all documents": "/documents/?scope=all&search=Report%20777",
        "a document": f"/documents/{cid}/",
        "audit": "/audit/",
    }


def _signed_in(host: str, person: str) -> Client:
    client = Client(headers={"host": f"{host}:{settings.CHANCERY_BASE.port}"})
    client.force_login(Person.objects.get(id=UUID(person)), backend=BACKEND)
    session = client.session
    session[SESSION_HOST] = host
    session.save()
    return client


def _statements(client: Client, host: str, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{host}{path} answered {answer.status_code}.")
    return len(captured)


def _timed(client: Client, host: str, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{host}{path} answered {answer.status_code}.")
    return taken
