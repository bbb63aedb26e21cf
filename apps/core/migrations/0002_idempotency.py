from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_audit")]

    operations = [
        migrations.CreateModel(
            name="KeyedRequest",
            fields=[
                (
                    "identity",
                    models.CharField(
                        help_text="digest of principal and key", max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("principal", models.CharField(help_text="digest", max_length=64)),
                ("fingerprint", models.CharField(help_text="digest of what was asked", max_length=64)),
                (
                    "owner_id",
                    models.UUIDField(db_index=True, help_text="of the account it goes with", null=True),
                ),
                ("claim", models.UUIDField(help_text="of whoever does the work")),
                ("claimed_until", models.DateTimeField(help_text="later than this, its process is dead")),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="null while the work is under way", null=True),
                ),
                ("headers", models.JSONField(default=dict)),
                (
                    "body",
                    models.BinaryField(help_text="null where the answer is not to be told again", null=True),
                ),
                ("about", models.UUIDField(db_index=True, help_text="what the answer tells of", null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["principal", "-created_at"], name="core_keyed_of_principal")],
            },
        ),
    ]
