"""Guard the ledger in the database itself (台账防改): rows of the log are inserted and never touched again.

The guards stop accidents and every role that does not own the schema. Against the owner they are no proof; that is
what the witnesses are for.
"""

from django.db import migrations

TABLES = ("kernel_entry", "kernel_reference", "kernel_leaf", "kernel_checkpoint", "kernel_cosignature")

GUARD = """
CREATE FUNCTION kernel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: the ledger is written once', TG_OP, TG_TABLE_NAME USING ERRCODE =
    'insufficient_privilege';
END $$;
"""


def guards() -> str:
    """Return the statements that refuse UPDATE, DELETE and TRUNCATE on every table of the log."""
    return "\n".join(
        f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();\n"
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION kernel_refuse_change();"
        for table in TABLES
    )


def no_guards() -> str:
    """Return the statements that take the guards away again."""
    drops = (f"DROP TRIGGER written_once ON {table}; DROP TRIGGER never_emptied ON {table};" for table in TABLES)
    return "\n".join([*drops, "DROP FUNCTION kernel_refuse_change();"])


class Migration(migrations.Migration):
    """Add the guards."""

    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(GUARD + guards(), no_guards())]
