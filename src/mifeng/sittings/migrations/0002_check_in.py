import uuid

import django.db.models.deletion
from django.db import migrations, models

import mifeng.parties.models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0003_seat_passes"),
        ("sittings", "0001_initial"),
        ("tenders", "0002_sealed_bids"),
    ]

    operations = [
        migrations.CreateModel(
            name="Kiosk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("site", models.UUIDField()),
                ("handle", models.CharField(default=mifeng.parties.models.new_handle, max_length=16, unique=True)),
                ("state", models.CharField(max_length=12)),
                ("token_hash", models.CharField(blank=True, db_index=True, max_length=64)),
                ("opened_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("session", models.UUIDField()),
                ("state", models.CharField(max_length=12)),
                ("opened_at", models.DateTimeField()),
                (
                    "panel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sittings.panel"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("site", models.UUIDField()),
                ("role", models.CharField(max_length=8)),
                ("handle", models.CharField(default=mifeng.parties.models.new_handle, max_length=16, unique=True)),
                ("who", models.CharField(max_length=64)),
                ("sealed", models.BinaryField(default=bytes)),
                ("state", models.CharField(max_length=12)),
                ("failed", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=12)),
                ("vouched_by", models.CharField(blank=True, max_length=16)),
                ("seat", models.UUIDField(null=True)),
                ("label", models.CharField(blank=True, max_length=64)),
                ("identified_at", models.DateTimeField()),
                (
                    "seat_pass",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.seatpass"
                    ),
                ),
                (
                    "checkin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sittings.checkin"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("site"), models.F("state"), name="arrival_at")],
                "constraints": [
                    models.UniqueConstraint(models.F("checkin"), models.F("who"), name="arrival_once"),
                    models.UniqueConstraint(
                        models.F("checkin"),
                        models.F("label"),
                        condition=models.Q(("label", ""), _negated=True),
                        name="arrival_label_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Representative",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("state", models.CharField(max_length=12)),
                ("number_mac", models.CharField(max_length=64)),
                ("sealed", models.BinaryField(default=bytes)),
                ("authorised_at", models.DateTimeField()),
                (
                    "tender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenders.tender"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("tender"), condition=models.Q(("state", "authorised")), name="representative_once"
                    )
                ],
            },
        ),
    ]
