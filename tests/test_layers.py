"""Do imports point one way, is every package met at home, and does no file name a machine or a registry?"""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A module imports from rows above its own. A folder counts as one module, its files may share.
LAYERS = (
    ("version", "paths", "units", "fingerprint", "pool"),
    ("compiled",),
    ("parameters", "indicators", "streams", "state"),
    ("texts", "data"),
    ("checks", "ranges"),
    ("scenario",),
    ("levers", "trial"),
    ("link",),
    ("world", "agents"),
    ("processes", "accounts", "census"),
    ("population", "schedule", "observe"),
    ("tracking",),
    ("results",),
    ("excel",),
    ("posterior",),
    ("model",),
    ("run",),
    ("store", "cluster", "branching"),
    ("batch", "design", "export"),
    ("plan", "bridges"),
    ("plan_files",),
    ("experiment",),
    ("compare",),
    ("analysis",),
    ("record",),
    ("drawing",),
    ("charts", "charts_analysis", "odd", "sentences"),
    ("findings_words",),
    ("charts_findings",),
    ("tables", "provenance", "outlines"),
    ("people", "costs", "lives"),
    ("life_words",),
    ("charts_people",),
    ("evidence",),
    ("outcome",),
    ("headlines", "findings_html"),
    ("report_findings",),
    ("report",),
    ("verify", "bundle", "stills"),
    ("pdf",),
    ("calibration", "terminal"),
    ("commands",),
    ("explain_command", "findings_commands"),
    ("lessons",),
    ("cli", "panels"),
    ("__main__", "app"),
)
ROW = {module: row for row, modules in enumerate(LAYERS) for module in modules}

# Where a package is met; what stands in no row may be used wherever it is needed.
HOMES = {
    "altair": {"charts"},
    "distributed": {"cluster"},
    "ema_workbench": {"analysis", "bridges"},
    "openpyxl": {"excel"},
    "mesa": {"agents", "bridges", "model"},
    "fontTools": {"outlines"},
    "typst": {"pdf"},
    "uharfbuzz": {"outlines"},
    "numba": {"compiled"},
    "SALib": {"analysis"},
    "sklearn": {"analysis"},
    "streamlit": {"panels", "app"},
    "xarray": {"bridges"},
}
# The science needs arrays only, so that it runs bare and can be read without knowing anything else.
BARE = {
    "processes": {
        "numpy",
        "scipy",
        *(f"simulator.{name}" for name in ("units", "parameters", "streams", "state", "compiled")),
    },
    "units": {"numpy"},
    "state": {"numpy", "simulator.units"},
    "streams": {"numpy", "scipy", "simulator.units", "simulator.compiled"},
}
PUBLIC = {
    "__version__": "version",
    "GarmentModel": "model",
    "INDICATORS": "indicators",
    "PARAMETERS": "parameters",
    "load_scenario": "scenario",
    **dict.fromkeys(("to_batch_run", "to_ema_model", "to_iamc", "to_salib_problem", "to_xarray"), "bridges"),
}
DISTRIBUTIONS = {
    "ema_workbench": "ema-workbench",
    "fontTools": "fonttools",
    "SALib": "salib",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}  # where the import name is another one

FILES = sorted(
    [*ROOT.glob("simulator/**/*.py"), *ROOT.glob("calibration/**/*.py"), *ROOT.glob("app.py")],
    key=lambda path: path.as_posix(),
)


def layer(path: Path) -> str:
    """The name in LAYERS of the module or folder that a file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "simulator" else parts[0]


def without_typing(node: ast.AST) -> Iterator[ast.AST]:
    """Every node under ``node`` except what stands under ``if TYPE_CHECKING:``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from without_typing(child)


def imports(path: Path) -> Iterator[str]:
    """Dotted names a file imports when it runs, at its top or inside a function."""
    for node in without_typing(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = path.relative_to(ROOT).parent.parts
            parents = folder[: len(folder) - node.level + 1] if node.level else ()
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            if origin == "simulator":
                yield from (f"simulator.{PUBLIC.get(alias.name, alias.name)}" for alias in node.names)
            else:
                yield origin


def foreign(path: Path) -> set[str]:
    """The packages from outside the project and the standard library that a file imports."""
    tops = {name.partition(".")[0] for name in imports(path)}
    return tops - sys.stdlib_module_names - {"simulator", "calibration", "app"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_from_above_and_meets_packages_at_home(path):
    here = layer(path)
    if path == ROOT / "simulator" / "__init__.py":
        outside = {name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names}
        assert outside <= {"simulator.version"}
        return
    assert here in ROW, f"{here} has no row in LAYERS: where does it stand?"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "simulator":
            assert len(parts) > 1, f"{here} imports the whole package; import the module it needs"
            there = parts[1]
        elif parts[0] == "calibration":
            there = parts[0]
        else:
            continue
        assert there in ROW, f"{here} imports {name}, which has no row in LAYERS"
        assert there == here or ROW[there] < ROW[here], f"{here} imports {name}, not from above it"
    for package in foreign(path):
        assert here in HOMES.get(package, {here}), f"{package} is met in {HOMES[package]}, not in {here}"
    if here in BARE:
        ours = {".".join(name.split(".")[:2]) for name in imports(path) if name.startswith("simulator")}
        assert foreign(path) | ours <= BARE[here] | {f"simulator.{here}"}


def test_every_imported_package_is_declared():
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    extras = [text for name, texts in project["optional-dependencies"].items() if name != "test" for text in texts]
    declared = {re.split(r"[<>=!~\[ ;]", text)[0].lower() for text in (*project["dependencies"], *extras)}
    used = {DISTRIBUTIONS.get(name, name) for path in FILES for name in foreign(path)}
    assert used <= declared


def test_public_names_stay_what_they_are_when_their_modules_load():
    """``simulator.run`` is a function although a module has the same name."""
    import simulator

    for name in ("run", "compare"):
        first = getattr(simulator, name)
        importlib.import_module(f"simulator.{name}")
        assert callable(first) and getattr(simulator, name) is first


@pytest.mark.parametrize(
    "what, pattern",
    [
        ("registry", r"p[y]pi\.org|p[y]thonhosted|registry\.n[p]mjs|[a-z]+\.d[e]bian\.org"),
        ("folder of one machine", r"(?<![\w.:/-])/(r[o]ot|h[o]me|U[s]ers|w[o]rk|o[p]t)/\w|\bC:\\\\?U[s]ers"),
    ],
)
def test_files_name_no_machine_and_no_registry(what, pattern):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert len(paths) > 10
    found = []
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, f"{what}:\n" + "\n".join(found)
