from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("actor_id", models.UUIDField(help_text="of an account that may be gone")),
                ("actor_name", models.CharField(help_text="as it was then; the account may be gone", max_length=150)),
                ("action", models.CharField(help_text="such as circuit.force_open", max_length=64)),
                ("target", models.CharField(help_text="such as plant_id_api", max_length=128)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["target", "-id"], name="core_audit_of_target")],
            },
        ),
    ]
