"""Take the foreign key off the log's places: entries are never deleted, and checking each one halves the sequencer."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Leave the reference, drop its check."""

    dependencies = [("kernel", "0002_guards")]
    operations = [
        migrations.AlterField(
            model_name="leaf",
            name="entry",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="kernel.entry",
            ),
        ),
    ]
