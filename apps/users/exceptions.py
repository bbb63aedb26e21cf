from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, FieldError
from apps.core.sentences import Sentence
from apps.users.constants import OPENID_RETRY_AFTER_S, RECENT_SIGN_IN


class ProofRefused(DomainError):
    """Somebody has tried to prove who they are, and failed: such attempts are limited."""

    code = ErrorCode.AUTHENTICATION_FAILED


class WrongCredentials(ProofRefused):
    """Unknown account, wrong password, closed account: nobody is told which."""

    detail = Sentence("The account or the password is not right.")


class PasswordWrong(ProofRefused):
    """Of somebody who is signed in already."""

    code = ErrorCode.INVALID
    detail = Sentence("The current password is not right.")

    def __init__(self, *, field: str) -> None:
        super().__init__(errors=[FieldError(field, "wrong", self.detail)])


class CodeRefused(ProofRefused):
    """Wrong, too old, or used before."""

    detail = Sentence("The code is not right, or was used before. Wait for the next one.")


class SecondFactorMissing(DomainError):
    """Said only to somebody who knows the password."""

    code = ErrorCode.SECOND_FACTOR_REQUIRED
    detail = Sentence("Enter the code that your authenticator app shows, or one of your recovery codes.")


class SecondFactorThere(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("There is an authenticator app already. Remove it first.")


class NothingOffered(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("There is nothing to confirm, or it took too long. Begin again.")


class NoSecondFactor(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("There is no authenticator app.")


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


class PasswordRefused(DomainError):
    """The new one, with the reasons."""

    code = ErrorCode.INVALID
    detail = Sentence("Choose another password.")


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


class OAuthRefused(DomainError):
    code = ErrorCode.OAUTH_REFUSED
    detail = Sentence(
        "This sign-in was not begun here, took too long, or was used already. Please start again."
    )


class IdentityProviderUnavailable(DomainError):
    code = ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE
    detail = Sentence("Google does not answer. Please try again in a moment, or sign in with your password.")

    def __init__(self) -> None:
        super().__init__(retry_after_s=OPENID_RETRY_AFTER_S)


class AccountNotLinked(DomainError):
    ADDRESS_NOT_CONFIRMED_THERE = Sentence(
        "Google has not confirmed your e-mail address. Confirm it there, or sign in here with a password."
    )

    code = ErrorCode.ACCOUNT_NOT_LINKED
    detail = Sentence(
        "There is an account with this e-mail address that cannot be opened with this Google account. "
        "Sign in with your password."
    )


class StaffAccountKept(DomainError):
    """So that nobody who got into one account can take an administrator away."""

    code = ErrorCode.PERMISSION_DENIED
    detail = Sentence(
        "This account has rights to run the site. Ask an administrator to take them from it first."
    )


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
