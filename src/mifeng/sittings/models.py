"""Facts about the panels of projects and who comes to their seats (评审委员会、签到).

The order of the classes is the order in which acts lock them.
"""

import uuid

from django.db import models

from mifeng.experts.models import Draw
from mifeng.parties.models import SeatPass, new_handle
from mifeng.tenders.models import Tender


class Panel(models.Model):
    """The committee of a project (评审委员会), drawn site by site for the project's session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    session = models.UUIDField()
    speciality = models.CharField(max_length=7)
    state = models.CharField(max_length=12)
    assembled_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("tender", name="panel_once")]


class PanelSite(models.Model):
    """A site of a panel (评审场地): its draw, and whether the purchaser's representative sits there."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="+")
    site = models.UUIDField()
    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, related_name="+")
    buyer_seats = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("panel", "site", name="panel_site_once")]


class CheckIn(models.Model):
    """The check-in of a project's session (签到), for all its sites."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    panel = models.OneToOneField(Panel, on_delete=models.PROTECT, related_name="+")
    session = models.UUIDField()
    state = models.CharField(max_length=12)
    opened_at = models.DateTimeField()


class Representative(models.Model):
    """Whom the purchaser authorises to sit on the committee (采购人代表), closed, with a keyed hash of the number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12)
    number_mac = models.CharField(max_length=64)
    sealed = models.BinaryField(default=bytes)
    authorised_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("tender", condition=models.Q(state="authorised"), name="representative_once"),
        ]


class Arrival(models.Model):
    """One person's way from the door to a seat (到场), known by a handle that is new for each check-in.

    Who it is stands closed in ``sealed``; ``who`` is a keyed hash by which the same person is known again in the same
    check-in. The seat's own post is ``seat_pass``. ``recheck`` is how far officers are who check somebody for a new
    code of the seat: ``asked``, ``once``, ``done``; empty where nobody has asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    checkin = models.ForeignKey(CheckIn, on_delete=models.PROTECT, related_name="+")
    site = models.UUIDField()
    role = models.CharField(max_length=8)
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    who = models.CharField(max_length=64)
    sealed = models.BinaryField(default=bytes)
    state = models.CharField(max_length=12)
    failed = models.PositiveSmallIntegerField(default=0)  # comparisons of the face that failed
    reason = models.CharField(max_length=12, blank=True)  # why officers check
    vouched_by = models.CharField(max_length=16, blank=True)  # handle of the first of the two officers
    seat = models.UUIDField(null=True)
    label = models.CharField(max_length=64, blank=True)
    seat_pass = models.OneToOneField(SeatPass, on_delete=models.PROTECT, null=True, related_name="+")
    identified_at = models.DateTimeField()
    readings = models.PositiveSmallIntegerField(default=1)  # of the card
    pledged_at = models.DateTimeField(null=True)
    recheck = models.CharField(max_length=5, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("checkin", "who", name="arrival_once"),
            models.UniqueConstraint("checkin", "label", condition=~models.Q(label=""), name="arrival_label_once"),
        ]
        indexes = [models.Index("site", "state", name="arrival_at")]


class Kiosk(models.Model):
    """A computer at which people check in (签到机), opened by an officer of the site; its session knows one secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.UUIDField()
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    state = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    opened_at = models.DateTimeField()
