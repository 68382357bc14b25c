"""The clients: where they come from, how their base address is changed, and what of them cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The two places that a client is pointed at.
SANDBOX, SCOPED = "sandbox", "scoped key"
PLACES = (SANDBOX, SCOPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client at one version."""

    #: Its name in the registry.
    name: str
    #: PyPI or npm.
    registry: str
    version: str
    #: The script in `drivers/` that makes its calls.
    driver: str
    #: Its package in the folder of installed ones: a folder, or one file.
    package: str
    #: Texts in the package that are the base address, and what stands there instead; `{address}` is the API's address,
    #: `{host}` the same without `v1`. None where the client takes its address as an argument.
    hard_coded: Mapping[str, str] = field(default_factory=dict)
    #: In words: how the address is changed, and what else is not as in a user's program.
    how: str
    #: Other packages that have to be of a certain version.
    needs: tuple[str, ...] = ()
    #: What does not work, by place and call, and why.
    notes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def link(self) -> str:
        """Return the address of its page in the registry."""
        page = "https://pypi.org/project/" if self.registry == "PyPI" else "https://www.npmjs.com/package/"
        return page + self.name


CLIENTS = (
    Client(
        name="jotform",
        registry="PyPI",
        version="1.2",
        driver="jotform_pypi.py",
        package="jotform.py",
        how="`baseUrl`, without `v1`",
    ),
    Client(
        name="jotform-extended",
        registry="PyPI",
        version="0.1.4",
        driver="jotform_extended_pypi.py",
        package="jotformextended.py",
        how="its private attribute `__base_url`",
    ),
    Client(
        name="crossmark-jotform-api",
        registry="PyPI",
        version="2.6.14",
        driver="crossmark_pypi.py",
        package="crossmark_jotform_api",
        hard_coded={"https://api.jotform.com": "{address}"},
        how="in its source",
    ),
    Client(
        name="tap-jotform",
        registry="PyPI",
        version="0.6.3",
        driver="tap_pypi.py",
        package="tap_jotform",
        how="`api_url`",
        notes=dict.fromkeys(
            ((SANDBOX, "folders"), (SCOPED, "folders")),
            "`tap-jotform` takes each property of JotForm's outermost folder for a folder, and stops. Deselect the"
            " stream `folders`.",
        ),
    ),
    Client(
        name="wagtail-jotform",
        registry="PyPI",
        version="2.4.1",
        driver="wagtail_pypi.py",
        package="wagtail_jotform",
        how="`API_URL`",
    ),
    Client(
        name="PyJotformAJM",
        registry="PyPI",
        version="0.8",
        driver="ajm_pypi.py",
        package="jotform.py",
        hard_coded={"https://api.jotform.com/": "{host}/"},
        how="in the source of `jotform`, which it uses; needs `ApiKeyAJM` 0.9, not the newest, and `validators`",
        needs=("ApiKeyAJM==0.9", "jotform==1.2", "validators==0.35.0"),
        notes={
            (
                SCOPED,
                "new entries",
            ): "`PyJotformAJM` asks for a form's `new`, which counts what did not come through"
            " the gate as well, so no scoped key sees it. `get_new_submissions` works.",
        },
    ),
    Client(
        name="jotform",
        registry="npm",
        version="1.0.1",
        driver="jotform_npm.js",
        package="jotform",
        how="`baseURL`",
        notes=dict.fromkeys(
            ((SANDBOX, "history"), (SCOPED, "history")),
            "npm `jotform` posts to `/user/history`, which JotForm documents as a GET.",
        ),
    ),
    Client(
        name="@activepieces/piece-jotform",
        registry="npm",
        version="0.1.0",
        driver="activepieces_npm.js",
        package="@activepieces/piece-jotform",
        hard_coded={"https://api.jotform.com": "{address}"},
        how="in its source; the script gives it what Activepieces would: a webhook's address and a store",
    ),
    Client(
        name="n8n-nodes-base",
        registry="npm",
        version="2.41.2",
        driver="n8n_npm.js",
        package="n8n-nodes-base",
        hard_coded={"https://${": "http://${"},
        how="`apiDomain`, and in its source `http`; only its JotForm node, with `n8n-workflow`; the script gives it"
        " what n8n would, `helpers.request` among it, which makes the HTTP request",
        needs=("n8n-workflow@2.41.0",),
    ),
)
