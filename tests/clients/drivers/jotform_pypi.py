"""PyPI `jotform`: JotForm's own client for Python."""

import json

from driving import ADDRESS, FOREIGN, FORM, IDS, KEY, answers, drive
from jotform import JotformAPIClient

# It puts its version between the address and the path.
client = JotformAPIClient(KEY, baseUrl=ADDRESS.removesuffix("v1").rstrip("/") + "/")

drive(
    {
        "account": lambda: client.get_user()["status"],
        "forms": lambda: [form["id"] for form in client.get_forms()],
        "form": lambda: client.get_form(FORM)["title"],
        "questions": lambda: sorted(client.get_form_questions(FORM)),
        "submissions": lambda: [row["id"] for row in client.get_form_submissions(FORM, limit="100")],
        "all submissions": lambda: [row["id"] for row in client.get_submissions()],
        "newer": lambda: [
            row["id"] for row in client.get_form_submissions(FORM, filterArray={"id:gt": IDS[0]})
        ],
        "submission": lambda: answers(client.get_submission(IDS[0])),
        "folders": lambda: client.get_folders()["subfolders"],
        "reports": lambda: client.get_reports(),
        "history": lambda: [event["type"] for event in client.get_history()],
        "foreign": lambda: client.get_form(FOREIGN),
        "write": lambda: len(client.create_form_submissions(FORM, json.dumps([{"4": {"text": "7c"}}]))),
    }
)
