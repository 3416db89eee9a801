"""Links that lead around; every template has them without loading them."""

import re
from functools import cache
from typing import Final

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_outline

from portal.web.navigation import LATEST

register = template.Library()
LINE: Final = re.compile(r'<path [^>]*\bd="([^"]+)"')


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Show an outline of the Heroicons that says nothing of its own: the words stand beside it.

    The style sheet says how lines are drawn: a page has twenty icons, of which that would be a third.
    """
    paths = "".join(f'<path d="{line}"/>' for line in LINE.findall(heroicon_outline(name)))
    return SafeString(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{paths}</svg>')


@register.simple_tag(takes_context=True)
def nav_link(context: Context, name: str, words: str, shape: str, within: str = "") -> SafeString:
    """Lead to a page by its name, marked where the reader is there or below it.

    Pages of an organization say in ``section`` where they belong; others lie below the page's own address, or below
    ``within``.
    """
    request: HttpRequest = context["request"]
    address = reverse(name)
    below = within or address
    if "section" in context:
        current = context["section"] == name
    else:
        current = request.path == address or (below != "/" and request.path.startswith(below))
    here = SafeString(' aria-current="page"' if current else "")
    return format_html('<a href="{}"{}>{}<span>{}</span></a>', address, here, icon(shape), words)


@register.simple_tag(takes_context=True)
def organization_link(context: Context, name: str, words: str, shape: str) -> SafeString:
    """Lead to a page of the organization, also from the base domain."""
    if context["organization"]:
        return nav_link(context, name, words, shape)
    return _away(context["place"].origin + reverse(name, urlconf=settings.ROOT_URLCONF), words, shape)


@register.simple_tag(takes_context=True)
def base_link(context: Context, name: str, words: str, shape: str, within: str = "") -> SafeString:
    """Lead to a page of the base domain, also from an organization, whose navigation it goes on showing."""
    organization = context["organization"]
    if not organization:
        return nav_link(context, name, words, shape, within)
    address = f"{context['base_url']}{reverse(name, urlconf=settings.PUBLIC_SCHEMA_URLCONF)}?{LATEST}={organization.id}"
    return _away(address, words, shape)


def _away(address: str, words: str, shape: str) -> SafeString:
    """Lead to a page at another host of this installation."""
    return format_html('<a href="{}">{}<span>{}</span></a>', address, icon(shape), words)
