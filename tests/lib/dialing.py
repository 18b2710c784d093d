"""Having a phone called, and how that ends."""

from message import parameter

# Told in the log, as a script sees them.
EVENTS = """
local policy = parley.policy { name = "events" }
local function tell(event, conference, participant)
  print("event", event.name, participant.user, participant.status, event.code or "-",
        event.reason or "-", conference.count)
end
policy.dialing, policy.alerting, policy.failed = tell, tell, tell
policy.joined, policy.left = tell, tell
return policy
"""


def invite(server, phone, conference="demo", uri=None):
    """The operator has the phone called; returns the INVITE."""
    done = server.command("invite", conference, uri or phone.own_uri)
    assert done.returncode == 0, done.stderr
    return phone.expect_call()


def refuse(phone, request, code, headers=None, reason=None):
    """A final answer above 299, and its ACK."""
    phone.reply(request, code, headers=headers, reason=reason)
    ack = phone.expect("ACK")
    assert ack.cseq == (request.cseq[0], "ACK")
    assert parameter(ack["Via"], "branch") == parameter(request["Via"], "branch"), "hop by hop"


def failed(server, user, code, reason=""):
    """How it was told that this user will not come in."""
    server.expect_log(rf"event failed {user} disconnected {code} .*{reason}")
    assert server.participants() == {}
