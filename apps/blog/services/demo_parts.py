"""What a demo post is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    language: str
    code: str
    caption: str


@dataclass(frozen=True, slots=True)
class Gallery:
    title: str
    motifs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spotlight:
    name: str  # canonical; left out where the encyclopedia does not know it
    text: str


@dataclass(frozen=True, slots=True)
class CareCard:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    text: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class ReadOn:
    slugs: tuple[str, ...]  # of posts that come before


Part = Heading | Paragraph | Bullets | Callout | Code | Gallery | Spotlight | CareCard | Call | ReadOn


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPost:
    slug: str
    title: str
    date: str  # ISO 8601
    intro: str
    author: str
    categories: tuple[str, ...]
    series: str = ""
    tags: tuple[str, ...]
    motif: tuple[str, str]  # what is drawn, and on which ground
    body: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class DemoSubject:
    """A category or a series."""

    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class DemoAuthor:
    slug: str
    name: str
    role: str
    bio: str
