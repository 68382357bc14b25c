"""PyPI `PyJotformAJM`: it asks for the account at construction, and then for what is new in one form."""

from driving import FOREIGN, FORM, IDS, KEY, answers, drive
from PyJotformAJM.PyJotformAJM import JotForm


class Form(JotForm):
    """A form whose answers are read as the package's own draft of that method reads them."""

    def _get_answers_dict(self, raw_answers):
        return {
            "field_name": raw_answers["text"] or raw_answers["name"],
            "uni_field_name": raw_answers["name"],
            "field_type": raw_answers["type"],
            "value": self._strip_answer(raw_answers.get("answer")),
        }


with open("key.txt", "w", encoding="utf-8") as file:
    file.write(KEY)


def opened(form_id=FORM):
    return Form(api_key_location="key.txt", form_id=form_id)


drive(
    {
        "account": lambda: opened().client.get_user()["status"],
        "form": lambda: opened().client.get_form(FORM)["title"],
        "questions": lambda: sorted(opened().client.get_form_questions(FORM)),
        "submissions": lambda: opened().submission.valid_submission_ids,
        "new submissions": lambda: [row["id"] for row in opened().get_new_submissions()],
        "newest": lambda: opened().last_submission_id,
        "new entries": lambda: opened().has_new_entries,
        "submission": lambda: answers(opened().client.get_submission(IDS[0])),
        "read answers": lambda: {
            one["uni_field_name"]: one["value"]
            for one in opened().get_answers_from_submission(IDS[0])["answers"]
            if one["value"] is not None
        }["visit"],
        "foreign": lambda: opened(FOREIGN).get_new_submissions(),
    }
)
