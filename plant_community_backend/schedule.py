"""When Celery's beat starts what."""

from typing import Any

from celery.schedules import crontab

# Tasks that are not for the queue `default`.
TASK_ROUTES: dict[str, dict[str, str]] = {
    "blog.send_newsletters": {"queue": "slow"},
    "blog.deliver_webhook": {"queue": "slow"},
    "blog.draw_picture": {"queue": "slow"},
    "plant_identification.enrich_species": {"queue": "slow"},
    "plant_identification.enrich_due_species": {"queue": "slow"},
    "plant_identification.write_care_text": {"queue": "slow"},
    "users.make_exports": {"queue": "slow"},
    "users.erase_accounts": {"queue": "slow"},
    "users.remove_what_has_expired": {"queue": "slow"},
}

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "answer-queued": {
        "task": "plant_identification.answer_queued",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "purge-deleted": {
        "task": "plant_identification.purge_deleted",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "correct-quotas": {"task": "plant_identification.correct_quotas", "schedule": 3_600.0},
    "remove-what-nobody-needs": {
        "task": "plant_identification.remove_what_nobody_needs",
        "schedule": 3_600.0,
    },
    "enrich-due-species": {
        "task": "plant_identification.enrich_due_species",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "forget-old-requests": {
        "task": "core.forget_old_requests",
        "schedule": 3_600.0,
        "options": {"expires": 3_600},
    },
    "make-exports": {"task": "users.make_exports", "schedule": 60.0, "options": {"expires": 60}},
    "erase-accounts": {"task": "users.erase_accounts", "schedule": 300.0, "options": {"expires": 300}},
    "remove-what-has-expired": {"task": "users.remove_what_has_expired", "schedule": 3_600.0},
    "check-quotas": {"task": "plant_identification.check_quotas", "schedule": 600.0},
    "publish-scheduled": {"task": "blog.publish_scheduled", "schedule": 60.0, "options": {"expires": 60}},
    "write-views": {"task": "blog.write_views", "schedule": 60.0, "options": {"expires": 60}},
    "tidy-up-blog": {"task": "blog.tidy_up", "schedule": 600.0, "options": {"expires": 600}},
    "send-newsletters": {"task": "blog.send_newsletters", "schedule": 60.0, "options": {"expires": 60}},
    "send-csp-digest": {"task": "core.send_csp_digest", "schedule": crontab(hour=6, minute=0)},
}
