from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, FieldError
from apps.core.sentences import Sentence
from apps.users.constants import RECENT_SIGN_IN


class WrongCredentials(DomainError):
    """Unknown account, wrong password, closed account: nobody is told which."""

    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("The account or the password is not right.")


class EmailNotConfirmed(DomainError):
    """Said only to somebody who knows the password."""

    code = ErrorCode.EMAIL_NOT_VERIFIED
    detail = Sentence("Confirm your e-mail address first: follow the link in the mail we sent you.")


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


class StaffAccountKept(DomainError):
    """So that nobody who got into one account can take an administrator away."""

    code = ErrorCode.PERMISSION_DENIED
    detail = Sentence(
        "This account has rights to run the site. Ask an administrator to take them from it first."
    )


class PasswordNeeded(DomainError):
    """Not 401: the person is signed in, and a client would only refresh its token."""

    code = ErrorCode.INVALID
    detail = Sentence("Send your password with this request. It is not right, or missing.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("password", "wrong", self.detail)])


class SignInTooOld(DomainError):
    """For whom has no password to be asked for."""

    code = ErrorCode.PERMISSION_DENIED
    detail = Sentence(
        "You signed in more than %(count)d minutes ago. Sign in again, then repeat this.",
        {"count": RECENT_SIGN_IN.seconds // 60},
    )


class ExportNotFound(DomainError):
    code = ErrorCode.NOT_FOUND
    detail = Sentence("There is no export of your data. Ask for one first.")


class ExportLinkDead(DomainError):
    """Whatever is wrong with it; who has made it up learns nothing."""

    code = ErrorCode.NOT_FOUND
    detail = Sentence("There is nothing at this address.")
