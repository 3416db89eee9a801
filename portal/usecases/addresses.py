"""A person's own addresses: add one by a mailed code, remove one, choose the main one.

Every change needs a sign-in of the last ten minutes and is mailed to all addresses.  Asking for a code answers the same
whether the address is free or another account's; what differs is in the mail alone.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.notifications.addresses import mail_address_code, mail_address_taken, mail_addresses_changed
from portal.usecases.confirmation import ConfirmationPrompt, FreshSignInRequired, Stated, confirmed, is_fresh
from portal.usecases.effects import Effect, effect
from tenants import naming
from tenants.actor import Actor
from tenants.directory.errors import NotPermitted
from tenants.directory.selectors.addresses import mailed_about
from tenants.directory.services.ask_address_code import LIFETIME, AddressState, ask_address_code
from tenants.directory.services.ask_code import TooManyCodes
from tenants.directory.services.choose_main_address import choose_main_address
from tenants.directory.services.enter_address_code import enter_address_code
from tenants.directory.services.remove_address import remove_address as remove_address_service


class TooManyAddressCodes(ChanceryError):
    """Codes for addresses were asked for as often as they may be."""

    code = "too_many_codes"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            message("Too many codes were asked for."),
            remedy=message("Wait {minutes} minutes.", minutes=max(1, -(-seconds // 60))),
        )
        self.seconds = seconds


class WrongAddressCode(ChanceryError):
    """The code is not the mailed one, was used, is over, or is another account's."""

    code = "wrong_code"


@transaction.atomic
def ask_for_address(*, actor: Actor, address: str, stated: Stated) -> Effect:
    """Mail a code to an address that the person wants to add; the answer is the same where it is somebody else's.

    Raises NameRefused, DirectoryRefused, FreshSignInRequired and TooManyAddressCodes.
    """
    person = _person(actor)
    normal = naming.address(address)
    _require_fresh(stated, _("Add {address}?").format(address=normal))
    try:
        asked = ask_address_code(person_id=person, address=normal)
    except TooManyCodes as error:
        raise TooManyAddressCodes(error.seconds) from error
    match asked.state:
        case AddressState.FREE:
            mail_address_code(normal, actor.address, asked.code)
        case AddressState.TAKEN:
            mail_address_taken(normal, actor.address)
        case AddressState.OWN:
            pass
    return effect(
        asked.state is not AddressState.OWN,
        _("A code is mailed to {address}. Enter it within {minutes} minutes; until then nothing changes.").format(
            address=normal, minutes=LIFETIME // timedelta(minutes=1)
        ),
        _("You have the address {address} already.").format(address=normal),
        address=normal,
    )


def confirm_address(
    *, actor: Actor, address: str, code: str, stated: Stated, except_session: str | None = None
) -> Effect:
    """Take the mailed code: the address is the person's from now on.

    ``except_session`` is the browser's session that goes on where this is the first proof of the account.  Raises
    NameRefused, DirectoryRefused, FreshSignInRequired and WrongAddressCode.
    """
    person = _person(actor)
    normal = naming.address(address)
    _require_fresh(stated, _("Add {address}?").format(address=normal))
    # Not in one transaction with the refusal: a wrong code stays counted.
    with transaction.atomic():
        right = enter_address_code(
            person_id=person, address=normal, code=code, actor=actor, except_session=except_session
        )
        if right:
            mail_addresses_changed(person, mailed_about(person), address=normal, change="added")
    if not right:
        raise WrongAddressCode(
            message("This code is not right, or it is no longer good."),
            remedy=message("Check the newest mail, or add the address again for a new code."),
        )
    done = _("{address} is yours: what is protected for it opens for you, and you can sign in with it.")
    return effect(True, done.format(address=normal), "", address=normal)


def remove_address(*, actor: Actor, address: str, stated: Stated) -> Effect:
    """Remove one of the person's addresses, asked first.  Raises NotHere and DirectoryRefused."""
    person = _person(actor)
    normal = naming.address(address)

    def act(_reason: str) -> None:
        # Read before: the address that goes is told too, or a stranger in the account could hide the change.
        readers = mailed_about(person)
        remove_address_service(person_id=person, address=normal, actor=actor)
        mail_addresses_changed(person, readers, address=normal, change="removed")

    confirmed(_removing(normal), stated, act)
    return effect(True, _("{address} is removed.").format(address=normal), "", address=normal)


@transaction.atomic
def make_main_address(*, actor: Actor, address: str, stated: Stated) -> Effect:
    """Make one of the person's addresses the main one.  Raises NotHere, DirectoryRefused and FreshSignInRequired."""
    person = _person(actor)
    normal = naming.address(address)
    _require_fresh(stated, _("Make {address} the main address?").format(address=normal))
    changed = choose_main_address(person_id=person, address=normal, actor=actor)
    if changed:
        mail_addresses_changed(person, mailed_about(person), address=normal, change="main")
    return effect(
        changed,
        _("{address} is your main address now: messages go there.").format(address=normal),
        _("{address} is your main address already.").format(address=normal),
        address=normal,
    )


def _person(actor: Actor) -> UUID:
    if actor.person_id is None or actor.application:
        raise NotPermitted(_("An application has no addresses. Sign in as a person."))
    return actor.person_id


def _require_fresh(stated: Stated, question: str) -> None:
    if not is_fresh(stated):
        raise FreshSignInRequired(
            ConfirmationPrompt(question=question, consequences=(), button=_("Go on"), confirm="", needs_fresh=True)
        )


def _removing(address: str) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Remove {address} from your account?").format(address=address),
        consequences=(
            _("What is protected for this address no longer opens for you; kept copies end within a minute."),
            _("You no longer sign in with it."),
            _("You can add it again while the mailbox is yours and nobody else has added it."),
        ),
        button=_("Remove the address"),
        confirm=address,
        needs_fresh=True,
    )
