"""What POST, PUT and DELETE calls change; they need a key with full access."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from . import answers, contents
from .calls import BadInput, Call
from .forms import FieldValue, Form, Question, question_from
from .webhooks import Webhooks
from .world import World


class Writes:
    """The writing half of the API."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks
        #: The name of each write in a refusal, and who does it.
        self.by_endpoint: Mapping[tuple[str, str], tuple[str, Callable[[Call], object]]] = {
            ("POST", "user-settings"): ("edit settings", self._set_settings),
            ("POST", "user-forms"): ("create form", self._create_form),
            ("POST", "form"): ("create form", self._create_form),
            ("PUT", "user-forms"): ("create form", self._create_form_from_json),
            ("PUT", "form"): ("create form", self._create_form_from_json),
            ("DELETE", "form-id"): ("delete form", self._delete_form),
            ("POST", "form-id-clone"): ("clone form", self._clone_form),
            ("POST", "form-id-questions"): ("create question", self._add_question),
            ("PUT", "form-id-questions"): ("create question", self._add_questions),
            ("POST", "form-id-question-id"): ("edit question", self._edit_question),
            ("DELETE", "form-id-question-id"): ("delete question", self._delete_question),
            ("POST", "form-id-properties"): ("edit properties", self._set_properties),
            ("PUT", "form-id-properties"): ("edit properties", self._set_properties_from_json),
            ("POST", "form-id-submissions"): ("create submission", self._submit),
            ("PUT", "form-id-submissions"): ("create submission", self._submit_many),
            ("POST", "form-id-webhooks"): ("create webhook", self._add_webhook),
            ("DELETE", "form-id-webhooks-id"): ("delete webhook", self._delete_webhook),
            ("POST", "submission-id"): ("edit submission", self._edit_submission),
            ("DELETE", "submission-id"): ("delete submission", self._delete_submission),
        }

    def _set_settings(self, call: Call) -> object:
        call.account.settings.update({key: text for key, text in call.sent() if key in contents.SETTINGS})
        return contents.user(self._world, call.account, call.base)

    def _new_form(self, call: Call, title: str) -> Form:
        now = self._world.clock.now()
        form = Form(form_id="", username=call.account.username, title=title, created_at=now, updated_at=now)
        return self._world.add_form(form, None)

    def _create_form(self, call: Call) -> object:
        form = self._new_form(call, call.sent_under("properties").get("title", "Untitled Form"))
        wishes: dict[str, dict[str, object]] = {}
        for key, text in call.sent_under("questions").items():
            number, _, name = key.partition("][")
            wishes.setdefault(number, {})[name] = text
        for wish in wishes.values():
            _add(form, wish)
        return contents.form(self._world, form, call.base)

    def _create_form_from_json(self, call: Call) -> object:
        body = call.sent_json()
        if isinstance(body, list) and body:
            # Of several forms only one is told (others' live tests).
            body = body[0]
        if not isinstance(body, dict):
            raise BadInput("A form must be an object")
        held = body.get("properties")
        form = self._new_form(call, _title(held if isinstance(held, dict) else body))
        for wish in _objects(body.get("questions", [])):
            _add(form, wish)
        return contents.form(self._world, form, call.base)

    def _delete_form(self, call: Call) -> object:
        call.form.status = "DELETED"
        self._world.note("formDelete", call.form)
        return contents.form(self._world, call.form, call.base)

    def _clone_form(self, call: Call) -> object:
        form = self._new_form(call, f"Clone of {call.form.title}")
        form.questions = dict(call.form.questions)
        form.properties = dict(call.form.properties)
        return contents.form(self._world, form, call.base)

    def _add_question(self, call: Call) -> object:
        return _new_question(_add(call.form, dict(call.sent_under("question"))))

    def _add_questions(self, call: Call) -> object:
        body = call.sent_json()
        wishes = body.get("questions", []) if isinstance(body, dict) else body
        return [_new_question(_add(call.form, wish)) for wish in _objects(wishes)]

    def _edit_question(self, call: Call) -> object:
        """Answer a list of one (others' live tests), for a question that is made on the way, too."""
        asked = call.form.questions.get(call.key)
        wish = dict(call.sent_under("question"))
        if asked is None:
            return [_new_question(_add(call.form, {**wish, "qid": call.key}))]
        before = {key: str(value) for key, value in contents.question(asked).items()}
        edited = _read_question({**before, **wish}, qid=asked.qid, order=asked.order)
        call.form.questions[asked.qid] = edited
        return [contents.question(edited)]

    def _delete_question(self, call: Call) -> object:
        if call.form.questions.pop(call.key, None) is None:
            raise BadInput(f"QuestionID #{call.key} not found")
        return f"QuestionID #{call.key} successfully deleted."

    def _set_properties(self, call: Call) -> object:
        return self._keep_properties(call.form, call.sent_under("properties"))

    def _set_properties_from_json(self, call: Call) -> object:
        body = call.sent_json()
        held = body.get("properties") if isinstance(body, dict) else None
        if not isinstance(held, dict):
            raise BadInput("There are no properties in the body")
        return self._keep_properties(call.form, {str(key): str(value) for key, value in held.items()})

    def _keep_properties(self, form: Form, wish: Mapping[str, str]) -> object:
        form.title = wish.get("title", form.title)
        if "thankurl" in wish or "activeRedirect" in wish:
            address = wish.get("thankurl", form.thank_you or "")
            form.thank_you = (
                address if address and wish.get("activeRedirect", "thankurl") == "thankurl" else None
            )
        form.properties.update(wish)
        form.updated_at = self._world.clock.now()
        self._world.note("formUpdate", form)
        return {**wish, "formID": form.form_id}

    def _submit(self, call: Call) -> object:
        return self._keep(call, answers.from_api(call.form, call.sent()))

    def _submit_many(self, call: Call) -> object:
        body = call.sent_json()
        many = [body] if isinstance(body, dict) else body
        return [self._keep(call, _answers_from_json(call.form, each)) for each in _objects(many)]

    def _keep(self, call: Call, given: Mapping[str, FieldValue]) -> dict[str, str]:
        if not given:
            # The words were recorded (by the Ruby client's tests).
            raise BadInput(
                "Bad request (/form-id-submissions) - Submissions couldn't inserted",
                content=[],
                resource="form-id-submissions",
            )
        ip = call.request.remote_addr or "127.0.0.1"
        kept = self._world.submit(call.form, given, at=self._world.clock.now(), ip=ip)
        # Whether JotForm sends webhooks for these is unknown; usually not here, so that nothing may rely on it.
        if self._world.oddities.api_sends_webhooks:
            self._webhooks.announce(call.form, kept, {})
        return _where(call, kept.submission_id)

    def _edit_submission(self, call: Call) -> object:
        form = self._world.form(call.submission.form_id)
        marks = call.sent_under("submission")
        self._world.edit_submission(
            call.submission.submission_id,
            answers.from_api(form, call.sent()),
            new=marks["new"] == "1" if "new" in marks else None,
            flag=marks["flag"] == "1" if "flag" in marks else None,
        )
        if self._world.oddities.edits_send_webhooks:
            self._webhooks.announce(form, self._world.submission(call.submission.submission_id), {})
        return _where(call, call.submission.submission_id)

    def _delete_submission(self, call: Call) -> object:
        self._world.delete_submission(call.submission.submission_id)
        return f"Submission #{call.submission.submission_id} deleted successfully."

    def _add_webhook(self, call: Call) -> object:
        try:
            call.form.add_webhook(dict(call.sent()).get("webhookURL", ""))
        except ValueError as problem:
            raise BadInput(str(problem)) from None
        return contents.webhooks(self._world, call.form)

    def _delete_webhook(self, call: Call) -> object:
        if call.form.webhooks.pop(call.key, None) is None:
            raise BadInput(f"There is no webhook {call.key}")
        call.form.webhooks = {str(index): each for index, each in enumerate(call.form.webhooks.values())}
        return contents.webhooks(self._world, call.form)


def _where(call: Call, submission_id: str) -> dict[str, str]:
    return {"submissionID": submission_id, "URL": f"{call.base}/submission/{submission_id}"}


def _title(held: Mapping[str, object]) -> str:
    return str(held.get("title", "Untitled Form"))


def _new_question(made: Question) -> dict[str, object]:
    """Return a question as the call that makes it does: its id is a number (others' live tests)."""
    return {**contents.question(made), "qid": int(made.qid)}


def _objects(wishes: object) -> list[dict[str, object]]:
    if isinstance(wishes, dict):
        wishes = list(wishes.values())
    if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
        raise BadInput("The body must be a list of objects")
    return wishes


def _add(form: Form, wish: Mapping[str, object]) -> Question:
    try:
        return form.add_question(wish)
    except (ValueError, TypeError) as error:
        raise BadInput(str(error)) from error


def _read_question(wish: Mapping[str, object], *, qid: str, order: int) -> Question:
    try:
        return replace(question_from(wish, qid=qid, order=order), qid=qid)
    except (ValueError, TypeError) as error:
        raise BadInput(str(error)) from error


def _answers_from_json(form: Form, body: Mapping[str, object]) -> dict[str, FieldValue]:
    """Read `{"3": {"text": "..."}}`, `{"3": {"first": "..."}}` and `{"3": "..."}`, or these in `submission`."""
    inner = body.get("submission")
    body = inner if isinstance(inner, dict) else body
    flat: list[tuple[str, str]] = []
    for qid, given in body.items():
        parts = given.items() if isinstance(given, dict) else [("", given)]
        for part, text in parts:
            flat.append((f"submission[{qid}]" + (f"[{part}]" if part not in ("", "text") else ""), str(text)))
    return answers.from_api(form, flat)
