"""The one exception a person sees, as one sentence."""


class StackError(Exception):
    """Something the person at the keyboard can put right; the text says what and how."""
