"""Whom the organization keeps out: the list, a form that blocks, and letting somebody in again."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.usecases.blocks import MOST_AT_ONCE, WantedBlocks, block, unblock, visible_blocks
from portal.web.confirming import confirmed, sends_text
from portal.web.framework import PAGE_SIZE, PageRequest, page, show
from portal.web.policies import MOMENT

KINDS = {
    "address": gettext_lazy("Person"),
    "domain": gettext_lazy("Mail domain"),
    "organization": gettext_lazy("Organization"),
}
MOST_OF_A_FILE = 200_000


class BlockForm(forms.Form):
    """Whom to keep out, until when."""

    who = forms.CharField(
        label=gettext_lazy("People, mail domains or organizations, one a line"),
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
        max_length=MOST_OF_A_FILE,
        help_text=gettext_lazy(
            "An address, a mail domain, or organization: with its id or a mail domain that it has proven."
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file with such lines"),
        required=False,
        help_text=gettext_lazy("Text, one name a line; # begins a comment."),
    )
    subdomains = forms.BooleanField(label=gettext_lazy("Also all domains below these"), required=False)
    until = forms.DateTimeField(label=gettext_lazy("Until"), required=False, widget=MOMENT)

    def clean(self) -> dict[str, Any]:
        """Put the lines of the file to those of the form."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            try:
                data["who"] = "\n".join([data.get("who", ""), file.read(MOST_OF_A_FILE).decode()])
            except UnicodeDecodeError:
                self.add_error("file", _("This file is no text in UTF-8."))
        return data

    def wanted(self) -> WantedBlocks:
        """Return whom the form names."""
        data = self.cleaned_data
        until = None if data["until"] is None else int(data["until"].timestamp())
        return WantedBlocks(who=data["who"].splitlines(), subdomains=data["subdomains"], until=until)


@require_GET
@page(Permission.SETTINGS_READ)
def block_list(request: PageRequest) -> HttpResponse:
    """Show whom the organization keeps out."""
    search = request.GET.get("search", "").strip()
    found = visible_blocks(caller=request.caller, search=search, after=request.GET.get("after", ""), limit=PAGE_SIZE)
    context = {
        "rows": [(one, KINDS[one.kind]) for one in found.rows],
        "following": found.next,
        "search": search,
        "manages": request.caller.may(Permission.SETTINGS_MANAGE),
    }
    return show(request, "blocks", "blocks", context)


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_MANAGE)
def block_new(request: PageRequest) -> HttpResponse:
    """Block, which asks first."""
    form = BlockForm(request.POST or None, request.FILES or None)

    def form_again() -> HttpResponse:
        return show(request, "block", "blocks", {"form": form, "most": MOST_AT_ONCE})

    if request.method != "POST" or not form.is_valid():
        return form_again()
    wanted = form.wanted()
    if request.FILES:
        sends_text(request, who="\n".join(wanted.who))
    return confirmed(
        request,
        reverse("block_new"),
        lambda stated: block(caller=request.caller, wanted=wanted, stated=stated),
        done=reverse("blocks"),
        section="blocks",
        refused=form_again,
    )


@require_POST
@page(Permission.SETTINGS_MANAGE)
def block_remove(request: PageRequest, block_id: UUID) -> HttpResponse:
    """Let somebody in again, which asks first."""
    return confirmed(
        request,
        reverse("blocks"),
        lambda stated: unblock(caller=request.caller, block_id=block_id, stated=stated),
        section="blocks",
    )
