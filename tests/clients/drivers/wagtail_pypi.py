"""PyPI `wagtail-jotform`: which forms its page offers, and what it changes at JotForm when the page is published."""

import django
import requests
from django.conf import settings
from django.core.management import call_command
from driving import ADDRESS, FORM, KEY, drive

settings.configure(
    SECRET_KEY="of no use",
    STATIC_URL="/static/",
    INSTALLED_APPS=[
        "wagtail_jotform",
        "wagtail.contrib.forms",
        "wagtail.contrib.routable_page",
        "wagtail.documents",
        "wagtail.images",
        "wagtail.users",
        "wagtail.admin",
        "wagtail",
        "taggit",
        "django.contrib.staticfiles",
        "django.contrib.auth",
        "django.contrib.contenttypes",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    WAGTAIL_SITE_NAME="School",
    WAGTAIL_JOTFORM={"API_URL": ADDRESS, "API_KEY": KEY},
)
django.setup()
call_command("migrate", "contenttypes", verbosity=0)

from wagtail_jotform.models import EmbeddedFormPage, jot_form_choices  # noqa: E402
from wagtail_jotform.wagtail_hooks import do_after_publish_page  # noqa: E402


class Published(EmbeddedFormPage):
    """A page that was published at an address."""

    full_url = "https://school.example/trip/"
    specific = property(lambda self: self)

    class Meta:
        app_label = "wagtail_jotform"
        proxy = True


def write():
    do_after_publish_page(None, Published(title="Trip", form=FORM))
    # It does not look at the answer: what became of it, the form says.
    kept = requests.get(f"{ADDRESS}/form/{FORM}/properties", headers={"APIKEY": KEY}, timeout=10)
    if kept.status_code != 200:
        raise RuntimeError(f"{kept.status_code} {kept.text}")
    return int(kept.json()["content"]["thankurl"] == "https://school.example/trip/thank-you/")


drive({"forms": lambda: [form_id for form_id, _ in jot_form_choices()], "write": write})
