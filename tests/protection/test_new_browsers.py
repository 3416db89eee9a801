"""A sign-in with a new browser is mailed once: when, where, and how to end it."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache

from tenants.directory.models import KnownBrowser
from tenants.directory.services.note_browser import token_hash
from tests.cast import BASE, Cast, Player
from tests.portal.identity.browser import Browser, sign_in_by_code
from tests.protection.steps import send

SUBJECT = "A new browser is signed in to your account"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def nina(cast: Cast) -> Player:
    """Return a new member of Contoso who has used nothing yet."""
    return cast.join(f"nina{uuid4().hex[:8]}", "contoso")


def told(player: Player, browser: Browser) -> list[str]:
    """Sign in, and return what the mails about a new browser say."""
    cache.clear()  # More codes are asked for here than one mailbox gets.
    sign_in_by_code(browser, player.address)
    return [str(one.body) for one in mail.outbox if one.subject == SUBJECT and one.to == [player.address]]


def sign_out(browser: Browser) -> None:
    browser.post("/accounts/logout/")


def test_the_second_browser_is_told_once_and_the_first_not(nina: Player) -> None:
    first, second = Browser(), Browser(HTTP_USER_AGENT=FIREFOX)
    assert told(nina, first) == [], "they have just been invited"
    (said,) = told(nina, second)
    assert "Firefox, Linux, from the network address 127.0.0.1" in said
    assert f"{BASE}/accounts/sessions/" in said
    for browser in (first, second):
        sign_out(browser)
        assert told(nina, browser) == [], "it is known"


def test_who_uses_a_command_line_is_told_of_the_first_browser(nina: Player) -> None:
    assert nina.session
    assert len(told(nina, Browser())) == 1


def test_a_browser_that_was_signed_out_from_afar_is_new_again(cast: Cast, nina: Player) -> None:
    lost, here = Browser(), Browser()
    told(nina, lost)
    told(nina, here)
    assert here.post("/accounts/sessions/end-others/", {"confirm": "yes"}).status_code == 302
    assert len(told(nina, lost)) == 1


def test_a_mailbox_is_not_filled_by_who_can_sign_in(nina: Player) -> None:
    told(nina, Browser())
    said = [told(nina, Browser()) for _ in range(7)]
    assert [len(one) for one in said] == [1, 1, 1, 1, 1, 0, 0]
    assert ["Further new browsers" in one[0] for one in said[:5]] == [False, False, False, False, True]


def test_a_cookie_that_was_planted_or_is_another_person_s_makes_no_browser_known(cast: Cast, nina: Player) -> None:
    told(nina, Browser())
    planted = Browser()
    planted.cookies[settings.BROWSER_COOKIE_NAME] = "what the attacker has, too"
    assert len(told(nina, planted)) == 1
    assert not KnownBrowser.objects.filter(token_hash=token_hash("what the attacker has, too")).exists()
    token = planted.cookies[settings.BROWSER_COOKIE_NAME]
    assert (token["httponly"], token["samesite"]) == (True, "Lax")
    shared = Browser()
    told(cast.olga, shared)
    sign_out(shared)
    assert len(told(nina, shared)) == 1, "a browser is known for each person"
    alone = Browser()
    alone.cookies[settings.BROWSER_COOKIE_NAME] = token.value
    assert alone.get("/accounts/sessions/").status_code == 302, "the cookie opens nothing"


def test_a_device_is_told_with_when_and_where(nina: Player) -> None:
    mail.outbox.clear()
    assert nina.session
    (said,) = (one for one in mail.outbox if one.subject == "A device was added to your account")
    assert "from the network address 127.0.0.1" in said.body
    assert f"{BASE}/accounts/sessions/" in said.body
    assert send(nina, BASE, "GET", "/api/v1/me").status_code == 200
