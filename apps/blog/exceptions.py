"""What can go wrong, named for what happened."""


class WebhookNotTaken(Exception):
    def __init__(self, reason: str, *, may_be_taken_later: bool) -> None:
        super().__init__(reason)
        self.may_be_taken_later = may_be_taken_later
