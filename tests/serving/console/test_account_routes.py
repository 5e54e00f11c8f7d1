import pytest

from tests.serving.console.conftest import PASSWORD

HOSTILE = "<script>alert(1)</script>‮niet"


def test_an_admin_makes_changes_and_disables_accounts(desk):
    admin = desk.client("admin")
    page = desk.post(admin, "/accounts", name="Eva", role="moderator", password=PASSWORD)
    assert "Het account is gemaakt" in page.text
    eva = desk.client("Eva")
    assert eva.get("/studio").status_code == 403
    desk.post(admin, "/accounts/role", name="Eva", role="lead")
    assert eva.get("/queue", follow_redirects=False).status_code == 303
    eva = desk.client("Eva")
    assert eva.get("/studio").status_code == 200
    desk.post(admin, "/accounts/password", name="Eva", password=PASSWORD + "!")
    data = {"name": "Eva", "password": PASSWORD}
    assert desk.visitor().post("/sign-in", data=data).status_code == 401
    desk.post(admin, "/accounts/disabled", name="Eva", disabled="true")
    data["password"] = PASSWORD + "!"
    assert desk.visitor().post("/sign-in", data=data).status_code == 401
    desk.post(admin, "/accounts/disabled", name="Eva", disabled="false")
    assert desk.visitor().post("/sign-in", data=data).status_code == 200
    log = admin.get("/audit").text
    for text in ("account gemaakt", "rol gewijzigd", "account uitgezet", "account weer toegelaten", "name: Eva"):
        assert text in log
    assert PASSWORD not in log


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/accounts", {"name": "admin", "role": "lead", "password": PASSWORD}),
        ("/accounts", {"name": "Eva", "role": "lead", "password": "kort"}),
        ("/accounts", {"name": "Eva", "role": "baas", "password": PASSWORD}),
        ("/accounts/role", {"name": "admin", "role": "lead"}),
        ("/accounts/role", {"name": "niemand", "role": "lead"}),
        ("/accounts/password", {"name": "lead", "password": "kort"}),
        ("/accounts/disabled", {"name": "admin", "disabled": "true"}),
    ],
)
def test_what_cannot_be_is_refused_and_not_logged(desk, path, data):
    admin = desk.client("admin")
    before = admin.get("/audit").text
    assert desk.post(admin, path, **data).status_code == 422
    assert admin.get("/audit").text == before
    assert admin.get("/accounts").status_code == 200


def test_a_hostile_name_stays_text(desk):
    admin = desk.client("admin")
    desk.post(admin, "/accounts", name=HOSTILE, role="moderator", password=PASSWORD)
    for path in ("/accounts", "/audit"):
        page = admin.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_log_has_pages_and_no_way_to_change_it(desk):
    admin = desk.client("admin")
    for _ in range(101):
        desk.visitor().post("/sign-in", data={"name": "lead", "password": PASSWORD})
    first = admin.get("/audit").text
    assert "/audit?before=" in first
    older = admin.get("/audit?before=2").text
    assert older.count("<tr>") == 2
    for method in ("post", "put", "delete", "patch"):
        assert getattr(admin, method)("/audit").status_code == 405
