"""A script, or the operator, has somebody called: what they may say, and what is refused."""

import run
from dialing import invite, refuse
from parley import Server
from roster import text
from sip import Phone


def test_a_script_invites_with_role_name_and_muted():
    with Server(start=False) as server, Phone(server, "alice") as alice, Phone(
        server, "carol"
    ) as carol:
        server.write(
            "policy/site.lua",
            f"""
            local policy = parley.policy {{ name = "site" }}
            local uri = "{carol.own_uri}"
            function policy.invite(request)
              print("asked", request.uri, request.name, request.actor.kind, request.params.role)
            end
            function policy.joined(_, conference, participant)
              if participant.user ~= "alice" then
                print("carol is", participant.role, participant.muted, participant.display_name)
                return
              end
              local p = assert(conference:invite(uri, {{ role = "guest", muted = true, timeout = 30,
                                                         name = 'Carol "C"' }}))
              print("invited", p.user, p.status, p.joined_at, conference.count)
              print("again", conference:invite(uri))
              print("self", conference:invite("sip:demo@{server.address}"))
              local n = 0
              for _ in conference:participants() do n = n + 1 end
              print("listed", n)
            end
            return policy
            """,
        )
        server.policy = server.directory / "policy/site.lua"
        server.arguments += ["--policy", str(server.policy)]
        server.start()
        alice.call()
        request = carol.expect_call()
        assert request["To"].startswith('"Carol \\"C\\"" <sip:carol@'), request["To"]
        server.expect_log(r"asked sip:carol\S+ Carol \"C\" script guest")
        server.expect_log(r"invited carol dialing-out nil 1 ")
        server.expect_log(r"again nil already in 486")
        server.expect_log(r"self nil .* 482")
        server.expect_log(r"listed 2 ")
        carol.pick_up(request)
        server.expect_log(r"carol is guest true Carol \"C\"")
        assert server.participants()["carol"]["muted"] is True


def test_a_policy_may_refuse_and_change_an_invitation():
    policy = """
    local policy = parley.policy { name = "site" }
    function policy.invite(request)
      if request.uri:find "mallory" then return reject(403, "Not her") end
      return accept { role = "listener", muted = true }
    end
    return policy
    """
    with Server(policy=policy) as server, Phone(server, "carol") as carol:
        done = server.command("invite", "demo", "sip:mallory@192.0.2.1")
        assert done.returncode == 1 and "403 Not her" in done.stderr
        carol.pick_up(invite(server, carol))
        entry = server.participants()["carol"]
        assert entry["role"] == "listener" and entry["muted"]


def test_a_policy_that_fails_invites_nobody():
    policy = """
    local policy = parley.policy { name = "site" }
    function policy.invite(request) error "oops" end
    return policy
    """
    with Server(policy=policy) as server:
        done = server.command("invite", "demo", "sip:carol@192.0.2.1")
        assert done.returncode == 1 and ": 500 " in done.stderr, done.stderr


def test_a_full_conference_invites_nobody():
    config = "conferences = { demo = { capacity = 1 } }\n"
    with Server(config=config) as server, Phone(server, "carol", media=False) as carol, Phone(
        server, "alice", media=False
    ) as alice:
        request = invite(server, carol)
        done = server.command("invite", "demo", alice.own_uri)
        assert done.returncode == 1 and "486" in done.stderr
        alice.invite("demo")
        alice.expect(486)
        alice.ack()
        refuse(carol, request, 486)


def test_parley_invite_says_what_is_wrong():
    with Server() as server:
        for words, text in (
            (("invite",), "give a conference"),
            (("invite", "demo"), "give a conference"),
            (("invite", "nowhere", "sip:a@192.0.2.1"), "no conference"),
            (("invite", "demo", "a b"), "blanks"),
        ):
            done = server.command(*words)
            assert done.returncode and text in done.stderr, done


def test_forty_phones_are_called_at_once():
    with Server() as server, Phone(server, "many", media=False) as phone:
        for number in range(40):
            uri = f"sip:n{number}@{phone.address}:{phone.port}"
            assert server.command("invite", "demo", uri).returncode == 0
        requests = {}
        while len(requests) < 40:
            request = phone.receive()
            requests[request["Call-ID"]] = request
        for number, request in enumerate(requests.values()):
            phone.local_tag = f"tag{number}"
            if number % 2:
                phone.reply(request, 486)
            else:
                phone.reply(request, 200, body=phone.offer())
        for _ in range(40):
            phone.expect("ACK")
        assert len(server.participants()) == 20
        server.process.terminate()
        for _ in range(20):
            phone.reply(phone.expect("BYE"), 200)
        server.wait_stopped()


if __name__ == "__main__":
    run.main()
