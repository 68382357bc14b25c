"""Every page of the office, once, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Response

from jotgate.door.office import (
    changing,
    creating,
    doorway,
    fresh,
    health,
    ledger,
    missing,
    overview,
    people,
    previewing,
    programs,
    ruling,
    submissions,
)
from jotgate.door.office.desk import MAX_BYTES
from jotgate.frozen import frozen


class Need(Enum):
    """What a page is about, so that nobody sees it who looks after less."""

    #: People and codes: also for who looks after some batches; the page itself shows no others.
    PEOPLE = "people"
    #: A form as a whole.
    FORM = "form"
    #: The whole site.
    SITE = "site"


@frozen
class Page:
    """One address below ``/jotgate/admin``."""

    rule: str
    endpoint: str
    #: Called with the desk and the parts that the rule names.
    answer: Callable[..., Response]
    need: Need
    #: Whether it is posted to: it changes something, and is for who may.
    changes: bool = False
    #: The most that may be posted.
    max_bytes: int = MAX_BYTES

    @property
    def methods(self) -> tuple[str, ...]:
        """How it is asked for."""
        return ("POST",) if self.changes else ("GET",)


def _view(rule: str, answer: Callable[..., Response], need: Need) -> Page:
    return Page(rule=rule, endpoint=_endpoint(answer), answer=answer, need=need)


def _change(rule: str, answer: Callable[..., Response], need: Need, max_bytes: int = MAX_BYTES) -> Page:
    return Page(
        rule=rule, endpoint=_endpoint(answer), answer=answer, need=need, changes=True, max_bytes=max_bytes
    )


def _endpoint(answer: Callable[..., Response]) -> str:
    return f"{answer.__module__.rpartition('.')[2]}.{answer.__name__}"


#: Who may see each is said once more in tests/test_office_matrix.py, which knows no page that it was not told of.
PAGES = (
    _view("/", overview.home, Need.PEOPLE),
    _view("/f/<form>", overview.form, Need.FORM),
    _view("/f/<form>/chart/<name>.svg", overview.chart, Need.FORM),
    _view("/f/<form>/form", doorway.show, Need.FORM),
    _change("/f/<form>/form/pause", doorway.pause, Need.FORM),
    _change("/f/<form>/form/reopen", doorway.reopen, Need.FORM),
    _view("/f/<form>/form/preview/<name>", previewing.preview, Need.FORM),
    _view("/f/<form>/submissions", submissions.listing, Need.FORM),
    _view("/f/<form>/submissions/export", submissions.export, Need.FORM),
    _change("/f/<form>/submissions/rule", ruling.rule_on_many, Need.FORM),
    _view("/f/<form>/submissions/<submission_id>", ruling.one, Need.FORM),
    _change("/f/<form>/submissions/<submission_id>/rule", ruling.rule, Need.FORM),
    _view("/f/<form>/people", people.listing, Need.PEOPLE),
    _view("/f/<form>/people/new", creating.new, Need.FORM),
    _change("/f/<form>/people/check", creating.check, Need.FORM, creating.MAX_BYTES),
    _change("/f/<form>/people/create", creating.create, Need.FORM, creating.MAX_BYTES),
    _change("/f/<form>/people/choose", changing.choose, Need.PEOPLE),
    _change("/f/<form>/people/change", changing.change, Need.PEOPLE),
    _change("/f/<form>/people/undo", changing.undo, Need.PEOPLE),
    _change("/f/<form>/people/file", fresh.download, Need.PEOPLE, fresh.MAX_BYTES),
    _change("/f/<form>/people/cards", fresh.cards, Need.PEOPLE, fresh.MAX_BYTES),
    _change("/f/<form>/people/mail", fresh.mail, Need.PEOPLE, fresh.MAX_BYTES),
    _view("/f/<form>/people/missing", missing.listing, Need.PEOPLE),
    _change("/f/<form>/people/remind", missing.remind, Need.FORM),
    _view("/f/<form>/people/<code_id>", people.person, Need.PEOPLE),
    # Of who looks after some forms, it shows the entries about these.
    _view("/ledger", ledger.listing, Need.FORM),
    _view("/ledger/<ref>", ledger.entry, Need.FORM),
    _view("/apps", programs.apps, Need.SITE),
    _change("/apps/create", programs.create_app, Need.SITE),
    _change("/apps/<app>/rotate", programs.rotate_app, Need.SITE),
    _change("/apps/<app>/revoke", programs.revoke_app, Need.SITE),
    _view("/keys", programs.keys, Need.SITE),
    _change("/keys/create", programs.create_key, Need.SITE),
    _change("/keys/<key_id>/revoke", programs.revoke_key, Need.SITE),
    _view("/health", health.overview, Need.SITE),
    _change("/health", health.checkup, Need.SITE),
)


@cache
def _map() -> Map:
    rules = [Rule(page.rule, endpoint=page, methods=page.methods) for page in PAGES]
    return Map(rules, strict_slashes=False, merge_slashes=False)


def page_at(path: str, method: str) -> tuple[Page, dict[str, Any]]:
    """Return the page at *path*, and the parts that its rule names.

    Raises:
        NotFound, MethodNotAllowed: there is none, or it is not asked for like this.
    """
    try:
        page, arguments = _map().bind("").match(f"/{path}", method)
    except RequestRedirect as error:
        raise NotFound from error
    assert isinstance(page, Page)
    return page, dict(arguments)
