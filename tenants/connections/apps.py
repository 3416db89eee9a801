"""Provisioning connections and what they keep: shared tables, label ``connections``."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Who fills the directory from outside."""

    name = "tenants.connections"
    label = "connections"
