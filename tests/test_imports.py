"""The import rules of the four packages, checked on what really gets loaded."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OWN = {"classifier", "training", "serving", "eval"}


@pytest.mark.parametrize(
    ("package", "allowed"),
    [("classifier", set()), ("serving", {"classifier"}), ("training", {"classifier"}), ("eval", {"classifier"})],
)
def test_packages_import_only_the_core(package, allowed):
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            foreign = {name.split(".")[0] for name in names} & (OWN - {package} - allowed)
            assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


HEAVY = ("torch", "transformers")


@pytest.mark.parametrize(
    ("module", "banned"),
    [("classifier", (*HEAVY, "sklearn")), ("serving.cli", (*HEAVY, "sklearn")), ("eval.cli", HEAVY)],
)
def test_runtime_loads_neither_torch_nor_transformers(module, banned):
    script = f"import sys, {module}; print([name for name in {banned} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
