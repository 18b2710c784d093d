#!/usr/bin/python3
"""Measures Parley with parley-load and prints the tables of the README.

  bench.py               one conference of 200, 40 conferences of 5, calls a second (2 minutes)
  bench.py --quick       the same, a few seconds each
  bench.py --full        one conference of 100 to 4,000, 400 of 5, 40 legs for the delay
  bench.py --only PART   of these, the cases whose names hold this (* and ? stand for anything)
  bench.py --codecs      one conference of 200 with G.711, G.722 and Opus
  bench.py --io          what the kernel alone needs for a packet each way, by each way to ask it
  bench.py --subscribers 1,000 watch a conference while 200 legs join it, 50 a second
  bench.py --applications 5,000 calls ring in an application, 1,000 are answered; keys; decisions
  bench.py --service     500 callers who wait with music, each alone or all in one conference, and 100
                         in menus, beside 500 who talk
  bench.py --reload      what a reload takes under 200 live conferences, and a generation's memory
  bench.py --churn 600   100 legs join and leave at random while scripts are reloaded at random

Environment: PARLEY, the server (build/parley), LOAD, the generator (tests/parley-load beside it),
IO, the program for --io (tests/parley-io there).
Each case has a server of its own on a loopback address of its own, with policy/open.lua, and the
floor (a bare UDP reflector; see parley-load --help) is measured for it in the same run. A case that
fails says why, and the next follows.
Exit: 0 when each case passed; 1 when one lost packets, failed calls or was not heard.
"""

import argparse
import dataclasses
import fnmatch
import json
import os
import pathlib
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))  # what measures subscribers is a part of the tests
PARLEY = pathlib.Path(os.environ.get("PARLEY", ROOT / "build/parley")).resolve()
LOAD = pathlib.Path(os.environ.get("LOAD", PARLEY.parent / "tests/parley-load")).resolve()
IO = pathlib.Path(os.environ.get("IO", PARLEY.parent / "tests/parley-io")).resolve()
NUMBER = os.getpid()
SERVER_IP = f"127.77.{NUMBER // 250 % 250 + 1}.{NUMBER % 250 + 1}"
CALLER_IP = SERVER_IP.replace("127.77.", "127.78.")
TARGET = f"sip:{SERVER_IP}:5060"
CALL_RATES = (250, 500, 1000, 1500, 2000, 3000, 4000)
SLOW_ANSWER_MS = 500  # the first retransmission: a caller that waits longer asks twice
CALLS = "calls a second"  # the name of that case
FILES_PER_LEG = 2  # of the server, RTP and RTCP; the reflector has one, the generator less
FILES_BESIDE = 100
JOIN_RATE = 50  # legs a second that join before their subscribers' eyes


class Failure(Exception):
    """The bench itself cannot go on."""


@dataclasses.dataclass
class Case:
    name: str
    legs: int
    conferences: int
    talkers: int
    rate: int = 100
    options: tuple = ()


CASES = (Case("1 conference of 200", 200, 1, 3), Case("40 conferences of 5", 200, 40, 2))
FULL_CASES = (Case("1 conference of 100", 100, 1, 3),
              Case("1 conference of 400", 400, 1, 3, 200),
              Case("1 conference of 1,000", 1000, 1, 3, 400),
              Case("1 conference of 2,000", 2000, 1, 3, 400),
              Case("1 conference of 4,000", 4000, 1, 3, 400),
              Case("400 conferences of 5", 2000, 400, 2, 400),
              Case("1 conference of 40", 40, 1, 3),
              Case("8 conferences of 5", 40, 8, 2))
# Who is silent sends silence in each packet, or, as phones that use DTX do, hardly any packets.
CODEC_CASES = (Case("G.711", 200, 1, 3), Case("G.722", 200, 1, 3, 100, ("--codec", "g722")),
               Case("Opus with DTX", 200, 1, 3, 100, ("--codec", "opus", "--background", "pause",
                                                      "--level-tolerance", 3)),
               Case("Opus without", 200, 1, 3, 100, ("--codec", "opus", "--level-tolerance", 3)))


class Server:
    """`parley serve` in a directory of its own; stopped by its pid, whatever happens."""

    def __init__(self, config=None):
        """`config`: the text of its config file."""
        self.config = config
        self.data = tempfile.mkdtemp(prefix="parley-bench-")
        self.log_path = os.path.join(self.data, "log")
        self.process = None

    def __enter__(self):
        options = []
        if self.config:
            options = ["--config", os.path.join(self.data, "parley.lua")]
            pathlib.Path(options[1]).write_text(self.config, encoding="utf-8")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PARLEY, "serve", "--listen", f"{TARGET};transport=udp", "--rtp-address",
                 SERVER_IP, "--rtp-ports", "10000-31999", "--data", self.data, "--policy",
                 str(ROOT / "policy/open.lua"), *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def wait_ready(self):
        readable, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if readable else ""
        if not line.startswith("parley ready"):
            raise Failure(f"the server did not start: {line}{self.log_tail()}")

    def log_tail(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-20:])

    def status(self):
        done = subprocess.run([PARLEY, "status", "--json", "--data", self.data], capture_output=True,
                              text=True, timeout=30, check=True)
        return json.loads(done.stdout)

    def cpu(self):
        """Seconds of processor time used so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def reload(self):
        return subprocess.run([PARLEY, "reload", "--data", self.data], capture_output=True,
                              text=True, timeout=30, check=False)

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        try:
            code = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        tail = self.log_tail()
        shutil.rmtree(self.data, ignore_errors=True)
        if code != 0 and kind is None:
            raise Failure(f"the server ended with {code}: {tail}")


def run_load(server, seconds, *options):
    """What parley-load found. `seconds`: what it may take at most."""
    command = [LOAD, "--target", TARGET, "--local", CALLER_IP, "--pid", str(server.process.pid),
               "--json", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        try:
            found, _ = load.communicate(timeout=seconds)
        except BaseException:
            load.kill()
            raise
    if load.returncode not in (0, 1) or not found:
        raise Failure(f"parley-load ended with {load.returncode}: {' '.join(map(str, command))}\n"
                      f"{server.log_tail()}")
    return json.loads(found)


def say(text):
    print(text, file=sys.stderr, flush=True)


def describe_machine():
    model = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return (f"{os.cpu_count()} × {model}, Linux {os.uname().release}; server and load generator "
            "share the machine; G.711 µ-law if not said, 20 ms, loopback.")


def print_table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def check_files(legs):
    needed = FILES_PER_LEG * legs + FILES_BESIDE
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if needed > limit:
        raise Failure(f"the server would need {needed:,} file descriptors for {legs:,} legs, and a "
                      f"process may have {limit:,} here (`ulimit -Hn` as root raises that)")


def measure(case, seconds):
    say(f"{case.name}, {case.talkers} talkers, {seconds} s …")
    check_files(case.legs)
    with Server() as server:
        bound = 2 * (case.legs / case.rate + seconds + 90)
        found = run_load(server, bound, "--floor", "--legs", case.legs, "--conferences",
                         case.conferences, "--talkers", case.talkers, "--rate", case.rate,
                         "--seconds", seconds, *case.options)
    if not found["ok"]:
        say(f"  FAILED: {found['reasons']}")
    return found


def attempt(measuring, *arguments):
    """What `measuring` finds; None when the bench could not do it, which it has then said."""
    try:
        return measuring(*arguments)
    except Failure as failure:
        say(f"  FAILED: {failure}")
    except subprocess.TimeoutExpired as late:
        say(f"  FAILED: {late.cmd[0]} was not done in {late.timeout:.0f} s")
    return None


def three(values):
    if not values["max"]:
        return "–"  # nothing was measured
    return f"{values['p50']:.1f} / {values['p99']:.1f} / {values['max']:.1f}"


def load_row(case, found):
    name = f"{case.name}, {case.talkers} talkers"
    if not found:
        return [name] + ["–"] * (len(LOAD_HEAD) - 2) + ["**no**"]
    server, floor = found["server"], found["floor"]
    return [
        name,
        f"{server['cpu_us_per_leg_s']:.0f}",
        f"{floor['cpu_us_per_leg_s']:.0f}",
        f"{found.get('ratio', 0):.2f}",
        f"{server['lost']} of {server['lost'] + server['received']:,}",
        f"{server['slowest']:.1f}",
        three(server["gap_ms"]),
        three(server["added_delay_ms"]),
        f"{server['heard']} of {server['pairs']}",
        f"{server['sinad_p50_db']:.0f}",
        f"{server['memory_kib_per_leg']:.0f}",
        "yes" if found["ok"] else "**no**",
    ]


LOAD_HEAD = ["case", "CPU µs a leg and s", "floor", "ratio", "lost packets", "fewest packets/s",
             "gap ms p50 / p99 / max", "added delay ms p50 / p99 / max", "pairs heard",
             "SINAD dB", "KiB a leg", "passed"]


def measure_loads(cases, seconds):
    found = [(case, attempt(measure, case, seconds)) for case in cases]
    print_table(LOAD_HEAD, [load_row(case, one) for case, one in found])
    failed = [case.name for case, one in found if not (one and one["ok"])]
    if failed:
        say(f"{len(failed)} of {len(found)} cases FAILED: {'; '.join(failed)}")
    return not failed


def measure_calls(seconds):
    """Faster and faster, until it no longer keeps up."""
    rows, best = [], 0
    with Server() as server:
        for rate in CALL_RATES:
            say(f"{rate} calls a second, {seconds} s …")
            found = run_load(server, seconds + 120, "--calls", "--rate", rate, "--seconds",
                             seconds, "--conferences", 50)
            kept_up = found["ok"] and found["answer_ms"]["p99"] < SLOW_ANSWER_MS
            rows.append([
                str(rate), f"{found['rate']:.0f}", str(found["started"] - found["completed"]),
                f"{found['answer_ms']['p50']:.1f} / {found['answer_ms']['p99']:.1f}",
                f"{found['cpu_ms_per_call']:.2f}", "yes" if kept_up else "no"])
            if not kept_up:
                say(f"  no more: {found['reasons'] or 'answers are slow'}")
                break
            best = rate
    print_table(["calls/s asked", "completed/s", "failed", "answer ms p50 / p99", "CPU ms a call",
                 "kept up"], rows)
    return best > 0


def io_cell(way):
    if "refused" in way:
        return f"refused by this kernel ({way['refused']})"
    cell = f"{way['least']:.0f} / {way['median']:.0f}"
    if way["received_percent"] < 99:
        cell += f" ({way['received_percent']:.0f} % of the packets)"
    return cell


def measure_io(legs, seconds, rounds):
    columns = []
    for count in legs:
        say(f"{count} legs, {rounds} rounds of {seconds} s …")
        done = subprocess.run(list(map(str, (IO, count, seconds, rounds))), stdout=subprocess.PIPE,
                              text=True, timeout=60 + 20 * (seconds + 1) * rounds, check=False)
        if done.returncode != 0:
            raise Failure(f"parley-io ended with {done.returncode}")
        columns.append(json.loads(done.stdout)["ways"])
    print_table(["CPU µs a leg and s, least / median"] + [f"{count:,} legs" for count in legs],
                [[row[0]["name"]] + [io_cell(way) for way in row] for row in zip(*columns)])
    return True


class Reloads(threading.Thread):
    """Reloads the scripts at random times until told to end."""

    def __init__(self, server, pause=(0.5, 10)):
        super().__init__()
        self.server, self.pause, self.count, self.failures = server, pause, 0, []
        self.over = threading.Event()
        self.dice = random.Random(1)

    def run(self):
        while not self.over.wait(self.dice.uniform(*self.pause)):
            try:
                done = self.server.reload()
                error = (done.stderr or done.stdout) if done.returncode else None
            except (OSError, subprocess.SubprocessError) as failure:
                error = str(failure)
            self.count += 1
            if error:
                self.failures.append(error.strip())


def measure_reload(conferences, seconds):
    """Scripts are read anew all the time while two talk in each of the conferences."""
    say(f"{2 * conferences} legs in {conferences} conferences, reloads all the time …")
    with Server() as server:
        reloads = Reloads(server, pause=(0.02, 0.02))
        reloads.start()
        try:
            found = run_load(server, seconds + 120, "--legs", 2 * conferences, "--conferences",
                             conferences, "--talkers", 2, "--seconds", seconds)
        finally:
            reloads.over.set()
            reloads.join()
        memory = server.status()["scripts"]["memory"]
        log = pathlib.Path(server.log_path).read_text(encoding="utf-8", errors="replace")
    times = sorted(float(took) for took in re.findall(r"reload: done, .* in ([\d.]+) ms", log))
    good = found["ok"] and not reloads.failures and bool(times)
    print_table(
        ["live conferences", "reloads", "p50", "p99", "longest", "memory of a generation", "passed"],
        [[str(conferences), str(len(times)), *(f"{times[int(len(times) * part)]:.1f} ms"
                                               for part in (0.5, 0.99)),
          f"{times[-1]:.1f} ms", f"{memory / 1000:.0f} KB", "yes" if good else "**no**"]])
    if not good:
        say(f"  FAILED: {found.get('reasons')} {reloads.failures}")
    return good


def measure_churn(seconds):
    say(f"100 legs in 10 conferences join and leave at random for {seconds} s …")
    with Server() as server:
        # Once through all of it, so that what is allocated once counts as before.
        run_load(server, 300, "--churn", "--legs", 100, "--conferences", 10, "--talkers", 2,
                 "--seconds", min(60, max(10, seconds / 10)), "--settle", 45)
        reloads = Reloads(server)
        reloads.start()
        try:
            found = run_load(server, seconds + 300, "--churn", "--legs", 100, "--conferences", 10,
                             "--talkers", 2, "--seconds", seconds, "--settle", 45)
        finally:
            reloads.over.set()
            reloads.join()
    load, memory = found["server"], found["server"]["private_kib"]
    print_table(
        ["churn", "joins", "reloads", "lost packets", "private KiB before", "100 legs up",
         "after the churn", "all left", "passed"],
        [[f"{seconds:g} s", str(load["joins"]), f"{reloads.count} ({len(reloads.failures)} failed)",
          f"{load['lost']} of {load['lost'] + load['received']:,}", f"{memory['before']:,}",
          f"{memory['up']:,}", f"{memory['end']:,}", f"{memory['after']:,}",
          "yes" if found["ok"] and not reloads.failures else "**no**"]])
    if not found["ok"]:
        say(f"  FAILED: {found['reasons']}")
    for failure in reloads.failures[:3]:
        say(f"  reload failed: {failure}")
    return found["ok"] and not reloads.failures


def wait(ready, seconds, what):
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def subscribers_row(server, crowd, legs, seconds):
    """Legs join, and those who watch are told: what came of it, and whether nobody missed any."""
    first, cpu = crowd.notifies, server.cpu()
    found = run_load(server, seconds + legs / JOIN_RATE + 60, "--legs", legs, "--talkers", 3, "--rate",
                     JOIN_RATE, "--seconds", seconds)
    wait(lambda: crowd.are_equal(len(crowd.versions)), 20, "all have the same version")
    told, threads = crowd.notifies - first, server.status()["media_threads"]
    for problem in crowd.problems[:3]:
        say(f"  FAILED: {problem}")
    return [
        f"{len(crowd.versions):,} subscribers, {legs} joins", f"{told:,}",
        f"{told / len(crowd.versions):.1f}", str(crowd.busiest), str(len(crowd.problems)),
        str(crowd.repeated), f"{crowd.bytes / max(crowd.notifies, 1):.0f}",
        f"{1e6 * (server.cpu() - cpu) / max(told, 1):.0f}",
        f"{sum(t['late_ticks'] for t in threads)} of {sum(t['ticks'] for t in threads):,}",
        str(sum(t["skipped_ticks"] for t in threads)),
        f"{max(t['lateness_p99_ms'] for t in threads):.1f}",
        f"{found['server']['lost']} of {found['server']['lost'] + found['server']['received']:,}",
        "yes" if found["ok"] and not crowd.problems else "**no**"]


def measure_subscribers(subscribers, legs, seconds):
    from crowd import Crowd

    say(f"{subscribers:,} subscribers, {legs} legs join, {JOIN_RATE} a second, and stay {seconds} s …")
    check_files(legs)
    with Server("conferences = { bench0 = {} }\n") as server:
        crowd = Crowd(SERVER_IP, conference="bench0")
        try:
            crowd.subscribe(subscribers)
            wait(lambda: crowd.are_equal(subscribers), 30, "all have subscribed")
            row = subscribers_row(server, crowd, legs, seconds)
        finally:
            crowd.close()
    print_table(["case", "NOTIFYs", "to each", "most to one in a second", "version gaps", "repeated",
                 "bytes each", "CPU µs a NOTIFY, audio included", "late ticks", "skipped",
                 "lateness ms p99", "lost packets", "passed"], [row])
    return row[-1] == "yes"


APPLICATION_HEAD = ["calls in an application", "KiB a call", "CPU µs a call and s",
                    "key to reaction ms p50 / p99"]


def measure_applications(count, answered, seconds, keys):
    """`answered`: how many of as many calls have a leg, to which audio is sent all the time."""
    import applications

    rows, good = [], True
    directory = pathlib.Path(tempfile.mkdtemp(prefix="parley-bench-"))
    config = applications.config(directory)
    check_files(count)
    for name, user, code, many in (("ringing", "ring", 180, count),
                                   ("answered, without RTP", "wait0", 200, answered)):
        say(f"{many:,} calls, {name} …")
        with Server(config) as server:
            callers = applications.Callers(CALLER_IP, SERVER_IP)
            found, kib, cpu, times = applications.cost(
                server, lambda: callers.gather(user, many, code), seconds,
                lambda: [callers.time_key() for _ in range(keys)])
            callers.close()
        good = good and found == many and None not in times
        rows.append([f"{found:,} {name}", f"{kib:.1f}", f"{cpu:.1f}",
                     applications.percentiles([one for one in times if one is not None])])
    say(f"{answered:,} calls, answered, with RTP …")
    with Server(config) as server:
        found = run_load(server, answered / 100 + seconds + 120, "--legs", answered, "--prefix", "wait",
                         "--no-hearing", "--rate", 400, "--seconds", seconds)["server"]
        rows.append([f"{found['legs']:,} answered, with RTP", f"{found['memory_kib_per_leg']:.1f}",
                     f"{found['cpu_us_per_leg_s']:.1f}", "–"])
    say("decisions …")
    with Server(config) as server:
        callers = applications.Callers(CALLER_IP, SERVER_IP)
        rate, hook = applications.decisions(callers, server)
        callers.close()
    shutil.rmtree(directory, ignore_errors=True)
    print_table(APPLICATION_HEAD, rows)
    print(f"{rate:,.0f} decisions a second; hook p50 {hook['p50_us']:.1f}, p99 {hook['p99_us']:.1f} µs",
          flush=True)
    return good


SERVICE_CASES = (Case("500 who talk, in conferences of 5", 500, 100, 2),
                 Case("500 who wait alone with music", 500, 500, 0),
                 Case("500 in one conference, of whom 2 talk", 500, 1, 2),
                 Case("500 in one conference, who hear its music", 500, 1, 0, 100, ("--prefix", "hall")),
                 Case("200 who wait with music to be let in to one", 200, 1, 0, 100, ("--prefix", "lobby")),
                 Case("100 in a menu that plays", 100, 1, 0, 100, ("--prefix", "menu")))


# Nobody ever comes who could let them in, or begin to speak.
WAITING = {"lobby": """
local policy = parley.policy { name = "lobby" }
function policy.join() return pending { decided_by = "host" } end
return policy
""", "hall": """
local policy = parley.policy { name = "hall" }
function policy.join() return accept { may_speak = false } end
function policy.joined(_, conference)
  if conference.count == 1 then conference:play("menu", { loop = true }) end
end
return policy
"""}


def measure_service(share, seconds):
    """`share`: of the callers; 1: all."""
    import applications

    rows, good = [], True
    directory = pathlib.Path(tempfile.mkdtemp(prefix="parley-bench-"))
    config = applications.config(directory) + 'audio = { hold_music = "menu" }\n'
    for name, policy in WAITING.items():
        (directory / f"{name}.lua").write_text(policy, encoding="utf-8")
        config += f'conferences.{name}0 = {{ policy = "{directory}/{name}.lua" }}\n'
    for case in SERVICE_CASES:
        legs, conferences = round(case.legs * share), max(round(case.conferences * share), 1)
        say(f"{case.name}, {legs} callers, {seconds} s …")
        check_files(legs)
        with Server(config) as server:
            found = run_load(server, legs / 100 + seconds + 120, "--legs", legs, "--conferences",
                             conferences, "--talkers", case.talkers, "--no-hearing", "--seconds",
                             seconds, *case.options)
        good = good and found["server"]["legs"] == legs
        rows.append([case.name, f"{found['server']['cpu_us_per_leg_s']:.0f}",
                     f"{found['server']['memory_kib_per_leg']:.0f}"])
    shutil.rmtree(directory, ignore_errors=True)
    print_table(["callers", "CPU µs a caller and s", "KiB a caller"], rows)
    return good


def is_wanted(name, part):
    return fnmatch.fnmatchcase(name, f"*{part}*")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", metavar="PART")
    parser.add_argument("--io", action="store_true")
    parser.add_argument("--codecs", action="store_true")
    parser.add_argument("--subscribers", action="store_true")
    parser.add_argument("--applications", action="store_true")
    parser.add_argument("--service", action="store_true")
    parser.add_argument("--reload", action="store_true")
    parser.add_argument("--churn", type=float, metavar="SECONDS")
    arguments = parser.parse_args()
    cases = CODEC_CASES if arguments.codecs else FULL_CASES if arguments.full else CASES
    cases = [case for case in cases if is_wanted(case.name, arguments.only)]
    calls = not arguments.codecs and is_wanted(CALLS, arguments.only)
    if not cases and not calls:
        parser.error(f"--only {arguments.only}: no case has such a name")
    for program in (PARLEY, LOAD, IO):
        if not os.access(program, os.X_OK):
            parser.error(f"{program} is not there; `make` builds it")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are stopped
    started = time.monotonic()
    print(describe_machine() + "\n", flush=True)
    if arguments.churn:
        good = attempt(measure_churn, arguments.churn)
    elif arguments.reload:
        good = attempt(measure_reload, *((20, 3) if arguments.quick else (200, 20)))
    elif arguments.subscribers:
        good = attempt(measure_subscribers, *((100, 40, 2) if arguments.quick else (1000, 200, 5)))
    elif arguments.applications:
        good = attempt(measure_applications,
                       *((200, 50, 2, 10) if arguments.quick else (5000, 1000, 10, 100)))
    elif arguments.service:
        good = attempt(measure_service, *((0.1, 2) if arguments.quick else (1, 10)))
    elif arguments.io:
        good = attempt(measure_io, (200,) if arguments.quick else (500, 1000, 2000), 1,
                       2 if arguments.quick else 5)
    else:
        good = not cases or measure_loads(cases, 4 if arguments.quick else 20)
        if calls:
            good = attempt(measure_calls, 2 if arguments.quick else 5) and good
    say(f"{'passed' if good else 'FAILED'}, {time.monotonic() - started:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
