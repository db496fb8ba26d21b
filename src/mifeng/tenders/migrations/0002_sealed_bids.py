from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenders", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="lot",
            name="lot_ref",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="lot",
            name="lot_ref_salt",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="lot",
            name="policy",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="lot",
            name="policy_hash",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="tender",
            name="draw_handles",
            field=models.JSONField(default=list),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(
                models.F("lot_ref"), condition=models.Q(("lot_ref", ""), _negated=True), name="lot_ref_once"
            ),
        ),
    ]
