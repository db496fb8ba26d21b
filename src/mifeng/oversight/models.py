"""Facts of oversight (监督记录)."""

import uuid

from django.db import models


class Finding(models.Model):
    """What a supervisor saw and wrote down (监督记录). It changes nothing in the matter it speaks of."""

    class Kind(models.TextChoices):
        OBSERVATION = "observation", "监督情况记录"
        IRREGULARITY = "irregularity", "发现问题"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subject = models.TextField(db_index=True)
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.TextField()
    organisation = models.UUIDField()
    made_by = models.CharField(max_length=16)
    made_at = models.DateTimeField()
