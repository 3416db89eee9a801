"""Access reviews as pages: the list, a form that starts one, and one with its items and answers."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.usecases.personal_data import PersonalData
from portal.usecases.reviews.answer import keep_item, remove_item
from portal.usecases.reviews.start import WantedReview, begin_review, end_review
from portal.usecases.reviews.visible import exported_review, visible_review, visible_reviews
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, page, show
from portal.words.reviews import KINDS, STATES, answer_in_words


class ReviewForm(forms.Form):
    """What is to be reviewed, by whom, until when."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What is reviewed"),
        choices=[(kind.value, words) for kind, words in KINDS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    groups = forms.CharField(
        label=gettext_lazy("Groups whose members are reviewed"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("The address of one in each line."),
    )
    reviewers = forms.CharField(
        label=gettext_lazy("Reviewers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "The address of an administrator in each line; left empty, all of them. Nobody answers about what is their"
            " own."
        ),
    )
    days = forms.IntegerField(label=gettext_lazy("Days until it is due"), min_value=1, max_value=365, initial=14)
    every_months = forms.IntegerField(
        label=gettext_lazy("Begin the next one after so many months"),
        required=False,
        min_value=1,
        max_value=36,
        help_text=gettext_lazy("Left empty, there is this one only."),
    )
    removes = forms.BooleanField(
        label=gettext_lazy("Take away on the due day what nobody keeps"),
        required=False,
        help_text=gettext_lazy("Otherwise it counts as overdue, and stays."),
    )


@require_GET
@page(Permission.AUDIT_READ)
def reviews(request: PageRequest) -> HttpResponse:
    """Show the reviews, the newest first."""
    before = request.GET.get("before", "")
    known = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    found = visible_reviews(caller=request.caller, before=known, limit=PAGE_SIZE)
    context = {
        "rows": [(one, STATES[one.state]) for one in found.rows],
        "next": found.next,
        "manages": request.caller.may(Permission.ROLES_MANAGE),
    }
    return show(request, "reviews", "people", context)


@require_http_methods(["GET", "POST"])
@page(Permission.ROLES_MANAGE)
def review_new(request: PageRequest) -> HttpResponse:
    """Start a review; where it takes things away by itself, that is asked first."""
    form = ReviewForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return show(request, "review_new", "people", {"form": form})
    data = form.cleaned_data
    wanted = WantedReview(
        name=data["name"],
        kinds=data["kinds"],
        groups=data["groups"].split(),
        reviewers=data["reviewers"].split(),
        days=data["days"],
        every_months=data["every_months"],
        removes=data["removes"],
    )
    return confirmed(
        request,
        reverse("review_new"),
        lambda stated: begin_review(
            caller=request.caller, organization=request.organization, wanted=wanted, stated=stated
        ),
        done=reverse("reviews"),
        section="people",
        refused=lambda: show(request, "review_new", "people", {"form": form}),
    )


@require_GET
@page(Permission.AUDIT_READ, reads=PersonalData.PEOPLE)
def review(request: PageRequest, review_id: UUID) -> HttpResponse:
    """Show one review with what is open first."""
    after, only = request.GET.get("after", ""), request.GET.get("show", "")
    known = int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0
    found = visible_review(
        caller=request.caller,
        review_id=review_id,
        after=known,
        limit=PAGE_SIZE,
        answer="" if only == "open" else None,
    )
    context = {
        "found": found.review,
        "state": STATES[found.review.state],
        "kinds": [words for kind, words in KINDS.items() if kind.value in found.review.kinds],
        "rows": [(one, answer_in_words(one.item)) for one in found.items],
        "next": found.next,
        "only": only,
        "manages": request.caller.may(Permission.ROLES_MANAGE),
    }
    return show(request, "review", "people", context)


@require_GET
@page(Permission.AUDIT_READ, reads=PersonalData.PEOPLE)
def review_file(request: PageRequest, review_id: UUID) -> HttpResponse:
    """Send a review as a file."""
    form = "json" if request.GET.get("as") == "json" else "csv"
    found = exported_review(caller=request.caller, review_id=review_id, form=form)
    answer = HttpResponse(found.text, content_type=f"{found.content_type}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return answer


@require_POST
@page(Permission.ROLES_MANAGE)
def review_answer(request: PageRequest, review_id: UUID, item: int) -> HttpResponse:
    """Keep or remove one item, which asks first."""
    act = remove_item if request.GET.get("act") == "remove" else keep_item
    return confirmed(
        request,
        reverse("review", args=(review_id,)),
        lambda stated: act(caller=request.caller, review_id=review_id, item=item, stated=stated),
        section="people",
    )


@require_POST
@page(Permission.ROLES_MANAGE)
def review_close(request: PageRequest, review_id: UUID) -> HttpResponse:
    """Close a review, which asks first where something is open."""
    return confirmed(
        request,
        reverse("review", args=(review_id,)),
        lambda stated: end_review(caller=request.caller, review_id=review_id, stated=stated),
        section="people",
    )
