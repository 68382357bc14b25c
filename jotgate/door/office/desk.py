"""One request of somebody who looks after the site: what they may see, and how the office's pages are made for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.choosing import SAID, language_of
from jotgate.door.messages import spoken_moment
from jotgate.door.office.speaking import OfficeLanguage, office_language
from jotgate.door.reading import in_time
from jotgate.door.visitors import is_cross_site, query_value
from jotgate.operators import Operator
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.signed.repeats import draw
from jotgate.wiring import Parts

#: The posted field that every form of the office carries.
CHANGE = "change"
#: What a page without a file posts.
MAX_BYTES = 256 * 1024
_MAX_PARTS = 2_000
_CHANGE_ID_BYTES = 8

#: The menus: the section's name, its address below the office or the form, and what it is called.
FORM_MENU: tuple[tuple[str, str, str], ...] = (
    ("overview", "", phrase("How it goes")),
    ("people", "/people", phrase("People and codes")),
    ("submissions", "/submissions", phrase("Submissions")),
    ("form", "/form", phrase("Form")),
)
SITE_MENU: tuple[tuple[str, str, str], ...] = (
    ("ledger", "/ledger", phrase("What happened")),
    ("apps", "/apps", phrase("Apps")),
    ("keys", "/keys", phrase("Scoped keys")),
    ("health", "/health", phrase("Health")),
)
#: What of them is there for who looks after some forms only.
FORMS_MENU = SITE_MENU[:1]
#: What of them is there for who looks after some batches only.
BATCH_MENU = FORM_MENU[1:2]


class Desk:
    """What every page of the office is made with. Made for one request, so nothing is shared."""

    def __init__(self, door: Door, request: Request, operator: Operator) -> None:
        self.door = door
        self.request = request
        self.operator = operator
        self._browser, self._is_new = door.cookies.browser(request, door.parts.clock.now())

    @property
    def parts(self) -> Parts:
        """The gate, taken apart."""
        return self.door.parts

    @property
    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return self.parts.clock.now()

    @cached_property
    def language(self) -> OfficeLanguage:
        """What the operator reads."""
        return language_for(self.door, self.request)

    def moment(self, at: float, policy: FormPolicy | None = None) -> str:
        """Return a moment (seconds since the epoch, UTC) as the operator says it, in the timezone of a form."""
        return spoken_moment(at, policy, self.now, self.language.common)

    def sentence(self, problem: str) -> str:
        """Return what is wrong with something as a sentence: with a capital, and a full stop."""
        said = self.language.common.capital(self.language.speak(problem))
        return said if said.endswith(".") else f"{said}."

    @property
    def actor(self) -> str:
        """Who acts, for the ledger."""
        return str(self.operator.name)

    @property
    def home(self) -> str:
        """The address of the office's first page."""
        return f"{self.door.office_path(self.request)}/"

    @cached_property
    def policies(self) -> dict[str, FormPolicy]:
        """The forms that the operator sees."""
        policies = self.parts.settings.policies
        return {form: policy for form, policy in policies.items() if self.operator.sees(form)}

    def policy(self, form: str) -> FormPolicy:
        """Return the policy of a form.

        Raises:
            NotFound: there is no such form, or the operator does not see it.
        """
        if form not in self.policies:
            raise NotFound(phrase("There is no form “{form}” here.", form=form))
        return self.policies[form]

    def url(self, path: str = "/") -> str:
        """Return the address of one of the office's pages, such as ``/f/students/people``."""
        return f"{self.door.office_path(self.request)}{path}"

    def query(self, name: str) -> str:
        """Return a parameter of the query, "" if it is not there."""
        return query_value(self.request, name).strip()

    @property
    def fields(self) -> Mapping[str, str]:
        """The posted fields; files are in ``request.files``."""
        return self.request.form

    def look_at_change(self, max_bytes: int = MAX_BYTES) -> None:
        """Read what a page posted, and see that it came from a page that was made for this operator and browser.

        Raises:
            BadRequest, RequestEntityTooLarge, RequestTimeout: it cannot be read.
            Forbidden: it came from elsewhere, or from a page that is too old.
        """
        request = self.request
        if is_cross_site(request, self.parts.settings.site_url):
            raise Forbidden(phrase("Another site's page sent this. Nothing was changed."))
        if (request.content_length or 0) > max_bytes:
            raise RequestEntityTooLarge(
                phrase("That is too much at once: {count} kB at most.", count=max_bytes // 1024)
            )
        request.max_content_length, request.max_form_memory_size = max_bytes, max_bytes
        request.max_form_parts = _MAX_PARTS
        try:
            with in_time(request.environ):
                text = request.form.get(CHANGE, "")
        except RequestEntityTooLarge as error:
            raise BadRequest(phrase("That is too much at once. Nothing was changed.")) from error
        if not self.door.signer.allows_change(text, self._browser.browser_id, self.operator):
            raise Forbidden(
                phrase("This page is too old. Nothing was changed: load it again, and repeat what you did.")
            )

    @cached_property
    def seed(self) -> bytes:
        """What secrets are made of that the answer shows: the same for the same page with the same fields sent again.

        It was seen before that the page was made for this operator and browser.
        """
        posted = [self.request.path, *self.request.form.items(multi=True)]
        return self.door.signer.seed(json.dumps(posted))

    @property
    def change_id(self) -> str:
        """The name of the decision that was posted, so that a second click makes no second one."""
        return draw(self.seed, "change", _CHANGE_ID_BYTES).hex()

    def page(
        self,
        template: str,
        context: Mapping[str, Any],
        *,
        form: str | None = None,
        section: str = "",
        status: int = 200,
    ) -> Response:
        """Return a page, ``jotgate/office/<template>.html``; *form* and *section* say where it stands in the menu."""
        shown = self._context(form, section) | dict(context)
        return self.door.page(self.request, status, f"jotgate/office/{template}.html", shown)

    def redirect(self, path: str = "/", *, said: str = "") -> Response:
        """Lead on after a change; the next page shows the sentence *said*."""
        address = self.url(path)
        if said:
            address += f"{'&' if '?' in address else '?'}{SAID}={self.door.signer.sign_word(self.language.speak(said))}"
        return self.door.redirect(address)

    def problem(self, status: int, *problems: str, form: str | None = None) -> Response:
        """Return a page that says why not; *form* is the one that the operator was at."""
        return self.page("problem", {"problems": problems, "status": status}, form=form, status=status)

    def close(self, response: Response) -> Response:
        """Add what every answer of the office says of itself, and put away the files that were sent."""
        self.request.close()
        if self._is_new:
            self.door.cookies.set_browser(response, self._browser)
        return framed_by_nobody(self.door, response)

    def _context(self, form: str | None, section: str) -> dict[str, Any]:
        operator = self.operator
        return {
            **self.language.context,
            "form": None if form is None else self.policy(form),
            "section": section,
            "operator": operator,
            "forms": list(self.policies.values()),
            "said": self.door.signer.read_word(self.query(SAID)),
            "url": self.url,
            "change": self.door.signer.sign_change(self._browser.browser_id, operator),
            "may_change": operator.may_change,
            "sees_forms": operator.batches is None,
            "sees_site": operator.sees_all,
            "site_menu": SITE_MENU if operator.sees_all else FORMS_MENU if operator.batches is None else (),
            "form_menu": [entry for entry in FORM_MENU if operator.batches is None or entry in BATCH_MENU],
            "has_visit": any(True for _ in self.door.cookies.visits(self.request)),
            "office_css": self.door.static_url(self.request, "office.css"),
            "office_js": self.door.static_url(self.request, "office.js"),
        }


def language_for(door: Door, request: Request) -> OfficeLanguage:
    """Return the language that the office speaks to the person who asks."""
    return office_language(language_of(door, request, None), door.parts.settings.translations)


def outside_page(door: Door, request: Request, status: int, template: str, **context: Any) -> Response:
    """Return a page for who is not in the office, ``jotgate/office/<template>.html``."""
    shown = {**language_for(door, request).context, "form": None, **context}
    return door.page(request, status, f"jotgate/office/{template}.html", shown)


def framed_by_nobody(door: Door, response: Response) -> Response:
    """Keep a page of the office out of every frame, also where other sites may frame the door.

    What the office itself shows in a frame has said so by its own header.
    """
    if "X-Frame-Options" in response.headers:
        return response
    own = response.headers.get("Content-Security-Policy", door.headers["Content-Security-Policy"])
    directives = own.split("; ")
    kept = [directive for directive in directives if not directive.startswith("frame-ancestors ")]
    response.headers["Content-Security-Policy"] = "; ".join([*kept, "frame-ancestors 'none'"])
    response.headers["X-Frame-Options"] = "DENY"
    return response
