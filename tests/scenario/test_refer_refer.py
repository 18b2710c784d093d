"""REFER with REFER: somebody is asked to dial in themselves (RFC 4579 §5.7, RFC 3515, RFC 4488)."""

import contextlib

import run
from digest import parameters
from message import uri_of
from parley import Server
from sip import Phone

POLICY = """
local policy = parley.policy { name = "asked" }
function policy.create() return accept() end
function policy.invite(request)
  if request.uri:find("mallory") then return reject(403, "Not her") end
  return accept()
end
return policy
"""


@contextlib.contextmanager
def room(*names, config=None, policy=POLICY):
    """A server and phones; the first has begun to ask for the second one to be referred."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(config, policy=policy))
        phones = [stack.enter_context(Phone(server, name, media=False)) for name in names]
        alice, bob = phones[:2]
        alice.refer(reference(bob))
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        yield server, *phones


def reference(phone, conference="demo"):
    to = f"sip:{conference}%40{phone.server.address}"
    return f"<{phone.own_uri};method=REFER?Refer-To={to}>"


def expect_refer(phone):
    """Our REFER to a phone, as the dialog that the phone has from now on."""
    phone.new_dialog()
    refer = phone.expect("REFER")
    phone.take(refer)
    return refer


def accept(phone, refer, headers=None):
    phone.reply(refer, 202, headers={"Contact": phone.contact} | (headers or {}))


def tell(phone, line, state="active;expires=60", **headers):
    """The phone's NOTIFY of how it goes, answered."""
    fields = {
        "Event": "refer",
        "Subscription-State": state,
        "Contact": phone.contact,
        "Content-Type": "message/sipfrag;version=2.0",
    }
    body = f"SIP/2.0 {line}\r\n".encode()
    phone.send(phone.request("NOTIFY", headers=fields | headers, body=body))


LAST = "terminated;reason=noresource"


def test_figure_7_the_focus_refers_a_participant_to_itself():
    """RFC 4579 §5.7, figure 7, message by message."""
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(
        server, "alice", media=False
    ) as referer, Phone(server, "bob", media=False) as bob, Phone(server, "bob") as dialer:
        conference = uri_of(alice.call()["Contact"])
        by = f"<sip:alice@{alice.address}>"
        referer.refer(reference(bob), headers={"Referred-By": by})  # F1
        assert ";isfocus" in referer.expect(202)["Contact"]  # F2
        assert referer.progress() == ("SIP/2.0 100 Trying", False)  # F3, F4
        refer = expect_refer(bob)  # F5
        assert refer.uri == bob.own_uri and refer.tag("To") is None
        assert uri_of(refer["Refer-To"]) == conference == uri_of(refer["Contact"])
        assert ";isfocus" in refer["Contact"] and refer["Refer-To"].endswith(">")
        assert {"REFER", "NOTIFY", "INVITE"} <= refer.tokens("Allow")
        assert "message/sipfrag" in refer.tokens("Accept")
        assert refer["Referred-By"] == by
        accept(bob, refer)  # F6
        assert referer.progress() == ("SIP/2.0 202 Accepted", False)  # F7, F9
        tell(bob, "100 Trying")  # F8
        bob.expect(200, method="NOTIFY")  # F10
        dialer.invite(uri_of(refer["Refer-To"]), headers={"Referred-By": by})  # F11
        dialer.expect(180)  # F12
        assert ";isfocus" in dialer.expect(200)["Contact"]  # F13
        dialer.ack()  # F14
        tell(bob, "200 OK", LAST)  # F17
        bob.expect(200, method="NOTIFY")  # F18
        assert referer.progress() == ("SIP/2.0 200 OK", True)
        dialer.resubscribe()
        dialer.expect(200, method="SUBSCRIBE")
        dialer.notified()
        assert set(server.participants()) == {"alice", "bob"}
        tell(bob, "200 OK", LAST)  # the subscription is over
        bob.expect(481, method="NOTIFY")


# ---- how it may end -----------------------------------------------------------------------------


def test_whoever_refuses_to_be_referred():
    with room("alice", "bob") as (_server, alice, bob):
        bob.reply(expect_refer(bob), 603, reason="Decline")
        assert alice.progress() == ("SIP/2.0 603 Decline", True)


def test_whoever_does_not_come_in_after_all():
    with room("alice", "bob") as (_server, alice, bob):
        accept(bob, expect_refer(bob))
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)
        tell(bob, "403 Forbidden", LAST)
        bob.expect(200, method="NOTIFY")
        assert alice.progress() == ("SIP/2.0 403 Forbidden", True)


def test_whoever_tells_nothing_has_accepted():
    """RFC 4488: without a subscription the 2xx is all there is."""
    with room("alice", "bob") as (_server, alice, bob):
        accept(bob, expect_refer(bob), {"Refer-Sub": "false"})
        assert alice.progress() == ("SIP/2.0 202 Accepted", True)
        tell(bob, "100 Trying")
        bob.expect(481, method="NOTIFY")
    with room("alice", "bob") as (_server, alice, bob):
        accept(bob, expect_refer(bob))
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)
        tell(bob, "100 Trying", "terminated;reason=timeout")
        bob.expect(200, method="NOTIFY")
        assert alice.progress() == ("SIP/2.0 202 Accepted", True)


def test_whoever_never_tells_is_not_waited_for():
    with room("alice", "bob", config="outbound = { timeout = 2 }") as (_server, alice, bob):
        accept(bob, expect_refer(bob))
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)
        assert alice.progress(within=6) == ("SIP/2.0 408 Request Timeout", True)
        tell(bob, "200 OK", LAST)
        bob.expect(481, method="NOTIFY")


def test_the_notify_may_be_faster_than_the_202():
    """RFC 3515 §2.4.4."""
    with room("alice", "bob") as (_server, alice, bob):
        refer = expect_refer(bob)
        tell(bob, "100 Trying")
        bob.expect(200, method="NOTIFY")
        accept(bob, refer)
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)
        tell(bob, "200 OK", LAST)
        bob.expect(200, method="NOTIFY")
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_a_challenge_is_answered():
    credentials = "outbound = { credentials = { r = { user = 'u', password = 'p' } } }"
    challenge = 'Digest realm="r", nonce="n1", qop="auth", algorithm=MD5'
    with room("alice", "bob", config=credentials) as (_server, alice, bob):
        first = expect_refer(bob)
        bob.reply(first, 401, {"WWW-Authenticate": challenge}, reason="Unauthorized")
        again = bob.expect("REFER")
        assert again["Call-ID"] == first["Call-ID"] and again.cseq[0] == first.cseq[0] + 1
        given = parameters(again["Authorization"])
        assert given["username"] == "u" and given["realm"] == "r" and given["uri"] == again.uri
        bob.reply(again, 401, {"WWW-Authenticate": challenge}, reason="Unauthorized")
        assert alice.progress() == ("SIP/2.0 401 Unauthorized", True)


def test_a_redirection_is_followed():
    with room("alice", "bob", "mobile") as (_server, alice, bob, mobile):
        bob.reply(expect_refer(bob), 302, {"Contact": mobile.contact}, reason="Moved")
        refer = expect_refer(mobile)
        assert refer.uri == mobile.own_uri
        accept(mobile, refer)
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)


def test_notifies_must_be_about_the_refer():
    with room("alice", "bob") as (_server, alice, bob):
        accept(bob, expect_refer(bob))
        assert alice.progress() == ("SIP/2.0 202 Accepted", False)
        tell(bob, "200 OK", LAST, Event="conference")
        bob.expect(489, method="NOTIFY")
        tell(bob, "200 OK", LAST, **{"Content-Type": "text/plain"})
        bob.expect(415, method="NOTIFY")
        tell(bob, "200 OK", None)
        bob.expect(400, method="NOTIFY")
        tell(bob, "99 Luftballons")
        bob.expect(200, method="NOTIFY")
        tell(bob, "200 OK", LAST)
        bob.expect(200, method="NOTIFY")
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_a_notify_out_of_the_blue_is_481():
    with Server(policy=POLICY) as server, Phone(server, media=False) as alice:
        alice.remote_uri = alice.uri("demo")
        tell(alice, "200 OK", LAST)
        alice.expect(481, method="NOTIFY")
        alice.remote_tag = "nobodys"
        tell(alice, "200 OK", LAST)
        alice.expect(481, method="NOTIFY")


def test_the_policy_decides_and_who_is_in_is_not_asked():
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(
        server, "mallory", media=False
    ) as mallory, Phone(server, "bob") as bob:
        alice.call()
        alice.refer_again(reference(mallory))
        assert alice.expect(403, method="REFER").reason == "Not her"
        bob.call()
        alice.refer_again(reference(bob))
        alice.expect(202, method="REFER")
        assert alice.progress()[0] == "SIP/2.0 100 Trying"
        assert alice.progress() == ("SIP/2.0 200 Already in the conference", True)
        mallory.expect_nothing()


def test_the_referrer_may_be_gone_and_the_server_may_stop():
    with room("alice", "bob") as (server, alice, bob):
        accept(bob, expect_refer(bob))
        alice.reply(alice.expect("NOTIFY"), 481)
        alice.refer(reference(bob, "demo"))
        alice.expect(202)
        bob.expect("REFER")
        server.stop()


def test_a_script_has_somebody_asked():
    script = """
        local policy = parley.policy { name = "asks" }
        function policy.create() return accept() end
        function policy.joined(_, conference, participant)
          local bob = participant.display_name
          print("asked", conference:invite(bob, { by_refer = true, referred_by = "sip:a@b" }))
        end
        return policy"""
    with Server(policy=script) as server, Phone(server) as alice, Phone(
        server, "bob", media=False
    ) as bob:
        alice.invite(headers={"From": f'"{bob.own_uri}" <sip:alice@x>;tag=t1'})
        alice.local_tag = "t1"
        alice.expect(200)
        alice.ack()
        refer = expect_refer(bob)
        assert refer["Referred-By"] == "<sip:a@b>"
        accept(bob, refer)
        tell(bob, "486 Busy Here", LAST)
        bob.expect(200, method="NOTIFY")
        server.expect_log("asked true")
        server.expect_log("was referred to the conference: 486 Busy Here")


if __name__ == "__main__":
    run.main()
