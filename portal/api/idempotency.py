"""Repeating a write with the same ``Idempotency-Key`` does it once and answers alike."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from portal.api.framework import OrganizationView, plain
from portal.identity.bearer import caller

HEADER: Final = "Idempotency-Key"
MAX_KEY: Final = 200

_CLAIM: Final = """
insert into public.portal_idempotentanswer (name, body) values (%s, %s) on conflict (name) do nothing returning 1
"""
_KEPT: Final = "select body, status, data::text from public.portal_idempotentanswer where name = %s"
_KEEP: Final = "update public.portal_idempotentanswer set status = %s, data = %s where name = %s"

View = Callable[..., Response]


class KeyReused(APIException):
    """An idempotency key was used twice for different things, or is too long."""

    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency_key_reused"


def idempotent(view: View) -> View:
    """Answer a repeated write with the first answer when it carries the same key; kept for a day.

    Claim, write and answer are one transaction.  A second request with the key waits for the first at the claim and
    then finds its answer; if the first failed, nothing of it is there and the second does the work.  Licensing and
    publishing do not use this: their answers must not be stored (docs/protocol.md P10).
    """

    @wraps(view)
    def wrapped(self: OrganizationView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return view(self, request, *args, **kwargs)
        if len(key) > MAX_KEY:
            raise KeyReused(_("An {name} has at most {number} characters.").format(name=HEADER, number=MAX_KEY))
        where = f"{self.organization.id}\0{caller(request).id}\0{request.method}\0{request.path}\0{key}"
        name, body = _hash(where.encode()), _hash(plain(request).body)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, [name, body])
            if cursor.fetchone() is None:
                return _repeated(cursor, name, body)
            answer = view(self, request, *args, **kwargs)
            cursor.execute(_KEEP, [answer.status_code, json.dumps(answer.data, cls=JSONEncoder), name])
        return answer

    return wrapped


def _repeated(cursor: Any, name: bytes, body: bytes) -> Response:
    cursor.execute(_KEPT, [name])
    kept, status, data = cursor.fetchone()
    if bytes(kept) != body:
        raise KeyReused(_("This {name} was used for another request.").format(name=HEADER))
    return Response(json.loads(data), status=status)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
