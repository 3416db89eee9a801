"""Forms of the account suite, in our words; some of them would tell too much, or let too many in."""

from typing import Any
from urllib.parse import parse_qs

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmEmailVerificationCodeForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from portal.identity.account_words import LABELS, NEW_PASSWORD
from portal.subjects.subject import is_disabled
from tenants.directory.models import Person


class InOurWords:
    """Names the fields as all other pages do, and repeats no label inside its field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = getattr(self, "fields")  # noqa: B009 - what this is mixed into has them
        for name, field in fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class NamesNewPassword(InOurWords):
    """Says of the password that is chosen that it is the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = getattr(self, "fields")  # noqa: B009 - what this is mixed into has them
        fields["password1"].label = NEW_PASSWORD


class NewPasswordForm(NamesNewPassword, ResetPasswordKeyForm):
    """Chooses a password after the link of a mail."""


class OtherPasswordForm(NamesNewPassword, ChangePasswordForm):
    """Changes the password."""


class FirstPasswordForm(InOurWords, SetPasswordForm):
    """Sets a password where there is none."""


class AgainForm(InOurWords, ReauthenticateForm):
    """Asks for the password once more."""


class MailedCodeForm(InOurWords, ConfirmLoginCodeForm):
    """Takes the code that signs in."""


class ProofForm(InOurWords, ConfirmEmailVerificationCodeForm):
    """Takes the code that proves an address."""


class AppCodeForm(InOurWords, ActivateTOTPForm):
    """Takes the first code of an authenticator app."""


class SecondStepForm(InOurWords, AuthenticateForm):
    """Takes the code of the second step."""


class SecondStepAgainForm(InOurWords, ReauthenticateByCodeForm):
    """Asks for the second step once more."""


class EvenSignupForm(InOurWords, SignupForm):
    """Signs up in the same time whether or not the address is known: hashing a password is what takes long."""

    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, HttpResponse | None]:
        """Save the person, or do as much work for nobody."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[AbstractBaseUser | None, HttpResponse | None] = super().try_save(request)
        return saved


class EnabledResetForm(InOurWords, ResetPasswordForm):
    """Resets no password of a person whom their organization has disabled; they read what a stranger would read."""

    def clean_email(self) -> str:
        """Find the people whose password may be reset."""
        email: str = super().clean_email()
        self.users: list[Person] = [user for user in self.users if not is_disabled(user.pk)]
        return email


class NormalLoginForm(InOurWords, LoginForm):
    """Signs in by password; the address is looked up in its normal form, whatever form it was typed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].initial = _hinted(context.request)

    def clean_login(self) -> str:
        """Return the normal form."""
        return str(get_adapter().clean_email(super().clean_login()))


class NormalCodeForm(InOurWords, RequestLoginCodeForm):
    """Asks for a code to sign in; it goes to the address in its normal form and to no domain that looks alike."""

    def clean_email(self) -> str:
        """Look the normal form up."""
        self.cleaned_data["email"] = get_adapter().clean_email(self.cleaned_data["email"])
        return str(super().clean_email())


def _hinted(request: HttpRequest) -> str:
    """Return the address that a client names for whom it leads here to sign in, "" for none."""
    _path, _mark, query = request.GET.get("next", "").partition("?")
    return next(iter(parse_qs(query).get("login_hint", [])), "")[:320]
