import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_security_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='deletion_due_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='set: closed until somebody signs in, gone then', null=True),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('deletion_due_at__isnull', False)), fields=['deletion_due_at'], name='users_user_leaving'),
        ),
        migrations.CreateModel(
            name='AccountExport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', max_length=7)),
                ('language', models.CharField(help_text='of whoever asked', max_length=10)),
                ('path', models.CharField(blank=True, help_text='in the `exports` storage; written down before the file is', max_length=100)),
                ('size_bytes', models.BigIntegerField(null=True)),
                ('ready_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(help_text='the row goes then, with its file')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='exports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['user', '-created_at'], name='users_export_of_user'), models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at'], name='users_export_waiting'), models.Index(fields=['expires_at'], name='users_export_expires')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('user',), name='users_export_one_waiting')],
            },
        ),
    ]
