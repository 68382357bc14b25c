"""What people see: the form page, the submit address, the thank-you page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from werkzeug.datastructures import MultiDict
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from . import answers
from .forms import PARTS, Answer, Form, Question, Submission
from .world import World

#: Keeps a submission and sends its webhooks.
Receive = Callable[[Form, Mapping[str, Answer], str, Mapping[str, str]], Submission]

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_FORM_PATH = re.compile(r"/([0-9]{10,20})/?", re.ASCII)
_SUBMIT_PATH = re.compile(r"/submit/([0-9]{10,20})/?", re.ASCII)


def render(name: str, status: int = 200, **values: object) -> Response:
    """Return a page made of one of the sandbox's templates."""
    return Response(templates.get_template(name).render(**values), status, mimetype="text/html")


class Pages:
    """The form pages of one host and the submit address of the other."""

    def __init__(self, world: World, receive: Receive, submit_origin: Callable[[], str]) -> None:
        self._world = world
        self._receive = receive
        self._submit_origin = submit_origin

    def answer(self, request: Request) -> Response:
        """Answer whatever is neither the API nor the sandbox's own page."""
        with self._world.lock:
            return self._answer(request)

    def _answer(self, request: Request) -> Response:
        if match := _SUBMIT_PATH.fullmatch(request.path):
            return self._submit(request, self._world.forms.get(match[1]))
        if match := _FORM_PATH.fullmatch(request.path):
            return self._show(request, self._world.forms.get(match[1]))
        return render("gone.html", 404, title="Page not found", text="There is nothing at this address.")

    def _show(self, request: Request, form: Form | None) -> Response:
        if form is None or form.status == "DELETED":
            return render(
                "gone.html", 404, title="Form not found", text="This form does not exist, or was deleted."
            )
        if form.status != "ENABLED":
            return _unavailable()
        return self._form_page(form, request.args)

    def _form_page(self, form: Form, given: MultiDict[str, str], missed: Sequence[Question] = ()) -> Response:
        build_ms = str(int(form.updated_at * 1000))
        return render(
            "form.html",
            400 if missed else 200,
            form=form,
            questions=form.ordered_questions(),
            missed={question.qid for question in missed},
            prefill=_Prefill(given),
            parts=PARTS,
            action=f"{self._submit_origin()}/submit/{form.form_id}",
            build_ms=build_ms,
        )

    def _submit(self, request: Request, form: Form | None) -> Response:
        if form is None or form.status == "DELETED":
            return render(
                "gone.html", 404, title="Form not found", text="This form does not exist, or was deleted."
            )
        if form.status != "ENABLED":
            return _unavailable()
        if request.method != "POST":
            return render(
                "gone.html", 405, title="Nothing was sent", text="This address takes submitted forms only."
            )
        sent = [*request.form.items(multi=True), *_file_names(request)]
        given = answers.from_posted(form, sent)
        missed = answers.missing(form, given)
        if missed:
            return self._form_page(form, MultiDict(_by_name(form, sent)), missed)
        if not request.form.get("website"):
            submission = self._receive(
                form, given, request.remote_addr or "127.0.0.1", request.form.to_dict()
            )
            return self._thank(request, form, submission.submission_id)
        return self._thank(request, form, "")

    def _thank(self, request: Request, form: Form, submission_id: str) -> Response:
        if form.thank_you is None:
            return render("thank_you.html", form=form)
        if form.send_post_data:
            fields = [
                ("formID", form.form_id),
                ("submission_id", submission_id),
                *request.form.items(multi=True),
            ]
            return render("onward.html", form=form, fields=fields)
        if request.form.get("eventObserver"):
            return render("onward.html", form=form, fields=None)
        return redirect(form.thank_you, 302)


class _Prefill:
    """Values by unique name, as the form's address gives them."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    def text(self, name: str, part: str = "") -> str:
        """Return one value; nested names are written `name[part]`."""
        return self._given.get(f"{name}[{part}]" if part else name, "")

    def chosen(self, name: str, option: str) -> bool:
        """Tell whether an option is asked for, be it repeated (`name[]`) or comma-separated."""
        listed = [*self._given.getlist(f"{name}[]"), *self._given.getlist(name)]
        return option in listed or any(option in each.split(",") for each in listed)


def _unavailable() -> Response:
    text = "This form is currently unavailable. It is not taking submissions."
    return render("gone.html", 200, title="This form is currently unavailable", text=text)


def _file_names(request: Request) -> list[tuple[str, str]]:
    return [(key, file.filename) for key, file in request.files.items(multi=True) if file.filename]


def _by_name(form: Form, sent: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turn the fields of a refused page into prefill values, so that nothing typed is lost."""
    names = {question.field_name: question.name for question in form.questions.values()}
    found: list[tuple[str, str]] = []
    for key, text in sent:
        field, bracket, rest = key.partition("[")
        if field in names:
            found.append((names[field] + bracket + rest, text))
    return found
