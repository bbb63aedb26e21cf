"""The page as a person uses it, and what must never happen while they do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Page, expect

from apps.plant_identification.tests.conftest import make_photo

WATCH_POLICY = """
window.refused = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.refused.push(`${violatedDirective} ${blockedURI}`));
"""
TO_THE_ANSWER_MS = 15_000


def photo_file(seed: object, name: str = "plant.jpg") -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": make_photo(seed)}


@dataclass
class Visit:
    """One person's browser window on one server."""

    context: BrowserContext
    page: Page
    url: str
    refused: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, browser: Browser, url: str, *, width: int = 1280, locale: str = "en-GB") -> "Visit":
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=locale,
            reduced_motion="reduce",  # what moves all the time takes a processor of its own
        )
        context.set_default_timeout(TO_THE_ANSWER_MS)
        context.add_init_script(WATCH_POLICY)
        page = context.new_page()
        visit = cls(context=context, page=page, url=url)
        page.on("console", visit.hear)
        page.on("pageerror", lambda error: visit.thrown.append(str(error)))
        return visit

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)

    def require_clean(self) -> None:
        """Nothing was refused by the policy, and no script broke."""
        assert self.refused == []
        assert self.thrown == []
        if self.page.url.startswith("http"):
            assert self.page.evaluate("window.refused") == []

    def open(self, fragment: str = "") -> None:
        self.page.goto(f"{self.url}/{fragment}")
        self.page.wait_for_load_state("networkidle")

    def choose(self, photos: Sequence[FilePayload]) -> None:
        self.page.set_input_files("#choose-input", list(photos))

    def identify(self, *seeds: object) -> None:
        """Choose photos, send them, and wait for the answer."""
        self.choose([photo_file(seed) for seed in seeds])
        self.press("Identify")
        self.expect_answer()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def expect_answer(self) -> None:
        expect(self.page.locator("#answer .toolbar")).to_be_visible(timeout=TO_THE_ANSWER_MS)

    def expect_text(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(
                timeout=TO_THE_ANSWER_MS
            )

    @property
    def heading(self) -> str:
        return self.page.locator("#answer-heading").inner_text()
