from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence


class WrongCredentials(DomainError):
    """Unknown account, wrong password, closed account: nobody is told which."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("The account or the password is not right.")


class EmailNotConfirmed(DomainError):
    """Said only to somebody who knows the password."""

    code = ErrorCode.EMAIL_NOT_VERIFIED
    detail = Sentence("Confirm your e-mail address first: follow the link in the mail we sent you.")


class TicketRefused(DomainError):
    """Of the step between password and code: forged, too old, or the password has changed meanwhile."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("This took too long. Sign in again.")


class TokenRefused(DomainError):
    """Bad, expired, used up or withdrawn: a client can only sign in again."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("The sign-in has expired or was ended. Sign in again.")


class LinkInvalid(DomainError):
    code = ErrorCode.LINK_INVALID
    detail = Sentence("This link is not valid. Ask for a new mail.")


class LinkExpired(DomainError):
    code = ErrorCode.LINK_EXPIRED
    detail = Sentence("This link has expired. Ask for a new mail.")


class RegistrationRefused(DomainError):
    """With the fields to put right."""

    code = ErrorCode.INVALID
    detail = Sentence("The account could not be made as asked for.")


class ProfileRefused(DomainError):
    code = ErrorCode.INVALID
    detail = Sentence("The profile could not be changed as asked for.")


class ApiKeyRefused(DomainError):
    """Wrong, revoked, ended by a new password, or of a closed account: nobody is told which."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("This API key is not valid. A changed password ends keys, too: make a new one.")


class ApiKeyExpired(DomainError):
    """Said only to somebody who has the whole key."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("This API key has expired. Its owner can rotate it.")


class ApiKeyNotFound(DomainError):
    code = ErrorCode.NOT_FOUND
    detail = Sentence("There is no such API key.")


class TooManyApiKeys(DomainError):
    code = ErrorCode.LIMIT_REACHED
    detail = Sentence("You have as many API keys as anybody can have. Delete one you no longer use.")
