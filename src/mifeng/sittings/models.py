"""Facts about the panels of projects (评审委员会).

The order of the classes is the order in which acts lock them.
"""

import uuid

from django.db import models

from mifeng.experts.models import Draw
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
