"""What can be taken home besides the report: tables as CSV, Parquet and Excel, and scenario files.

Every file says of itself how it was made and what its numbers are worth (:mod:`simulator.provenance`).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator import costs, people
from simulator.excel import workbook
from simulator.indicators import INDICATORS
from simulator.provenance import Stamp, about, facts, worth
from simulator.tables import RESULTS
from simulator.texts import LANGUAGES, group, label, text, unit

if TYPE_CHECKING:
    from simulator.compare import Comparison
    from simulator.scenario import Scenario

META = b"garment-sim"  # of the schema of a Parquet file
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time; one date for all makes equal files of equal tables
_COLUMNS = {  # of the summary, for people who get the table alone
    "scenario": "scenario",
    "baseline": "what it is compared with",
    "period": "year",
    "group": "all, or dimension=value",
    "indicator": "name of what is measured",
    "unit": "unit of the numbers of the row",
    "n": "paired runs with a defined value",
    "median": "median over runs",
    "p10": "10th percentile over runs",
    "p90": "90th percentile over runs",
    "difference": "median of paired differences to the baseline",
    "difference_p10": "10th percentile of paired differences",
    "difference_p90": "90th percentile of paired differences",
    "sign_share": "share of pairs whose difference has the sign of the median difference",
}


def said(comparison: Comparison, lang: str, stamp: Stamp | None = None) -> list[str]:
    """What a file says of itself, as lines."""
    told = [f"{head}: {what}" for head, what in facts(comparison, lang, stamp)]
    return [*told, *worth(comparison, lang)]


def parquet(comparison: Comparison, stamp: Stamp | None = None) -> bytes:
    """The comparison's table as Parquet (zstd); its schema carries under ``garment-sim`` how it was made, as JSON."""
    table = pa.Table.from_pandas(comparison.summary, preserve_index=False)
    kept = {**(table.schema.metadata or {}), META: _json(about(comparison, stamp)).encode()}
    content = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(kept), content, compression="zstd")
    return content.getvalue()


def csv_archive(comparison: Comparison, stamp: Stamp | None = None) -> bytes:
    """A zip of ``comparison.csv`` (UTF-8 with BOM) with a data package's description, words in both languages, and
    the scenario files."""
    everyone = (comparison.baseline, *comparison.scenarios)
    files = {
        "comparison.csv": comparison.summary.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"),
        "datapackage.json": _json(_package(comparison, stamp)).encode(),
        **{f"README-{lang}.txt": "\n".join(said(comparison, lang, stamp)).encode("utf-8-sig") for lang in LANGUAGES},
        **{f"scenarios/{s.id}.yaml": scenario_file(s, comparison, stamp).encode() for s in everyone},
    }
    return _zipped(files.items())


def _package(comparison: Comparison, stamp: Stamp | None) -> dict[str, Any]:
    kinds = {name: "string" for name in ("scenario", "baseline", "period", "group", "indicator", "unit")}
    kinds |= {"n": "integer"}
    fields = [{"name": n, "type": kinds.get(n, "number"), "description": what} for n, what in _COLUMNS.items()]
    resource: dict[str, Any] = {"name": "comparison", "path": "comparison.csv", "format": "csv"}
    resource |= {"mediatype": "text/csv", "encoding": "utf-8-sig", "schema": {"fields": fields}}
    return {"name": "garment-sim-comparison", "resources": [resource], "garment-sim": about(comparison, stamp)}


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in files:
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), inside, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def scenario_file(scenario: Scenario, comparison: Comparison | None = None, stamp: Stamp | None = None) -> str:
    """The scenario as a file of its own; comments say what it was made with and how it was run here."""
    lines: list[str] = []
    if comparison is not None:
        for lang in LANGUAGES:
            lines += [f"# {' '.join(line.split())}" for line in said(comparison, lang, stamp)]
    return "\n".join([*lines, scenario.text])


def excel(comparison: Comparison, stamp: Stamp | None = None) -> bytes:
    """A workbook: what it is, results of the last year, main results by year, groups, the public account, settings,
    policy or world. Raises InputError where the extra is missing."""
    summary = comparison.summary
    last = summary["period"] == comparison.years[-1]
    split = summary["group"].astype(str).str.partition("=")[0]
    shown = summary["indicator"].isin({*RESULTS, *(name for name, _ in costs.TOTALS)})
    account = costs.account(comparison).table
    sheets = {
        "About": _about_sheet(comparison, stamp),
        "Results": _named(summary[last & (summary["group"] == "all")]),
        "Years": _named(summary[shown & (summary["group"] == "all")]),
        "People": _named(summary[last & split.isin(people.SPLITS) & summary["indicator"].isin(people.MEASURES)]),
        "Cost": _named(account[(account["median"] != 0) | (account["difference"] != 0)]),
        "Settings": comparison.inputs,
        "Policy or world": _named(comparison.grid),
    }
    return workbook(sheets)


def _about_sheet(comparison: Comparison, stamp: Stamp | None) -> pd.DataFrame:
    rows = []
    for lang in LANGUAGES:
        rows += [(head, what) for head, what in facts(comparison, lang, stamp)]
        rows += [(text("take.worth", lang), sentence) for sentence in worth(comparison, lang)]
        rows.append(("", ""))
    return pd.DataFrame(rows, columns=["garment-sim", ""])


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with the names of indicator and group in both languages before the numbers."""
    out = frame.reset_index(drop=True)
    names = out["indicator"].astype(str)
    known = [name for name in names.unique() if name in INDICATORS]
    for place, lang in enumerate(LANGUAGES):
        words = {name: label(name, lang) for name in known} | {"cost_per_job": text("terms.cost_per_job", lang)}
        out.insert(place, f"indicator ({lang})", names.map(words))
        if "group" in out:
            groups = out["group"].astype(str)
            out.insert(place + 1, f"group ({lang})", groups.map({g: group(g, lang) for g in groups.unique()}))
    units = out["unit"].astype(str)
    out.insert(0, "unit in words", units.map({u: unit(u, "en") for u in units.unique()}))
    return out


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, default=str)
