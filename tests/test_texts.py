"""Is every word there in both languages, and does the Khmer keep its own rules?"""

import ast
import doctest
import re
import string
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import yaml

from simulator import texts
from simulator.indicators import DIMENSIONS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.texts import LANGUAGES, NO_BREAK_SPACE, ZERO_WIDTH_SPACE, catalogue, number, text

ROOT = Path(__file__).resolve().parents[1]
KHMER = catalogue("km")
ENGLISH = catalogue("en")
UNITS = {p.unit for p in PARAMETERS.values()} | {i.unit for i in INDICATORS.values()}
GROUPS = ["all", *(f"{dimension}={value}" for dimension, values in DIMENSIONS.items() for value in values)]
LATIN = {"CSV", "EBA", "GDP", "GSP", "TVET", "kWh"}

# The form of a term is settled in the project's glossary; one idea, one term, wherever it is named.
TERMS = {
    "app.baseline": "សេណារីយ៉ូមូលដ្ឋាន",
    "app.disclaimer": "មិនមែនជាការព្យាករ",
    "app.difference": "ភាពខុសគ្នា",
    "app.glossary_title": "សទ្ទានុក្រម",
    "app.median": "មេដ្យាន",
    "app.policy": "គោលនយោបាយ",
    "app.question": "សំណួរ",
    "app.retry": "សូមព្យាយាមម្តងទៀត",
    "app.scenario": "សេណារីយ៉ូ",
    "app.title": "វិស័យកាត់ដេរ",
    "app.world": "កត្តាខាងក្រៅ",
    "groups.gender=women": "ស្ត្រី",
    "groups.goods=footwear": "ស្បែកជើង",
    "groups.goods=garments": "សម្លៀកបំពាក់",
    "groups.goods=travel_goods": "ផលិតផលធ្វើដំណើរ",
    "groups.market=EU": "សហភាពអឺរ៉ុប",
    "groups.market=US": "សហរដ្ឋអាមេរិក",
    "groups.stage=finish": "ការតុបតែងបញ្ចប់",
    "indicators.automation.label": "ស្វ័យប្រវត្តិកម្ម",
    "indicators.displaced.label": "អ្នកបាត់បង់ការងារ",
    "indicators.employment.label": "ចំនួនអ្នកមានការងារធ្វើ",
    "indicators.engineers.label": "វិស្វករ",
    "indicators.exports.label": "ការនាំចេញ",
    "indicators.factories_closed.label": "រោងចក្របិទទ្វារ",
    "indicators.factories_opened.label": "រោងចក្របើកថ្មី",
    "indicators.gdp_share.label": "ផ.ស.ស",
    "indicators.household_income.label": "ចំណូលគ្រួសារ",
    "indicators.investment.label": "ការវិនិយោគ",
    "indicators.labour_cost_index.label": "ថ្លៃពលកម្ម",
    "indicators.layoffs.label": "ការបញ្ឈប់ពីការងារ",
    "indicators.market_share.label": "ចំណែកទីផ្សារ",
    "indicators.operators.label": "កម្មករខ្សែផលិតកម្ម",
    "indicators.profit_margin.label": "អត្រាប្រាក់ចំណេញ",
    "indicators.public_balance.label": "តុល្យភាពថវិការដ្ឋ",
    "indicators.public_cost.label": "ចំណាយថវិការដ្ឋ",
    "indicators.real_wage.label": "ប្រាក់ឈ្នួលពិត",
    "indicators.remittances.label": "ប្រាក់ផ្ញើទៅគ្រួសារ",
    "indicators.survival.label": "ការរស់រានរបស់វិស័យ",
    "indicators.technician_coverage.label": "ភាពគ្រប់គ្រាន់នៃអ្នកបច្ចេកទេស",
    "indicators.turnover.label": "អត្រាចាកចេញពីការងារ",
    "indicators.vacancies.label": "កន្លែងការងារទំនេរ",
    "indicators.value_added.label": "តម្លៃបន្ថែម",
    "parameters.automation.interest_rate": "អត្រាការប្រាក់",
    "parameters.automation.subsidy": "ឧបត្ថម្ភធន",
    "parameters.energy.outage": "ដាច់ចរន្តអគ្គិសនី",
    "parameters.energy.price": "ថ្លៃអគ្គិសនី",
    "parameters.infrastructure.broadband": "អ៊ីនធឺណិតល្បឿនលឿន",
    "parameters.infrastructure.logistics": "ភស្តុភារកម្ម",
    "parameters.skills.training_seats": "កន្លែងបណ្តុះបណ្តាល",
    "parameters.wages.minimum_wage_growth": "ប្រាក់ឈ្នួលអប្បបរមា",
    "units.USD": "ដុល្លារអាមេរិក",
}
# Misspellings, and words that say something else: see the notes on the glossary's rows.
AVOID = (
    "ឲ្យ", "អោយ", "សំនួរ", "ចំលើយ", "សំរាប់", "សំលៀកបំពាក់", "អប្បរមា", "ប៊ីលាន", "ម៉ឺន", "ភ្នាក់ងារ", "ផលប៉ះពាល់",
    "ប្រាក់បញ្ញើ", "ដកហូត", "ក្លែង", "ថៅកែ", "ប្រតិបត្តិករ", "ចន្លោះទំនុកចិត្ត", "អាម៉េរិក", "\u17d2\u178a",
)  # fmt: skip


def folded(words: str) -> str:
    """As a search compares: no break marks, one of two look-alike subscripts."""
    return unicodedata.normalize("NFC", words).replace(ZERO_WIDTH_SPACE, "").replace("\u17d2\u178a", "\u17d2\u178f")


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def without_placeholders(template: str) -> str:
    return re.sub(r"\{\w+\}", "0", template)


def letters(words: str) -> int:
    return len(re.findall("[\u1780-\u17b3]", words))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_indicator_unit_and_group_has_words(lang: str) -> None:
    for name in (*PARAMETERS, "world.shocks", *INDICATORS):
        assert texts.label(name, lang).strip()
    for name in INDICATORS:
        assert texts.meaning(name, lang).endswith("។" if lang == "km" else ".")
    for name in UNITS - {""}:
        assert texts.unit(name, lang).strip()
    assert texts.unit("", lang) == ""
    for name in GROUPS:
        assert texts.group(name, lang).strip()


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    from_registries = {key for key in KHMER if key.startswith("units.")}  # English shows most units as they are
    assert set(KHMER) - set(ENGLISH) <= from_registries
    assert set(ENGLISH) <= set(KHMER)
    for key in set(KHMER) & set(ENGLISH):
        assert placeholders(KHMER[key]) == placeholders(ENGLISH[key]), key


def test_no_text_is_left_over() -> None:
    """Khmer of a number, indicator, unit or group that is gone is dead."""
    known = {
        "parameters": {*PARAMETERS, "world.shocks"},
        "indicators": {f"{name}.{part}" for name in INDICATORS for part in ("label", "meaning")},
        "units": UNITS - {""},
        "groups": {name for name in GROUPS if not name.startswith("lever=")},
    }
    for section, names in known.items():
        assert {key.partition(".")[2] for key in KHMER if key.startswith(f"{section}.")} == names


@pytest.mark.parametrize("lang", LANGUAGES)
def test_terms_and_explanations_belong_together(lang: str) -> None:
    explained = {key.partition(".")[2] for key in catalogue(lang) if key.startswith("glossary.")}
    assert explained == set(texts.glossary(lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_files_say_each_thing_once_and_in_composed_form(lang: str) -> None:
    raw = (ROOT / "simulator" / "texts" / f"{lang}.yaml").read_text(encoding="utf-8")
    assert raw == unicodedata.normalize("NFC", raw)

    def keys(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
            assert all(name.isascii() for name in names)
            for _, child in node.value:
                keys(child)
        else:
            assert node.tag == "tag:yaml.org,2002:str" and node.value.strip() == node.value != ""

    keys(yaml.compose(raw, Loader=yaml.SafeLoader))


@pytest.mark.parametrize("key", KHMER)
def test_khmer_keeps_its_rules(key: str) -> None:
    words = without_placeholders(KHMER[key])
    mark = ZERO_WIDTH_SPACE
    assert set(re.findall("[A-Za-z]+", words)) <= LATIN
    assert not re.search("[\u17e0-\u17e9]", words), "digits are Arabic"
    assert not any(avoided in words.replace(mark, "") for avoided in AVOID)
    assert not re.search(f"{mark}[{mark} ។៖»?)]|[ «(]{mark}|^{mark}|{mark}$", words), "a break mark parts two words"
    assert not re.search(f"{mark}[\u17b4-\u17d3\u17dd]|\u17d2{mark}", words), "a break mark splits a syllable"
    assert not re.search(" ។| ៖|  ", words)
    if letters(words) > 15:
        assert max(map(letters, re.split(f"[{mark} ]", words))) <= 20, "no line can break here"
    if key.startswith(("sentences.", "glossary.")):
        assert KHMER[key].endswith("។") and ENGLISH[key].endswith(".")
    if key.startswith(("parameters.", "units.", "groups.", "terms.", "app.chart_e")) or key.endswith(".label"):
        assert "។" not in words


@pytest.mark.parametrize("key", TERMS)
def test_terms_are_the_glossarys(key: str) -> None:
    assert folded(TERMS[key]) in folded(KHMER[key])


@pytest.mark.parametrize(
    "english, khmer",
    [
        ("minimum wage", "ប្រាក់ឈ្នួលអប្បបរមា"),
        ("technician", "អ្នកបច្ចេកទេស"),
        ("engineers", "វិស្វករ"),
        ("buyer", "អ្នកបញ្ជាទិញ"),
        ("capacity", "សមត្ថភាពផលិត"),
        ("efficiency", "ប្រសិទ្ធភាព"),
        ("factory", "រោងចក្រ"),
        ("electricity", "អគ្គិសនី"),
        ("upper secondary", "មធ្យមសិក្សាទុតិយភូមិ"),
    ],
)
def test_one_idea_has_one_term(english: str, khmer: str) -> None:
    for name, parameter in PARAMETERS.items():
        if english in parameter.label.lower():
            assert folded(khmer) in folded(KHMER[f"parameters.{name}"]), name


def test_the_khmer_is_marked_as_not_yet_read_by_a_native_speaker() -> None:
    assert "not yet" in text("app.khmer_pending", "en") and "Khmer" in text("app.khmer_pending", "en")
    assert folded("មិនទាន់") in folded(text("app.khmer_pending", "km"))


def test_texts_named_in_the_code_exist() -> None:
    used = set()
    for path in ROOT.glob("simulator/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    used |= {first.value} if node.func.id == "text" else set()
                    used |= {f"sentences.{first.value}"} if node.func.id == "sentence" else set()
    assert used <= set(ENGLISH)


def test_a_wrong_key_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError, match=r"nearest: app\.title"):
        text("app.titel", "km")
    with pytest.raises(KeyError, match="needs a value for total"):
        text("app.progress_running", "en", done=3)
    with pytest.raises(ValueError, match="language 'fr'"):
        text("app.title", "fr")


NBSP = NO_BREAK_SPACE


@pytest.mark.parametrize(
    "value, unit, english, khmer",
    [
        (1234.5, "", "1,234.5", "1,234.5"),
        (0, "", "0", "0"),
        (742_310, "persons", f"742{NBSP}thousand people", f"742{NBSP}ពាន់នាក់"),
        (999_700, "persons", f"1{NBSP}million people", f"1{NBSP}លាននាក់"),
        (1_024_000, "persons", f"1.02{NBSP}million people", f"1.02{NBSP}លាននាក់"),
        (9_876, "persons", f"9,876{NBSP}people", f"9,876{NBSP}នាក់"),
        (654.32, "USD million", f"654.3{NBSP}million USD", f"654.3{NBSP}លានដុល្លារអាមេរិក"),
        (12_345, "USD million", f"12.3{NBSP}billion USD", f"12.3{NBSP}ពាន់លានដុល្លារអាមេរិក"),
        (208.4, "USD/month", f"208{NBSP}USD a month", f"208{NBSP}ដុល្លារអាមេរិកក្នុងមួយខែ"),
        (0.165, "USD/kWh", f"0.165{NBSP}USD per kWh", f"0.165{NBSP}ដុល្លារអាមេរិកក្នុងមួយ kWh"),
        (0.4, "share", "40%", "40%"),
        (0.0123, "share", "1.2%", "1.2%"),
        (-0.0025, "share", "−0.25%", "−0.25%"),
        (0.035, "1/year", f"3.5%{NBSP}a year", f"3.5%{NBSP}ក្នុងមួយឆ្នាំ"),
        (1.3214, "2024 = 1", "1.32", "1.32"),
        (2032, "year", "2032", "2032"),
        (8, "years", f"8{NBSP}years", f"8{NBSP}ឆ្នាំ"),
        (float("nan"), "share", "–", "–"),
    ],
)
def test_numbers_are_written_alike_with_their_units(value: float, unit: str, english: str, khmer: str) -> None:
    assert number(value, unit, "en") == english
    assert folded(number(value, unit, "km")) == khmer


def test_a_difference_shows_its_sign_and_fixed_decimals_stay() -> None:
    assert number(-35_000, "persons", "en", signed=True) == f"−35{NBSP}thousand people"
    assert number(35_000, "persons", "en", signed=True) == f"+35{NBSP}thousand people"
    assert number(0.00001, "share", signed=True) == number(-0.00001, "share") == "0%"
    assert number(3, "ratio", digits=2) == "3.00"
    assert number(None, "share") == "–"


@pytest.mark.parametrize(
    "difference, low, high, told",
    [
        (-50, -60, -40, "fall"),
        (50, 40, 60, "rise"),
        (2, -3, 6, "hardly"),
        (20, -5, 40, "cannot_tell"),
        (6, 3, 30, "hardly"),
        (float("nan"), 1, 2, "cannot_tell"),
    ],
)
def test_the_case_of_a_sentence(difference: float, low: float, high: float, told: str) -> None:
    assert texts.case(difference, low, high, reference=700) == told
    amounts = dict(year=2040, level="742", difference="35", low="700", high="760")
    for subject in ("jobs", "skilled_jobs", "exports", "value_added", "wages"):
        for lang in LANGUAGES:
            assert "742" in texts.sentence(f"{subject}_{told}", lang, **amounts)


def test_examples_hold_and_texts_load_at_once() -> None:
    assert doctest.testmod(texts).failed == 0
    timing = (
        "import simulator.texts as t, time; a = time.process_time(); "
        "t.catalogue('en'); t.catalogue('km'); print(time.process_time() - a)"
    )
    done = subprocess.run([sys.executable, "-c", timing], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) < (0.06 if hasattr(yaml, "CSafeLoader") else 1.0)
