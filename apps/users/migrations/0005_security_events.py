import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0004_google'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecurityEvent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('kind', models.CharField(choices=[('signed_in', 'Signed in'), ('sign_in_failed', 'Sign-in failed'), ('signed_out', 'Signed out'), ('session_revoked', 'A sign-in was ended'), ('sessions_revoked', 'All sign-ins were ended'), ('token_reused', 'A used token came again'), ('password_changed', 'Password changed'), ('password_reset', 'Password reset by mail'), ('email_changed', 'E-mail address changed'), ('email_confirmed', 'E-mail address confirmed'), ('api_key_made', 'API key made'), ('api_key_rotated', 'API key rotated'), ('api_key_revoked', 'API key revoked'), ('second_factor_on', 'Second factor switched on'), ('second_factor_off', 'Second factor switched off'), ('second_factor_failed', 'Second factor failed'), ('recovery_codes_made', 'Recovery codes made'), ('recovery_code_used', 'Recovery code used'), ('identity_linked', 'Sign-in of another service linked'), ('identity_unlinked', 'Sign-in of another service unlinked'), ('export_asked', 'Export of all data asked for'), ('export_fetched', 'Export of all data fetched'), ('deletion_asked', 'Deletion of the account asked for'), ('deletion_cancelled', 'Deletion of the account cancelled')], max_length=24)),
                ('network', models.CharField(blank=True, help_text='/24 of IPv4, /48 of IPv6', max_length=50)),
                ('user_agent', models.CharField(blank=True, max_length=200)),
                ('about', models.CharField(blank=True, help_text='such as the name of an API key', max_length=100)),
                ('user', models.ForeignKey(db_index=False, help_text='null where somebody tried an account that does not exist', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='security_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='users_security_event_of_user'), models.Index(fields=['created_at'], name='users_security_event_by_age')],
            },
        ),
    ]
