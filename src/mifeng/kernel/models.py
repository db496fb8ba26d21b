"""Facts that every context needs: the ledger, the deadlines, the keys of repeated requests, the inbox, the calendar.

The ledger tables are written by ``kernel.ledger`` alone and guarded by triggers (migration ``0002_guards``). Rows of
the other contexts are the truth about the present; the ledger is the evidence of how it came about.
"""

import uuid

from django.db import models


class Instance(models.Model):
    """The installation itself (平台实例): one row, written by ``mifeng init``.

    ``origin`` is the name under which checkpoints are signed; ``test_mode`` is a fact of the database, not of the
    environment, so that no restart can turn a real platform into one whose clock may be moved.
    """

    origin = models.TextField()
    centre = models.TextField()
    test_mode = models.BooleanField()
    created_at = models.DateTimeField()


class ClockOffset(models.Model):
    """How far the test clock stands from real time (测试时钟); no row outside test mode."""

    offset = models.DurationField()


class Stream(models.Model):
    """A chain of entries about one subject (台账链); ``head`` is the leaf of its last entry."""

    name = models.TextField(unique=True)
    head = models.BinaryField(null=True)


class Entry(models.Model):
    """One entry of the ledger (台账条目). Inserted once, never changed.

    ``data`` holds the canonical bytes that the leaf commits to; the other columns repeat what queries need.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="+")
    type = models.TextField()
    subject = models.TextField()
    actor_handle = models.TextField()
    at = models.DateTimeField()
    leaf = models.BinaryField(unique=True)
    data = models.BinaryField()
    salt = models.BinaryField()

    class Meta:
        indexes = [models.Index("subject", "id", name="entry_subject")]


class EntryBody(models.Model):
    """What an entry commits to (条目内容). Apart from the entry, so that it can be erased while the proof stands."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="+")
    salt = models.BinaryField()
    content = models.BinaryField()


class Reference(models.Model):
    """A further subject that an entry speaks of (关联事项); the index behind the page of one matter."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    subject = models.TextField()

    class Meta:
        indexes = [models.Index("subject", "entry", name="reference_subject")]


class Pending(models.Model):
    """An entry that waits for its place in the log (待排序)."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="+")


class Leaf(models.Model):
    """The place of an entry in the log (叶子).

    The sequencer takes the entry from its table in the same statement, and no entry is ever deleted; a check of each
    row by the database would find nothing and lock every entry once more, at half the sequencer's speed.
    """

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False)


class Tile(models.Model):
    """A run of up to 256 hashes of the tree (树片), as in C2SP tlog-tiles: 32 bytes each, level by level."""

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("level", "index", name="tile_once")]


class Checkpoint(models.Model):
    """A signed tree head (签名树根): ``note`` is the text that witnesses cosign."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()


class Cosignature(models.Model):
    """A witness's signature under a checkpoint (见证签名): one signature line of the note."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    witness = models.TextField()
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("checkpoint", "witness", name="cosignature_once")]


class Deadline(models.Model):
    """A moment at which the platform itself must act (到期事项).

    Computed by rules, replaced by the act that changes its grounds, woken by the worker, marked met by the act it
    asks for. ``next_try_at`` keeps a failing deadline from blocking those behind it.
    """

    subject = models.TextField()
    step = models.TextField()
    at = models.DateTimeField()
    source = models.TextField()
    calendar = models.TextField()
    provisional = models.BooleanField(default=False)
    started_by = models.TextField()
    met_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("subject", "step", condition=models.Q(met_at=None), name="deadline_once"),
        ]
        indexes = [models.Index("at", condition=models.Q(met_at=None), name="deadline_open")]


class RequestKey(models.Model):
    """A request already carried out (幂等键): the same key from the same actor gets the same receipt."""

    actor_handle = models.TextField()
    key = models.TextField()
    fingerprint = models.BinaryField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("actor_handle", "key", name="request_once")]


class Message(models.Model):
    """A line in a post's inbox (收件箱)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    recipient = models.TextField(db_index=True)
    subject = models.TextField()
    kind = models.TextField()
    facts = models.JSONField(default=dict)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("recipient", "entry", "kind", name="message_once")]


class Blob(models.Model):
    """A file of the vault (存证文件): content-addressed, written once."""

    sha256 = models.BinaryField(primary_key=True)
    size = models.BigIntegerField()
    media = models.TextField()
    stored_at = models.DateTimeField()


class CalendarDay(models.Model):
    """A day that is not what its weekday says (调休与节假日), or the mark that its year has been published."""

    day = models.DateField(primary_key=True)
    working = models.BooleanField()
    name = models.TextField()
    source = models.TextField()


class Noted(models.Model):
    """A refusal or a sensitive read (拒绝与敏感查阅), kept until the minute's digest is in the ledger and after it."""

    at = models.DateTimeField(db_index=True)
    kind = models.TextField()
    actor_handle = models.TextField()
    subject = models.TextField()
    facts = models.JSONField(default=dict)
    digest_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
