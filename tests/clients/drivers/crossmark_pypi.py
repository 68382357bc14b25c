"""PyPI `crossmark-jotform-api`: it keeps a copy of one form's submissions, and sends its key in the query."""

from crossmark_jotform_api.jotForm import JotForm
from driving import FOREIGN, FORM, IDS, KEY, answers, drive


def copied(form_id: str) -> JotForm:
    client = JotForm(KEY, form_id)
    client.update(force=True)
    return client


def written() -> int:
    if not copied(FORM).create_submission({"submission[4]": "7c"}):
        raise RuntimeError("not authorized: False")
    return 1


def foreign() -> object:
    found = copied(FOREIGN)
    if found.get_form() is None and found.get_list_of_questions() is None:
        raise RuntimeError("not authorized: None")
    return found.submission_data


drive(
    {
        "form": lambda: copied(FORM).get_form()["content"]["title"],
        "questions": lambda: sorted(copied(FORM).get_list_of_questions()),
        "submissions": lambda: sorted(copied(FORM).get_submission_ids(), reverse=True),
        "search": lambda: list(JotForm.get_submission_data_by_query('{"q4:matches":"7B"}', KEY, FORM)),
        "submission": lambda: answers(copied(FORM).get_submission_by_request(IDS[0])),
        "foreign": foreign,
        "write": written,
    }
)
