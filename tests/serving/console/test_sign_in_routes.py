import pytest

from serving.console.headers import CONTENT_SECURITY_POLICY
from tests.serving.console.conftest import PASSWORD

PAGES = ("/queue", "/try", "/studio", "/insight", "/accounts", "/audit", "/password")


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_sign_in_and_back(desk, path):
    client = desk.visitor()
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?to={path}")
    answer = client.post("/sign-in", data={"name": "admin", "password": PASSWORD, "to": path}, follow_redirects=False)
    assert answer.headers["location"] == path
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("moderator", {"/queue", "/try", "/password"}),
        ("lead", {"/queue", "/try", "/password", "/studio", "/insight"}),
        ("admin", set(PAGES)),
    ],
)
def test_a_role_opens_its_pages_and_no_others(desk, role, allowed):
    client = desk.client(role)
    assert {path for path in PAGES if client.get(path).status_code == 200} == allowed
    assert {client.get(path).status_code for path in set(PAGES) - allowed} <= {403}


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_every_page_has_its_language_and_safe_headers(desk, path, language):
    answer = desk.client("admin", language).get(path)
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert answer.text.count("<script") == answer.text.count("<script src=")


def test_the_policy_for_scripts_is_strict():
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_wrong_passwords_get_one_answer_and_then_a_lock(desk):
    client = desk.visitor()
    answers = [client.post("/sign-in", data={"name": "lead", "password": "verkeerd wachtwoord"}) for _ in range(5)]
    unknown = client.post("/sign-in", data={"name": "niemand", "password": "verkeerd wachtwoord"})
    locked = client.post("/sign-in", data={"name": "lead", "password": PASSWORD})
    assert {one.status_code for one in (*answers, unknown, locked)} == {401}
    assert {one.text for one in (*answers, unknown)} == {locked.text}
    assert "verkeerd wachtwoord" not in locked.text


def test_the_cookie_is_for_this_console_alone(desk):
    client = desk.visitor()
    answer = client.post("/sign-in", data={"name": "lead", "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    secure = desk.visitor()
    secure.base_url = "https://console.example"
    answer = secure.post("/sign-in", data={"name": "lead", "password": PASSWORD}, follow_redirects=False)
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_leads_nowhere_else(desk, to):
    data = {"name": "lead", "password": PASSWORD, "to": to}
    answer = desk.visitor().post("/sign-in", data=data, follow_redirects=False)
    assert answer.headers["location"] == "/"
    assert desk.visitor().get("/language/en", params={"to": to}, follow_redirects=False).headers["location"] == "/"


def test_a_request_from_elsewhere_changes_nothing(desk):
    client, other = desk.client("admin"), desk.client("lead")
    for csrf in ({}, {"csrf": "x"}, {"csrf": desk.csrf(other)}):
        answer = client.post("/sign-out", data=csrf)
        assert answer.status_code == 403
        answer = client.post("/accounts", data={"name": "Eva", "role": "admin", "password": PASSWORD} | csrf)
        assert answer.status_code == 403
    assert "Eva" not in client.get("/accounts").text
    assert client.get("/queue").status_code == 200


def test_signing_out_ends_the_session_for_its_cookie_too(desk):
    client = desk.client("lead")
    cookie = client.cookies["vangnet-session"]
    desk.post(client, "/sign-out")
    client.cookies.set("vangnet-session", cookie)
    assert client.get("/queue", follow_redirects=False).status_code == 303


def test_one_s_own_password_needs_the_old_one(desk):
    client = desk.client("lead")
    assert desk.post(client, "/password", old="verkeerd wachtwoord", new=PASSWORD + "!").status_code == 422
    assert desk.post(client, "/password", old=PASSWORD, new="kort").status_code == 422
    assert client.get("/queue", follow_redirects=False).status_code == 200
    assert "Het wachtwoord is gewijzigd" in desk.post(client, "/password", old=PASSWORD, new=PASSWORD + "!").text
    assert client.get("/queue", follow_redirects=False).status_code == 303
    data = {"name": "lead", "password": PASSWORD + "!"}
    assert desk.visitor().post("/sign-in", data=data, follow_redirects=False).status_code == 303


def test_a_notice_comes_from_the_console_s_own_texts(desk):
    client = desk.client("lead")
    assert "Log opnieuw in" in client.get("/password?notice=shared.notice_password").text
    page = client.get("/password?notice=<b>notice</b>").text
    assert 'role="status"' not in page


def test_a_database_that_is_away_is_told(desk):
    client = desk.client("lead")
    desk.stores.database.engine.dispose()
    with desk.stores.database.session() as session:
        session.connection().exec_driver_sql("alter table sign_ins rename to sign_ins_away")
    answer = client.get("/queue")
    assert answer.status_code == 503
    assert "database" in answer.text


def test_the_language_switch_comes_back_to_the_same_page(desk):
    client = desk.client("lead")
    page = client.get("/queue?label=self_harm%2Fideation").text
    assert "/language/en?to=/queue%3Flabel%3Dself_harm%252Fideation" in page
    answer = client.get("/language/en?to=/queue%3Flabel%3Dself_harm%252Fideation")
    assert '<html lang="en">' in answer.text
    assert answer.url.query == b"label=self_harm%2Fideation"
    # A page that answers a form has an address that nobody can ask for.
    assert '/language/nl?to=/"' in desk.post(client, "/password", old="verkeerd wachtwoord", new=PASSWORD).text
    assert "Deze pagina" in desk.client("lead").get("/sign-out").text
