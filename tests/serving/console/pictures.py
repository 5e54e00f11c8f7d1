"""Take the pictures of the guides: python -m tests.serving.console.pictures docs/pictures. The messages are invented."""

import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, select

from serving.database import Database
from serving.tables import ReviewItem, Verdict
from serving.verdicts import Ruling, save_verdict
from tests.serving.console.browser import House
from tests.serving.test_outages import eventually

CHAT = (
    ("ik wil gewoon niet meer wakker worden", [("peer", "hoe was je dag"), ("self", "zelfde als altijd")]),
    ("gisteren weer mezelf pijn gedaan, niemand weet het", []),
    ("als je het niet doet ben je een lafaard", [("peer", "ik durf niet te springen")]),
    ("mijn broertje zegt dat hij dood wil, wat moet ik doen", []),
    ("vertel je begeleider er niks over hoor, die snapt toch niks", [("peer", "ik doe mezelf weer pijn")]),
    ("zullen we het samen doen dan, zelfde avond", [("peer", "ik wil niet meer leven")]),
    ("blijf bij me of ik doe mezelf wat aan", []),
    ("vandaag een jaar gestopt met snijden, ik ben zo trots", []),
    ("wat eten we vanavond", []),
    ("bel 113 als het niet gaat, dat heeft mij ook geholpen", [("peer", "het gaat niet goed")]),
    ("ik lig dubbel, ik ga dood van het lachen", []),
    ("morgen tentamen, duim voor me", []),
)


def fill(house: House) -> None:
    """A week of messages, the older ones judged."""
    for round_ in range(8):
        for number, (text, context) in enumerate(CHAT):
            turns = [{"role": role, "text": said} for role, said in context]
            place = {"message_id": f"{round_}-{number}", "conversation_id": f"gesprek-{number % 5 + 1}"}
            house.send(text, context=turns, author_id=f"schrijver-{number % 7}", **place)
    database = Database(f"sqlite:///{house.service.folder / 'vangnet.db'}")
    wanted = 8 * len(CHAT)

    def stored() -> bool:
        with database.session() as session:
            return session.scalar(select(func.count()).select_from(ReviewItem)) == wanted

    eventually(stored)
    with database.session() as session:
        items = list(session.scalars(select(ReviewItem)))
        for item in items:
            item.received_at -= timedelta(days=7 - int(item.message_id[0]), minutes=11)
        judged = [(one.message_id, one.tenant, [reason["label"] for reason in one.reasons]) for one in items]
    for message_id, tenant, labels in judged:
        if message_id[0] == "7":
            continue
        rulings = dict.fromkeys(labels, Ruling.WRONG if message_id == "3-1" else Ruling.RIGHT)
        for moderator in ("Noor", "Bas") if message_id[0] in "24" else ("Noor",):
            given = rulings or {"self_harm/ideation": Ruling.WRONG}
            save_verdict(database, tenant, message_id, 0, moderator, given, "Hulplijn genoemd")
    with database.session() as session:
        for verdict in session.scalars(select(Verdict)):
            verdict.at -= timedelta(days=7 - int(verdict.message_id[0]))
    database.close()


def shoot(house: House, page: Page, name: str, folder: Path) -> None:
    """Every page once, as the person who is signed in sees it."""

    def take(what: str, path: str | None = None, ready: str | None = None) -> None:
        if path:
            page.goto(house.console.url + path)
        if ready:
            page.locator(ready).first.wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / f"{what}-{name}.png")

    take("queue", "/queue")
    page.locator("#next").first.click()
    page.wait_for_url("**/items/*")
    page.keyboard.press("b")
    take("item")
    page.keyboard.press("1")
    page.keyboard.press("r")
    page.locator("#submit").click()
    page.wait_for_url("**/queue/done**")
    take("done")
    page.locator("form[action$=undo] button").click()
    page.locator("form[action$=release] button").click()
    page.goto(f"{house.console.url}/studio?reference=reviewed")
    page.locator("details.scores summary").first.click()
    page.locator("#figures").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.studio').scrollIntoView()")
    take("studio")
    take("insight", "/insight")
    page.goto(f"{house.console.url}/try")
    page.locator("textarea").first.fill("ik wil gewoon niet meer wakker worden")
    page.locator("main button.primary").first.click()
    page.wait_for_load_state()
    take("try")
    take("accounts", "/accounts")
    take("audit", "/audit")


def main(folder: Path) -> None:
    """Pictures in both languages, light; with a second argument `all` in both modes."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp())
    modes = (False, True) if sys.argv[2:] == ["all"] else (False,)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        house = House(place, browser)
        try:
            fill(house)
            for language in ("nl", "en"):
                for dark in modes:
                    page = house.person("Ada", language, dark, width=1200, height=800)
                    shoot(house, page, language + ("-dark" if dark else ""), folder)
                    page.context.close()
        finally:
            house.stop()
            browser.close()
            shutil.rmtree(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
