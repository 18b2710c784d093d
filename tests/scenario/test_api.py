"""`parley api`: what scripts can use, for people, for editors and for luacheck."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import luacats
import run
import test_guide
from parley import BINARY, ROOT, run_parley
from test_readme import EXAMPLES, TEXT


def api(*words):
    done = run_parley("api", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def luacheck(folder, *paths):
    done = subprocess.run(
        ["luacheck", "--no-color", "--no-cache", "--config", ".luacheckrc", *map(str, paths)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_one_function_is_explained():
    told = api("call:ask")
    for part in (
        "call:ask(question: ask_options) -> string or reason",
        "For applications. It waits.",
        "  retries          integer?: how often it is asked again; default 0",
    ):
        assert part in told, told
    assert "For event hooks, applications." in api("participant:mute")
    assert "policy.digit(event, conference, participant)" in api("digit")
    name, shown = re.search(r"\$ build/parley api (\S+)\n(.*?)```", TEXT, re.S).groups()
    assert api(name) == shown
    assert api("participant.muted").startswith("participant.muted\n")


def test_without_a_name_all_are_listed_and_each_is_explained():
    names = api().split()
    assert len(names) > 120 and {"accept", "policy.join", "store:get"} <= set(names), names
    for name in names[::10]:
        assert api(name)
    for hook in (name.removeprefix("policy.") for name in names if name.startswith("policy.")):
        assert re.search(rf"`{hook}[`(]", TEXT), f"the README does not tell of the hook {hook}"


def test_what_is_not_there_is_said():
    done = run_parley("api", "participant:moot")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no 'participant:moot'" in done.stderr
    done = run_parley("api", "setup")
    assert done.returncode == 2 and "parley api setup DIR" in done.stderr


def test_it_is_found_where_it_is_installed():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bin").mkdir()
        shutil.copy(BINARY, folder / "bin/parley")
        shutil.copytree(ROOT / "lua/api", folder / "share/parley/lua/api")
        done = subprocess.run(
            [folder / "bin/parley", "api", "markdown"], capture_output=True, text=True
        )
        assert done.stdout == api("markdown"), done.stderr


def test_links_in_the_reference_lead_somewhere():
    text = api("markdown")
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links and links <= anchors, links - anchors


def test_scripts_pass_luacheck_by_what_setup_writes():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = api("setup", folder)
        assert told.count(" is written\n") == 3, told
        assert "parley-api.lua is written" in api("setup", folder)
        assert ".luacheckrc is there already" in api("setup", folder)
        for path in ("policy", "scripts"):
            shutil.copytree(ROOT / path, folder / path, ignore=shutil.ignore_patterns("demo.lua"))  # a config
        guide = {f"guide/{path}": text for path, text in test_guide.EXAMPLES.items()}
        for path, text in {**EXAMPLES, **guide}.items():
            if "return" in text:  # a script, and no config
                (folder / "examples" / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / "examples" / path).write_text(text)
        status, told = luacheck(folder, "policy", "scripts", "examples")
        assert status == 0, told
        (folder / "wrong.lua").write_text("parley.polcy { name = 'x' }\nos.execute 'ls'\nfoo = 1\n")
        status, told = luacheck(folder, "wrong.lua")
        assert status == 1, told
        for part in ("field 'polcy' of global 'parley'", "field 'execute' of global 'os'", "'foo'"):
            assert part in told, told


def test_the_annotations_are_lua_and_name_types_that_are_there():
    text = api("luacats")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "parley-api.lua").write_text(text)
        (Path(name) / ".luacheckrc").write_text("std = 'max'\nonly = { '0' }\n")
        status, told = luacheck(name, "parley-api.lua")
        assert status == 0, told
    known = set(re.findall(r"^---@(?:class|alias) ([\w.]+)", text, re.M))
    for line in re.findall(r"^---@class [\w.]+: (\w+)", text, re.M):
        assert line in known, line
    assert "---@param participant participant\n" in text
    assert "function participant:mute() end" in text and "function parley.create(wish) end" in text


def test_the_annotations_follow_their_syntax():
    text = api("luacats")
    assert luacats.check(text) > 800
    for right, wrong, said in (
        ("---@param participant participant", "---@param participant partcipant", "partcipant"),
        ("---@return string? why", "---@return string?? why", "'? why'"),
        ("fun(): participant", "fun(): participant|", "a type at"),
        ("---@field ", "---@feld ", "there is no @feld"),
        ("function participant:mute()", "function participant:mute(on)", "(on)"),
    ):
        assert right in text, right
        try:
            luacats.check(text.replace(right, wrong, 1))
        except AssertionError as error:
            assert said in str(error), error
        else:
            raise AssertionError(f"not found: {wrong}")


def test_every_function_is_used_by_a_test():
    """What no test calls, nobody knows to work."""
    tests = "".join(
        path.read_text()
        for pattern in ("unit/lua/*.c", "scenario/*.py", "scripts/*.lua")
        for path in sorted((ROOT / "tests").glob(pattern))
        if path.name not in ("test_api.c", "test_api.py")
    )
    shipped = "".join(path.read_text() for path in sorted((ROOT / "policy").glob("*.lua")))
    missing = []
    for name in api().split():
        owner, separator, last = re.match(r"(.*?)([.:]?)(\w+)$", name).groups()
        called = {":": rf":{last}\b", ".": rf"{re.escape(owner)}\.{last}\b", "": rf"\b{last}[ (]"}
        hook = rf"policy\.{last}\b|script_hook\(\"{last}\""
        if not re.search(hook if owner == "policy" else called[separator], tests + shipped):
            missing.append(name)
    assert not missing, missing


if __name__ == "__main__":
    run.main()
