"""Single sign-on of organizations and who is signed in by it: shared tables, label ``sign_on``."""

from django.apps import AppConfig


class SignOnConfig(AppConfig):
    """Which providers sign people of an organization in."""

    name = "tenants.sign_on"
    label = "sign_on"
