"""What people write to a conference (MESSAGE, RFC 3428): who may, who reads it, and as whose."""

import re
from pathlib import Path

import digest
import run
from message import parameter, uri_of
from parley import OPEN, Server
from sip import Phone
from texting import TAKES, join, page, read, text, write

ACCOUNTS = 'accounts = { dora = { password = "explorer", name = "Dora Grey" } }\n'


def test_what_one_writes_the_others_read_whose_phones_take_it():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob, Phone(
        server, "carol"
    ) as carol, Phone(server, "dave") as dave:
        join(alice)
        join(bob)
        join(carol, headers={"Accept": "application/sdp, message/cpim"})
        dave.call()  # its Allow says nothing of MESSAGE
        server.expect_log("dave@.* joined")

        # RFC 3428 §10, F1: in the dialog. 202 (§7): it goes on to others.
        sent = write(alice, "Watson, come here.")
        accepted = alice.expect(202, method="MESSAGE")
        assert not accepted.body and accepted["Contact"] is None
        assert accepted.tag("To") == sent.tag("To")
        relayed = read(bob)
        assert relayed["Content-Type"].replace(" ", "") == "text/plain;charset=utf-8"
        assert text(relayed) == "alice: Watson, come here."
        # The dialog's own: the conference is who sends it (RFC 3261 §12.2.1.1).
        assert uri_of(relayed["From"]) == uri_of(sent["To"]) and relayed.tag("To") == bob.local_tag
        assert "MESSAGE" in relayed["CSeq"] and relayed["Max-Forwards"] == "70"

        # RFC 3862: with its sender in a From of its own, for whoever takes that.
        relayed = read(carol)
        assert relayed["Content-Type"] == "message/cpim"
        head, inner, said = text(relayed).split("\r\n\r\n", 2)
        assert head.splitlines()[0] == f'From: "alice" <{uri_of(alice.name)}>'
        assert head.splitlines()[1].startswith("To: <sip:demo@")
        assert inner == "Content-Type: text/plain; charset=utf-8" and said == "Watson, come here."
        dave.expect_nothing()
        alice.expect_nothing(0.1)
        server.expect_log("alice writes, to 2 of 3 others")

        # Out of any dialog the same phone is the same participant; lines stay, the rest is cleaned.
        page(bob, "one\r\ntwo\x07 \r\n")
        bob.expect(202)
        assert text(read(alice)) == "bob: one\n  two?"
        read(carol)

        # No line of it looks like another message, of somebody else's.
        for end in ("\n", "\r\n", "\u2028", "\u2029"):
            write(bob, f"I stay{end}alice: I go")
            bob.expect(202)
            assert text(read(alice)) == "bob: I stay\n  alice: I go"
            assert text(read(carol)).endswith("\r\n\r\nI stay\nalice: I go")

        # From message/cpim only the text counts: who says it, SIP has proven.
        forged = "From: Queen <sip:queen@palace.example>\r\nTo: <sip:demo@x>\r\n\r\n{}\r\n\r\nBow!"
        write(bob, forged.format("Content-type: text/plain"), {"Content-Type": "message/cpim"})
        bob.expect(202)
        assert text(read(alice)) == "bob: Bow!"
        assert "queen" not in text(read(carol))
        write(alice, "Never.")
        alice.expect(202)
        assert read(bob)["Content-Type"] == "message/cpim"  # which it has sent, so it takes it
        read(carol)


def test_what_is_no_plain_text_is_refused():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice:
        join(alice)
        for kind, body, code in (
            ("text/html", b"<b>hi</b>", 415),
            ("application/im-iscomposing+xml", b"<isComposing/>", 415),
            ("text/plain;charset=utf-16", b"h\0i\0", 415),
            ("text/plainer", b"hi", 415),
            ("message/cpim", b"From: <sip:a@b>\r\n\r\nContent-Type: text/html\r\n\r\nhi", 415),
            ("message/cpim", b"hi", 400),
            ("text/plain", b"x" * 4097, 413),
        ):
            write(alice, body, {"Content-Type": kind})
            refused = alice.expect(code, method="MESSAGE")
            if code == 415:  # RFC 3261 §21.4.13
                assert refused.tokens("Accept") == {"text/plain", "message/cpim"}, refused
        write(alice, b"hi", {"Content-Encoding": "gzip"})
        alice.expect(415)
        write(alice, b" \r\n ")  # says nothing, to nobody
        alice.expect(200)
        page(alice, "hi", "nobody")
        alice.expect(404)
        for _ in range(20):
            write(alice, "hi")
            alice.expect(202)
        write(alice, "hi")
        refused = alice.expect(480)
        assert refused["Retry-After"] == "10" and "Too Many Messages" in refused.start


def test_strangers_are_told_to_prove_who_they_are_and_members_need_not_be_in():
    policy = """
local policy = parley.policy { name = "chat" }
function policy.message(request)
  if request.text:find "darn" then return reject(403, "Mind your words") end
  if request.text:find "^/" then return accept { relay = false } end
end
function policy.messaged(event, conference, participant)
  print("messaged", event.sender, event.text, event.relayed, participant and participant.user)
  if participant and not event.relayed then participant:message "Only you read this" end
  if event.text == "/all" then conference:message("Hear,\\nhear") end
end
function policy.join(request) return accept { anonymous = request.actor.user == "shy" } end
return policy
"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "shy"
    ) as shy, Phone(server, "dora") as dora, Phone(server, "mallory") as mallory:
        join(alice)
        join(shy)
        page(mallory, "buy now")
        assert mallory.expect(401)["WWW-Authenticate"]
        alice.expect_nothing(0.1)

        first = page(dora, "May I come in?")
        challenge = digest.choose(dora.expect(401), "SHA-256")
        uri = first.start.split()[1]
        proof = digest.authorization(challenge, "dora", "explorer", "MESSAGE", uri)
        page(dora, "May I come in?", headers={"Authorization": proof})
        dora.expect(202)
        assert text(read(alice)) == "Dora Grey: May I come in?"
        read(shy)
        server.expect_log(r"messaged Dora Grey May I come in\? true nil")

        write(shy, "Hello")
        shy.expect(202)
        assert text(read(alice)) == "anonymous1: Hello"
        write(alice, "darn")
        assert "Mind your words" in alice.expect(403).start
        write(alice, "/all")
        alice.expect(200)  # for the scripts alone: nothing is relayed
        assert text(read(alice)) == "Only you read this"
        assert text(read(alice)) == "Hear,\nhear"
        assert text(read(shy)) == "Hear,\nhear"


def test_of_a_flood_of_refused_requests_little_is_kept_and_accounts_come_through():
    with Server(ACCOUNTS, policy=OPEN, log_level="info") as server, Phone(server, "alice") as alice, Phone(
        server, "mallory"
    ) as mallory, Phone(server, "dora") as dora:
        join(alice)
        for _ in range(3000):
            page(mallory, "buy now")
            assert mallory.expect(401).tag("To")
        assert 2000 <= server.status()["sip"]["transactions"] < 2100
        proven(dora, "May I come in?", 202)
        assert text(read(alice)) == "Dora Grey: May I come in?"
        write(alice, "Who was that?")
        alice.expect(202)


def proven(phone, text, code=200):
    """A MESSAGE of an account's that is in no call, with its password; the answer to it."""
    first = page(phone, text)
    challenge = digest.choose(phone.expect(401), "SHA-256")
    proof = digest.authorization(challenge, "dora", "explorer", "MESSAGE", first.start.split()[1])
    page(phone, text, headers={"Authorization": proof})
    return phone.expect(code)


def register(phone):
    """Says where the account is reached from now on."""
    phone.new_dialog()
    uri = phone.remote_uri = f"sip:{phone.server.address}"
    aor = f"sip:{phone.user}@{phone.server.address}"
    fields = {"To": f"<{aor}>", "From": f"<{aor}>;tag={phone.local_tag}", "Contact": phone.contact}
    phone.send(phone.request("REGISTER", uri, fields))
    challenge = digest.choose(phone.expect(401), "SHA-256")
    fields["Authorization"] = digest.authorization(challenge, "dora", "explorer", "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, fields))
    phone.expect(200)


def test_who_is_not_in_is_answered_outside_of_any_dialog():
    policy = """
local policy = parley.policy { name = "clerk" }
function policy.message() return accept { relay = false } end
function policy.messaged(event, conference)
  if event.text:find "^/long" then return print("long", parley.reply(("word "):rep(800))) end
  local ok, why, code = parley.on_behalf(function()
    return conference:participants()():mute()
  end)
  print("replies", parley.reply(ok and "Done" or ("No: %d"):format(code)))
end
return policy
"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "dora"
    ) as dora, Phone(server, "mallory") as mallory:
        join(alice)
        proven(dora, "/mute alice")
        # RFC 3428 §10, F3: a request of its own, from the conference.
        answer = read(dora)
        assert text(answer) == "Done" and answer["Content-Type"].replace(" ", "") == "text/plain;charset=utf-8"
        assert answer.tag("From") and not answer.tag("To")
        assert uri_of(answer["From"]).startswith("sip:demo@") and "dora@" in answer["To"]
        server.expect_log("alice@.* is muted")

        # §8: 1300 bytes each, one when the other is answered; words stay whole.
        proven(dora, "/long")
        parts = [dora.expect("MESSAGE")]
        dora.expect_nothing(0.2)
        dora.reply(parts[0], 200, headers={"Contact": None})
        while sum(text(part).count("word") for part in parts) < 800:
            parts.append(read(dora))
        assert len(parts) > 3 and all(len(part.raw) <= 1300 for part in parts)
        assert len({part["Call-ID"] for part in parts}) == 1 and parts[1].cseq[0] == parts[0].cseq[0] + 1

        # Whose phone has registered is answered there.
        with Phone(server, "dora") as home:
            register(home)
            proven(dora, "/mute alice")
            assert text(read(home)) == "Done"
            dora.expect_nothing(0.1)

        # Nobody is sent anything in the name of another.
        page(mallory, "/mute alice", headers={"From": f"<{dora.name}>;tag=m"})
        mallory.expect(401)
        page(mallory, "/mute alice")
        server.expect_log("replies nil .*not proven.* 401")
        mallory.expect(200)
        mallory.expect_nothing(0.2)
        dora.expect_nothing(0.1)


GUARD = """
local policy = parley.policy { name = "guard" }
local function only_alice(request)
  if request.actor.user ~= "alice" then return reject(403, "Only Alice may") end
  return accept()
end
for _, verb in ipairs { "mute", "remove", "invite", "lock", "record", "close" } do
  policy[verb] = only_alice
end
return policy
"""


def test_each_command_is_done_for_who_may_and_answered_to_them_alone():
    config = 'conferences = { demo = { policy = "chat" } }\nrecordings = { path = "recordings" }\n'
    with Server(config, policy=GUARD) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave:
        for phone in (alice, bob, carol):
            join(phone)
        table = (
            ("/mute bob", "bob is muted", r"bob@\S+ is muted"),
            ("/unmute bob", "bob is unmuted", r"bob@\S+ is unmuted"),
            ("mute all", None, None),  # with a slash it would be meant
            ("/mute all", "2 muted", r"carol@\S+ is muted"),
            ("/unmute all but carol", "1 unmuted", r"bob@\S+ is unmuted"),
            ("/lock", "The conference is locked", "locked"),
            ("/unlock", "The conference is open", "unlocked"),
            ("/record", "The conference is recorded", "records demo-"),
            ("/record off", "The recording is over", "has recorded demo-"),
            ("/list", "3 here:\nalice, participant\nbob, participant\ncarol, participant, muted", None),
            ("/help", "/list: who is here", None),
            ("/dance", "There is no /dance. Try /help", None),
            (f"/invite {dave.own_uri}", f"{dave.own_uri} is being called", None),
            ("remove carol", "carol is removed", r"carol@\S+ left"),
            ("/remove all but bob", "1 removed", None),
            ("/end", None, r"bob@\S+ left"),
        )
        commands = {row[0].split()[0].strip("/") for row in table if row[0] != "/dance"}
        shipped = (Path(__file__).parents[2] / "policy/chat.lua").read_text()
        assert commands == set(re.findall(r'command(?:\("|s\.)(\w+)(?=", "| = f)', shipped))
        for command, answer, done in table:
            name = command.split()[0].strip("/")
            if command.startswith("/") and name not in ("list", "help", "dance", "end"):
                write(bob, command)
                assert bob.expect(200, method="MESSAGE")
                refused = text(read(bob))
                assert "Only Alice may" in refused, (command, refused)
            write(alice, command)
            if answer is None and done is None:
                alice.expect(202, method="MESSAGE")
                assert text(read(bob)) == text(read(carol)) == f"alice: {command}"
                continue
            alice.expect(200, method="MESSAGE")
            if answer:
                assert text(read(alice)).startswith(answer), command
            if done:
                server.expect_log(done)
            if name == "invite":
                dave.pick_up(dave.expect_call())
                server.expect_log(r"dave@\S+ joined")
        for phone in (alice, bob, carol, dave):  # who have read nothing else
            phone.reply(phone.expect("BYE"), 200)
            phone.expect_nothing(0.1)


def test_one_message_at_a_time_is_on_its_way_to_a_phone_and_405_ends_them():
    policy = """
local policy = parley.policy { name = "calls" }
function policy.messaged(event, conference)
  local uri = event.text:match "^call (.*)"
  if uri then assert(conference:invite(uri)) end
end
return policy
"""
    with Server(policy=policy) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        join(alice)
        join(bob)
        for word in ("one", "two", "three"):
            write(alice, word)
            alice.expect(202)
        first = bob.expect("MESSAGE")
        assert text(first) == "alice: one"
        bob.expect_nothing(0.2)  # RFC 3428 §8: not before that is answered
        bob.reply(first, 200)
        second = bob.expect("MESSAGE")
        assert text(second) == "alice: two" and second.cseq[0] == first.cseq[0] + 1
        bob.reply(second, 480)
        assert text(read(bob)) == "alice: three"
        write(alice, "four")
        alice.expect(202)
        write(alice, "those behind it")
        alice.expect(202)
        bob.reply(bob.expect("MESSAGE"), 405, headers={"Allow": "INVITE, ACK, BYE"})
        server.expect_log("a message was not taken: 405")
        write(alice, "five")
        alice.expect(202)
        bob.expect_nothing(0.2)

        # Of whom the conference calls, the 200 says it; and what is on its way does not outlive the call.
        with Phone(server, "carol") as carol:
            write(alice, f"call {carol.own_uri}")
            alice.expect(202)
            carol.pick_up(carol.expect_call(), headers=TAKES)
            server.expect_log("carol@.* joined")
            for word in ("six", "seven"):
                write(alice, word)
                alice.expect(202)
            carol.expect("MESSAGE")
            carol.hang_up()
            server.expect_left("carol")


if __name__ == "__main__":
    run.main()
