"""The languages of a class list: what stands above the column, and what people write into it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from jotgate.classlist.addresses import NONE
from jotgate.classlist.cells import clean, on_one_line
from jotgate.languages import best_of
from jotgate.spelling import folded

#: What stands above the column, after hyphens and points have become blanks.
HEADINGS = frozenset(
    {
        *("language", "lang", "preferred language", "contact language", "correspondence language"),
        *("language of correspondence", "communication language", "sprache", "bevorzugte sprache"),
        *("kontaktsprache", "korrespondenzsprache", "langue", "langue préférée", "langue de contact"),
        *(
            "langue de correspondance",
            "idioma",
            "idioma preferido",
            "idioma de contacto",
            "idioma de contato",
        ),
        *("lengua", "língua", "lingua", "lingua preferita", "lingua di contatto", "taal", "voorkeurstaal"),
        *("contacttaal", "correspondentietaal", "język", "jezyk", "język kontaktu", "preferowany język"),
        *("dil", "iletişim dili", "tercih edilen dil", "мова", "мова спілкування", "бажана мова"),
        *("لغة", "اللغة", "لغة التواصل", "اللغة المفضلة"),
    }
)
#: Tag -> what people call the language in the languages that there are, as CLDR has it, and its codes of three letters.
_CALLED: Mapping[str, tuple[str, ...]] = {
    "ar": (
        *(
            "العربية",
            "عربي",
            "Arabisch",
            "Arabic",
            "árabe",
            "arabe",
            "arabo",
            "arabski",
            "Arapça",
            "арабська",
        ),
        "ara",
    ),
    "de": (
        *("Deutsch", "German", "alemán", "allemand", "tedesco", "Duits", "niemiecki", "alemão", "Almanca"),
        *("німецька", "الألمانية", "deu", "ger"),
    ),
    "en": (
        *(
            "English",
            "Englisch",
            "inglés",
            "anglais",
            "inglese",
            "Engels",
            "angielski",
            "inglês",
            "İngilizce",
        ),
        *("англійська", "الإنجليزية", "eng"),
    ),
    "es": (
        *("español", "castellano", "Spanish", "Spanisch", "espagnol", "spagnolo", "Spaans", "hiszpański"),
        *("espanhol", "İspanyolca", "іспанська", "الإسبانية", "spa"),
    ),
    "fr": (
        *("français", "French", "Französisch", "francés", "francese", "Frans", "francuski", "francês"),
        *("Fransızca", "французька", "الفرنسية", "fra", "fre"),
    ),
    "it": (
        *("italiano", "Italian", "Italienisch", "italien", "Italiaans", "włoski", "İtalyanca", "італійська"),
        *("الإيطالية", "ita"),
    ),
    "nl": (
        *(
            "Nederlands",
            "Vlaams",
            "Dutch",
            "Flemish",
            "Niederländisch",
            "neerlandés",
            "holandés",
            "néerlandais",
        ),
        *("olandese", "niderlandzki", "holenderski", "holandês", "neerlandês", "Felemenkçe", "Hollandaca"),
        *("нідерландська", "الهولندية", "nld", "dut"),
    ),
    "pl": (
        *("polski", "Polish", "Polnisch", "polaco", "polonais", "polacco", "Pools", "polonês", "Lehçe"),
        *("польська", "البولندية", "pol"),
    ),
    "pt": (
        *("português", "Portuguese", "Portugiesisch", "portugués", "portugais", "portoghese", "Portugees"),
        *("portugalski", "Portekizce", "португальська", "البرتغالية", "por", "Brazilian Portuguese"),
        *("português (Brasil)", "português do Brasil", "português brasileiro"),
    ),
    "pt-PT": (
        *("português (Portugal)", "português de Portugal", "português europeu", "European Portuguese"),
        *("portugués de Portugal", "portugais européen", "portoghese europeo", "Europees Portugees"),
        *("europäisches Portugiesisch", "europejski portugalski", "Avrupa Portekizcesi"),
        *("європейська португальська", "البرتغالية الأوروبية"),
    ),
    "tr": (
        *("Türkçe", "Turkish", "Türkisch", "turco", "turc", "Turks", "turecki", "турецька", "التركية", "tur"),
    ),
    "uk": (
        *("українська", "Ukrainian", "Ukrainisch", "ucraniano", "ukrainien", "ucraino", "Oekraïens"),
        *("ukraiński", "Ukraynaca", "الأوكرانية", "ukr"),
    ),
}
#: The languages that jotgate brings along.
OURS = tuple(_CALLED)
_PLAIN_LETTERS = str.maketrans("ıł", "il")


@lru_cache(maxsize=256)
def read_language(text: str, known: tuple[str, ...]) -> str | None:
    """Return the tag of the language in a cell, "" if it has none; None: it is none of the *known*."""
    text = on_one_line(clean(text))
    if text.casefold() in NONE:
        return ""
    return best_of([_TAGS.get(_plain(text), text)], known) if text else ""


def _plain(text: str) -> str:
    return folded(text).translate(_PLAIN_LETTERS)


_TAGS = {_plain(name): tag for tag, names in _CALLED.items() for name in names}
