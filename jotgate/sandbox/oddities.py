"""What JotForm does now one way, now another, or nobody outside can know: each reading can be played, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from .stamps import NEW_YORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """Which reading the sandbox plays where clients saw several; `Odd` names the other ones."""

    #: The zone of every time in the API; the US host's is New York.
    timezone: str = NEW_YORK
    #: The daily reset follows daylight saving; else it stays at UTC-5.
    reset_follows_daylight_saving: bool = True
    #: The envelope has `limit-left`.
    tells_limit_left: bool = True
    #: Refusals have `limit-left`, too, if the key is known.
    errors_tell_limit_left: bool = True
    #: `GET /form/{id}` gives a list of one, as the documentation shows.
    form_as_list: bool = False
    #: How an account over its daily limit is answered: 403, 429, 200 (with `responseCode` 403) or 503.
    over_limit: str = "429"
    #: The order of a list whose `orderby` comes without a `direction`.
    direction: str = "DESC"
    #: Lists can be ordered by `updated_at`; else that order is echoed and ignored.
    orders_by_edit: bool = True
    #: The region that this host stands for; None: the account's own.
    host_region: str | None = None
    #: Accounts outside the EU have `euOnly`, too: false.
    eu_only_everywhere: bool = False
    #: How `GET /user/usage` gives the calls used today: number, text or absent.
    usage_api: str = "number"
    #: `qid` and `order` are numbers in every form, not only in those that were added so.
    numeric_ids: bool = False
    #: An empty map is `{}`, not PHP's `[]`.
    empty_maps_are_maps: bool = False
    #: Filters of one value, such as `status`, narrow a list; else they are echoed and ignored.
    filters_by_value: bool = True
    #: No filter narrows a list.
    ignores_filters: bool = False
    #: Lists have the submissions that were deleted.
    lists_deleted: bool = True
    #: Folders are gone; their calls are refused in favour of labels.
    folders_are_gone: bool = False
    #: An unknown submission is not found (404), not unauthorized.
    unknown_is_not_found: bool = False
    #: The `message` of a refusal is an object.
    message_is_object: bool = False
    #: Submissions that come by the API send webhooks.
    api_sends_webhooks: bool = False
    #: Edited submissions send the form's webhooks again.
    edits_send_webhooks: bool = False
    #: Text in answers holds HTML entities, as older rows do.
    entities: bool = False
    #: How many digits a submission's id has: 19, or 18 as in older accounts.
    digits_of_ids: int = 19
    #: How the account prints a date whose question has no `format`: `mmddyyyy`, `ddmmyyyy`, or the year first.
    date_format: str = ""

    def playing(self, names: Iterable[str]) -> Oddities:
        """Return these oddities with the named readings played. Raises ValueError, with the names there are."""
        changed = self
        for name in names:
            changed = replace(changed, **_changes(name))  # type: ignore[arg-type]
        return changed


class Odd(Enum):
    """The readings that the sandbox plays when it is asked to."""

    OVER_LIMIT_403 = "over_limit_403"  #: the day's calls are used up: HTTP 403.
    OVER_LIMIT_200 = "over_limit_200"  #: the same in HTTP 200, with `responseCode` 403.
    OVER_LIMIT_503 = "over_limit_503"  #: the same as 503 without a body.
    FIXED_RESET = "fixed_reset"  #: the day's calls come back at UTC-5 the year round.
    NO_LIMIT_LEFT = "no_limit_left"  #: no answer has `limit-left`.
    BARE_ERRORS = "bare_errors"  #: refusals have no `limit-left`.
    FORM_AS_LIST = "form_as_list"  #: `GET /form/{id}` gives a list of one.
    ASCENDING = "ascending"  #: `orderby` without `direction` goes upwards.
    EDIT_ORDER_IGNORED = "edit_order_ignored"  #: `orderby=updated_at` is echoed and ignored.
    OTHER_REGION = "other_region"  #: the host is another region's: JSON without `content`.
    TIMES_IN_UTC = "times_in_utc"  #: times are in UTC, not New York's.
    TIMES_IN_BERLIN = "times_in_berlin"  #: times are in Berlin's zone.
    EU_ONLY_FALSE = "eu_only_false"  #: `euOnly` is there on every account.
    USAGE_AS_TEXT = "usage_as_text"  #: `api` in `/user/usage` is a text.
    USAGE_WITHOUT_API = "usage_without_api"  #: `/user/usage` does not tell the calls.
    NUMERIC_IDS = "numeric_ids"  #: `qid` and `order` are numbers.
    EMPTY_MAPS = "empty_maps"  #: an empty map is `{}`.
    VALUE_FILTERS_IGNORED = "value_filters_ignored"  #: `{"status": "ACTIVE"}` is echoed and ignored.
    FILTERS_IGNORED = "filters_ignored"  #: every filter is echoed and ignored.
    DELETED_ARE_GONE = "deleted_are_gone"  #: lists leave deleted submissions out.
    FOLDERS_ARE_GONE = "folders_are_gone"  #: folders are refused as deprecated; labels stay.
    UNKNOWN_IS_404 = "unknown_is_404"  #: an unknown submission is 404, not 401.
    MESSAGE_IS_OBJECT = "message_is_object"  #: a refusal's `message` is an object.
    API_SENDS_WEBHOOKS = "api_sends_webhooks"  #: submissions by the API send webhooks.
    EDITS_SEND_WEBHOOKS = "edits_send_webhooks"  #: edits send the webhooks again.
    ENTITIES = "entities"  #: answers hold HTML entities (`&#039;`), as older rows do.
    SHORT_IDS = "short_ids"  #: submissions' ids have 18 digits, as in older accounts.
    MONTH_FIRST = "month_first"  #: dates without a `format` are printed as 06-18-2024.
    DAY_FIRST = "day_first"  #: dates without a `format` are printed as 18-06-2024.


_CHANGES: Mapping[Odd, Mapping[str, object]] = {
    Odd.OVER_LIMIT_403: {"over_limit": "403"},
    Odd.OVER_LIMIT_200: {"over_limit": "200"},
    Odd.OVER_LIMIT_503: {"over_limit": "503"},
    Odd.FIXED_RESET: {"reset_follows_daylight_saving": False},
    Odd.NO_LIMIT_LEFT: {"tells_limit_left": False},
    Odd.BARE_ERRORS: {"errors_tell_limit_left": False},
    Odd.FORM_AS_LIST: {"form_as_list": True},
    Odd.ASCENDING: {"direction": "ASC"},
    Odd.EDIT_ORDER_IGNORED: {"orders_by_edit": False},
    Odd.OTHER_REGION: {"host_region": "another"},
    Odd.TIMES_IN_UTC: {"timezone": "UTC"},
    Odd.TIMES_IN_BERLIN: {"timezone": "Europe/Berlin"},
    Odd.EU_ONLY_FALSE: {"eu_only_everywhere": True},
    Odd.USAGE_AS_TEXT: {"usage_api": "text"},
    Odd.USAGE_WITHOUT_API: {"usage_api": "absent"},
    Odd.NUMERIC_IDS: {"numeric_ids": True},
    Odd.EMPTY_MAPS: {"empty_maps_are_maps": True},
    Odd.VALUE_FILTERS_IGNORED: {"filters_by_value": False},
    Odd.FILTERS_IGNORED: {"ignores_filters": True},
    Odd.DELETED_ARE_GONE: {"lists_deleted": False},
    Odd.FOLDERS_ARE_GONE: {"folders_are_gone": True},
    Odd.UNKNOWN_IS_404: {"unknown_is_not_found": True},
    Odd.MESSAGE_IS_OBJECT: {"message_is_object": True},
    Odd.API_SENDS_WEBHOOKS: {"api_sends_webhooks": True},
    Odd.EDITS_SEND_WEBHOOKS: {"edits_send_webhooks": True},
    Odd.ENTITIES: {"entities": True},
    Odd.SHORT_IDS: {"digits_of_ids": 18},
    Odd.MONTH_FIRST: {"date_format": "mmddyyyy"},
    Odd.DAY_FIRST: {"date_format": "ddmmyyyy"},
}


def _changes(name: str) -> Mapping[str, object]:
    try:
        return _CHANGES[Odd(name)]
    except ValueError:
        names = ", ".join(each.value for each in Odd)
        raise ValueError(f"there is no odd reading {name!r}; there are: {names}") from None
