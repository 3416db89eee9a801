"""What a group is called, whether it gives anything, and its end."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.groups import change_group, delete_group
from portal.web.confirming import confirmed
from portal.web.fields import FreeTextField
from portal.web.framework import PageRequest, page, show
from tenants.directory.selectors.groups import group_in


class GroupNameForm(forms.Form):
    """Name and description of a group; its address stays, since policies name it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    description = FreeTextField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.GROUPS_MANAGE)
def group_edit(request: PageRequest, group_id: UUID) -> HttpResponse:
    """Change name and description, archive the group or bring it back, delete it."""
    found = group_in(request.organization.id, group_id)
    back, wanted = reverse("group", args=[group_id]), request.POST.get("act", "")

    def change(
        stated: Stated, *, name: str | None = None, description: str | None = None, archived: bool | None = None
    ) -> Effect:
        return change_group(
            caller=request.caller,
            group_id=group_id,
            name=name,
            description=description,
            archived=archived,
            stated=stated,
        ).effect

    if request.method == "POST" and wanted in {"archive", "unarchive"}:
        archived = wanted == "archive"
        return confirmed(request, back, lambda stated: change(stated, archived=archived), section="people")
    if request.method == "POST" and wanted == "delete":
        return confirmed(
            request,
            back,
            lambda stated: delete_group(caller=request.caller, group_id=group_id, stated=stated),
            done=reverse("people"),
            section="people",
        )
    form = GroupNameForm(request.POST or None, initial={"name": found.name, "description": found.description})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        return confirmed(
            request,
            back,
            lambda stated: change(stated, name=data["name"], description=data["description"]),
            section="people",
        )
    return show(request, "group_edit", "people", {"form": form, "found": found})
