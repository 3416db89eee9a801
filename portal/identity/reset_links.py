"""Links that reset a password; a module of its own, because the account suite reads it while it makes its forms."""

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from tenants.directory.models import Person


class BoundResetToken(PasswordResetTokenGenerator):
    """Makes links that end with the person's access, as sessions and codes do, and when their addresses change."""

    def _make_hash_value(self, user: Person, timestamp: int) -> str:
        generation = Person.objects.values_list("access_generation", flat=True).get(pk=user.pk)
        addresses = EmailAddress.objects.filter(user_id=user.pk).order_by("email").values_list("email", flat=True)
        # The first part is bound to the password, the last sign-in and the moment.
        return "|".join((super()._make_hash_value(user, timestamp), str(generation), *addresses))
