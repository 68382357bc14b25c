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
from .forms import PARTS, FieldValue, Form, Question, Submission
from .uploads import SentFile, Uploads, type_of
from .world import World

#: Keeps a submission with its files (by qid) and sends its webhooks.
Receive = Callable[
    [Form, Mapping[str, FieldValue], str, Mapping[str, str], Mapping[str, Sequence[SentFile]]], Submission
]

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES = re.compile(r"/(?:[0-9]{10,20}|submit/.*|jsform/.*|uploads/.*|favicon\.ico)/?", re.ASCII)
_FORM_PATH = re.compile(r"/([0-9]{10,20})/?", re.ASCII)
_SUBMIT_PATH = re.compile(r"/submit/([0-9]{10,20})/?", re.ASCII)
_SCRIPT_PATH = re.compile(r"/jsform/([0-9]{10,20})/?", re.ASCII)
_FILE_FIELD = re.compile(r"q([0-9]{1,6})_[^\[\]]*(?:\[[0-9]*\])?", re.ASCII)


def is_page(path: str) -> bool:
    """Tell whether a path is for people; on the API's host every other path is answered in JSON, known or not."""
    return _PAGES.fullmatch(path) is not None


def render(name: str, status: int = 200, **values: object) -> Response:
    """Return a page made of one of the sandbox's templates."""
    return Response(templates.get_template(name).render(**values), status, mimetype="text/html")


class Pages:
    """The form pages of one host and the submit address of the other."""

    def __init__(
        self,
        world: World,
        uploads: Uploads,
        receive: Receive,
        base: Callable[[], str],
        submit_origin: Callable[[], str],
    ) -> None:
        self._world = world
        self._uploads = uploads
        self._receive = receive
        self._base = base
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
        if match := _SCRIPT_PATH.fullmatch(request.path):
            return self._script(self._world.forms.get(match[1]))
        kept = self._uploads.content(request.path)
        if kept is not None:
            return _download(request.path, kept)
        return render("gone.html", 404, title="Page not found", text="There is nothing at this address.")

    def _show(self, request: Request, form: Form | None) -> Response:
        if form is None or form.status == "DELETED":
            return render(
                "gone.html", 404, title="Form not found", text="This form does not exist, or was deleted."
            )
        if form.status != "ENABLED":
            return _unavailable()
        return self._form_page(form, request.args)

    def _script(self, form: Form | None) -> Response:
        """Return the script that puts the form's frame into the page that loads it."""
        if form is None or form.status == "DELETED":
            return Response("", 404, mimetype="text/javascript")
        text = templates.get_template("jsform.js").render(
            form_id=form.form_id, title=form.title, origin=self._base()
        )
        return Response(text, mimetype="text/javascript")

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
        sent = list(request.form.items(multi=True))
        given = answers.from_posted(form, sent)
        files = _files(request, form)
        names: dict[str, FieldValue] = {qid: [each.name for each in held] for qid, held in files.items()}
        missed = answers.missing(form, {**given, **names})
        if missed:
            return self._form_page(form, MultiDict(_by_name(form, sent)), missed)
        if not request.form.get("website"):
            submission = self._receive(
                form, given, request.remote_addr or "127.0.0.1", request.form.to_dict(), files
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
        """Say whether the call asks for an option, repeated (`name[]`) or comma-separated."""
        listed = [*self._given.getlist(f"{name}[]"), *self._given.getlist(name)]
        return option in listed or any(option in each.split(",") for each in listed)


def _unavailable() -> Response:
    text = "This form is currently unavailable. It is not taking submissions."
    return render("gone.html", 200, title="This form is currently unavailable", text=text)


def _files(request: Request, form: Form) -> dict[str, list[SentFile]]:
    """Return the files by the qid of the question that asks for them; others are dropped."""
    found: dict[str, list[SentFile]] = {}
    for key, file in request.files.items(multi=True):
        match = _FILE_FIELD.fullmatch(key)
        question = form.questions.get(match[1]) if match else None
        if question and question.type == "control_fileupload" and file.filename:
            found.setdefault(question.qid, []).append(SentFile(file.filename, file.read()))
    return found


def _download(path: str, content: bytes) -> Response:
    """Return a visitor's file; whatever is in it, a browser does not take it for a page of the sandbox's."""
    response = Response(content, mimetype=type_of(path))
    response.headers["Content-Disposition"] = "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _by_name(form: Form, sent: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turn the fields of a refused page into prefill values, so that nothing typed is lost."""
    names = {question.field_name: question.name for question in form.questions.values()}
    found: list[tuple[str, str]] = []
    for key, text in sent:
        field, bracket, rest = key.partition("[")
        if field in names:
            found.append((names[field] + bracket + rest, text))
    return found
