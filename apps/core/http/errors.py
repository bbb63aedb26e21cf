"""What can go wrong with an outbound call, told apart by what the other side may have seen.

    OutboundError
    ├── RequestInvalid      our own mistake; nothing was sent
    ├── ConnectFailed       name, refusal, TLS, time-out or deadline before sending; nothing was sent
    ├── TimedOut            sent, and no complete reply in time
    ├── ConnectionLost      sent, and the connection broke before the reply was complete
    ├── ReplyTooLarge       sent, answered, and the body was more than we read
    └── ReplyUnreadable     sent, answered, and the framing or encoding of the reply was broken

No text in here carries an address or a key: the messages name the kind of failure and nothing else.
"""

from typing import ClassVar


class OutboundError(Exception):
    """Base of the tree above.

    `request_sent` is False only where provably not one byte of the request went out. A quota that
    charges for requests may be refunded then, and only then.
    """

    request_sent: ClassVar[bool] = True


class RequestInvalid(OutboundError):
    request_sent = False


class ConnectFailed(OutboundError):
    request_sent = False


class TimedOut(OutboundError):
    pass


class ConnectionLost(OutboundError):
    pass


class ReplyTooLarge(OutboundError):
    pass


class ReplyUnreadable(OutboundError):
    pass
