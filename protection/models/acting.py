"""Administrators who act for somebody, and until when."""

from django.db import models
from django.db.models.functions import Now


class Acting(models.Model):
    """An administrator acts for a person, declared and for a while; nobody acts for two people at a time."""

    person_id = models.UUIDField(primary_key=True)
    for_id = models.UUIDField()
    for_address = models.CharField(max_length=320)
    reason = models.CharField(max_length=500)
    began_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
