from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_idempotency")]

    operations = [
        migrations.CreateModel(
            name="CspViolation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("directive", models.CharField(max_length=32)),
                ("blocked", models.CharField(help_text="an origin, or what browsers say instead", max_length=120)),
                ("page", models.CharField(help_text="a path of ours, or the pattern of one", max_length=200)),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("first_seen_at", models.DateTimeField(auto_now_add=True)),
                ("last_seen_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, help_text="in the daily mail", null=True)),
            ],
            options={
                "verbose_name": "CSP violation",
                "ordering": ["-last_seen_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("directive", "blocked", "page"), name="core_csp_violation_of_a_kind"
                    )
                ],
            },
        ),
    ]
