"""What a conference tells of itself: in session descriptions (RFC 4579 §3.1, §5.1), and to those who
subscribe to it (RFC 4575 §5.3)."""

import run
from dialing import invite
from parley import Server, run_parley
from roster import CONFERENCE, Roster
from sip import Phone, options

ABOUT = """conferences = { demo = {
  title = "Tea", description = "Example Conference Hosted by Example.com",
  web = "http://conf.example.com/3402934234?a=1&b=2", email = "3402934234@conf-help.example.com",
  phone = "+1-888-293 4234", keywords = "tea cake",
} }
"""
# As F3 of RFC 4579's figure 1 has them.
LINES = [
    "s=Tea",
    "i=Example Conference Hosted by Example.com",
    "u=http://conf.example.com/3402934234?a=1&b=2",
    "e=3402934234@conf-help.example.com",
    "p=+1-888-293 4234",
]


def about(message):
    lines = message.sdp.lines
    assert "a=keywds:tea cake" in lines[: lines.index(next(l for l in lines if l[0] == "m"))]
    return [line for line in lines if line[0] in "siuep"]


def test_every_description_of_a_session_tells():
    with Server(ABOUT) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        assert about(alice.call()) == LINES
        options(bob)
        assert about(bob.expect(200)) == LINES
        call = invite(server, bob)
        assert about(call) == LINES
        bob.pick_up(call)
        alice.send(alice.request("OPTIONS"))
        assert about(alice.expect(200, method="OPTIONS")) == LINES


def uris(roster, path):
    entries = roster.tree.findall("/".join(CONFERENCE + step for step in path.split("/") + ["entry"]))
    return [
        (entry.findtext(f"{CONFERENCE}uri"), entry.findtext(f"{CONFERENCE}purpose"))
        for entry in entries
    ]


def test_who_subscribes_is_told():
    with Server(ABOUT) as server, Phone(server) as alice:
        alice.call()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        roster = Roster(alice.notified())
        description = "conference-description"
        assert roster.text(f"{description}/subject") == "Tea"
        assert roster.text(f"{description}/free-text") == LINES[1][2:]
        assert roster.text(f"{description}/keywords") == "tea cake"
        assert uris(roster, f"{description}/conf-uris") == [
            (f"sip:demo@{server.address}", "participation"),
            ("tel:+1-888-2934234", "participation"),
        ]
        assert uris(roster, f"{description}/service-uris") == [
            ("http://conf.example.com/3402934234?a=1&b=2", "web-page"),
            (f"sip:demo@{server.address}", "event"),
        ]
        assert ("mailto:3402934234@conf-help.example.com", None) in uris(roster, "host-info/uris")
        # What a reload changes is told, and a number without + is none that others can call.
        server.write("parley.lua", 'conferences = { demo = { phone = "4234" } }')
        server.reload()
        roster.take(alice.notified())
        assert roster.text(f"{description}/free-text") is None
        assert len(uris(roster, f"{description}/conf-uris")) == 1


def test_a_slip_is_told_with_its_line():
    slips = {
        'web = "see our page"': "must be a URI",
        'email = "demo"': "must be like demo@example.com",
        'phone = "call me"': "must be a number of digits",
        f'description = "{"long" * 60}"': "must be at most 200 bytes long, not 240",
    }
    with Server(start=False) as server:
        for text, said in slips.items():
            server.write("parley.lua", f"conferences = {{\n  demo = {{ {text} }} }}")
            done = run_parley("check", server.config)
            assert done.returncode == 2 and "parley.lua:2: conferences.demo." in done.stderr
            assert said in done.stderr, done.stderr


if __name__ == "__main__":
    run.main()
