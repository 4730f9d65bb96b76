"""Who gains and who loses: are verdicts what the pairs say, are lives the same until the futures part?"""

import numpy as np
import pandas as pd
import pytest
from made_up import NAMED, comparison, fill_lives, lives_of

from simulator import lives, people
from simulator.charts_people import factory_life, gains, life
from simulator.compare import comparison_requests
from simulator.drawing import Tables
from simulator.life_words import factory_cards, factory_names, life_cards, life_found, worker_names
from simulator.lives import Lives, factory_events, person_events, pick_factories, pick_people, spells
from simulator.people import MEASURES, SPLITS, VERDICTS, Part, finding, parts
from simulator.store import Store
from simulator.texts import LANGUAGES, text


@pytest.fixture(scope="module")
def compared():
    return comparison()


@pytest.fixture(scope="module")
def tables(compared):
    return Tables.of_comparison(compared)


@pytest.fixture(scope="module")
def followed():
    requests = lives.life_requests(comparison_requests())
    made = {r.scenario.id: lives_of(r) for r in requests}
    return Lives({s: m.people for s, m in made.items()}, {s: m.factories for s, m in made.items()}, "2024Q4")


def bare(words):
    """Letters alone, wherever lines break."""
    return "".join(words.split()).replace("\u200b", "")


def part(indicator="employment", difference=5.0, low=2.0, high=8.0, share=1.0, baseline=100.0):
    return Part("transition", indicator, "gender=women", baseline, difference, low, high, 20, share)


@pytest.mark.parametrize(
    "found, verdict",
    [
        (part(), "gains"),
        (part(difference=-5.0, low=-8.0, high=-2.0), "loses"),
        (part("displaced"), "loses"),
        (part("layoffs", difference=-5.0, low=-8.0, high=-2.0), "gains"),
        (part(share=0.6, low=-3.0), "cannot_tell"),
        (part(difference=0.2, low=-0.3, high=0.4, share=0.6), "same"),
        (part(difference=float("nan")), "cannot_tell"),
    ],
)
def test_a_verdict_says_what_the_pairs_say(found, verdict):
    assert found.verdict == verdict


@pytest.mark.parametrize("indicator", MEASURES)
def test_every_group_of_every_future_is_judged_by_its_own_row(compared, tables, indicator):
    found = parts(tables, indicator)
    assert list(found) == list(NAMED[1:])
    summary = compared.summary
    for scenario, mine in found.items():
        assert {p.group.partition("=")[0] for p in mine} == set(SPLITS)
        for one in mine:
            rows = summary[(summary["scenario"] == scenario) & (summary["period"] == "2040")]
            row = rows[(rows["group"] == one.group) & (rows["indicator"] == indicator)].iloc[0]
            assert (one.difference, one.low, one.high) == tuple(
                row[k] for k in ("difference", "difference_p10", "difference_p90")
            )
            assert one.verdict in VERDICTS


def test_groups_of_one_kind_add_up_to_all(compared):
    """Women and men are everybody, and so for age, schooling and skill, run by run."""
    result = next(iter(compared.results["transition"].values())).yearly()
    whole = result.table(["employment"]).to_numpy()[-1, 0]
    for split, share in zip(("gender", "age"), (1.0, 1.0), strict=True):
        groups = [g for n, g in result.columns if n == "employment" and g.startswith(f"{split}=")]
        total = sum(result.table(["employment"], group=g).to_numpy()[-1, 0] for g in groups)
        assert total == pytest.approx(share * whole)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cards_charts_and_table_name_every_group_with_its_band(tables, lang):
    found = parts(tables, "employment")
    cards, table = people.cards(tables, found, lang), people.table(tables, found, lang)
    for scenario, mine in found.items():
        title = finding(tables, mine, scenario, lang)
        spec = gains(tables, found, scenario, lang)
        assert bare("".join(spec["title"]["text"])) == bare(title)
        rows = [v for one in spec["layer"] for v in one["data"]["values"] if "middle" in v]
        assert {tuple(sorted((v["low"], v["middle"], v["high"]))) for v in rows}
        assert len({v["words"] for v in rows}) == len(mine)
        for one in mine:
            assert people.told(one, lang) in cards.replace("&nbsp;", "\u00a0")
            assert text(f"people.{one.verdict}", lang) in cards
    assert table.count("<tbody>") == 4


def test_what_the_model_cannot_tell_is_said_in_words(tables):
    unsure = {"transition": [part(share=0.6, low=-3.0)]}
    for lang in LANGUAGES:
        assert text("people.cannot_tell", lang) in people.cards(tables, unsure, lang)
        words = [v["words"] for one in gains(tables, unsure, "transition", lang)["layer"] for v in one["data"]["values"]
                 if "words" in v]  # fmt: skip
        assert any(bare(text("people.row_cannot_tell", lang)) in bare(w) for w in words)


# ---- lives


def test_rules_propose_the_middle_the_first_laid_off_and_the_first_trained(followed):
    assert pick_people(followed) == {"typical": "0-0", "laid_off": "1-0", "trained": "1-0"}, "2-0 goes home"
    base = followed.people["baseline"]
    ended = followed.people | {"baseline": base[base["period"] <= "2024Q4"]}
    assert pick_people(Lives(ended, followed.factories, "2024Q4"))["typical"] == "1-0", "nobody goes before the end"
    assert pick_factories(followed) == {"typical": 11, "machines": 10, "gone": 10}
    nobody = {s: f.assign(state="outside", reskilled=False) for s, f in followed.people.items()}
    assert pick_people(Lives(nobody, followed.factories, "2024Q4")) == {}


def test_a_life_is_told_from_layoff_to_a_better_job(followed):
    rows = followed.person("1-0")["no_garment_sector"]
    kinds = [(period, kind) for period, kind, _ in person_events(rows, "2040Q4")]
    assert kinds == [("2022Q1", "start"), ("2028Q2", "laid_off"), ("2029Q1", "course"), ("2030Q1", "trained"),
                     ("2030Q1", "hired"), ("2040Q4", "end")]  # fmt: skip
    assert [spell.state for spell in spells(rows)] == ["employed", "displaced", "training", "employed"]
    retired = person_events(followed.person("2-0")["transition"], "2040Q4")
    assert retired[-1][:2] == ("2036Q4", "retired")
    assert person_events(rows.iloc[:0], "2040Q4") == []


def test_a_factory_is_told_from_its_first_machines_to_its_end(followed):
    kinds = {s: [kind for _, kind, _ in factory_events(f, "2040Q4")] for s, f in followed.factory(10).items()}
    assert kinds["transition"] == ["start", "automated_sew", "end"]
    assert kinds["no_garment_sector"] == ["start", "closed"]
    closed = factory_events(followed.factory(10)["no_garment_sector"], "2040Q4")[-1][2]
    assert closed["workers"] > 0, "those who lose their jobs, not those who are left"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_sentences_and_charts_of_lives(tables, followed, lang):
    names = worker_names(followed, lang)
    assert next(iter(names)) == "0-0" and len(names) == 3
    assert len(factory_names(followed, lang)) == 3
    assert text("people.event_laid_off", lang, when="").strip(":៖ ") in life_cards(tables, followed, "1-0", lang)
    assert text("people.event_factory_closed", lang, when="", workers="").split(";")[0].strip(":៖ ").split("។")[0] in (
        factory_cards(tables, followed, 10, lang)
    )
    spec = life(tables, followed, "1-0", lang)
    kinds = {v["kind"] for one in spec["layer"] for v in one["data"]["values"] if "kind" in v}
    assert kinds == {"operator", "technician", "displaced", "training"}
    assert "1" in life_found(followed, "1-0", 2040, lang)
    lines = [v for one in factory_life(tables, followed, 10, lang)["layer"] for v in one["data"]["values"]]
    assert {v["scenario"] for v in lines} == set(NAMED)


def test_lives_are_kept_found_again_and_made_anew_when_damaged(tmp_path):
    store = Store(tmp_path / "runs")
    requests = comparison_requests()
    assert lives.load(requests, store) is None and not lives.there(requests, store)
    fill_lives(store)
    found = lives.load(requests, store)
    assert found is not None and (found.fork, list(found.people)) == ("2024Q4", list(NAMED))
    broken = lives.path(store, lives.life_requests(requests)[1], "people")
    broken.write_bytes(b"half a file")
    assert lives.there(requests, store) and lives.load(requests, store) is None
    lives.discard(requests, store)
    assert not lives.there(requests, store)


@pytest.mark.slow
def test_real_lives_are_one_until_the_futures_part(tmp_path):
    """The same people and factories, the same to the bit in every scenario, until a lever first differs."""
    store = Store(tmp_path / "runs")
    requests = comparison_requests(["status_quo"], draws=0, seeds=1, people_per_agent=1000, until=2026, grid=False)
    lives.make(requests, store)
    found = lives.load(requests, store)
    ours, theirs = found.people["status_quo"], found.people["baseline"]
    for frame in (ours, theirs):
        assert not frame.empty
    before = [f[f["period"] <= found.fork].reset_index(drop=True) for f in (ours, theirs)]
    pd.testing.assert_frame_equal(*before)
    assert store.missing(requests) == [], "the runs themselves are kept as well"
    assert np.isfinite(ours["wage"]).all()
