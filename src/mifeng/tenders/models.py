"""Facts about projects, packages, documents and notices (采购项目).

The order of the classes is the order in which acts lock them.
"""

import uuid

from django.db import models

from mifeng.parties.models import Organisation


class Tender(models.Model):
    """A procurement project (采购项目) from its entry on; bound to one rulebook by the date of its entry."""

    class Category(models.TextChoices):
        GOODS = "goods", "货物"
        WORKS = "works", "工程"
        SERVICES = "services", "服务"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=24, unique=True)
    name = models.TextField()
    category = models.CharField(max_length=8, choices=Category)
    in_catalogue = models.BooleanField()
    complex = models.BooleanField(default=False)
    budget_yuan = models.DecimalField(max_digits=16, decimal_places=2)
    purchaser = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    supervisor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=6)
    host_site = models.UUIDField()
    rulebook = models.CharField(max_length=60)
    entered_at = models.DateTimeField()
    issued_on = models.DateField(null=True)
    supply_until = models.DateField(null=True)
    last_clarified_at = models.DateTimeField(null=True)
    draw_handles = models.JSONField(default=list)  # {"site", "handle", "salt"} for each site of the session
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "-entered_at", "id"], name="tender_agency"),
            models.Index(fields=["-entered_at", "id"], name="tender_entered"),
        ]


class Lot(models.Model):
    """A package (采购包), the unit of state; its bids are due at one instant.

    From the notice on, bids are sealed under ``policy`` (canonical JSON), and everybody outside knows the package by
    ``lot_ref``; the salt that ties the two together is disclosed at the close.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    name = models.TextField()
    budget_yuan = models.DecimalField(max_digits=16, decimal_places=2)
    state = models.CharField(max_length=12)
    bids_due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    lot_ref = models.CharField(max_length=64, blank=True)
    lot_ref_salt = models.CharField(max_length=64, blank=True)
    policy = models.TextField(blank=True)
    policy_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("tender", "number", name="lot_number_once"),
            models.UniqueConstraint("lot_ref", condition=~models.Q(lot_ref=""), name="lot_ref_once"),
        ]


class Document(models.Model):
    """A version of the tender document (招标文件); its bytes lie in the vault under ``sha256``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    name = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    state = models.CharField(max_length=12)
    remark = models.TextField(blank=True)
    drafted_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("tender", "version", name="document_version_once")]


class Notice(models.Model):
    """A published notice (公告), from the moment of publication part of the public record; never edited."""

    class Kind(models.TextChoices):
        TENDER = "tender", "招标公告"
        CLARIFICATION = "clarification", "更正公告"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=14, choices=Kind)
    title = models.TextField()
    text = models.TextField()
    affects_bids = models.BooleanField(default=False)
    bids_due_at = models.DateTimeField()
    published_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["-published_at", "id"], name="notice_published")]
