"""A fresh machine, on which only what the server needs is installed (`make run`): it is configured
without the tests, instead of failing."""

import subprocess
import tempfile
from pathlib import Path

import run
from parley import ROOT


def without(folder, hidden):
    """An environment in which pkg-config knows all that it knows, but for one package."""
    asked = ["pkg-config", "--variable", "pc_path", "pkg-config"]
    paths = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    for path in reversed(paths.split(":")):
        for file in Path(path).glob("*.pc"):
            link = folder / file.name
            link.unlink(missing_ok=True)
            if file.stem != hidden:
                link.symlink_to(file)
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "PKG_CONFIG_LIBDIR": str(folder)}


def test_it_is_configured_without_the_packages_of_the_tests():
    with tempfile.TemporaryDirectory() as name:
        packages, build = Path(name) / "packages", Path(name) / "build"
        packages.mkdir()
        environment = without(packages, "cmocka")
        for words in (["-S", ROOT, "-B", build], ["--build", build, "--target", "help"]):
            done = subprocess.run(
                ["cmake", *words], env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert "... parley\n" in done.stdout and "unit_" not in done.stdout, done.stdout


if __name__ == "__main__":
    run.main()
