#!/usr/bin/python3
"""bench.py and parley-io: not what they measure, but that they measure, and say so when not."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import unittest

BENCH = (sys.executable, "-B", pathlib.Path(__file__).with_name("bench.py"))
PARLEY = pathlib.Path(os.environ.get("PARLEY", "build/parley")).resolve()
IO = pathlib.Path(os.environ.get("IO", PARLEY.parent / "tests/parley-io"))


def run(*command, files=None):
    def limit_files():
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=100,
                          check=False, preexec_fn=limit_files)


class TheWaysToAskTheKernel(unittest.TestCase):
    def test_bring_the_packets_there_and_back(self):
        done = run(IO, 20, 1, 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        ways = json.loads(done.stdout)["ways"]
        self.assertGreaterEqual(len(ways), 5)
        for way in ways:
            if "refused" in way:
                self.assertIn("io_uring", way["name"])
                continue
            self.assertGreater(way["received_percent"], 50, way)
            self.assertLess(way["received_percent"], 150, way)
            self.assertGreater(way["least"], 0, way)
            self.assertGreaterEqual(way["median"], way["least"], way)

    def test_end_when_there_are_no_sockets(self):
        done = run(IO, 300, 1, 1, files=100)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("no sockets for 300 legs: Too many open files", done.stderr)

    def test_want_numbers(self):
        for arguments in ((), (20, 1), (20, 1, 0), ("many", 1, 1)):
            self.assertEqual(run(IO, *arguments).returncode, 2, arguments)


class TheBench(unittest.TestCase):
    def test_goes_on_when_a_case_cannot_be_done(self):
        done = run(*BENCH, "--quick", "--full", "--only", "1 conference of [14]00", files=150)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("need 300 file descriptors for 100 legs", done.stderr)
        self.assertIn("need 900 file descriptors for 400 legs", done.stderr)
        self.assertIn("2 of 2 cases FAILED: 1 conference of 100; 1 conference of 400", done.stderr)
        self.assertEqual(done.stdout.count("| **no** |"), 2, done.stdout)

    def test_knows_its_cases(self):
        done = run(*BENCH, "--only", "1 conference of 7")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no case has such a name", done.stderr)

    def test_counts_what_subscribers_are_told(self):
        done = run(*BENCH, "--subscribers", "--quick")
        rows = [row for row in done.stdout.splitlines() if row.startswith("| 100 subscribers, 40 joins")]
        self.assertEqual(len(rows), 1, done.stdout + done.stderr)
        cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
        self.assertGreaterEqual(int(cells[1].replace(",", "")), 100, rows)
        self.assertGreater(int(cells[3]), 0, rows)
        self.assertEqual(cells[4], "0", rows)  # versions that somebody missed

    def test_measures_who_waits_and_who_is_in_a_menu(self):
        done = run(*BENCH, "--service", "--quick")
        rows = [row for row in done.stdout.splitlines() if row.startswith(("| 500 ", "| 200 ", "| 100 "))]
        self.assertEqual(len(rows), 6, done.stdout + done.stderr)
        for row in rows:
            self.assertGreater(int(row.split("|")[2]), 0, rows)

    def test_measures_a_case(self):
        done = run(*BENCH, "--quick", "--full", "--only", "8 conferences of 5")
        rows = [row for row in done.stdout.splitlines() if row.startswith("| 8 conferences of 5")]
        self.assertEqual(len(rows), 1, done.stdout + done.stderr)
        cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
        for cell in cells[1:4]:  # the server, the floor, the ratio
            self.assertGreater(float(cell), 0, rows)


if __name__ == "__main__":
    unittest.main()
