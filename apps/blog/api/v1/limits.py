"""How often the blog may be read and written to."""

from django.conf import settings
from rest_framework.request import Request

from apps.blog.constants import COMMENT_PERIOD_S, NEWSLETTER_PERIOD_S
from apps.core.api.addresses import client_address
from apps.core.api.limits import Limiter
from apps.core.api.throttling import AddressThrottle, ReaderThrottle
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence

PEOPLE_AT_AN_ADDRESS = 5  # who comment in the same hour: a family, or one person with several accounts


class BlogThrottle(ReaderThrottle):
    group = "blog"


class ViewThrottle(AddressThrottle):
    """Of one address: nobody makes a post popular alone."""

    group = "post-views"
    period_s = 60
    setting = "POST_VIEW_RATE"


class NewsletterThrottle(AddressThrottle):
    """Of one address, so that nobody has our mails sent to a thousand people."""

    group = "newsletter"
    period_s = NEWSLETTER_PERIOD_S
    setting = "NEWSLETTER_RATE"


NEWSLETTER = Limiter(NewsletterThrottle.group, NEWSLETTER_PERIOD_S)  # the same, for the page


class WritingLimit:
    """Of one person, wherever the requests come from; and, with more room, of one address."""

    def __init__(self, group: str) -> None:
        self._by_person = Limiter(group, COMMENT_PERIOD_S)
        self._by_address = Limiter(f"{group}-address", COMMENT_PERIOD_S, is_told=False)

    def look(self, request: Request) -> None:
        """For the headers of the answer."""
        self._by_person.peek(request, key=f"user-{request.user.pk}", limit=settings.COMMENT_RATE)

    def count(self, request: Request) -> None:
        """
        Raises:
            DomainError: throttled, when this one is too many.
        """
        limit: int = settings.COMMENT_RATE
        of_person = self._by_person.count(request, key=f"user-{request.user.pk}", limit=limit)
        of_address = self._by_address.count(
            request, key=client_address(request), limit=PEOPLE_AT_AN_ADDRESS * limit
        )
        for usage in (of_person, of_address):
            if usage.exceeded:
                raise DomainError(
                    Sentence("Too many attempts. Please try again later."),
                    code=ErrorCode.THROTTLED,
                    retry_after_s=usage.reset_s,
                )


COMMENTS = WritingLimit("comments")
REPORTS = WritingLimit("comment-reports")
