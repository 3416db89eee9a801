"""The form that adds a passkey: always one that signs in by itself."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms


class PasskeyForm(AddWebAuthnForm):
    """Adds a passkey, with no choice about its kind.

    The account suite offers keys that only complement a password, without asking for a finger or a PIN.  Such a key
    would count as strong as a passkey here, and nobody new could say which of the two to take.
    """

    passwordless = forms.BooleanField(initial=True, widget=forms.CheckboxInput(attrs={"hidden": True}))
