"""Configuration: declared once, documented, and refused where it is unsafe."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import SimpleTestCase, override_settings

from chancery.policy.permission import Permission
from portal import checks, env, locations
from portal.runtime.bootstrap.environment import ROOT
from tenants.directory.roles import GUEST, OF_APPLICATIONS, ROLES, permissions_of

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_every_variable_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\w+) \| (.*?) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [
        (variable.name, variable.kind.value, f"`{variable.default}`" if variable.default else "–", variable.meaning)
        for variable in env.VARIABLES
    ]


def test_every_refusal_is_documented_as_it_is() -> None:
    assert dict(re.findall(r"^\| `(portal\.E\d+)` \| (.*) \|$", DOCUMENT, re.MULTILINE)) == checks.REFUSALS


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_no_command_that_checks_runs_without_a_usable_root_key(key: bytes) -> None:
    with override_settings(CHANCERY_ROOT_KEY=key):
        assert "protection.E001" in [message.id for message in run_checks()]
    assert "protection.E001" not in [message.id for message in run_checks()]
    assert "`protection.E001`" in DOCUMENT


def test_an_undeclared_variable_cannot_be_read() -> None:
    with pytest.raises(env.EnvironmentRefused):
        env.text("CHANCERY_NOTHING")
    with pytest.raises(env.EnvironmentRefused):
        env.text("CHANCERY_SECRET_KEY")


@pytest.mark.parametrize(("mode", "prefix"), [("embedded", ""), ("production", "__Host-")])
def test_every_cookie_is_bound_to_its_host_where_there_is_https(mode: str, prefix: str) -> None:
    names = "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME"
    program = f"from portal import settings; print(*(getattr(settings, name) for name in {names}))"
    here = {**os.environ, "CHANCERY_MODE": mode}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=here, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == [f"{prefix}chancery-{what}" for what in ("session", "csrf", "language")]


def test_numbers_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_MAIL_PORT", "25")
    assert env.number("CHANCERY_MAIL_PORT") == 25
    for wrong in ("-1", "x", "1.5", "٢", ""):
        monkeypatch.setenv("CHANCERY_MAIL_PORT", wrong)
        with pytest.raises(env.EnvironmentRefused):
            env.number("CHANCERY_MAIL_PORT")


def test_secrets_come_from_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text("from the file\n")
    monkeypatch.delenv("CHANCERY_MAIL_PASSWORD", raising=False)
    monkeypatch.setenv("CHANCERY_MAIL_PASSWORD_FILE", str(kept))
    assert env.secret("CHANCERY_MAIL_PASSWORD") == "from the file"
    monkeypatch.setenv("CHANCERY_MAIL_PASSWORD", "both")
    with pytest.raises(env.EnvironmentRefused):
        env.secret("CHANCERY_MAIL_PASSWORD")
    monkeypatch.delenv("CHANCERY_MAIL_PASSWORD")
    monkeypatch.setenv("CHANCERY_MAIL_PASSWORD_FILE", str(tmp_path / "missing"))
    with pytest.raises(env.EnvironmentRefused):
        env.secret("CHANCERY_MAIL_PASSWORD")


@pytest.mark.parametrize(
    ("url", "origin", "host_origin"),
    [
        ("http://localhost:8000", "http://localhost:8000", "http://a.localhost:8000"),
        ("https://Rights.Example/", "https://rights.example", "https://a.rights.example"),
        ("https://rights.example:443", "https://rights.example", "https://a.rights.example"),
    ],
)
def test_base_urls(url: str, origin: str, host_origin: str) -> None:
    base = locations.base(url)
    assert base.origin == origin
    assert base.origin_of(f"a.{base.host}") == host_origin


@pytest.mark.parametrize("url", ["ftp://x", "x", "https://x/path", "https://x?y", "https://u@x", ""])
def test_bad_base_urls(url: str) -> None:
    with pytest.raises(locations.LocationRefused):
        locations.base(url)


def test_addresses_of_parts() -> None:
    found = locations.database("postgresql://u:p%40ss@/name?host=/run/pg")
    assert (found.user, found.password, found.name, found.host) == ("u", "p@ss", "name", "/run/pg")
    assert locations.cache_url("unix:///run/redis.sock?db=0", 1) == "unix:///run/redis.sock?db=1"
    assert locations.broker_url("unix:///run/redis.sock?db=0", 2) == "redis+socket:///run/redis.sock?virtual_host=2"
    assert locations.cache_url("rediss://:p@h:6379/0", 1) == "rediss://:p@h:6379/1"
    with pytest.raises(locations.LocationRefused):
        locations.cache_url("memcached://x", 1)


class SafetyTest(SimpleTestCase):
    def refused(self) -> set[str]:
        return {str(message.id) for message in checks.safe_settings()}

    def test_the_embedded_mode_is_left_alone(self) -> None:
        assert self.refused() == set()

    @override_settings(CHANCERY_MODE="staging", CHANCERY_EMBEDDED=False)
    def test_an_unknown_mode_is_refused(self) -> None:
        assert self.refused() == {"portal.E010"}

    @override_settings(
        CHANCERY_MODE="production", CHANCERY_EMBEDDED=False, CHANCERY_ROOT_KEY=b"", DEBUG=True, EMAIL_HOST="",
        EMAIL_USE_TLS=False, EMAIL_USE_SSL=False,
    )  # fmt: skip
    def test_unsafe_settings_are_refused_one_by_one(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("CHANCERY_SECRET_KEY", "CHANCERY_ROOT_KEY", "DATABASE_URL", "REDIS_URL"):
                patch.delenv(f"{name}_FILE", raising=False)
                patch.delenv(name, raising=False)
            assert self.refused() == set(checks.REFUSALS) - {"portal.E009", "portal.E010", "portal.E012"}
            patch.setenv("CHANCERY_SECRET_KEY", "same" * 20)
            patch.setenv("CHANCERY_ROOT_KEY", "same" * 20)
            assert "portal.E009" in self.refused()

    @override_settings(CHANCERY_MODE="production", CHANCERY_EMBEDDED=False)
    def test_a_serving_process_does_not_start(self) -> None:
        with pytest.raises(checks.UnsafeSettings, match=re.escape("portal.E003")):
            checks.refuse_unsafe()

    def test_what_is_safe_passes(self) -> None:
        safe = override_settings(
            CHANCERY_MODE="production", CHANCERY_EMBEDDED=False, CHANCERY_ROOT_KEY=bytes(range(32)),
            CHANCERY_BASE=locations.base("https://rights.example"), EMAIL_HOST="mail.example", EMAIL_USE_TLS=True,
            CHANCERY_DATABASE_ROLE="chancery_app",
        )  # fmt: skip
        with safe, pytest.MonkeyPatch.context() as patch:
            for name in ("CHANCERY_SECRET_KEY", "CHANCERY_ROOT_KEY"):
                patch.delenv(f"{name}_FILE", raising=False)
            patch.setenv("CHANCERY_SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl")
            patch.setenv("CHANCERY_ROOT_KEY", "x")
            assert self.refused() == set()
            checks.refuse_unsafe()


def test_permissions_have_one_grammar_and_one_order() -> None:
    values = [permission.value for permission in Permission]
    assert values == sorted(values)
    assert all(re.fullmatch(r"[a-z-]+:[a-z-]+", value) for value in values)


def test_who_is_nobody_may_nothing() -> None:
    assert permissions_of([]) == permissions_of(["emperor"]) == permissions_of([GUEST]) == frozenset()
    assert permissions_of(OF_APPLICATIONS) < permissions_of(ROLES) < frozenset(Permission)
