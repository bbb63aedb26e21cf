from apps.blog import constants
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence


class NothingThere(DomainError):
    """In the words for any address that leads nowhere: whether there is something is nobody's business."""

    code = ErrorCode.NOT_FOUND
    detail = Sentence("There is nothing at this address.")


class CommentsClosed(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("This post takes no comments any more.")


class TooManyWaiting(DomainError):
    code = ErrorCode.LIMIT_REACHED
    detail = Sentence(
        "%(count)d of your comments are waiting for a moderator. Please write again when they were read.",
        {"count": constants.COMMENTS_WAITING_MAX},
    )


class NoLongerEditable(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence(
        "A comment can be changed for %(minutes)d minutes, and this one is older. You can still delete it.",
        {"minutes": constants.COMMENT_EDIT_S // 60},
    )


class CommentRejected(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("A moderator has decided about this comment, so it cannot be changed.")


class OwnCommentReported(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("This is your own comment. You can delete it.")


class AccountGone(DomainError):
    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("This account is not there any more.")


class SubscriptionLinkInvalid(DomainError):
    code = ErrorCode.LINK_INVALID
    detail = Sentence("This link is not complete, or belongs to no subscription.")


class SubscriptionLinkExpired(DomainError):
    code = ErrorCode.LINK_EXPIRED
    detail = Sentence("This link is too old. Sign up for the newsletter once more.")


class NewsletterRefused(DomainError):
    """Said to an editor."""

    code = ErrorCode.CONFLICT
