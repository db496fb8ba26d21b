import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("venues", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("place", models.CharField(blank=True, max_length=64)),
                ("caller", models.CharField(max_length=16)),
                ("state", models.CharField(max_length=12)),
                ("called_at", models.DateTimeField()),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="venues.site"),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("site"), models.F("state"), name="call_at")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("caller"), condition=models.Q(("state", "calling")), name="call_once"
                    )
                ],
            },
        ),
    ]
