"""Real phones with Parley as their only server: they register, and call under their names."""

import audio
import digest
import run
from parley import Server
from phones import Baresip, Linphone

# baresip 1.0 gives up when SHA-256 is offered, and of an account with this hash only MD5 is.
CONFIG = f"""
accounts = {{
    alice = {{ ha1 = "{digest.ha1("MD5", "alice", "parley", "wonder")}", groups = {{ "staff" }} }},
    lin = {{ password = "phone" }},
}}
"""
STAFF_ONLY = """local policy = parley.policy { name = "site" }
function policy.join(request)
  if not request.actor.authenticated then return challenge() end
  return accept { role = request.actor.groups.staff and "host" or "guest" }
end
return policy
"""


def registered(server):
    return {entry["account"]: entry for entry in server.status()["registrations"]}


@run.limit(60)
def test_baresip_registers_and_dials_in_under_its_name():
    with Server(CONFIG, policy=STAFF_ONLY) as server:
        for transport in ("udp", "tcp"):
            with Baresip("alice", audio.voice(0, 40), transport, server=server, password="wonder") as alice:
                assert registered(server)["alice"]["peer"].endswith(transport)
                alice.call(f"sip:demo@{server.address}")
                assert server.participants()["alice"]["role"] == "host"
                alice.hang_up()


@run.limit(60)
def test_linphone_registers_and_dials_in_under_its_name():
    with Server(CONFIG, policy=STAFF_ONLY) as server:
        with Linphone("lin", audio.voice(0, 40), server=server, password="phone") as lin:
            assert registered(server)["lin"]["user_agent"].startswith("Linphone")
            lin.call(f"sip:demo@{server.address}")
            assert server.participants()["lin"]["role"] == "guest"
            lin.hang_up()
        server.expect_log("lin unregistered")


if __name__ == "__main__":
    run.main()
