"""REFER with REFER: somebody is asked to dial in themselves (RFC 4579 §5.7, RFC 3515, RFC 4488)."""

import run
from message import parameter, uri_of
from parley import Server
from sip import Phone, unique

POLICY = """
local policy = parley.policy { name = "asked" }
function policy.create() return accept() end
function policy.invite(request)
  if request.uri:find("mallory") then return reject(403, "Not her") end
  return accept()
end
return policy
"""


def reference(phone, conference="demo"):
    return f"<{phone.own_uri};method=REFER?Refer-To=sip:{conference}%40{phone.server.address}>"


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


if __name__ == "__main__":
    run.main()
