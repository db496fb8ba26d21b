import uuid

from django.db import migrations, models

import mifeng.parties.models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0002_suppliers"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeatPass",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("handle", models.CharField(default=mifeng.parties.models.new_handle, max_length=16, unique=True)),
                ("role", models.CharField(max_length=8)),
                ("site", models.CharField(max_length=36)),
                ("seat", models.CharField(max_length=64)),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("code_until", models.DateTimeField()),
                ("token_hash", models.CharField(blank=True, db_index=True, max_length=64)),
                ("key", models.CharField(blank=True, max_length=130)),
                ("starts_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("entered_at", models.DateTimeField(null=True)),
                ("ended", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("code_hash"),
                        condition=models.Q(("code_hash", ""), _negated=True),
                        name="seat_code_once",
                    )
                ],
            },
        ),
    ]
