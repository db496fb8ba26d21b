"""Facts about sites, seats and who holds them when (场地、席位、预约).

The order of the classes is the order in which acts lock them.
"""

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from mifeng.parties.models import new_handle


class Site(models.Model):
    """A place with evaluation seats (场地): a trading centre's venue that may serve as host or guest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.UUIDField()
    name = models.TextField(unique=True)
    region = models.CharField(max_length=6, unique=True)
    phone = models.TextField(blank=True)
    travel_minutes = models.PositiveIntegerField(default=0)


class Session(models.Model):
    """An evaluation session (评审场次): one host and n guests at one time, known by its code name.

    ``purpose`` names what it serves by an opaque reference of the caller; ``version`` counts the plan's versions.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    code_name = models.CharField(max_length=8, unique=True)
    purpose = models.TextField(db_index=True)
    state = models.CharField(max_length=12)
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    planned_by = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint("purpose", condition=~models.Q(state="released"), name="session_once"),
        ]


class SiteRequest(models.Model):
    """What a session asks of one site (场地请求), and the site's answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=5)
    buyer_seats = models.PositiveSmallIntegerField()
    expert_seats = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    reply_by = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes = [models.Index("site", "state", name="request_at")]


class Seat(models.Model):
    """An evaluation seat (评审席): a numbered place with its own equipment and its readiness."""

    class Kind(models.TextChoices):
        BUYER = "buyer", "采购人"
        EXPERT = "expert", "专家"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    area = models.TextField()
    label = models.TextField()
    kind = models.CharField(max_length=6, choices=Kind)
    fault = models.TextField(blank=True)
    tested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("site", "label", name="seat_label_once")]


class Booking(models.Model):
    """A seat held for a session (席位预约). ``seat_once`` makes a double booking impossible whatever the code does."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    request = models.ForeignKey(SiteRequest, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    state = models.CharField(max_length=12)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="seat_once",
                expressions=[("seat", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(state__in=("held", "confirmed")),
            ),
        ]


class Call(models.Model):
    """Somebody asks for an officer (呼叫场地人员): at a kiosk, or at the seat whose label is ``place``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=64, blank=True)
    caller = models.CharField(max_length=16)
    state = models.CharField(max_length=12)
    called_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("caller", condition=models.Q(state="calling"), name="call_once"),
        ]
        indexes = [models.Index("site", "state", name="call_at")]


class SeatComputer(models.Model):
    """A computer at the seats of a site (席位机): there alone a seat is opened. Its browser knows one secret, of which
    only a keyed hash is kept; ``until`` is when no seat is opened there any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    state = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index("site", "state", name="computer_at")]
