"""Taking an identification away, and back again.

A deleted record is gone for everybody at once: nothing but its own restoring sees it. What it leaves is
removed by `services/purging.py` when nobody can want it back any more.
"""

import logging
from datetime import datetime
from uuid import UUID

from apps.core.idempotency import withhold_answers
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.selectors import get_request
from apps.plant_identification.services.records import User
from apps.plant_identification.services.undo import bring_back, take_away

logger = logging.getLogger(__name__)


def delete_record(*, user: User, request_id: UUID) -> datetime:
    """Until when it can be taken back. Of two at once one deletes, and the other is told it is gone.

    Raises:
        RecordNotFound: there is none, or it is somebody else's.
    """
    until = take_away(PlantIdentificationRequest.objects.visible_to(user).filter(pk=request_id))
    withhold_answers(about=request_id)
    logger.info(
        "identification_deleted", extra={"event": "identification_deleted", "record": str(request_id)}
    )
    return until


def restore_record(*, user: User, request_id: UUID) -> PlantIdentificationRequest:
    """What was never deleted, or is restored already, is simply there: a lost reply may be asked for again.

    Raises:
        RecordNotFound: there is none, it is somebody else's, or the time for this is over.
    """
    bring_back(PlantIdentificationRequest.objects.of(user).filter(pk=request_id))
    record = get_request(user, request_id)
    if record is None:
        raise RecordNotFound
    return record
