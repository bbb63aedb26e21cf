"""Videos of a few known services. Until somebody presses play, nobody but us learns who reads the page."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from wagtail import blocks

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_VIMEO_ID = re.compile(r"\d{6,12}")
_YOUTUBE_HOSTS = frozenset(
    {"youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com", "youtu.be"}
)
_VIMEO_HOSTS = frozenset({"vimeo.com", "www.vimeo.com", "player.vimeo.com"})


@dataclass(frozen=True, slots=True)
class Video:
    service: str
    player_url: str  # the variant that sets the fewest cookies; `frame-src` of our policy names its host
    page_url: str


def recognise_video(address: str) -> Video | None:
    """None for what is no video of a service whose player our pages may show."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    if parts.netloc in _YOUTUBE_HOSTS:
        return _youtube(parts.path, parts.query, is_short=parts.netloc == "youtu.be")
    if parts.netloc in _VIMEO_HOSTS:
        return _vimeo(parts.path)
    return None


def _youtube(path: str, query: str, *, is_short: bool) -> Video | None:
    words = path.strip("/").split("/")
    if is_short:
        key = words[0]
    elif words == ["watch"]:
        key = parse_qs(query).get("v", [""])[0]
    else:
        key = words[1] if len(words) == 2 and words[0] in {"embed", "shorts", "live"} else ""
    if not _YOUTUBE_ID.fullmatch(key):
        return None
    return Video(
        service="YouTube",
        player_url=f"https://www.youtube-nocookie.com/embed/{key}",
        page_url=f"https://www.youtube.com/watch?v={key}",
    )


def _vimeo(path: str) -> Video | None:
    key = path.strip("/").removeprefix("video/")
    if not _VIMEO_ID.fullmatch(key):
        return None
    return Video(
        service="Vimeo",
        player_url=f"https://player.vimeo.com/video/{key}?dnt=1",
        page_url=f"https://vimeo.com/{key}",
    )


def require_video(address: str) -> None:
    if recognise_video(address) is None:
        raise ValidationError("This is no address of a video at YouTube or Vimeo.")


class VideoValue(blocks.StructValue):  # type: ignore[misc]
    @property
    def video(self) -> Video | None:
        """Read anew each time: what was allowed when it was written may not be any more."""
        return recognise_video(self["url"])


class VideoBlock(blocks.StructBlock):  # type: ignore[misc]
    url = blocks.URLBlock(
        label="Address",
        validators=[require_video],
        help_text="Of a video at YouTube or Vimeo. Nothing is loaded before a reader presses play.",
    )
    title = blocks.CharBlock(max_length=250, help_text="What the video shows.")

    class Meta:
        icon = "media"
        label = "Video"
        template = "blog/blocks/video.html"
        value_class = VideoValue

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        video = value.video
        return {
            "title": value["title"],
            "service": video.service if video else None,
            "url": video.page_url if video else None,
            "player_url": video.player_url if video else None,
        }
