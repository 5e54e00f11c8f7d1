"""The console as its users meet it: real Chromium, a real console, and a real service in front of the same stores."""

import pytest
from playwright.sync_api import expect

from tests.serving.console.browser import accessibility_faults
from tests.serving.test_outages import eventually

RISKY = "ik wil dood, ik wil echt niet meer leven"
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> ‮dood‬ ik wil niet meer leven "
CHART_LIBRARY = "sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o="
"""A style attribute that the chart library sets and the policy refuses, without harm to its pictures."""
PAGES = ("/queue", "/try", "/studio", "/insight", "/accounts", "/audit", "/password", "/nowhere")


def waiting(house, name="Noor"):
    """Somebody at the queue, once the message that was sent last has arrived."""
    page = house.person(name)
    eventually(lambda: page.reload() and page.locator("a.open").count() > 0)
    return page


@pytest.fixture(scope="module")
def filled(house):
    """Some messages of each kind wait."""
    house.send(RISKY, message_id="a", conversation_id="klas")
    house.send(
        "doe het dan gewoon", message_id="b", context=[{"role": "peer", "text": "ik wil er echt niet meer zijn"}]
    )
    house.send(
        "ik ga vannacht van de brug springen, dag allemaal", message_id="c", author_id="x", conversation_id="klas"
    )
    house.send(HOSTILE + "w" * 3000 + "🙃" * 900, message_id="d", conversation_id="<b>klas</b>")
    house.send("wat eten we vanavond", message_id="e")
    return house


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_and_keeps_to_its_policy(filled, language, dark):
    page = filled.person("Ada", language, dark)
    faults = {}
    for path in PAGES:
        page.goto(filled.console.url + path)
        if path == "/queue":
            page.locator("a.open").first.wait_for()
        faults[path] = accessibility_faults(page)
    page.goto(f"{filled.console.url}/queue")
    page.locator("a.open").nth(1).click()
    faults["item"] = accessibility_faults(page)
    page.context.close()
    assert {path: found for path, found in faults.items() if found} == {}
    assert [one for one in filled.complaints if "404" not in one and CHART_LIBRARY not in one] == []


@pytest.mark.parametrize(("width", "height"), [(640, 450), (768, 1024)], ids=["200 % zoom", "tablet"])
def test_no_page_has_to_be_moved_sideways(filled, width, height):
    page = filled.person("Ada", width=width, height=height)
    wide = {}
    for path in PAGES:
        page.goto(filled.console.url + path)
        wide[path] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.goto(f"{filled.console.url}/queue")
    page.locator("a.open").nth(1).click()
    wide["item"] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.context.close()
    assert {path: over for path, over in wide.items() if over > 0} == {}


def test_hostile_text_stays_text(filled):
    page = waiting(filled)
    page.goto(f"{filled.console.url}/queue?conversation_id=%3Cb%3Eklas%3C%2Fb%3E")
    page.locator("a.open").first.click()
    text = page.locator("#text")
    assert text.evaluate("element => element.children.length") == 0
    assert "<script>window.hacked = 1</script>" in text.text_content()
    assert text.evaluate("element => element.scrollWidth <= element.clientWidth")
    page.get_by_role("button", name="Markeer de woorden").click()
    expect(page.locator("#evidence-status")).not_to_be_empty(timeout=30_000)
    expect(page.locator("#evidence-status")).not_to_have_text("Woorden worden gezocht…", timeout=30_000)
    assert "<script>window.hacked = 1</script>" in text.text_content()
    assert page.evaluate("window.hacked") is None
    page.context.close()


def test_a_script_that_is_not_the_console_s_own_does_not_run(filled):
    page = filled.person("Noor")
    make = "const made = document.createElement('script'); made.textContent = 'window.hacked = 1'"
    page.evaluate(f"{make}; document.body.append(made)")
    assert page.evaluate("window.hacked") is None
    page.context.close()
    assert filled.complaints
    filled.complaints.clear()


def test_two_moderators_never_hold_the_same_message(filled):
    noor, bas = waiting(filled), waiting(filled, "Bas")
    noor.get_by_role("button", name="Volgend bericht").click()
    noor.wait_for_url("**/items/*")
    bas.get_by_role("button", name="Volgend bericht").click()
    bas.wait_for_url("**/items/*")
    assert noor.url != bas.url
    bas.goto(noor.url)
    assert bas.locator("#submit").count() == 0
    assert "Noor" in bas.locator("main").text_content()
    for page in (noor, bas):
        page.context.close()


def test_a_text_is_blurred_until_it_is_wanted_and_keys_do_the_work(filled):
    page = waiting(filled, "Lieke")
    page.keyboard.press("n")
    page.wait_for_url("**/items/*")
    text = page.locator("#text")
    blurred = "element => getComputedStyle(element).filter"
    assert "blur" in text.evaluate(blurred)
    page.keyboard.press("b")
    assert text.evaluate(blurred) == "none"
    page.keyboard.press("1")
    page.keyboard.press("r")
    assert page.locator("input[type=radio][value=right]").first.is_checked()
    page.locator("input[name=action]").press("Enter")
    assert page.url.rstrip("/").split("/")[-2] == "items"
    page.keyboard.press("Tab")
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.id") == "submit"
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Teruggeven").or_(page.locator("form[action$=release] button")).first.click()
    page.wait_for_url("**/queue?**")
    page.context.close()


def test_the_whole_path_from_a_message_to_a_policy_that_decides_the_next_one(filled):
    border = "soms wou ik dat ik er gewoon niet was"
    first = filled.send(border, message_id="border-1")
    page = waiting(filled, "Lieke")
    # It is claimed from the queue and judged; nothing comes by itself.
    eventually(lambda: page.reload() and page.get_by_text(border).count() == 1)
    page.locator("tr", has_text=border).locator("a.open").click()
    page.get_by_role("button", name="Neem dit bericht").or_(page.locator("form[action$=claim] button")).first.click()
    page.locator("fieldset", has_text="gedachten aan de dood").locator("input[value=right]").check()
    page.locator("input[name=action]").fill("Hulplijn genoemd")
    page.locator("#submit").click()
    page.wait_for_url("**/queue/done**")
    assert page.locator("form[action$=undo]").count() == 1

    # The studio measures on it.
    page.goto(f"{filled.console.url}/studio?reference=reviewed")
    positives = page.locator("tr[data-label-row='self_harm/ideation'] [data-positives]")
    expect(positives).to_have_text("1", timeout=30_000)

    # A draft is previewed: this message would get another decision.
    flagged = first["decision"] != "allow"
    score = first["labels"]["self_harm/ideation"]["score"]
    review_at = min(1.0, round(score + 0.05, 4)) if flagged else max(0.0001, round(score * 0.8, 4))
    page.fill("input[name='review_at.self_harm/ideation']", str(review_at))
    page.locator("button[formaction^='/studio/changes']").click()
    expect(page.locator("#changes tbody tr")).to_have_count(1)
    page.fill("textarea[name=reason]", "Grensgevallen beter zien")
    version = page.input_value("input[name=version]")
    page.locator("button[formaction='/studio/drafts']").first.click()
    page.wait_for_url("**notice=studio.notice_draft**")
    assert filled.send(border)["decision"] == first["decision"]

    # Activated, it decides the next one.
    page.select_option("select[name=activate]", version)
    page.fill("textarea[name=activate_reason]", "Besproken in het team")
    page.locator("button[formaction='/studio/activate']").click()
    page.wait_for_url("**notice=studio.notice_activated**")
    eventually(lambda: filled.send(border)["versions"]["policy"] == version)
    assert (filled.send(border, message_id="border-2")["decision"] != "allow") == (not flagged)
    assert "Besproken in het team" in page.locator("#log").text_content()

    # And it is rolled back.
    page.fill("textarea[name=roll_back_reason]", "Terug na de proef")
    page.locator("button[formaction='/studio/roll-back']").click()
    page.wait_for_url("**notice=studio.notice_rolled_back**")
    eventually(lambda: filled.send(border)["decision"] == first["decision"])
    page.context.close()
