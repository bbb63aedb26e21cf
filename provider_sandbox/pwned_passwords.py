"""Have I Been Pwned's range of breached passwords: which digests begin with these five digits."""

import hashlib
import random
import re

from provider_sandbox.exchange import Call
from provider_sandbox.wire import TEXT_TYPE, Refused, Reply, reason_for, text_reply

# How often each was seen. Nobody uses them: they are listed here and nowhere else.
BREACHED = {"sandbox-breached-password": 4_711, "another-breached-password": 1}
PREFIX = re.compile(r"[0-9A-Fa-f]{5}")
PADDED_TO = (800, 1_000)  # entries, as documented


class PwnedPasswordsService:
    name = "pwned_passwords"
    identify_status = 200

    def __init__(self) -> None:
        self._digests = {
            hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper(): count
            for password, count in BREACHED.items()
        }

    def refuse(self, status: int, message: str | None = None) -> Reply:
        return text_reply(status, message or reason_for(status))

    def read_pictures(self, call: Call) -> None:
        """There are none."""

    def settle_replaced(self, status: int) -> None:
        """It costs nothing."""

    def list_range(self, call: Call) -> Reply:
        prefix = call.places["prefix"].upper()
        if not PREFIX.fullmatch(prefix):
            raise Refused(400, "The hash prefix was not in a valid format")
        lines = [
            f"{digest[5:]}:{count}" for digest, count in self._digests.items() if digest.startswith(prefix)
        ]
        draw = random.Random(prefix)
        lines += [f"{_suffix(draw)}:{draw.randint(1, 900)}" for _ in range(20)]
        if call.headers.get("Add-Padding", "").lower() == "true":
            lines += [f"{_suffix(draw)}:0" for _ in range(draw.randint(*PADDED_TO) - len(lines))]
        return Reply(200, "\r\n".join(sorted(lines)).encode(), TEXT_TYPE)

    def not_found(self, _: Call) -> Reply:
        return self.refuse(404)


def _suffix(draw: random.Random) -> str:
    return f"{draw.getrandbits(140):035X}"
