"""The organization's address book: the list, a form that adds, and taking somebody out."""

from email.utils import parseaddr
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.usecases.contacts import (
    MOST_AT_ONCE,
    WantedContact,
    keep_contacts,
    remove_contact,
    visible_contacts,
)
from portal.usecases.personal_data import PersonalData
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show

MOST_OF_A_TEXT = 200_000


class ContactsForm(forms.Form):
    """Contacts, one a line."""

    contacts = forms.CharField(
        label=gettext_lazy("Contacts, one a line"),
        max_length=MOST_OF_A_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Like: Rita Rossi <rita@fabrikam.example>. A known address gets the new name."),
    )

    def wanted(self) -> list[WantedContact]:
        """Return whom the lines name; what is no address is refused by who keeps them."""
        lines = (line.strip() for line in self.cleaned_data["contacts"].splitlines())
        parts = [(parseaddr(line), line) for line in lines if line]
        return [WantedContact(address or line, name) for (name, address), line in parts]


@require_http_methods(["GET", "POST"])
@page(Permission.PEOPLE_READ, reads=PersonalData.CONTACTS)
def contacts(request: PageRequest) -> HttpResponse:
    """Show the address book; add to it."""
    manages = request.caller.may(Permission.PEOPLE_MANAGE)
    form = ContactsForm(request.POST or None)
    if request.method == "POST" and manages and form.is_valid():
        wanted = form.wanted()
        if carried_out(request, lambda: keep_contacts(caller=request.caller, wanted=wanted)):
            return redirect("contacts")
    search = request.GET.get("search", "").strip()
    found = visible_contacts(caller=request.caller, search=search, after=request.GET.get("after", ""), limit=PAGE_SIZE)
    context = {
        "rows": found.rows,
        "following": found.next,
        "search": search,
        "manages": manages,
        "form": form,
        "most": MOST_AT_ONCE,
    }
    return show(request, "contacts", "people", context)


@require_POST
@page(Permission.PEOPLE_MANAGE)
def contact_remove(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Take somebody out."""
    carried_out(request, lambda: remove_contact(caller=request.caller, contact_id=contact_id))
    return redirect("contacts")
