"""Facts about experts, draws and invitations (专家、抽取、邀请).

Rows that say what happened carry opaque hashes; who it happened to stands beside them in rows of their own, closed
under keys that are not in the database (``keyring``) and erasable without touching the others. The order of the
classes is the order in which acts lock them.
"""

import uuid

from django.db import models

from mifeng.kernel.models import Entry


class Draw(models.Model):
    """A draw for one site of a session (抽取).

    Its id is the random number under which the library is asked; ``handle`` is what the notice lists and witnesses
    know. ``excluded`` are the sums of the reasons, for the supervisor; the public learns their total.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    handle = models.CharField(max_length=64, unique=True)
    policy_hash = models.CharField(max_length=64)
    contributors = models.JSONField()  # {"name", "organisation", "vrf", "verify"} of each, in policy order
    rulebook = models.CharField(max_length=60)
    site = models.UUIDField()
    code_name = models.CharField(max_length=8)
    speciality = models.CharField(max_length=7)
    near = models.CharField(max_length=6, blank=True)  # region of the county whose experts come first
    seats = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=12)
    drawn_class = models.CharField(max_length=7, blank=True)  # the class asked for, or a wider one
    tier = models.PositiveSmallIntegerField(default=0)  # 1 the county's library, 2 the city's
    cell = models.CharField(max_length=7, blank=True)  # label under which the pool is logged
    root = models.CharField(max_length=64, blank=True)
    eligible = models.PositiveIntegerField(default=0)
    excluded = models.JSONField(default=dict)  # reason → persons
    pool_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    contribute_by = models.DateTimeField(null=True)
    silent = models.JSONField(default=list)
    seed = models.CharField(max_length=64, blank=True)
    seed_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["starts_at", "ends_at"], name="draw_during")]


class Pool(models.Model):
    """The closed part of a draw's pool (抽取名单): its salts' key, and which person stands behind each record."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sealed = models.BinaryField()


class Contribution(models.Model):
    """What one witness gave to a seed (种子贡献): a proof that anybody can verify under its published key."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    proof = models.CharField(max_length=162)
    signature = models.CharField(max_length=128)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("draw", "name", name="contribution_once")]


class Invitation(models.Model):
    """A place in the walk of a draw (邀请): the leaf invited or passed over, and how it came out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    leaf = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=12, blank=True)
    sent_at = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("draw", "leaf", name="invitation_leaf_once"),
            models.UniqueConstraint("draw", "place", name="invitation_place_once"),
        ]


class WalkLine(models.Model):
    """One line of a walk (邀请记录), in the order in which it was written; anybody may replay them against the seed."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    leaf = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    detail = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("draw", "number", name="walk_line_once")]


class Contact(models.Model):
    """How an invited person is reached (联系方式), closed; of the secret in the link only its hash stands open."""

    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    token_hash = models.BinaryField(unique=True)
    sealed = models.BinaryField()


class Roster(models.Model):
    """Who was seated where (专家名单), closed until the law publishes it."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sealed = models.BinaryField()


class Expert(models.Model):
    """An expert of the library (评审专家) without anything that tells who it is.

    ``tier`` is the library that lists the person: the county's own, or the city's.
    """

    class Tier(models.TextChoices):
        COUNTY = "county", "旗县库"
        CITY = "city", "市级库"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    region = models.CharField(max_length=6)
    tier = models.CharField(max_length=6, choices=Tier)
    specialities = models.JSONField()
    trained = models.BooleanField()
    state = models.CharField(max_length=12)
    enrolled_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tier", "region"], name="expert_tier")]


class Personal(models.Model):
    """Who an expert is (专家个人信息): the one column that holds it, and a keyed hash of the identity number."""

    expert = models.OneToOneField(Expert, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number_mac = models.BinaryField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("number_mac", name="expert_once")]
