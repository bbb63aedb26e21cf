"""Encrypting what the database holds for us and nobody else should read there."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

__all__ = ["InvalidToken", "seal", "unseal"]

_PURPOSE = b"plant-community users.second-factor"


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """
    Raises:
        InvalidToken: sealed under a key that is neither `SECRET_KEY` nor one of its fallbacks.
    """
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """What signs cookies and links must not be what encrypts."""
    return urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode()))
