"""Facts about awards (定标): the decision, who was passed over, what was published.

The order of the classes is the order in which acts lock them. Bids are known by bid_ref, reports by their hash.
"""

import uuid

from django.db import models

from mifeng.kernel.models import Entry
from mifeng.tenders.models import Lot


class Award(models.Model):
    """The award of a package (定标), from the handing-over of its report on.

    ``bid_ref`` and ``rank`` name who is to win now, ``ground`` and ``reason`` why it is not the one before.
    ``delay_reason`` is the lawful reason for which nothing was decided in time. ``first_decided_at`` stays when a next
    candidate is taken.
    """

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, primary_key=True, related_name="+")
    lot_ref = models.CharField(max_length=64, unique=True)
    report = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    handed_at = models.DateTimeField()
    bid_ref = models.CharField(max_length=64, blank=True)
    rank = models.PositiveSmallIntegerField(default=0)
    ground = models.CharField(max_length=12, blank=True)
    reason = models.TextField(blank=True)
    deemed = models.BooleanField(default=False)
    delay_reason = models.TextField(blank=True)
    first_decided_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)


class PassedOver(models.Model):
    """A candidate that cannot be taken any more (不再递补的候选人), on which ground and why."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    bid_ref = models.CharField(max_length=64)
    ground = models.CharField(max_length=12)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("award", "bid_ref", name="passed_over_once")]


class Publication(models.Model):
    """A result notice as it was published (结果公告), never edited; one that is overtaken is followed by another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("award", "number", name="publication_once")]
