"""The notification service covers policy as well as who is in (RFC 4353 §4.4): one, the other, or
both, by event package."""

import re
from xml.etree import ElementTree

import run
import schema
from parley import Server
from sip import Phone

TYPE = "application/vnd.parley.conference-policy+xml"
NAMESPACE = "{urn:parley:params:xml:ns:conference-policy}"
CONFIG = """
conferences = {
  demo = { title = "The demo", policy = "board", capacity = 7,
           options = { wait = "90s", hosts = { "alice", "bob" }, pin = "4711" } },
}
"""
SITE = """
local policy = parley.policy { name = "site" }
function policy.subscribe(request)
  if request.actor.user == "mallory" then return reject(403, "Not you") end
  return accept { view = request.actor.user == "host" and "moderator" or "plain" }
end
function policy.join(request)
  if request.actor.user == "waiter" then return pending() end
end
function policy.digit(_, conference)
  if conference.locked then conference:unlock() else conference:lock() end
end
return policy
"""
BOARD = """
local policy = parley.policy { name = "board", options = {
  wait  = { type = "duration", default = "5m", public = true },
  hosts = { type = "list", public = true },
  note  = { type = "string", public = true },
  pin   = { type = "string", secret = true },
} }
function policy.mute() return reject(403) end
return policy
"""


class Policy:
    """A document of it."""

    def __init__(self, notify):
        assert notify["Content-Type"] == TYPE and notify["Event"] == "parley-policy", notify
        schema.check("conference-policy", notify.body)
        self.tree = ElementTree.fromstring(notify.body)
        self.version, self.state = int(self.tree.get("version")), self.tree.get("state")
        assert b"4711" not in notify.body and b"pin" not in notify.body

    def text(self, name):
        return self.tree.findtext(NAMESPACE + name)

    def policies(self):
        return {
            policy.get("name"): {
                option.get("name"): option.text for option in policy.findall(f"{NAMESPACE}option")
            }
            for policy in self.tree.iter(f"{NAMESPACE}policy")
        }

    def right(self, verb):
        found = [r for r in self.tree.iter(f"{NAMESPACE}right") if r.get("verb") == verb]
        assert len(found) == 1, f"{verb}: {found}"
        return found[0].get("default"), [by.text for by in found[0]]


def serve():
    return Server(CONFIG, policy=SITE, files={"policy/board.lua": BOARD})


def test_a_subscriber_learns_who_decides_and_each_change():
    with serve() as server, Phone(server) as alice, Phone(server, "watcher") as watcher:
        watcher.subscribe(event="parley-policy")
        ok = watcher.expect(200)
        assert {"conference", "dialog", "parley-policy"} <= set(
            re.split(r"\s*,\s*", ok["Allow-Events"])
        )
        first = Policy(watcher.notified())
        assert first.state == "full" and first.tree.get("entity") == watcher.uri("demo")
        assert (first.text("title"), first.text("locked")) == ("The demo", "false")
        assert first.text("maximum-user-count") == "7"
        board = {"wait": "90.0", "hosts": "alice, bob", "note": None}
        assert first.policies() == {"site": {}, "board": board}, first.policies()
        assert first.right("mute") == ("known", ["board"])
        assert first.right("subscribe") == ("inside", ["site"])
        assert first.right("join") == ("anybody", ["site"])
        alice.call()
        alice.press("1")
        locked = Policy(watcher.notified())
        assert locked.text("locked") == "true" and locked.version == first.version + 1
        server.write("policy/board.lua", BOARD.replace("policy.mute", "policy.lock"))
        server.write("parley.lua", CONFIG.replace("90s", "1m").replace("The demo", "Board"))
        server.reload()
        reloaded = Policy(watcher.notified())
        assert reloaded.text("title") == "Board" and reloaded.policies()["board"]["wait"] == "60.0"
        assert reloaded.right("mute") == ("known", [])
        assert reloaded.right("lock") == ("known", ["board"])


def test_both_may_be_watched_and_one_does_not_tell_the_other():
    with serve() as server, Phone(server) as alice, Phone(server, "watcher") as policy, Phone(
        server, "watcher"
    ) as roster:
        policy.subscribe(event="parley-policy")
        policy.expect(200)
        Policy(policy.notified())
        roster.subscribe()
        roster.expect(200)
        assert roster.notified()["Content-Type"] == "application/conference-info+xml"
        alice.call()
        assert b"sip:alice@" in roster.notified().body
        policy.expect_nothing(0.5)


def test_who_may_not_is_refused_and_who_does_not_understand_it_is_told():
    with serve() as server, Phone(server, "mallory") as mallory, Phone(server, "bob") as bob:
        mallory.subscribe(event="parley-policy")
        assert mallory.expect(403).reason == "Not you"
        bob.subscribe(event="parley-policy", headers={"Accept": "application/conference-info+xml"})
        assert bob.expect(406)["Accept"] == TYPE


def test_moderators_are_told_how_many_wait():
    with serve() as server, Phone(server) as alice, Phone(server, "waiter") as waiter, Phone(
        server, "host"
    ) as host, Phone(server, "watcher") as watcher:
        alice.call()
        for phone in host, watcher:
            phone.subscribe(event="parley-policy")
            phone.expect(200)
        assert Policy(host.notified()).text("pending-count") == "0"
        assert Policy(watcher.notified()).text("pending-count") is None
        waiter.call()
        assert Policy(host.notified()).text("pending-count") == "1"
        told = server.command("explain", "demo", "alice", "waiter").stdout
        assert re.search(r"waiter@\S+ waits for a decision of moderator on: join, until \S+Z\n +asked by", told)
        assert "site.lua:8, generation 1" in told
        assert told in server.command("explain", "demo").stdout
        waiter.hang_up()
        assert Policy(host.notified()).text("pending-count") == "0"
        watcher.expect_nothing()


def test_the_end_of_the_conference_is_the_end_of_its_policy():
    with serve() as server, Phone(server) as alice, Phone(server, "watcher") as watcher:
        made = server.command("create").stdout.strip()
        watcher.subscribe(made, event="parley-policy")
        watcher.expect(200)
        Policy(watcher.notified())
        alice.call(made)
        server.command("end", made)
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False
        last = watcher.notified()
        assert last["Subscription-State"].startswith("terminated;reason=noresource"), last
        assert Policy(last).state == "deleted"


if __name__ == "__main__":
    run.main()
