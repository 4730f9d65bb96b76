"""Does every chart draw, say in both languages what it shows, and show what the tables hold?"""

import re
from itertools import pairwise

import altair
import pytest
from made_up import comparison

from simulator import tables as html
from simulator.charts import CHARTS, LINES, PARTS
from simulator.data import observations
from simulator.drawing import (
    BASELINE_COLOUR,
    PALETTE,
    PAPER,
    QUIET,
    Tables,
    amount,
    apart,
    colours,
    dashes,
    legend,
    letters,
    observed,
    round_top,
    shapes,
    ticks,
    wrap,
)
from simulator.parameters import Parameters
from simulator.sentences import first_words, more_words, takeaway
from simulator.texts import LANGUAGES, ZERO_WIDTH_SPACE, label

OWN = "schema_version: 1\ntitle: {en: 'A & <b>', km: 'កខគ'}\nquestion: {en: 'Why?', km: 'តើ?'}\nbased_on: baseline\n"
OWN += "set: {automation.subsidy: 0.3}\nsources: [seed]\n"
SETS = {"named": None, "one": ["transition"], "own": "own.yaml", "none": []}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.slow] if name == "own" else []) for name in SETS]
)
def tables(request, tmp_path_factory):
    chosen = SETS[request.param]
    if chosen == "own.yaml":
        path = tmp_path_factory.mktemp("own") / chosen
        path.write_text(OWN, encoding="utf-8")
        chosen = [path, "status_quo"]
    return Tables.of_comparison(comparison(chosen, seeds=2), observations())


@pytest.fixture(scope="module")
def named():
    return Tables.of_comparison(comparison(), observations())


def values(node, *names):
    """Every value of a key called one of ``names``, anywhere in a specification."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in names:
                yield value
            yield from values(value, *names)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, *names)


def shortened(spec):
    """The same drawing with a few of its rows: the schema says nothing about rows, and many take long to check."""
    layers = [one | {"data": {"values": one["data"]["values"][:3]}} for one in spec["layer"]]
    return spec | {"layer": layers}


def layer_with(spec, field):
    return next(one for one in spec["layer"] if field in one["data"]["values"][0])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_draws_for_every_set_of_scenarios(tables, name, lang):
    spec = CHARTS[name](tables, lang)
    assert spec["width"] == "container"
    assert takeaway(tables, name, lang)
    altair.Chart.from_dict(shortened(spec), validate=True)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_charts_compile_with_the_library_that_draws_them(named, name, lang):
    from vl_convert import vegalite_to_vega

    assert vegalite_to_vega(CHARTS[name](named, lang), vl_version="6.4")["marks"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_chart_text_is_large_in_both_fonts_and_without_letters_for_scale(named, name, lang):
    spec = CHARTS[name](named, lang)
    sizes = [s for s in values(spec, "fontSize", "labelFontSize", "titleFontSize") if not isinstance(s, dict)]
    assert sizes and min(sizes) >= (14 if lang == "km" else 13)
    assert spec["config"]["font"].startswith("Noto Sans, Noto Sans Khmer")
    for form in values(spec, "format"):
        assert not re.search(r"[sn]$", form), "s writes k, M and G"
    shown = [
        *spec["title"]["text"],
        *(line for title in values(spec, "title") if title for line in title if line != "text"),
    ]
    assert all(letters(line) <= 46 for line in shown)
    if lang == "km":
        assert not re.search(r"\b(thousand|million|k|M|G)\b", " ".join(shown))


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [BASELINE_COLOUR, QUIET, *PALETTE, *PARTS.values()])
def test_colours_stand_out_from_the_paper(colour):
    light, dark = sorted((luminance(colour), luminance(PAPER)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_scenarios_differ_by_colour_dash_and_shape(named):
    for look in (colours(named), dashes(named), shapes(named)):
        assert len({str(value) for value in look.values()}) == len(named.titles) == 5


def test_lines_start_at_zero_and_hold_median_and_band_of_the_table(named):
    for name in LINES:
        spec = CHARTS[name](named, "en")
        rows = spec["layer"][0]["data"]["values"]
        assert all(row["p10"] <= row["median"] <= row["p90"] for row in rows)
        low, high = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
        assert low == 0 and high >= max(row["p90"] for row in rows)
    last = next(r for r in rows if r["scenario"] == "transition" and r["year"] == 2040)
    assert last["median"] == pytest.approx(named.last("real_wage", "transition").median, rel=1e-5)


def test_history_is_drawn_once(named):
    rows = CHARTS["employment"](named, "en")["layer"][0]["data"]["values"]
    first = {s: min(r["year"] for r in rows if r["scenario"] == s) for s in named.titles}
    assert first.pop("baseline") == 2012
    assert set(first.values()) == {2024}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_at_the_ends_do_not_overlap(named, lang):
    for name in LINES:
        spec = CHARTS[name](named, lang)
        ends = layer_with(spec, "place")["data"]["values"]
        top = spec["layer"][0]["encoding"]["y"]["scale"]["domain"][1]
        line = 1.2 * (14 if lang == "km" else 13) * top / spec["height"]
        spans = sorted((e["place"] - line * (e["name"].count("\n") + 0.5), e["place"] + line / 2) for e in ends)
        assert all(below[1] <= above[0] + 1e-6 * top for below, above in pairwise(spans))


def test_the_map_shows_trails_thresholds_and_every_future(named):
    spec = CHARTS["map"](named, "en")
    trails = layer_with(spec, "machines")["data"]["values"]
    assert {t["year"] for t in trails if t["scenario"] == "baseline"} == set(range(2012, 2041))
    assert {t["year"] for t in trails if t["scenario"] == "transition"} == set(range(2024, 2041))
    limits = Parameters().thresholds
    assert {"x": limits.labour_cost} in [r for one in spec["layer"] for r in one["data"]["values"]]
    assert {"y": 100 * limits.automation} in [r for one in spec["layer"] for r in one["data"]["values"]]
    words = " ".join(str(r.get("name", "")) for one in spec["layer"] for r in one["data"]["values"])
    for future in ("Status quo", "No garment sector", "Transition", "High tech with high skills", "Costly survivor"):
        assert future in words.replace("\n", " ")


def test_the_grid_adds_up(named):
    rows = {
        (r["title"], r["part"]): r for r in layer_with(CHARTS["grid_employment"](named, "en"), "part")["data"]["values"]
    }
    upgraded = [
        scenario for scenario, part in named.grid[["scenario", "part"]].drop_duplicates().values if part == "plain"
    ]
    assert upgraded == ["high_tech_high_skills"]
    assert len(rows) == 4 * (len(PARTS) - 1) + len(upgraded)
    grid = named.grid.set_index(["scenario", "part", "indicator"])["difference"]
    assert rows["Transition", "world"]["difference"] == pytest.approx(
        grid["transition", "world", "employment"] / 1000, rel=1e-5
    )


@pytest.mark.parametrize("lang", ["en", "km"])
def test_names_of_the_parts_leave_the_bars_room_on_a_phone(named, lang):
    """Names wider than the chart would turn its axis round."""
    axis = layer_with(CHARTS["grid_employment"](named, lang), "part")["encoding"]["x"]
    start, _ = axis["scale"]["range"]
    assert start <= 150  # of the 320 pixels of a small phone


def test_published_figures_stand_on_the_history_and_our_assumptions_do_not(named):
    points = observed(named, "exports")
    assert points and all(2012 <= p["year"] < 2025 and p["low"] <= p["value"] <= p["high"] for p in points)
    assumed = named.observed[named.observed["status"] == "assumption"]["source_id"]
    assert not {p["source"] for p in points} & set(assumed)
    assert observed(Tables(named.summary, named.grid, named.titles), "exports") == []
    spec = CHARTS["exports"](named, "en")
    assert [r["value"] for r in layer_with(spec, "low")["data"]["values"]] == pytest.approx(
        [p["value"] for p in points]
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_chart_is_told_in_words_with_the_numbers_of_the_table(named, lang):
    told = takeaway(named, "employment", lang)
    assert named.title("status_quo", lang) in told and named.title("no_garment_sector", lang) in told
    assert amount(named.last("employment", "status_quo").median, "employment", lang) in told
    assert label("real_wage", lang) in takeaway(named, "real_wage", lang)


def test_sentences_follow_the_results(named):
    gone = first_words(named, "no_garment_sector", "en")
    assert "no garment sector" in gone[0] and gone[1] == "This is so in 3 of 3 runs."
    assert "fewer than in the baseline" in gone[2] and gone[3].startswith("Fewer jobs")
    assert amount(named.last("employment", "no_garment_sector").median, "employment", "en") in gone[2]
    assert "costly survivor" in first_words(named, "baseline", "en")[0]
    assert any(
        "more than in the baseline" in s and "Value added" in s
        for s in more_words(named, "high_tech_high_skills", "en")
    )


def test_texts_of_scenarios_are_escaped():
    titles = {"baseline": {"en": "Base"}, "x": {"en": "<script>alert(1)</script>"}}
    made = comparison(["transition"], seeds=1)
    renamed = made.summary.replace({"scenario": {"transition": "x"}})
    tables = Tables(renamed, made.grid.iloc[:0], titles)
    for page in (legend(tables, "en"), html.results(tables, "en"), html.years(tables, "exports", "en")):
        assert "<script" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "value, top", [(0, 1), (0.9, 1), (1.0, 1), (95, 100), (101, 120), (1231, 1250), (31_652, 40_000)]
)
def test_axes_end_at_a_round_number(value, top):
    found, steps = round_top(value)
    assert found == pytest.approx(top) and 2 <= steps <= 6
    assert len(ticks(0, found, steps)["values"]) == steps + 1


def test_labels_are_moved_as_little_as_needed():
    assert apart([(5, 2), (50, 2)], 0, 100) == [5, 50]
    assert apart([(50, 10), (50, 10)], 0, 100) == [50, 60]
    assert apart([(99, 10), (100, 10)], 0, 100) == [85, 95]


def test_lines_break_at_spaces_and_break_marks_only():
    assert wrap("High tech with high skills", 17) == ["High tech with", "high skills"]
    khmer = f"កខ{ZERO_WIDTH_SPACE}គឃ"
    assert wrap(khmer, 2) == ["កខ", "គឃ"] and wrap(khmer, 9) == [khmer]
    assert letters("ក្រុម") < len("ក្រុម")
