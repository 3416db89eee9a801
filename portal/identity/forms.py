"""Forms of the account suite that would tell too much, or let too many in."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, RequestLoginCodeForm, ResetPasswordForm, SignupForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from portal.identity.subject import is_disabled
from tenants.directory.models import Person


class EvenSignupForm(SignupForm):
    """Signs up in the same time whether or not the address is known: hashing a password is what takes long."""

    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, HttpResponse | None]:
        """Save the person, or do as much work for nobody."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[AbstractBaseUser | None, HttpResponse | None] = super().try_save(request)
        return saved


class EnabledResetForm(ResetPasswordForm):
    """Resets no password of a person whom their organization has disabled; they read what a stranger would read."""

    def clean_email(self) -> str:
        """Find the people whose password may be reset."""
        email: str = super().clean_email()
        self.users: list[Person] = [user for user in self.users if not is_disabled(user.pk)]
        return email


class NormalLoginForm(LoginForm):
    """Signs in by password; the address is looked up in its normal form, whatever form it was typed in."""

    def clean_login(self) -> str:
        """Return the normal form."""
        return str(get_adapter().clean_email(super().clean_login()))


class NormalCodeForm(RequestLoginCodeForm):
    """Asks for a code to sign in; it goes to the address in its normal form and to no domain that looks alike."""

    def clean_email(self) -> str:
        """Look the normal form up."""
        self.cleaned_data["email"] = get_adapter().clean_email(self.cleaned_data["email"])
        return str(super().clean_email())
