"""Pages from templates: everything that comes from outside is escaped, in the visitor's language."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from classifier.labels import BY_NAME, LABELS, Area
from serving.console.roles import Role
from serving.console.sign_ins import Visitor
from serving.console.texts import Language, read_texts

LANGUAGE_COOKIE = "vangnet-language"
ZONE = ZoneInfo("Europe/Amsterdam")
"""Times are shown as on the moderators' clocks."""


class Pages:
    """Renders templates."""

    def __init__(self) -> None:
        self._texts = read_texts()
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page.

        In templates stand, beside `values`: `t(key, **parts)` a text, `language`, `visitor` (None before signing in),
        `may(role)`, `label(name)` and `area(name)` in the visitor's language, `action(name)` what an audit entry says was done,
        `when(moment)`, `labels` all labels, `path`, `here` the address to come back to, and `notice`: a text to show at the
        top, from the query `?notice=<key>` after something was done.
        """
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        language = self.language(request)
        t = self.translator(language)
        notice = request.query_params.get("notice", "")
        given = {
            "t": t,
            "language": str(language),
            "other_language": str(next(one for one in Language if one is not language)),
            "visitor": visitor,
            "may": lambda role: visitor is not None and visitor.role.covers(Role(role)),
            "label": lambda name: getattr(BY_NAME[name], language),
            "area": lambda name: t(f"shared.area_{Area(name)}"),
            "action": lambda name: self._action(name, language),
            "labels": LABELS,
            "when": lambda moment: _when(moment),
            "path": request.url.path,
            "here": str(request.url.replace(scheme="", netloc="")) if request.method == "GET" else "/",
            "notice": t(notice) if notice in self._texts and "notice" in notice else None,
        }
        return HTMLResponse(self._environment.get_template(template).render(given | values), status)

    def language(self, request: Request) -> Language:
        """As chosen with the switch; Dutch first."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        return Language(chosen) if chosen in list(Language) else Language.NL

    def _action(self, name: str, language: Language) -> str:
        end = f".audit_{name.replace('.', '_')}"
        return next((text[language] for key, text in self._texts.items() if key.endswith(end)), name)

    def translator(self, language: Language) -> Callable[..., str]:
        """Gives the text of a key, with its parts filled in; KeyError for an unknown key."""

        def t(key: str, **parts: object) -> str:
            text = self._texts[key][language]
            return text.format(**parts) if parts else text

        return t


def _when(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"
