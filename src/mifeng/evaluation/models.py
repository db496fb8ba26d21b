"""Facts about evaluations (评标): template, key of the codes, committee, sheets, report.

The order of the classes is the order in which acts lock them. Models of other contexts are named by text, so that what
a desk may read has no way to bids, suppliers or prices through the modules it imports. What must stay closed is sealed
under the desk's key (``keyring``). Hashes, references and keys are lower-case hexadecimal text.
"""

import uuid

from django.db import models

from mifeng.kernel.models import Entry


class Evaluation(models.Model):
    """The evaluation of a package (评标), from the opening of its bids on.

    ``template`` is what was fixed with the notice, repeated here for the desk. ``reason`` is the code of why the tender
    is void or the evaluation stopped; then ``gone`` is the seat whose member had to leave, ``why`` the word for it.
    ``report_hash`` names the report that waits for signatures or has all of them; empty after a correction.
    """

    lot = models.OneToOneField("tenders.Lot", on_delete=models.PROTECT, primary_key=True, related_name="+")
    lot_ref = models.CharField(max_length=64, unique=True)
    template = models.TextField()
    template_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    round = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=40, blank=True)
    chair = models.CharField(max_length=64, blank=True)
    gone = models.CharField(max_length=64, blank=True)
    why = models.CharField(max_length=12, blank=True)
    copied_at = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    report_hash = models.CharField(max_length=64, blank=True)
    concluded_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)


class ScoringTemplate(models.Model):
    """The scoring template of a package (评分办法) as canonical JSON, part of the tender documents."""

    lot = models.OneToOneField("tenders.Lot", on_delete=models.PROTECT, primary_key=True, related_name="+")
    text = models.TextField()
    template_hash = models.CharField(max_length=64)


class CodeKey(models.Model):
    """The secret behind the codes of a package (编码密钥): what was logged of it, and the secret itself, sealed."""

    lot = models.OneToOneField("tenders.Lot", on_delete=models.PROTECT, primary_key=True, related_name="+")
    commitment = models.CharField(max_length=64)
    sealed = models.BinaryField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")


class Qualification(models.Model):
    """What the qualification review found of one bid (资格审查)."""

    bid = models.OneToOneField("bidding.Bid", on_delete=models.PROTECT, primary_key=True, related_name="+")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    passed = models.BooleanField()
    reasons = models.TextField(blank=True)
    reviewed_at = models.DateTimeField()


class Member(models.Model):
    """A member of the committee at a seat (评审成员): ``expert`` or ``buyer``, known by an opaque handle.

    ``key`` is the public key with which the seat's own client signs; empty where it has none. ``unable`` is the word
    with which the member has declared to be unable to go on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=64)
    role = models.CharField(max_length=8)
    handle = models.CharField(max_length=32)
    key = models.CharField(max_length=130, blank=True)
    unable = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("evaluation", "seat", name="member_seat_once"),
            models.UniqueConstraint("evaluation", "handle", name="member_once"),
        ]


class KeyChange(models.Model):
    """Another key in the place of a seat's own (席位密钥更换), brought by a client at which the seat was opened again.

    ``checked`` says how the person was known before a new code was given: ``face``, or ``officers``, of whom there are
    two.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=64)
    before = models.CharField(max_length=130, blank=True)
    after = models.CharField(max_length=130)
    checked = models.CharField(max_length=8)
    at = models.DateTimeField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")


class BlindCopy(models.Model):
    """A technical file as a desk shows it (匿名副本): bare of all that says who made it.

    ``before`` is the file that was opened, ``after`` the copy in the vault; empty with a ``fault`` where none could be
    made, so that nothing is shown.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    before = models.CharField(max_length=64)
    after = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=40, blank=True)
    tool = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint("evaluation", "position", "number", name="blind_copy_once")]


class CodeIssue(models.Model):
    """Codes given out together (编码批次), in their order; which bid is behind which code is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    seeds = models.JSONField()  # {"handle", "seed"} of each draw, in the order in which they make the key
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("evaluation", "number", name="code_issue_once")]


class Sheet(models.Model):
    """The scores of one seat for one part (评分表).

    ``sealed`` holds salt and sheet from the signature on, which ``entry`` records; ``salt`` and ``content`` are empty
    until all are shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    commitment = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=160, blank=True)
    sealed = models.BinaryField(null=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    salt = models.CharField(max_length=64, blank=True)
    content = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "part", name="sheet_once")]


class Cell(models.Model):
    """One score as it was last saved (单元格), sealed; ``version`` counts how often."""

    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=8)
    item = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    sealed = models.BinaryField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("sheet", "code", "item", name="cell_once")]


class NamedBid(models.Model):
    """A bid under its bidder's name (评审投标人), from the lock of the technical scores on; no such row before.

    ``quote_yuan`` is what counts where words and figures differ; empty where none can be read. ``files`` are those of
    the business part: ``{"number", "name", "media", "sha256"}``.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    bid_ref = models.CharField(max_length=64)
    bidder = models.TextField()
    quote_yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    files = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint("evaluation", "position", name="named_bid_once")]


class Opinion(models.Model):
    """What one member holds (委员意见), where the committee decides by majority.

    ``kind`` is ``chair`` (``said`` names a seat), ``reject`` (a bid, with the reason), ``grant`` (a deduction) or
    ``abnormal`` (a score).
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    about = models.CharField(max_length=180, blank=True)
    said = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "kind", "about", name="opinion_once")]


class ScoreChange(models.Model):
    """A lawful correction after the scores were shown (评分修改), in the order in which they were made."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    seat = models.CharField(max_length=64)
    bid_ref = models.CharField(max_length=64)
    item = models.CharField(max_length=32, blank=True)
    before = models.DecimalField(max_digits=15, decimal_places=6)
    after = models.DecimalField(max_digits=15, decimal_places=6)
    reason = models.TextField()
    agreed = models.PositiveSmallIntegerField(default=0)


class Report(models.Model):
    """A report of the committee (评标报告) as canonical JSON; one that was corrected is followed by another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    report_hash = models.CharField(max_length=64)
    text = models.TextField()
    made_at = models.DateTimeField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("evaluation", "report_hash", name="report_once")]


class ReportSignature(models.Model):
    """A member's signature under a report (报告签名), with the dissent where there is one.

    ``deemed`` is the word of a member without one: why agreement is deemed (视为同意). Empty where the member signed.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    agrees = models.BooleanField()
    dissent = models.TextField(blank=True)
    deemed = models.CharField(max_length=12, blank=True)
    signature = models.CharField(max_length=160, blank=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("report", "member", name="report_signature_once")]
