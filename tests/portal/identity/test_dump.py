"""A dump of a used installation opens nothing: every secret is looked for in it, and every value in it is tried."""

import base64
import re
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth import get_user
from django.core.cache import cache
from django.db import connection
from django.test import TestCase

from chancery.policy.policy import Strength
from portal.identity import clients, tokens
from portal.identity.sessions import SessionStore
from portal.identity.strength import Authentication
from tenants.directory.models import Person
from tenants.directory.services.create_application import create_application
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.issue_sign_in_link import issue_sign_in_link
from tests.portal.identity.browser import Browser, enter, last_code, origin_of, sign_in_by_code
from tests.tenants import builders

TABLES = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""
WORD = re.compile(r"[A-Za-z0-9_=+/.:-]{16,}")


def dump() -> str:
    """Return every row of every table as text, bytes in hexadecimal, as ``pg_dump`` would write them."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        found = []
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{schema}"."{table}" t')
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


class DumpTest(TestCase):
    def setUp(self) -> None:
        cache.clear()
        clients.ensure()
        self.contoso = builders.organization("contoso", "contoso.example")
        self.olga = builders.person(self.contoso.id, "olga@contoso.example", name="Olga")

    def used(self) -> dict[str, str]:
        """Use the installation as people do, and return the secrets that were handed out."""
        base = Browser()
        sign_in_by_code(base, "olga@contoso.example")
        there, _answer = enter(base, "contoso")
        base.get("/accounts/2fa/totp/activate/")
        key = base.session["mfa.totp.secret"]
        base.post("/accounts/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(key, int(time.time()) // 30))})
        recovery = Authenticator.objects.get(user_id=self.olga.id, type="recovery_codes").wrap().generate_codes()
        waiting = Browser()
        waiting.post("/accounts/login/code/", {"email": "olga@contoso.example"})
        granted = tokens.grant_refresh_token(
            person_id=self.olga.id, client_id=clients.CLI, authentication=Authentication(Strength.CODE, 1)
        )
        body = Browser().form(
            "/identity/o/api/token",
            {"grant_type": "refresh_token", "refresh_token": granted.refresh_token, "client_id": clients.CLI,
             "resource": origin_of("contoso")},
        ).json()  # fmt: skip
        program = create_application(organization_id=self.contoso.id, name="Indexer", actor=builders.ACTOR)
        cookies = {
            name: browser.cookies[settings.SESSION_COOKIE_NAME].value
            for name, browser in {"base": base, "organization": there, "waiting": waiting}.items()
        }
        return {
            **cookies,
            "key of the authenticator app": key,
            **{f"recovery code {place}": code for place, code in enumerate(recovery)},
            "mailed code": last_code(),
            "access token": body["access_token"],
            "refresh token": body["refresh_token"],
            "exchanged refresh token": granted.refresh_token,
            "enrollment code": issue_enrollment_code(person_id=self.olga.id, actor=builders.ACTOR),
            "sign-in link": issue_sign_in_link(person_id=self.olga.id, actor=builders.ACTOR),
            "secret of an application": program.secret,
        }

    def test_no_secret_is_in_it(self) -> None:
        secrets, text = self.used(), dump()
        assert "olga@contoso.example" in text
        for name, secret in secrets.items():
            spellings = {
                secret,
                secret.replace("-", ""),
                secret.encode().hex(),
                base64.b64encode(secret.encode()).decode(),
            }
            with self.subTest(name):
                alone = [rf"(?<![0-9A-Za-z]){re.escape(one)}(?![0-9A-Za-z])" for one in spellings]
                assert [one for one in alone if re.search(one, text)] == []

    def test_no_value_of_it_lets_anybody_in(self) -> None:
        self.used()
        values = sorted({word for word in WORD.findall(dump()) if len(word) <= 128})
        assert len(values) > 50
        for value in values:
            assert SessionStore.of_cookie(value).load() == {}, value
            assert tokens.read(value) is None, value
        for value in (row for row in values if len(row) == 40):
            thief = Browser()
            thief.cookies[settings.SESSION_COOKIE_NAME] = value
            assert not get_user(thief).is_authenticated
            assert thief.get("/accounts/email/").status_code == 302

    def test_the_second_factor_works_all_the_same(self) -> None:
        key = self.used()["key of the authenticator app"]
        row = Authenticator.objects.get(user_id=self.olga.id, type="totp")
        code = format_hotp_value(hotp_value(key, int(time.time()) // 30 + 1))
        assert TOTP(row).validate_code(code)
        assert Person.objects.filter(id=self.olga.id).exists()
