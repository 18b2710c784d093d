"""REFER to a conference: somebody is called in (RFC 4579 §5.5, RFC 3515, RFC 4488, RFC 3892)."""

import run
from message import parameter, uri_of
from parley import Server
from sip import Phone

ACCOUNTS = "accounts = { alice = { password = 'wonder' } }"
# Who calls in may have others called, by a name of no account.
OPEN_TO_ALL = """
local policy = parley.policy { name = "open to all" }
function policy.create() return accept() end
function policy.invite(request)
  if request.actor.user == "mallory" then return reject(603, "Not you") end
  return accept()
end
function policy.remove(request)
  if request.actor.user == "mallory" then return reject(603, "Not you") end
  return accept()
end
return policy
"""


def test_figure_5_the_focus_adds_a_participant():
    """RFC 4579 §5.5, figure 5: Alice, who is in, sends a REFER to the conference URI."""
    with Server(policy=OPEN_TO_ALL) as server, Phone(server) as alice, Phone(
        server, "alice", media=False
    ) as referer, Phone(server, "carol") as carol:
        ok = alice.call()
        conference = uri_of(ok["Contact"])
        referer.refer(f"<{carol.own_uri}>", headers={"Accept": "application/sdp, message/sipfrag"})
        accepted = referer.expect(202)  # F2
        assert ";isfocus" in accepted["Contact"] and uri_of(accepted["Contact"]) == conference
        assert accepted.tag("To")
        trying = referer.expect("NOTIFY")  # F3
        assert trying["Event"] == "refer"
        assert trying["Content-Type"] == "message/sipfrag;version=2.0"
        assert trying.body == b"SIP/2.0 100 Trying\r\n"
        assert trying["Subscription-State"].startswith("active;expires=")
        assert int(parameter(trying["Subscription-State"], "expires")) > 60
        assert trying["Call-ID"] == referer.call_id and trying.tag("To") == referer.local_tag
        assert trying.tag("From") == accepted.tag("To")
        assert ";isfocus" in trying["Contact"]
        referer.reply(trying, 200)  # F4
        invite = carol.expect_call()  # F5
        assert ";isfocus" in invite["Contact"] and uri_of(invite["Contact"]) == conference
        assert invite["Referred-By"] is None and invite["Replaces"] is None
        carol.reply(invite, 180)  # F6
        carol.pick_up(invite)  # F7, F8
        done = referer.expect("NOTIFY")  # F9
        while done.body == b"SIP/2.0 180 Ringing\r\n":
            referer.reply(done, 200)
            done = referer.expect("NOTIFY")
        assert done.body == b"SIP/2.0 200 OK\r\n"
        assert done["Subscription-State"] == "terminated;reason=noresource"
        referer.reply(done, 200)  # F10
        carol.resubscribe()  # F11
        carol.expect(200, method="SUBSCRIBE")  # F12
        carol.notified()  # F13, F14
        assert set(server.participants()) == {"alice", "carol"}
        carol.hang_up()


if __name__ == "__main__":
    run.main()
