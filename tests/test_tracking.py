"""Do the people and factories that are followed stay the same ones, and do their lives hang together?"""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from simulator import cli, run
from simulator.batch import run_many
from simulator.model import GarmentModel
from simulator.results import FACTORY_COLUMNS, PEOPLE_COLUMNS, Result
from simulator.run import Request, execute
from simulator.scenario import load_scenario, scenario_ids
from simulator.state import EMPLOYED, STAGES
from simulator.store import Store
from simulator.tracking import EVERY, FACTORIES, LEFT, OPENED_BEFORE, PEOPLE, PEOPLE_FOLLOWED, sample

pytestmark = pytest.mark.slow  # each question takes runs of its own

SIZE = {"seed": 1, "people_per_agent": 400}
FRAMES = ("people", "factories")
QUARTER = 0.25


@pytest.fixture(scope="module")
def long():
    """The baseline to 2031."""
    return run("baseline", until=2031, **SIZE)


def until(frame, last):
    return frame[frame["period"].astype("str") <= last].reset_index(drop=True)


def same(one, other):
    """Equal to the bit; categories of people who came later may differ."""
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        a, b = (
            f[name].astype("str") if isinstance(f[name].dtype, pd.CategoricalDtype) else f[name] for f in (one, other)
        )
        assert a.dtype == b.dtype, name
        if a.dtype.kind in "fib":
            assert a.to_numpy().tobytes() == b.to_numpy().tobytes(), name
        else:
            assert a.tolist() == b.tolist(), name
    return True


def differ(one, other):
    return any(one[name].astype("str").tolist() != other[name].astype("str").tolist() for name in one.columns)


def rows_of(people):
    return sorted({int(person.split("-")[0]) for person in people["person"].unique()})


def lives(frame, name):
    """Each one's rows in the order of time."""
    return [life for _, life in frame.groupby(name, observed=True, sort=False)]


# The same ones


@pytest.mark.parametrize("scenario", [s for s in scenario_ids() if s != "baseline"])
def test_every_scenario_follows_the_same_lives_to_the_end_of_2024(scenario, long):
    other = run(scenario, until=2024, **SIZE)
    for name in FRAMES:
        assert same(until(getattr(long, name), "2024Q4"), getattr(other, name))


def test_a_lever_of_2030_leaves_every_life_before_alone_and_touches_some_after(long):
    bolder = load_scenario("baseline").with_values({"automation.subsidy": 0.5}, start="2030Q1")
    other = run(bolder, until=2031, **SIZE)
    for name in FRAMES:
        mine, theirs = getattr(long, name), getattr(other, name)
        assert same(until(mine, "2029Q4"), until(theirs, "2029Q4"))
        assert differ(mine, theirs)
    assert rows_of(long.people) == rows_of(other.people)
    assert (other.people["person"].astype("str") == long.people["person"].astype("str")).all()


def test_another_seed_follows_other_people(long):
    other = run("baseline", seed=2, people_per_agent=400, until=2012)
    assert len(set(rows_of(long.people)) & set(rows_of(other.people))) < PEOPLE_FOLLOWED / 4
    mine, theirs = (set(until(r.factories, "2012Q1")["factory"]) for r in (long, other))
    assert mine != theirs


def test_a_shorter_run_is_the_beginning_of_a_longer_one(long):
    short = run("baseline", until=2013, **SIZE)
    for name in FRAMES:
        assert same(until(getattr(long, name), "2013Q4"), getattr(short, name))


# How many


def test_samples_have_the_sizes_they_promise(long):
    people = long.people.groupby("period", observed=True)["person"].agg(["size", "nunique"])
    assert (people == PEOPLE_FOLLOWED).all(axis=None)
    opening = until(long.factories, "2012Q1")
    assert (opening["decision"] != "opened").sum() <= OPENED_BEFORE <= len(opening)
    followed = long.factories["factory"].unique()
    later = [row for row in followed if row not in set(opening["factory"])]
    assert len(later) > 5
    assert all(row % EVERY == 0 for row in later)
    assert len(followed) <= 2 * OPENED_BEFORE


def test_a_sample_takes_all_where_there_are_few():
    luck = np.array([0.4, 0.1, 0.9, 0.2])
    assert sample(luck, 2).tolist() == [1, 3]
    assert sample(luck, 4).tolist() == sample(luck, 9).tolist() == [0, 1, 2, 3]


def test_who_is_followed_hangs_on_the_row_alone():
    luck = np.random.default_rng(0).random(1000)
    few = sample(luck, 50)
    more = sample(np.concatenate([luck, np.full(100, 0.999)]), 50)
    assert few.tolist() == more.tolist()


# Lives of people


def test_people_grow_older_and_stay_who_they_are(long):
    for life in lives(long.people, "person"):
        assert np.allclose(np.diff(life["age"]), QUARTER)
        for name in ("gender", "education", "migrant"):
            assert life[name].nunique() == 1
        assert (np.diff(life["skill"].cat.codes) >= 0).all()
        assert (np.diff(life["reskilled"].astype(int)) >= 0).all()


def test_a_row_passes_to_the_next_person_when_one_goes_home_for_good(long):
    row = long.people["person"].str.split("-").str[0].rename("row")
    ages = []
    for _, place in long.people.groupby(row, observed=True):
        names = place["person"].astype("str").unique()
        numbers = [int(name.split("-")[1]) for name in names]  # from 1 where the first went before anybody looked
        assert numbers[0] <= 1 and numbers == list(range(numbers[0], numbers[0] + len(names)))
        for before, after in pairwise(names):
            ages.append(place.loc[place["person"] == before, "age"].iloc[-1])
            young = place[place["person"] == after].iloc[0]
            assert young["age"] == 18.0
            assert young["state"] in ("outside", "employed", "training", "displaced")  # hired and laid off within it
            assert not young["reskilled"]
    assert len(ages) > 10
    assert min(ages) >= 18.0 and max(ages) < 60.0
    assert np.mean([age > 30 for age in ages]) > 0.5  # the older the sooner


def test_who_is_employed_has_a_job_a_factory_a_wage_and_a_tenure(long):
    people = long.people
    employed = people["state"] == "employed"
    assert 0.2 < employed.mean() < 0.8
    for has in (people["factory"] >= 0, people["wage"] > 0, people["job"] != "", people["tenure"].notna()):
        assert (has == employed).all()
    assert (people["wage"] >= 0).all()
    assert (people.loc[~employed, "wage"] == 0).all()


def test_states_follow_upon_each_other(long):
    for life in lives(long.people, "person"):
        state = life["state"].astype("str").to_numpy()
        tenure, waited, factory = (life[name].to_numpy() for name in ("tenure", "displaced_for", "factory"))
        stays = (state[1:] == "employed") & (tenure[1:] > 0)
        assert (state[:-1][stays] == "employed").all()
        assert (factory[:-1][stays] == factory[1:][stays]).all()
        assert np.allclose(np.diff(tenure)[stays], QUARTER)
        assert not np.isnan(waited[state == "displaced"]).any()
        assert np.isin(state[~np.isnan(waited)], ("displaced", "training")).all()
        goes_on = waited[1:] > 0
        assert (np.diff(waited)[goes_on] == 1).all()


# Lives of factories


def test_a_factory_is_followed_from_its_opening_to_its_end(long):
    last = long.periods[-1]
    order = {period: i for i, period in enumerate(long.periods)}
    ends = set()
    for life in lives(long.factories, "factory"):
        assert (np.diff([order[p] for p in life["period"]]) == 1).all()
        assert life["open"].iloc[:-1].all()
        opened = life["decision"].iloc[0] == "opened"
        assert opened or life["period"].iloc[0] == "2012Q1"
        assert life["factory"].iloc[0] % EVERY == 0 or not opened
        assert (life["decision"].iloc[1:] != "opened").all()
        end = str(life["decision"].iloc[-1])
        gone = end in LEFT
        assert gone == (not life["open"].iloc[-1])
        assert gone or life["period"].iloc[-1] == last
        assert not life["decision"].iloc[:-1].isin(LEFT).any()
        assert (life["workers"] == life[["operators", "technicians", "engineers"]].sum(axis=1)).all()
        for name in ("goods", "tier", "owner"):
            assert life[name].nunique() == 1
        ends.add(end.split()[0] if gone else "open")
    assert ends == {"closed", "moved", "open"}


def test_a_factory_that_automates_raises_that_stage(long):
    """Wear takes the same part of every stage, so the stage that is automated gains on the others."""
    seen = 0
    columns = [f"automation_{stage}" for stage in STAGES]
    for life in lives(long.factories, "factory"):
        level = life[columns].to_numpy()
        for i in range(1, len(life)):
            decision = str(life["decision"].iloc[i])
            if decision.startswith("automated "):
                stage = STAGES.index(decision.removeprefix("automated "))
                assert np.argmax(level[i] / level[i - 1]) == stage
                seen += 1
            elif life["open"].iloc[i]:
                assert (level[i] <= level[i - 1]).all()
    assert seen > 10


def test_the_payback_is_that_of_the_best_step(long):
    years = long.factories["payback"]
    assert years[years.notna()].between(0, 100).all()
    assert years[long.factories["decision"] == "opened"].isna().all()
    assert years.notna().mean() > 0.9


def test_what_is_taken_down_is_the_state_at_the_end_of_the_step():
    model = GarmentModel("baseline", until=2014, track=True, **SIZE)
    while model.running:
        model.step()
        tracks = model.tracker.tracks(model.recorder.periods)
        now = tracks.people["period"] == model.step_number
        rows = np.array([int(name.split("-")[0]) for name in tracks.people["person"][now]])
        w, f = model.workers, model.factories
        assert np.array_equal(tracks.people["wage"][now], w.wage[rows])
        place = w.factory[rows]
        assert np.array_equal(tracks.people["factory"][now], np.where(place < 0, place, f.number[place]))
        at_work = rows[w.state[rows] == EMPLOYED]
        assert f.open[w.factory[at_work]].all()
        now = tracks.factories["period"] == model.step_number
        rows = [int(np.flatnonzero(f.number == number)[-1]) for number in tracks.factories["factory"][now]]
        assert np.array_equal(tracks.factories["workers"][now], f.staff[rows].sum(axis=1) * 400)
        assert np.array_equal(tracks.factories["open"][now], f.open[rows])
        assert np.array_equal(tracks.factories["automation_sew"][now], f.automation[rows, 1])


def test_months_are_counted_as_months():
    people = run("baseline", steps_per_year=12, until=2013, **SIZE).people
    assert people["period"].iloc[-1] == "2013M12"
    waited = people["displaced_for"].dropna()
    assert np.allclose(waited * 3, np.rint(waited * 3))
    life = people[people["person"] == people["person"].iloc[0]]
    assert np.allclose(np.diff(life["age"]), 1 / 12)


# Frames and files


def test_frames_have_the_documented_columns_and_words_for_codes(long):
    assert tuple(long.people.columns) == PEOPLE_COLUMNS == tuple(PEOPLE)
    assert tuple(long.factories.columns) == FACTORY_COLUMNS == tuple(FACTORIES)
    for frame, columns in ((long.people, PEOPLE), (long.factories, FACTORIES)):
        for name, column in columns.items():
            assert column.meaning
            if column.words:
                assert set(frame[name].unique()) <= set(column.words)
                assert frame[name].notna().all()
    assert set(long.people["gender"]) == {"women", "men"}
    assert set(long.factories["tier"]) == {"1", "2", "3"}


def test_a_year_or_a_choice_of_indicators_keeps_the_lives(long):
    assert same(long.yearly().select(["exports"]).people, long.people)


def test_runs_of_a_batch_follow_nobody_and_say_so_in_empty_frames(tmp_path, long):
    request = Request.of("baseline", 1, 1000, 2012)
    store = Store(tmp_path)
    for result in (*run_many([request], store, workers=1).results, store.get(request), execute(request)):
        for name in FRAMES:
            frame, full = getattr(result, name), getattr(long, name)
            assert len(frame) == 0
            assert frame.columns.tolist() == full.columns.tolist()
            words = [n for n in frame.columns if isinstance(full[n].dtype, pd.CategoricalDtype)]
            others = frame.columns.difference(words)
            assert frame[others].dtypes.equals(full[others].dtypes)
            assert all(isinstance(frame[n].dtype, pd.CategoricalDtype) for n in words)


def test_following_changes_no_number_and_no_key():
    request = Request.of("transition", 3, 400, 2016)
    alone, followed = execute(request), execute(request, track=True)
    assert alone.values.tobytes() == followed.values.tobytes()
    assert len(followed.people)
    about = [{k: v for k, v in r.metadata.items() if k != "wall_time"} for r in (alone, followed)]
    assert about[0] == about[1]
    assert not len(run("transition", 3, 400, 2012, track=False).people)


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_the_command_writes_people_and_factories(tmp_path, monkeypatch, capsys, format):
    monkeypatch.chdir(tmp_path)
    words = ["run", "baseline", "--people-per-agent", "1000", "--until", "2013", "--out", "out", "--format", format]
    assert cli.main(words) == 0
    assert "runs, series, people and factories" in capsys.readouterr().err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.{format}" for name in ("runs", "series", *FRAMES)
    )
    expected = run("baseline", people_per_agent=1000, until=2013)
    for name, columns in (("people", PEOPLE_COLUMNS), ("factories", FACTORY_COLUMNS)):
        path = tmp_path / "out" / f"{name}.{format}"
        if format == "parquet":
            assert same(pd.read_parquet(path), getattr(expected, name))
        else:
            assert path.read_bytes().startswith(b"\xef\xbb\xbfperiod,")
            frame = pd.read_csv(path)
            assert tuple(frame.columns) == columns
            assert len(frame) == len(getattr(expected, name))


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_life_courses_come_back_from_disk(tmp_path, format):
    result = run("baseline", seed=3, people_per_agent=1000, until=2013)
    result.save(tmp_path, format)
    back = Result.load(tmp_path)
    for name in ("people", "factories"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(result, name))
