"""The words of the account suite's forms and errors: what happened and what to do next, as on all other pages."""

from typing import Final

from django.utils.translation import gettext_lazy

LABELS: Final = {
    "login": gettext_lazy("E-mail address"),
    "email": gettext_lazy("E-mail address"),
    "password": gettext_lazy("Password"),
    "oldpassword": gettext_lazy("Current password"),
    "password1": gettext_lazy("Password"),
    "password2": gettext_lazy("The same password again"),
    "remember": gettext_lazy("Stay signed in when the browser is closed"),
    "code": gettext_lazy("Code"),
}
"""What each field is called, by its name."""
NEW_PASSWORD: Final = gettext_lazy("New password")

ERRORS: Final = {
    "account_inactive": gettext_lazy("This account is disabled. Ask an administrator of your organization."),
    "email_password_mismatch": gettext_lazy(
        "Address and password do not fit each other. Check both, or sign in with a code by mail."
    ),
    "email_taken": gettext_lazy("This address belongs to another account. Sign in with that one."),
    "enter_current_password": gettext_lazy("This is not your current password."),
    "incorrect_code": gettext_lazy("This is not the code, or it is too old. Check it, or get a new one."),
    "incorrect_password": gettext_lazy("This is not your password."),
    "too_many_login_attempts": gettext_lazy("There were too many attempts. Wait some minutes, then begin again."),
    "rate_limited": gettext_lazy("There were too many requests. Wait some minutes, then try again."),
}
"""What the pages of accounts say when something is refused, by the suite's codes."""

SECOND_STEP_ERRORS: Final = {
    "add_email_blocked": gettext_lazy("Confirm the addresses you have before you add another."),
    "cannot_delete_authenticator": gettext_lazy("This cannot be switched off while something else needs it."),
    "cannot_generate_recovery_codes": gettext_lazy(
        "Recovery codes need a second step. Set up an app or a passkey first."
    ),
    "incorrect_code": gettext_lazy(
        "This is not the code, or it was used before. The app shows a new one every 30 seconds."
    ),
    "unverified_email": gettext_lazy("Confirm your address first; then a second step can be set up."),
}
"""What the pages of second steps say when something is refused."""
OTHER_WAYS: Final = {
    "reauthenticate": gettext_lazy("Use your password"),
    "mfa_reauthenticate": gettext_lazy("Use your authenticator app"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Use a passkey"),
}
"""Ways to prove oneself once more, by the suite's names."""

FIELD_ERRORS: Final = (
    gettext_lazy("Enter a valid email address."),
    gettext_lazy("Enter a valid URL."),
    gettext_lazy("You must type the same password each time."),
)
"""Sentences of all forms that the frameworks translate too familiarly: our catalogs come before theirs."""
