"""The operators' console in a real browser: a second factor is set up, then all pages hold what every page must."""

from tests.portal.web.contoso.test_second_steps import code_now, press
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation
from tests.running import ask

RITA = "rita@contoso.example"
FAILED = """
from datetime import timedelta
from django.utils import timezone
from portal.models import Notification
from portal.notifications.mails import write_mail
write_mail("jonas@fabrikam.example", "Your code", "ABC-DEF")
row = Notification.objects.latest("created_at")
Notification.objects.filter(pk=row.pk).update(
    sent_at=None, failed_at=timezone.now(), attempts=9, reason="550 5.1.1 The mailbox does not exist at this server."
)
"""


def command(installation: Installation, *words: str) -> str:
    """Run a command of the running installation and return what it said."""
    done = ask(*words, CHANCERY_DATA=str(installation.folder / "var"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_operator_signs_in_with_two_steps_and_finds_everything(installation: Installation) -> None:
    installation.add_person(RITA, "Rita Reyes")
    rita = installation.visitor()
    rita.arrive(RITA)
    rita.go("/accounts/2fa/")
    rita.click("Set up an app")
    secret = rita.page.locator("#authenticator_secret").inner_text()
    rita.fill(code=code_now(secret))
    rita.click("Switch on")
    rita.page.wait_for_url("**/2fa/recovery-codes/**")
    assert rita.go("/operator/").status == 404
    assert "is an operator" in command(installation, "operators", "add", RITA)
    command(installation, "shell", "--no-imports", "-c", FAILED)
    rita.go("/operator/")
    assert "Sign in again with your second factor" in rita.text, "her sign-in was by a mailed code alone"

    rita.sign_in_by_code(RITA)
    rita.page.wait_for_url("**/2fa/authenticate/**")
    rita.fill(code=code_now(secret, ahead=1))
    press(rita, "Sign in")
    rita.page.wait_for_url("**/operator/")
    pages = ("/operator/", "/operator/mail/", "/operator/record/", "/operator/health/")
    assert [fault for page in pages for fault in faults(rita, page)] == []
    rita.go("/operator/mail/")
    rita.follow(rita.page.get_by_role("link", name="Drop the message to jonas@fabrikam.example"))
    assert faults(rita, rita.page.url) == []
    rita.click("Drop the message")
    assert "All mail has been sent" in rita.text
    rita.go("/operator/record/")
    assert "Mail dropped" in rita.text
    rita.go("/")
    rita.click("Operate this installation")
    assert rita.heading == "Organizations of this installation"

    # Without a second factor the console only leads to setting one up.
    gone = "from allauth.mfa.models import Authenticator; Authenticator.objects.filter(user__email='{}').delete()"
    command(installation, "shell", "--no-imports", "-c", gone.format(RITA))
    again = installation.visitor()
    again.arrive(RITA)
    assert faults(again, "/operator/", status=403) == [], "they gave their second factor up"
    again.click("Set it up")
    assert again.page.url.endswith("/accounts/2fa/")
