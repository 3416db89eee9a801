"""Leading on from a form of the base domain to another host.

``form-action 'self'`` holds for every redirect that follows a form, so a browser would refuse to go from the sign-in
form through the issuer to an organization's host.  Instead of letting forms leave for all those hosts, the form ends
at a small page, and the page leads on: to the browser that is a step of its own, with or without scripts.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse


def onward(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect within this host; lead on by a page when the way goes through the issuer or to another host."""
    stays = url.startswith("/") and not url.startswith("//")
    if stays and not url.startswith(reverse("issuer_authorize")):
        return HttpResponseRedirect(url)
    return _page(request, "identity/onward.html", url)


def led_on(request: HttpRequest, url: str) -> HttpResponse:
    """Lead on to an identity provider, for signing in anew or for signing out there, by a page in any case."""
    return _page(request, "identity/led_on.html", url)


def _page(request: HttpRequest, template: str, url: str) -> HttpResponse:
    response = render(request, template, {"url": url})
    response["Refresh"] = f"0; url={url}"
    return response
