"""Conference factories (RFC 4579 §3.2, §5.4, figure 4): a call makes a conference."""

import re

import run
import tone
from digest import authorization, choose
from message import parameter, uri_of
from parley import OPEN, Server, run_parley
from proxy import Proxy
from roster import Roster
from sip import Phone, options

ACCOUNTS = 'accounts = { alice = { password = "wonder" } }\n'
ANSWERS = ACCOUNTS + 'conferences = { new = { factory = "answer", title = "Ad hoc" } }\n'
REDIRECTS = ACCOUNTS + 'conferences = { new = { factory = "redirect", title = "Ad hoc" } }\n'
OPAQUE = r"[0-9a-f]{16,}"  # 64 bits at least


def prove(phone, challenge, method="INVITE", count=1):
    """A header with alice's password; `count`: the uses of the challenge so far."""
    chosen = choose(challenge, "SHA-256")
    value = authorization(chosen, "alice", "wonder", method, phone.remote_uri, count)
    return {"Authorization": value}


def call_factory(alice, code, name="new"):
    """Alice, who has to say her password, calls the factory; returns the final answer."""
    alice.invite(name)
    challenge = alice.expect(401)
    alice.ack()
    alice.send_invite(True, prove(alice, challenge))
    answer = alice.expect(code)
    alice.ack()
    return answer, challenge


def conference_of(answer, server):
    """The name in the Contact, which is a conference's."""
    match = re.fullmatch(rf"sip:({OPAQUE})@{server.address}", uri_of(answer["Contact"]))
    assert match, f"no opaque URI of this server: {answer['Contact']}"
    assert parameter(answer["Contact"], "isfocus") == ""
    return match[1]


def names(server):
    return [entry["name"] for entry in server.status()["conferences"]]


def test_figure_4_the_factory_redirects_to_the_focus():
    with Server(REDIRECTS) as server, Phone(server, "alice") as alice:
        # F1 INVITE sip:Conf-Factory, F2 302 Moved Contact:Conf-ID;isfocus, F3 ACK
        moved, challenge = call_factory(alice, 302)
        assert moved.reason == "Moved Temporarily" and not moved.body
        conference = conference_of(moved, server)
        assert conference in names(server), "it is there before the caller is"
        # F4 INVITE sip:Conf-ID, as RFC 3261 §8.1.3.4 has it: the same call, the next CSeq
        alice.remote_uri = uri_of(moved["Contact"])
        alice.send_invite(True, prove(alice, challenge, count=2))
        # F5 180 Ringing, F6 200 OK Contact:Conf-ID;isfocus, F7 ACK
        assert conference_of(alice.expect(180), server) == conference
        ok = alice.expect(200)
        assert conference_of(ok, server) == conference
        assert "s=Ad hoc" in ok.sdp.lines, "like the factory's entry"
        alice.ack()
        # F8 SUBSCRIBE sip:Conf-ID, F9 200 OK, F10 NOTIFY, F11 200 OK
        with Phone(server, "alice", media=False) as watcher:
            watcher.subscribe(f"sip:{conference}@{server.address}")
            challenge = watcher.expect(401)
            watcher.resubscribe(headers=prove(watcher, challenge, "SUBSCRIBE"))
            assert conference_of(watcher.expect(200, method="SUBSCRIBE"), server) == conference
            notify = watcher.notified()
            assert conference_of(notify, server) == conference
            assert Roster(notify).entity == f"sip:{conference}@{server.address}"
            # §5.12: it is deleted when its creator departs.
            alice.hang_up()
            roster = Roster(watcher.notified())
            while not roster.is_deleted:
                roster.take(watcher.notified())


@run.real_time
def test_a_proxy_follows_the_redirection_and_alice_never_sees_it():
    """§5.4: "with proxy recursion […], Alice may never see the redirect but may just receive the
    responses from the focus starting with message F5"."""
    with Server(REDIRECTS, policy=OPEN) as server, Proxy(server) as proxy:
        with Phone(proxy, "carol") as carol, Phone(server, "bob") as bob:
            carol.say(tone.sine(500))
            carol.invite(f"sip:new@{server.address}")
            conference = conference_of(carol.expect(180), server)
            ok = carol.expect(200)
            assert conference_of(ok, server) == conference
            assert proxy.followed == [f"sip:{conference}@{server.address}"]
            carol.ack()
            bob.call(conference)
            assert tone.level(bob.hear(), 500) > -40
            # The proxy has changed neither Call-ID nor CSeq: she is known as the creator.
            carol.hang_up()
            bob.reply(bob.expect("BYE"), 200)


@run.real_time
def test_the_factory_answers_with_the_conference_itself():
    with Server(ANSWERS) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500))
        ok, _ = call_factory(alice, 200)
        conference = conference_of(ok, server)
        assert parameter(ok["To"], "tag") and uri_of(ok["To"]) == f"sip:new@{server.address}"
        assert {"conference"} <= ok.tokens("Allow-Events") and "s=Ad hoc" in ok.sdp.lines
        assert set(server.participants(conference)) == {"alice"}
        bob.call(conference)  # who knows the URI dials in, as into any other
        assert tone.level(bob.hear(), 500) > -40
        assert set(server.participants(conference)) == {"alice", "bob"}
        assert set(server.participants("new")) == set(), "nobody is in the factory"
        # §5.12: deleted when the creator departs; its URI is gone for good.
        alice.hang_up()
        bob.reply(bob.expect("BYE"), 200)
        bob.invite(conference)
        bob.expect(410)
        bob.ack()
        options(bob, conference)
        bob.expect(410)


def test_it_outlives_its_creator_when_the_factory_says_so():
    config = 'conferences = { new = { factory = "answer", ends_with_creator = false } }'
    with Server(config, policy=OPEN) as server:
        with Phone(server, "carol") as carol, Phone(server, "bob") as bob:
            conference = conference_of(carol.call("new"), server)
            bob.call(conference)
            carol.hang_up()
            server.expect_left("carol")
            assert set(server.participants(conference)) == {"bob"}


def test_each_call_makes_a_conference_of_its_own():
    with Server(ANSWERS, policy=OPEN) as server:
        with Phone(server, "carol") as carol, Phone(server, "dave") as dave:
            made = {conference_of(phone.call("new"), server) for phone in (carol, dave)}
            assert len(made) == 2 and made <= set(names(server))
            for phone in (carol, dave):
                phone.hang_up()
                server.expect_left(phone.user)
            assert names(server) == ["new"], "they are gone, the factory stays"


def test_a_conference_that_nobody_comes_to_goes():
    with Server(REDIRECTS + 'created = { patience = "300ms" }') as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            moved, _ = call_factory(alice, 302)
            server.expect_log("conference is over before it began")
            bob.invite(conference_of(moved, server))
            bob.expect(410)
            bob.ack()


def test_somebody_else_does_not_become_the_creator():
    with Server(REDIRECTS, policy=OPEN) as server:
        with Phone(server, "carol") as carol, Phone(server, "bob") as bob:
            carol.invite("new")
            moved = carol.expect(302)
            carol.ack()
            conference = conference_of(moved, server)
            bob.call(conference)
            carol.call(conference)
            bob.hang_up()
            server.expect_left("bob")
            assert set(server.participants(conference)) == {"carol"}


def test_strangers_make_no_conference_unless_the_policy_lets_them():
    with Server(ANSWERS) as server, Phone(server, "mallory") as mallory:
        mallory.invite("new")
        mallory.expect(401)
        mallory.ack()
        assert names(server) == ["new"]
    policy = """local policy = parley.policy { name = "site" }
function policy.create(request)
  if request.is_name_given or request.factory ~= "new" then return end
  if request.actor.user == "mallory" then return reject(403, "Not you") end
  return accept { title = request.params.title .. " of " .. request.actor.user }
end
return policy
"""
    with Server(ANSWERS, policy=policy) as server:
        with Phone(server, "mallory") as mallory, Phone(server, "carol") as carol:
            mallory.invite("new")
            assert mallory.expect(403).reason == "Not you"
            mallory.ack()
            assert "s=Ad hoc of carol" in carol.call("new").sdp.lines
            mallory.invite("other")
            mallory.expect(404)
            mallory.ack()


def test_the_factory_is_no_conference():
    """OPTIONS tell what a call to it would meet; there is nothing to subscribe to, nobody to bring
    in."""
    with Server(ANSWERS, policy=OPEN) as server, Phone(server, "carol") as carol:
        options(carol, "new")
        ok = carol.expect(200)
        assert parameter(ok["Contact"], "isfocus") is None and ok["Allow-Events"] is None
        assert "INVITE" in ok.tokens("Allow") and ok.sdp.medias[0].kind == "audio"
        carol.subscribe("new")
        carol.expect(403)
        carol.new_dialog()
        carol.remote_uri = carol.uri("new")
        carol.send(carol.request("REFER", headers={"Refer-To": "<sip:bob@192.0.2.1>"}))
        carol.expect(404)
        done = server.command("invite", "new", carol.own_uri)
        assert done.returncode != 0
        assert names(server) == ["new"]
        assert 'Factory new, "Ad hoc": each call makes a conference' in server.command("status").stdout


def test_a_factory_is_checked_and_reloaded():
    with Server('conferences = { new = { factory = "maybe" } }', start=False) as server:
        done = run_parley("check", server.config)
        assert done.returncode == 2 and 'parley.lua:1: conferences.new.factory' in done.stderr
        assert '"answer" or "redirect"' in done.stderr
    with Server(ANSWERS, policy=OPEN) as server, Phone(server, "carol") as carol:
        conference = conference_of(carol.call("new"), server)
        server.write("parley.lua", "conferences = { new = {} }")
        server.reload()
        assert set(server.participants(conference)) == {"carol"}, "what it has made goes on"
        with Phone(server, "bob") as bob:
            assert uri_of(bob.call("new")["Contact"]) == f"sip:new@{server.address}"
            server.write("parley.lua", ANSWERS)
            done = server.command("reload")
            assert done.returncode == 2, "who is in it would be in a factory"
            assert "conferences.new.factory: that conference goes on" in done.stderr, done
            assert "`parley end new`" in done.stderr
            assert set(server.participants("new")) == {"bob"}
            bob.hang_up()
            server.expect_left("bob")
            server.reload()
            conference_of(bob.call("new"), server)


def test_the_operator_has_a_conference_made_and_ends_it():
    with Server(ANSWERS) as server, Phone(server, "bob") as bob:
        for words, lines in (([], "s=-"), (["new"], "s=Ad hoc")):
            done = server.command("create", *words)
            assert done.returncode == 0, done.stderr
            name = done.stdout.strip()
            assert re.fullmatch(OPAQUE, name) and name in names(server)
            assert lines in bob.call(name).sdp.lines
            done = server.command("end", name, "Time is over")
            assert done.returncode == 0 and done.stdout == f"{name} has ended\n"
            bye = bob.expect("BYE")
            assert "Time is over" in bye["Reason"]
            bob.reply(bye, 200)
            assert name not in names(server)
        for words, said in (
            (["end", "nowhere"], 'there is no conference "nowhere"'),
            (["end", "new"], 'there is no conference "new"'),
            (["invite", "new", "sip:bob@192.0.2.7"], 'there is no conference "new"'),
            (["create", "demo"], 'there is no factory "demo"'),
            (["create", "a", "b"], "give nothing, or the name of a factory"),
            (["end"], "give a conference"),
        ):
            done = server.command(*words)
            assert done.returncode != 0 and said in done.stderr, done.stderr


if __name__ == "__main__":
    run.main()
