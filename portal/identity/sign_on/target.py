"""Where a sign-in leads to: an address of this host, and no other one's, whatever was asked for."""

from typing import Final

from django.utils.http import url_has_allowed_host_and_scheme

AGAIN: Final = "sign_on"
"""The member of an address that names the connection by which somebody signs in anew."""


def safe_target(target: str) -> str:
    """Return the target when it stays on this host, else the front page."""
    stays = url_has_allowed_host_and_scheme(target, allowed_hosts=None) and target.startswith("/")
    return target if stays else "/"
