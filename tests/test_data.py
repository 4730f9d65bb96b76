"""Do the data files hold what they promise, and are damaged ones refused with file, line and reason?"""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from frictionless import Package

from simulator import data
from simulator.paths import shipped

FOLDER = shipped("data")
QUARTERS = [date(2025, month, 1) for month in (1, 4, 7, 10)] + [date(2026, 1, 1), date(2026, 4, 1)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the data files that a test may damage."""
    return Path(shutil.copytree(FOLDER, tmp_path / "data"))


def width(frame):
    return (frame["high"] - frame["low"]) / frame["value"].abs()


# Are the shipped files sound?


def test_the_data_package_validates():
    report = Package(str(FOLDER / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "message"])


def test_every_file_is_described_and_read():
    package = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    described = {item["path"] for item in package["resources"]}
    assert described == {file.name for file in FOLDER.glob("*.csv")} == {f"{name}.csv" for name in data.TABLES}
    assert all(len(data.table(name)) for name in data.TABLES)


@pytest.mark.parametrize("name", data.TABLES)
def test_files_are_utf8_with_unix_line_ends(name):
    raw = (FOLDER / f"{name}.csv").read_bytes()
    raw.decode("utf-8")
    assert b"\r" not in raw and raw.endswith(b"\n") and not raw.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", [name for name in data.TABLES if name != "sources"])
def test_every_row_has_known_sources(name):
    for keys in data.table(name)["source_id"]:
        assert set(keys.split(";")) <= set(data.sources())


def test_every_parameter_has_a_known_source():
    from simulator.parameters import PARAMETERS

    assert {parameter.source for parameter in PARAMETERS.values()} <= set(data.sources())


def test_sources_say_where_and_on_what_terms():
    for source in data.sources().values():
        assert source.publisher and source.title and source.licence
        assert source.citation.startswith(source.publisher)


def test_numbers_that_rest_on_no_source_say_so():
    for name in ("drivers", "structure", "duties", "tariff_events", "observations"):
        frame = data.table(name)
        for keys, status in zip(frame["source_id"], frame["status"], strict=True):
            if set(keys.split(";")) <= {"assumption", "model_design", "recall", "seed"}:
                assert status in ("assumption", "unverified"), (name, keys)


# Is nothing hidden?


def test_what_is_interpolated_is_an_assumption_and_has_the_wider_range():
    frame = data.drivers().assign(width=lambda rows: width(rows))
    filled = frame[frame["interpolated"] == "yes"]
    assert set(filled["status"]) == {"assumption"} and (filled["note"] != "").all()
    for (series, key), rows in filled.groupby(["series", "key"]):
        sourced = frame[(frame["series"] == series) & (frame["key"] == key) & (frame["interpolated"] == "no")]
        assert rows["width"].min() > sourced["width"].max(), (series, key)


def test_conflicting_figures_stand_side_by_side():
    frame = data.observations()
    year = frame[(frame["series"] == "exports_garment_footwear") & (frame["period_start"] == "2015-01-01")]
    assert {6300, 6800, 6818, 7100} <= set(year["value"])
    year = frame[(frame["series"] == "exports_gft_total") & (frame["period_start"] == "2019-01-01")]
    assert {9320, 10600} <= set(year["value"]) and set(year["status"]) == {"conflict"}
    assert len(set(year["definition"])) == 2


def test_the_loser_of_a_conflict_stays_in_the_range():
    low, high = (data.yearly("world_demand", "garments", column=end) for end in ("low", "high"))
    assert high[2018] >= 505 and low[2015] <= 445 and low[2017] <= 454.5 and high[2017] >= 471
    assert data.yearly("energy_price", column="low")[2020] <= 0.146
    china = data.values("origin", "share_2012", ["CN"], column="high")
    assert china[0] >= 0.39  # the design text's value


def test_no_outcome_of_2025_or_later_is_shipped():
    assert data.observations()["period_start"].dt.year.between(2008, 2024).all()
    later = data.drivers()[data.drivers()["period_start"].dt.year > 2024]
    assert set(later["series"]) == {"minimum_wage"} and set(later["status"]) == {"law"}


def test_what_is_fitted_ends_in_2019_and_what_is_kept_out_begins_in_2020():
    frame = data.observations()
    year = frame["period_start"].dt.year
    assert year[frame["use"] == "fit"].between(2012, 2019).all()
    assert (frame["use"][year >= 2020] == "kept_out").all()
    fit = frame[frame["use"] == "fit"]
    assert fit["sd"].notna().all() and not fit["note"].str.contains("lower bound|upper bound").any()


def test_charts_find_one_consolidated_point_a_year():
    targets = data.observations().query("series == 'model_design_target'")
    assert not targets.duplicated(["indicator", "period_start"]).any()
    years = targets.groupby("indicator")["period_start"].apply(lambda when: set(when.dt.year))
    assert years["exports"] == set(range(2012, 2025)) and years["mean_wage"] == {2014, 2015, 2016}
    assert set(range(2012, 2020)) <= years["employment"] and set(range(2013, 2020)) <= years["factories"]


def test_observed_indicators_are_those_of_the_model():
    from simulator.indicators import INDICATORS

    assert set(data.observations()["indicator"]) - {""} <= set(INDICATORS)


# Do numbers match the collected facts? Hard-coded with the source they were read from.

FACTS = [
    ("minimum_wage", "", date(2014, 2, 1), 100.0, "verified"),  # ILO feature, July 2015
    ("world_demand", "garments", date(2019, 1, 1), 494.254, "verified"),  # WTO dataset 2019-2020
    ("world_demand", "footwear", date(2023, 1, 1), 168.0, "verified"),  # World Footwear Yearbook 2024
    ("gdp", "old_base", date(2014, 1, 1), 16702.6, "verified"),  # World Bank, old base
    ("gdp", "rebased", date(2023, 1, 1), 41900.0, "conflict"),  # press on the 2024 rebasing
    ("energy_price", "", date(2018, 1, 1), 0.165, "verified"),  # announcement of December 2018
]


@pytest.mark.parametrize(("series", "key", "day", "value", "status"), FACTS)
def test_a_driver_is_what_its_source_says(series, key, day, value, status):
    assert dict(data.dated(series, key))[day] == value
    row = data.drivers().query("series == @series and key == @key and period_start == @day")
    assert row["status"].item() == status


def test_the_minimum_wage_has_every_legal_step():
    steps = [66, 80, 100, 128, 140, 153, 170, 182, 190, 192, 194, 200, 204, 208, 210]
    assert [wage for _, wage in data.dated("minimum_wage")] == steps


def test_prices_are_chained_by_hand():
    """World Bank 2.13 % in 2023 and 0.8 % in 2024: 2022 stands at 1 / 1.008 / 1.0213."""
    cpi = data.yearly("cpi")
    assert cpi[2024] == 1.0 and cpi[2022] == pytest.approx(1 / 1.008 / 1.0213, abs=1e-4)


@pytest.mark.parametrize("series", ["unit_value", "cpi", "energy_price"])
def test_yearly_drivers_cover_2012_to_2024(series):
    assert list(data.yearly(series)) == list(range(2012, 2025))


@pytest.mark.parametrize("goods", data.GOODS)
def test_demand_covers_2012_to_2024(goods):
    assert list(data.yearly("world_demand", goods)) == list(range(2012, 2025))


@pytest.mark.parametrize(
    ("entity", "quantity", "keys"),
    [
        ("origin", "share_2012", data.ORIGINS),
        ("market", "demand_share_2012", data.MARKETS),
        ("market", "kh_share_2012", data.MARKETS),
        ("goods", "factory_share", data.GOODS),
        ("goods", "factory_share_2019", data.GOODS),
        ("owner", "opening_share", ("CN", "TW", "HK", "KR", "other", "KH")),
        ("owner", "entrant_share", ("CN", "TW", "HK", "KR", "other", "KH")),
        ("education", "opening_share", ("primary", "lower_secondary", "upper_secondary")),
        ("education", "entrant_share", ("primary", "lower_secondary", "upper_secondary")),
        ("age", "opening_share", ("18-24", "25-34", "35-44", "45+")),
    ],
)
def test_shares_add_up_to_one(entity, quantity, keys):
    assert data.values(entity, quantity, keys).sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("goods", data.GOODS)
def test_stages_share_out_the_work(goods):
    stages = [data.values("goods", f"weight_{stage}", [goods])[0] for stage in ("cut", "sew", "finish", "pack")]
    assert sum(stages) == pytest.approx(1.0)


# Do the helpers add up as by hand?


def test_duties_stand_at_market_origin_and_goods():
    duty, mfn = data.duty_table(), data.duty_table("mfn")
    assert duty.shape == mfn.shape == (5, 7, 3)
    eu, us, kh = data.MARKETS.index("EU"), data.MARKETS.index("US"), data.ORIGINS.index("KH")
    assert duty[eu, kh, 0] == 0.0 and mfn[eu, kh, 0] == 0.12 and mfn[eu, kh, 1] == 0.124
    assert duty[us, kh, 0] == mfn[us, kh, 0] == 0.14
    others = np.ones(mfn.shape, bool)
    others[eu, kh] = False
    np.testing.assert_array_equal(duty[others], mfn[others])
    assert not duty[:, data.ORIGINS.index("AUT")].any()


def test_a_surcharge_is_the_mean_over_the_days_of_a_quarter():
    """Cambodia in the US: .10 from 2025-04-05, .19 from 2025-08-07, .10 from 2026-02-24."""
    rate = data.event_rates("surcharge", ["US", "EU"], ["KH", "AUT"], ["garments"], QUARTERS)
    assert rate.shape == (5, 2, 2, 1)
    cambodia = [0.0, 0.10 * 87 / 91, (37 * 0.10 + 55 * 0.19) / 92, 0.19, (54 * 0.19 + 36 * 0.10) / 90]
    np.testing.assert_allclose(rate[:, 0, 0, 0], cambodia, rtol=1e-12)
    assert not rate[:, 1].any() and not rate[:, 0, 1].any()


def test_layers_of_surcharges_add_up():
    """China, second quarter of 2025: 91 days at .20; 4 at .10, one at .84, 34 at 1.25, 48 at .10."""
    rate = data.event_rates("surcharge", ["US"], ["CN"], ["footwear"], QUARTERS)
    assert rate[1, 0, 0, 0] == pytest.approx(0.20 + (4 * 0.10 + 0.84 + 34 * 1.25 + 48 * 0.10) / 91)
    assert rate[3, 0, 0, 0] == pytest.approx(0.10 + (40 * 0.20 + 52 * 0.10) / 92)


def test_the_preference_for_travel_goods_ends_on_its_last_day():
    edges = [date(2016, 4, 1), date(2016, 7, 1), date(2020, 12, 1), date(2021, 1, 1), date(2021, 2, 1)]
    rate = data.event_rates("preference", ["US"], ["KH"], data.GOODS, edges)[:, 0, 0]
    np.testing.assert_allclose(rate[:, 2], [0, -0.11, -0.11, 0])
    assert not rate[:, :2].any()


def test_no_sum_of_events_leaves_a_duty_below_zero():
    edges = [date(year, month, 1) for year in range(2012, 2028) for month in range(1, 13)]
    names = (data.MARKETS, data.ORIGINS, data.GOODS)
    total = sum(data.event_rates(kind, *names, edges) for kind in data.KINDS)
    assert (data.duty_table() + total).min() >= -1e-12


def test_one_row_replaces_the_other_without_a_gap():
    frame = data.tariff_events().query("kind == 'surcharge' and origin != 'CN'")
    for _, rows in frame.groupby("origin"):
        rows = rows.sort_values("start")
        gaps = (rows["start"].iloc[1:].to_numpy() - rows["end"].iloc[:-1].to_numpy()).astype("timedelta64[D]")
        assert (gaps == np.timedelta64(1, "D")).all() and rows["end"].isna().tolist()[-1]


def test_what_is_not_there_is_named():
    with pytest.raises(data.DataError, match="origin freight is missing for XX, YY"):
        data.values("origin", "freight", ["KH", "XX", "YY"])
    with pytest.raises(data.DataError, match="no series 'rain' with key ''"):
        data.yearly("rain")
    with pytest.raises(data.DataError, match="no duty of EU on garments from XX"):
        data.duty_table(origins=["XX"])
    with pytest.raises(data.DataError, match="is not one of"):
        data.table("weather")
    with pytest.raises(ValueError, match="not one of surcharge"):
        data.event_rates("tax", ["US"], ["KH"], ["garments"], QUARTERS)


def test_a_changed_frame_changes_nobody_elses():
    mine = data.drivers()
    mine["value"] = -1.0
    assert data.drivers()["value"].min() > 0


def test_the_digest_follows_the_numbers_and_not_the_line_ends(copy):
    before = data.digest()
    assert len(before) == 12 and int(before, 16) >= 0
    file = copy / "drivers.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert data.digest(copy) == before
    assert len(data.drivers(copy)) == len(data.drivers())


def test_another_number_gives_another_digest(copy):
    file = copy / "drivers.csv"
    file.write_bytes(file.read_bytes().replace(b",66,66,66,", b",67,67,67,", 1))
    assert data.digest(copy) != data.digest()


# Are damaged files refused with file, line and reason?


def damage(folder: Path, name: str, line: int, column: str, text: str) -> None:
    """Write ``text`` into one cell of a file."""
    file = folder / f"{name}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    rows[line - 1][rows[0].index(column)] = text
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


CELLS = [
    ("drivers", 5, "value", "abc", "value 'abc' is not a number"),
    ("drivers", 5, "value", "1,5", "value '1,5' is not a number"),
    ("drivers", 5, "value", "៥", "value '៥' is not a number"),
    ("drivers", 5, "value", "nan", "value 'nan' is not a number"),
    ("drivers", 5, "value", "-3", "value '-3' lies outside 0 to any"),
    ("drivers", 5, "value", "", "value is missing"),
    ("drivers", 5, "value", "9999", "value 9999.0 lies outside low and high"),
    ("drivers", 5, "status", "sure", "status 'sure' is not one of verified"),
    ("drivers", 5, "status", "verified ", "status 'verified ' has blanks at its ends"),
    ("drivers", 5, "period_start", "2014-02-30", "period_start '2014-02-30' is not a date"),
    ("drivers", 5, "period_start", "1.2.2014", "period_start '1.2.2014' is not a date"),
    ("drivers", 5, "source_id", "ilo_feat_2015_07;nobody", "source_id 'nobody' is not in sources.csv"),
    ("drivers", 5, "source_id", "a, b", "source_id 'a, b' does not look like"),
    ("structure", 3, "entity", "planet", "entity 'planet' is not one of origin"),
    ("duties", 3, "mfn", "1.2", "mfn '1.2' lies outside 0 to 1"),
    ("tariff_events", 3, "end", "soon", "end 'soon' is not a date"),
    ("observations", 3, "use", "maybe", "use 'maybe' is not one of fit"),
    ("observations", 3, "period", "spring", "period 'spring' does not look like"),
]


@pytest.mark.parametrize(("name", "line", "column", "text", "reason"), CELLS)
def test_a_damaged_cell_is_refused(copy, name, line, column, text, reason):
    damage(copy, name, line, column, text)
    with pytest.raises(data.DataError) as caught:
        data.table(name, copy)
    error = caught.value
    assert (error.file, error.line) == (f"data/{name}.csv", line)
    assert error.reason.startswith(reason) and str(error) == f"data/{name}.csv, line {line}: {error.reason}"
    assert "\n" not in str(error)


def header_without(column: str):
    def cut(raw: bytes) -> bytes:
        rows = list(csv.reader(raw.decode("utf-8").splitlines()))
        place = rows[0].index(column)
        return "\n".join(",".join(f'"{cell}"' for cell in row[:place] + row[place + 1 :]) for row in rows).encode()

    return cut


FILES = [
    ("a missing column", header_without("unit"), 1, "column 'unit' is missing"),
    (
        "an unknown column",
        lambda raw: raw.replace(b"unit", b"unit,colour", 1),
        1,
        "column 'colour' is not known",
    ),
    ("columns in another order", lambda raw: raw.replace(b"low,high", b"high,low", 1), 1, "columns must be"),
    ("nothing", lambda raw: b"", 1, "is empty"),
    ("a header and no rows", lambda raw: raw.split(b"\n")[0] + b"\n", 1, "holds no rows"),
    ("a picture", lambda raw: b"\x89PNG\r\n\x1a\n\x00\x00", 1, "is not UTF-8 text"),
    ("zero bytes", lambda raw: raw[:300] + b"\x00" + raw[300:], 3, "is not text"),
    ("another encoding", lambda raw: raw + "2024,\u00e9".encode("latin-1"), None, "is not UTF-8 text"),
    ("a row too short", lambda raw: raw + b"cpi,,2030-01-01,1\n", None, "has 4 fields, not 11"),
    ("a blank line", lambda raw: raw + b"\n", None, "has 0 fields, not 11"),
    ("an open quote", lambda raw: raw + b'"cpi,,2030-01-01', None, "cannot be read as CSV"),
    (
        "a row twice",
        lambda raw: raw + raw.split(b"\n")[1] + b"\n",
        None,
        "repeats line 2: minimum_wage, 2012-01-01",
    ),
]


@pytest.mark.parametrize(("what", "spoil", "line", "reason"), FILES, ids=[item[0] for item in FILES])
def test_a_damaged_file_is_refused(copy, what, spoil, line, reason):
    file = copy / "drivers.csv"
    raw = file.read_bytes()
    file.write_bytes(spoil(raw))
    with pytest.raises(data.DataError) as caught:
        data.drivers(copy)
    assert caught.value.line == (raw.count(b"\n") + 1 if line is None else line)
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).startswith(f"data/drivers.csv, line {caught.value.line}: ")


def test_a_missing_file_is_named(copy):
    (copy / "duties.csv").unlink()
    with pytest.raises(data.DataError, match=r"^data/duties.csv: cannot be read"):
        data.duties(copy)


def test_a_broken_description_is_named(copy):
    (copy / "datapackage.json").write_text("{", encoding="utf-8")
    with pytest.raises(data.DataError, match=r"^data/datapackage.json: cannot be read as a data package"):
        data.structure(copy)
