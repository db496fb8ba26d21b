"""Facts about sealed bids and their opening (投标与开标).

No row before the opening names an organisation, a person or an account, or points to one: a bid is known by the random
reference and the key that its bidder's own program made for this package. The order of the classes is the order in
which acts lock them. All hashes, references, keys and signatures are lower-case hexadecimal text.
"""

import uuid

from django.db import models

from mifeng.kernel.models import Entry
from mifeng.parties.models import Organisation
from mifeng.tenders.models import Lot


class Opening(models.Model):
    """The opening of a package (开标), from the list of its bids at the deadline on.

    ``list`` is the ordered list of ``{"bid_ref", "envelope"}`` that trustees countersign, ``keyed`` the bid_refs whose
    keys had been confirmed when the key window closed. ``reason`` says why nothing is, or too little was, opened.
    """

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, primary_key=True, related_name="+")
    lot_ref = models.CharField(max_length=64, unique=True)
    policy_hash = models.CharField(max_length=64)
    due = models.DateTimeField()
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    list_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    key_from = models.DateTimeField(null=True)
    key_until = models.DateTimeField(null=True)
    keyed = models.JSONField(default=list)
    keys_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)
    opened_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    # Last, since its name hides that of the type.
    list = models.JSONField()


class Bid(models.Model):
    """A bid (投标) in its current version; ``key`` is what its bidder handed in during the key window."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    lot_ref = models.CharField(max_length=64)
    bid_ref = models.CharField(max_length=64)
    submit_key = models.CharField(max_length=130)
    version = models.PositiveIntegerField()
    envelope = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    key = models.CharField(max_length=64, blank=True)
    key_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("lot_ref", "bid_ref", name="bid_once"),
            models.UniqueConstraint("lot_ref", "submit_key", name="bid_key_once"),
        ]


class Envelope(models.Model):
    """One version of a bid (投标文件密封件): its header, and the signature that handed it in.

    The whole file lies in the vault under ``sha256``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    envelope = models.CharField(max_length=64)
    seal = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    nonce = models.CharField(max_length=128)
    signature = models.CharField(max_length=160)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("envelope", name="envelope_once"),
            models.UniqueConstraint("bid", "version", name="envelope_version_once"),
        ]


class Mark(models.Model):
    """A value that may occur once in a package (防复制标记): who copies any of it cannot hand in the copy."""

    lot_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint("lot_ref", "kind", "value", name="mark_once")]


class Acknowledgement(models.Model):
    """What a trustee signed about its share of one version (可开启确认): ``ok`` or ``bad``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="+")
    trustee = models.TextField()
    verdict = models.CharField(max_length=3)
    signature = models.CharField(max_length=128)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("envelope", "trustee", name="acknowledgement_once")]


class Countersignature(models.Model):
    """A trustee's signature under a decisive entry of a package (副署): its deadline or its list of bids."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    leaf = models.CharField(max_length=64)
    trustee = models.TextField()
    signature = models.CharField(max_length=128)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("lot", "kind", "leaf", "trustee", name="countersignature_once")]


class Release(models.Model):
    """The shares a trustee released for a package (释放份额), all at once: a list of ``{"bid_ref", "share"}``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="+")
    trustee = models.TextField()
    shares = models.JSONField()
    signature = models.CharField(max_length=128)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("opening", "trustee", name="release_once")]


class Unsealed(models.Model):
    """What was found in a bid when all were opened (开标结果): read out, or the fault for which it was not.

    ``fault`` is empty for an opened bid, else ``bidder``, ``trustee`` or ``platform``. ``doubts`` are codes of what an
    examiner has to look at: a certificate that does not stand, a signature that does not hold, another organisation
    than the one that registered, words that differ from figures.
    """

    bid = models.OneToOneField(Bid, on_delete=models.PROTECT, primary_key=True, related_name="+")
    position = models.PositiveIntegerField()
    fault = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    bidder = models.TextField(blank=True)
    credit_code = models.CharField(max_length=18, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    price_yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    price_words = models.TextField(blank=True)
    words_yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    delivery = models.TextField(blank=True)
    quality = models.TextField(blank=True)
    doubts = models.JSONField(default=list)
    readout_key = models.CharField(max_length=64, blank=True)


class OpenedFile(models.Model):
    """A file of an opened bid (投标文件); its bytes lie in the vault under ``sha256``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=16)
    position = models.PositiveIntegerField()
    name = models.TextField()
    media = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("bid", "part", "position", name="opened_file_once")]


class RecordAnswer(models.Model):
    """What a bidder said to the opening record (开标记录确认): ``confirmed``, or ``objected`` in words."""

    bid = models.OneToOneField(Bid, on_delete=models.PROTECT, primary_key=True, related_name="+")
    answer = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    nonce = models.CharField(max_length=128)
    signature = models.CharField(max_length=160)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
