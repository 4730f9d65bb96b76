"""Does a run's table say what happened, add up over a year by its rule, and survive being kept on disk?"""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from simulator import results
from simulator.indicators import COLUMNS
from simulator.results import (
    RUN_COLUMNS,
    SERIES_COLUMNS,
    InputError,
    Result,
    by_year,
    quantiles,
    records,
    spread,
)
from simulator.run import run

COLUMN = (("employment", "all"), ("exports", "all"), ("factories", "all"), ("exports", "goods=garments"))
QUARTERS = ("2012Q1", "2012Q2", "2012Q3", "2012Q4", "2013Q1", "2013Q2", "2013Q3", "2013Q4")


def made(values=None, seed=0, **more):
    """A result of eight quarters and four columns."""
    values = np.arange(32.0).reshape(8, 4) if values is None else np.array(values, float)
    metadata = {
        "run_id": f"{seed:012d}",
        "scenario": "baseline",
        "draw": -1,
        "seed": seed,
        "steps_per_year": 4,
    }
    return Result(metadata | more, values, QUARTERS[: len(values)], COLUMN)


@pytest.fixture(scope="module")
def short():
    return run("transition", seed=3, people_per_agent=500, until=2014)


def test_a_year_adds_flows_averages_stocks_and_keeps_the_last_count():
    year = made().yearly()
    # employment 0, 4, 8, 12 → mean 6; exports 1, 5, 9, 13 → sum 28; factories 2, 6, 10, 14 → last 14
    assert year.periods == ("2012", "2013")
    assert year.values[0].tolist() == [6.0, 28.0, 14.0, 3.0 + 7 + 11 + 15]
    assert year.values[1].tolist() == [22.0, 92.0, 30.0, 19.0 + 23 + 27 + 31]
    assert year.yearly() is year


def test_a_mean_passes_over_what_is_undefined_and_a_sum_does_not():
    values = np.array([[1.0, 1, 1, 1], [np.nan, np.nan, 1, 1], [4, 1, 1, 1], [1, 1, np.nan, np.nan]])
    out, _ = by_year(values, QUARTERS[:4], COLUMN, 4)
    assert out[0, 0] == 2.0
    assert np.isnan(out[0, 1:]).all()
    undefined, _ = by_year(np.full((4, 4), np.nan), QUARTERS[:4], COLUMN, 4)
    assert np.isnan(undefined).all()


def test_a_year_that_is_not_over_is_left_out():
    assert made(np.ones((6, 4))).yearly().periods == ("2012",)
    months = tuple(f"2012M{m:02d}" for m in range(1, 13))
    out, years = by_year(np.ones((12, 4)), months, COLUMN, 12)
    assert years == ("2012",)
    assert out[0].tolist() == [1.0, 12.0, 1.0, 12.0]


def test_the_tidy_table_holds_every_number_under_its_names():
    series = made().series
    assert tuple(series.columns) == SERIES_COLUMNS
    assert len(series) == 32
    row = series[(series["period"] == "2013Q2") & (series["indicator"] == "exports") & (series["group"] == "all")]
    assert row["value"].tolist() == [21.0]
    assert row["unit"].tolist() == ["USD million"]
    assert (series["draw"] == -1).all()


def test_a_table_has_periods_down_and_indicators_across():
    table = made().table(["exports", "employment"], yearly=True)
    assert table.loc["2012"].tolist() == [28.0, 6.0]
    assert made().table(["exports"], group="goods=garments").iloc[0, 0] == 3.0
    assert made().panel["exports", "goods=garments"].iloc[1] == 7.0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.table(["exprots"]), "nearest: exports"),
        (lambda r: r.table(["exports"], group="tier=9"), "its groups: all, goods=garments"),
        (lambda r: r.select(["exprots"]), "nearest: exports"),
        (lambda r: r.select(None, ["gendre"]), "nearest: gender"),
        (lambda r: r.select(["employment"], ["gender"]), "not split by gender"),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(ask, words):
    with pytest.raises(InputError, match=words):
        ask(made())


def test_groups_are_chosen_by_dimension_or_one_by_one():
    assert made().select(["exports"]).columns == (COLUMN[1], COLUMN[3])
    assert made().select(None, ["goods"]).columns == (COLUMN[3],)
    assert made().select(None, ["goods=garments", "all"]).columns == COLUMN
    assert made().select(None, ["every"]).columns == COLUMN


def test_quantiles_are_numpys_and_pass_over_what_is_undefined():
    values = np.random.default_rng(1).normal(size=(7, 5, 3))
    values[2, 1, 1] = values[4, 1, 1] = np.nan
    number, levels = spread(values, (0.1, 0.5, 0.9))
    np.testing.assert_allclose(levels, np.nanquantile(values, (0.1, 0.5, 0.9), axis=0), rtol=1e-12)
    assert number[1, 1] == 5
    assert number[0, 0] == 7
    empty = spread(np.full((3, 2), np.nan))
    assert empty[0].tolist() == [0, 0]
    assert np.isnan(empty[1]).all()
    assert spread(np.array([[np.inf], [np.inf]]))[1].tolist() == [[np.inf]] * 3


def test_quantiles_over_runs_carry_their_number():
    table = quantiles([made(np.full((4, 4), float(v)), seed=v) for v in (1, 2, 4)])
    assert table["n"].tolist() == [3] * 16
    assert table["median"].tolist() == [2.0] * 16
    assert table["p90"].iloc[0] == pytest.approx(3.6)  # 2 + 0.8 · (4 − 2)


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_run_comes_back_from_disk_to_the_last_digit(tmp_path, short, format):
    short.save(tmp_path, format)
    back = Result.load(tmp_path)
    assert back.columns == short.columns == COLUMNS
    assert back.periods == short.periods
    np.testing.assert_array_equal(back.values, short.values)
    assert {k: back.metadata[k] for k in short.metadata if k != "error"} == {
        k: v for k, v in short.metadata.items() if k != "error"
    }


def test_files_are_what_other_programs_expect(tmp_path, short):
    short.save(tmp_path)
    short.save(tmp_path, "csv")
    column = pq.ParquetFile(tmp_path / "series.parquet").metadata.row_group(0).column(8)
    assert (column.path_in_schema, column.compression) == ("value", "ZSTD")
    assert (tmp_path / "series.csv").read_bytes().startswith(b"\xef\xbb\xbfrun_id,scenario,draw,seed,period,")
    assert tuple(pd.read_csv(tmp_path / "series.csv").columns) == SERIES_COLUMNS
    with pytest.raises(InputError, match="parquet and csv"):
        short.save(tmp_path, "xlsx")


def test_the_row_of_a_run_says_what_went_into_it(short):
    row = short.runs.iloc[0]
    assert [c for c in short.runs.columns if "." not in c] == list(RUN_COLUMNS)
    assert row["automation.subsidy"] == 0.25
    assert (row["scenario"], row["seed"], row["draw"], row["people_per_agent"]) == ("transition", 3, -1, 500)
    assert (row["status"], row["error"]) == ("done", "")
    assert row["wall_time"] > 0
    assert "based_on: null" in row["scenario_text"]


def test_a_number_and_a_path_in_time_share_a_column(tmp_path):
    rows = [
        made(seed=1, **{"energy.price": 0.12}),
        made(seed=2, **{"energy.price": '{"2025Q1": 0.1}'}),
        made(seed=3),
    ]
    table = results.runs_table([r.metadata for r in rows])
    assert table["energy.price"].tolist()[:2] == ["0.12", '{"2025Q1": 0.1}']
    assert table["energy.price"].isna().tolist() == [False, False, True]
    results.save_tables(tmp_path, {"runs": table, "series": results.tidy(rows)})
    assert Result.load(tmp_path, "000000000002").metadata["energy.price"] == '{"2025Q1": 0.1}'
    with pytest.raises(InputError, match="3 runs"):
        Result.load(tmp_path)


def test_a_failure_while_saving_leaves_the_old_files(tmp_path, monkeypatch):
    made().save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = pq.write_table

    def full_disk(table, where, **options):
        if "value" in table.column_names:
            where.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        write(table, where, **options)

    monkeypatch.setattr(pq, "write_table", full_disk)
    with pytest.raises(OSError, match="No space"):
        made(seed=9).save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_undefined_numbers_are_null_in_json():
    frame = pd.DataFrame({"a": [1.5, np.nan, np.inf], "b": ["x", None, "z"], "c": [1, 2, 3]})
    assert json.loads(json.dumps(records(frame), allow_nan=False)) == [
        {"a": 1.5, "b": "x", "c": 1},
        {"a": None, "b": None, "c": 2},
        {"a": None, "b": "z", "c": 3},
    ]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, short):
    again = run("transition", seed=3, people_per_agent=500, until=2014)
    other = run("transition", seed=4, people_per_agent=500, until=2014)
    assert again.values.tobytes() == short.values.tobytes()
    assert other.values.tobytes() != short.values.tobytes()
    short.save(tmp_path / "a")
    again.save(tmp_path / "b")
    assert (tmp_path / "a/series.parquet").read_bytes() == (tmp_path / "b/series.parquet").read_bytes()


def test_a_short_run_is_the_beginning_of_a_longer_one(short):
    longer = run("transition", seed=3, people_per_agent=500, until=2015)
    np.testing.assert_array_equal(longer.values[: len(short.values)], short.values)


def test_numbers_of_a_result_cannot_be_changed_by_accident(short):
    with pytest.raises(ValueError, match="read-only"):
        short.values[0, 0] = 1.0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"seed": -1}, "seed is -1; it must be a whole number from 0"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"people_per_agent": 0}, "people_per_agent is 0; it must be a whole number from 1 to 1000"),
        ({"until": 2041}, "until is 2041; it must be a whole number from 2012 to 2040"),
        ({"steps_per_year": 6}, "it must be 4 or 12"),
        ({"draw": 3}, "no posterior is shipped"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(ask, words):
    with pytest.raises(InputError, match=words):
        run("baseline", **ask)


def test_progress_counts_the_steps():
    seen = []
    run("baseline", people_per_agent=1000, until=2012, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
