"""Who it is: Digest (RFC 3261 §22, RFC 7616, RFC 8760), and the word of trusted proxies (RFC 3325)."""

import time

import digest
import run
from message import parameter
from parley import OPEN, Server, run_parley
from sip import Phone, options

ACCOUNTS = """
accounts = {
    alice = { password = 'Wonder "land"', groups = { "staff", "chair" }, name = "Alice Liddell" },
    bob = { password = "builder" },
}
"""
PASSWORD = 'Wonder "land"'
TELLS = """local policy = parley.policy { name = "site" }
function policy.join(request)
  local a = request.actor
  parley.log.info(("actor <%s> %s (%s) authenticated=%s staff=%s groups=%s anonymous=%s"):format(
    a.uri, a.user, a.display_name, tostring(a.authenticated), tostring(a.groups.staff),
    table.concat(a.groups, "+"), tostring(a.anonymous)))
end
return policy
"""


def invite_again(phone, challenge, password, user=None, count=1, headers=None, **changes):
    """The INVITE once more, as RFC 3261 §22.2 has it: the same call, the next CSeq."""
    user = user or phone.user
    uri = changes.pop("signed", phone.remote_uri)
    value = digest.authorization(challenge, user, password, "INVITE", uri, count, **changes)
    return phone.send_invite(True, {**(headers or {}), "Authorization": value})


def challenged(phone, conference="demo", **changes):
    phone.invite(conference, **changes)
    answer = phone.expect(401)
    phone.ack()
    return answer


def call(phone, algorithm="SHA-256", password=PASSWORD, conference="demo"):
    answer = challenged(phone, conference)
    invite_again(phone, digest.choose(answer, algorithm), password)
    phone.expect(200)
    phone.ack()
    return answer


def test_who_says_to_be_alice_is_asked_for_her_password():
    with Server(ACCOUNTS, policy=TELLS) as server, Phone(server, "alice") as alice:
        answer = call(alice)
        assert [c["algorithm"] for c in digest.challenges(answer)] == ["SHA-256", "MD5"]
        for challenge in digest.challenges(answer):
            assert challenge["realm"] == "parley" and challenge["qop"] == "auth"
            assert "stale" not in challenge and len(challenge["nonce"]) >= 32
        server.expect_log(
            rf"actor <sip:alice@{server.address}.*> alice \(Alice Liddell\) authenticated=true "
            r"staff=true groups=staff\+chair anonymous=false"
        )
        roster = server.participants()
        assert set(roster) == {"alice"} and roster["alice"]["name"] == "Alice Liddell"


def test_md5_over_tcp_will_do_too():
    with Server(ACCOUNTS) as server, Phone(server, "alice", "tcp") as alice:
        call(alice, "MD5")
        assert set(server.participants()) == {"alice"}


def test_a_name_is_ours_at_our_domain_which_is_the_realm():
    with Server(ACCOUNTS + 'domain = "conf.example.com"') as server, Phone(
        server, address="127.0.0.80"
    ) as alice:
        alice.call("sip:demo@conf.example.com")  # alice at an address of her own
        alice.hang_up()
        for host in ("conf.example.com", "CONF.example.com", server.address):
            alice.new_dialog()
            alice.remote_uri = "sip:demo@conf.example.com"
            name = {"From": f"<sip:alice@{host}>;tag={alice.local_tag}"}
            alice.send_invite(True, name)
            challenge = digest.choose(alice.expect(401), "MD5")
            alice.ack()
            assert challenge["realm"] == "conf.example.com"
        invite_again(alice, challenge, PASSWORD, headers=name)
        alice.expect(200)
        alice.ack()
        assert set(server.participants()) == {"alice"}


def test_a_stranger_comes_in_as_before():
    with Server(ACCOUNTS, policy=TELLS) as server, Phone(server, "carol") as carol:
        carol.call()
        server.expect_log(r"> carol \(\) authenticated=false staff=nil groups= anonymous=false")


def test_a_wrong_password_is_asked_for_again_and_not_logged():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        answer = challenged(alice)
        for wrong in ("queen-of-hearts", "builder"):
            invite_again(alice, digest.choose(answer, "SHA-256"), wrong)
            answer = alice.expect(401)
            alice.ack()
            assert "stale" not in digest.choose(answer, "SHA-256")
        invite_again(alice, digest.choose(answer, "MD5"), PASSWORD)
        alice.expect(200)
        alice.ack()
        server.expect_log(rf"wrong password for alice from {alice.address}:\d+;udp")
        for secret in ("queen", "builder", "Wonder", "response=", "land"):
            assert secret not in server.log(), secret


def test_who_has_an_account_and_who_has_none_are_refused_alike():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        for user in ("alice", "nobody"):
            answer = challenged(alice)
            invite_again(alice, digest.choose(answer, "SHA-256"), "wrong", user=user)
            answer = alice.expect(401)
            alice.ack()
            assert len(digest.challenges(answer)) == 2


def test_a_replayed_answer_is_refused():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(
        server, "alice", address=None
    ) as thief:
        answer = challenged(alice)
        challenge = digest.choose(answer, "SHA-256")
        taken = invite_again(alice, challenge, PASSWORD)
        alice.expect(200)
        alice.ack()
        thief.new_dialog()
        thief.remote_uri = alice.remote_uri
        thief.send_invite(True, {"Authorization": taken["Authorization"]})
        again = thief.expect(401)
        thief.ack()
        assert digest.choose(again, "SHA-256")["stale"] == "true"
        assert digest.choose(again, "SHA-256")["nonce"] != challenge["nonce"]
        alice.hang_up()
        # The same nonce with the next count is the phone's right.
        alice.new_dialog()
        invite_again(alice, challenge, PASSWORD, count=2)
        alice.expect(200)
        alice.ack()
        assert set(server.participants()) == {"alice"}


def test_a_nonce_grows_old_and_phones_are_told_that_it_was_not_the_password():
    config = ACCOUNTS + 'digest = { nonce_expires = "1s" }'
    with Server(config) as server, Phone(server, "alice") as alice:
        answer = challenged(alice)
        time.sleep(1.1)
        invite_again(alice, digest.choose(answer, "SHA-256"), PASSWORD)
        answer = alice.expect(401)
        alice.ack()
        assert digest.choose(answer, "SHA-256")["stale"] == "true"
        assert "wrong password" not in server.log()
        invite_again(alice, digest.choose(answer, "SHA-256"), PASSWORD)
        alice.expect(200)
        alice.ack()


def test_a_nonce_is_good_for_who_was_given_it():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(
        server, "alice", address="127.0.0.77"
    ) as elsewhere:
        challenge = digest.choose(challenged(alice), "SHA-256")
        elsewhere.new_dialog()
        elsewhere.remote_uri = alice.remote_uri
        invite_again(elsewhere, challenge, PASSWORD)
        answer = elsewhere.expect(401)
        elsewhere.ack()
        assert digest.choose(answer, "SHA-256")["stale"] == "true"


def test_credentials_for_another_realm_are_none():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "carol") as carol:
        challenge = digest.choose(challenged(alice), "SHA-256")
        invite_again(alice, {**challenge, "realm": "elsewhere"}, PASSWORD)
        assert "stale" not in digest.choose(alice.expect(401), "SHA-256")
        alice.ack()
        carol.new_dialog()
        carol.remote_uri = carol.uri("demo")
        invite_again(carol, {**challenge, "realm": "elsewhere"}, PASSWORD)
        carol.expect(200)
        carol.ack()


def test_credentials_for_another_uri_or_with_parts_missing_are_400():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        challenge = digest.choose(challenged(alice), "SHA-256")
        for changes in (
            {"signed": "sip:other@" + server.address},
            {"signed": "nonsense"},
            {"cnonce": None},
            {"nc": None},
            {"nc": "1"},
            {"nc": "0000000g"},
            {"qop": None},
            {"qop": "auth-int"},
            {"username": None},
            {"uri": None},
            {"algorithm": "SHA-1"},
            {"username": '"' + "x" * 3000 + '"'},
        ):
            invite_again(alice, challenge, PASSWORD, **changes)
            assert alice.expect(400), changes
            alice.ack()


def test_quotes_in_a_user_name_are_read():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        challenge = digest.choose(challenged(alice), "SHA-256")
        invite_again(alice, challenge, PASSWORD, username=r'"\a\l\i\c\e"', response=None)
        alice.expect(401)
        alice.ack()
        invite_again(alice, challenge, PASSWORD, username=r'"al\ice"')
        alice.expect(200)
        alice.ack()


def test_nobody_comes_in_as_another():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        challenge = digest.choose(challenged(alice), "SHA-256")
        invite_again(alice, challenge, "builder", user="bob")
        assert alice.expect(403).reason == "From Is Another Account"
        alice.ack()


def test_the_password_says_who_it_is_whatever_from_says():
    with Server(ACCOUNTS, policy=TELLS) as server, Phone(server, "alice") as alice:
        challenge = digest.choose(challenged(alice), "MD5")
        alice.new_dialog()
        name = f'"Anonymous" <sip:anonymous@anonymous.invalid>;tag={alice.local_tag}'
        invite_again(alice, challenge, PASSWORD, headers={"From": name})
        alice.expect(200)
        alice.ack()
        server.expect_log(
            rf"actor <sip:alice@{server.address}> alice \(Alice Liddell\) authenticated=true "
            r".* anonymous=true"
        )


def test_escapes_do_not_hide_the_name():
    with Server(ACCOUNTS) as server, Phone(server) as alice:
        for name in ("%61lice", "alice:secret", "%61%6C%69%63%65"):
            alice.new_dialog()
            alice.remote_uri = alice.uri("demo")
            sender = {"From": f"<sip:{name}@{alice.address}>;tag={alice.local_tag}"}
            alice.send_invite(True, sender)
            alice.expect(401)
            alice.ack()


def test_options_are_asked_for_a_password_like_a_call():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "carol") as carol:
        options(alice)
        answer = alice.expect(401)
        value = digest.authorization(
            digest.choose(answer, "SHA-256"), "alice", PASSWORD, "OPTIONS", alice.remote_uri
        )
        request = alice.send(alice.request("OPTIONS", headers={"Authorization": value}))
        first = alice.expect(200)
        alice.send(request)  # UDP lost the answer: the same one again, and no replay
        alice.expect_repeated(200)
        assert alice.repeated[-1][1].raw == first.raw
        options(carol)
        carol.expect(200)


def test_requests_in_a_dialog_need_no_password():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        call(alice)
        alice.reinvite()
        alice.expect(200)
        alice.ack()
        alice.hang_up()
        server.expect_left("alice")


ASKS = """local policy = parley.policy { name = "site" }
function policy.create(request)
  if not request.actor.authenticated then return challenge() end
  return accept()
end
function policy.join(request)
  if not request.actor.groups.staff then return challenge() end
  return accept { role = request.actor.groups[1] }
end
return policy
"""


def test_a_policy_asks_for_a_password_and_is_asked_again():
    with Server(ACCOUNTS, policy=ASKS) as server, Phone(server, "carol") as carol, Phone(
        server, "bob"
    ) as bob:
        options(carol, "tea")
        carol.expect(401)
        answer = challenged(carol, "tea")
        assert [c["algorithm"] for c in digest.challenges(answer)] == ["SHA-256", "MD5"]
        invite_again(carol, digest.choose(answer, "SHA-256"), PASSWORD, user="alice")
        carol.expect(200)
        carol.ack()
        assert server.participants("tea")["alice"]["role"] == "staff"
        answer = challenged(bob, "tea")
        invite_again(bob, digest.choose(answer, "SHA-256"), "builder")
        bob.expect(403)  # he has proven who he is; asking again would not end
        bob.ack()


HOOK = """local policy = parley.policy { name = "site" }
function policy.account(user, realm)
  if user == "dan" then return { ha1 = { "MD5", "SHA" }, groups = { "staff" } } end
  if user == "eve" then error("the database is away") end
end
function policy.join(request)
  return accept { role = request.actor.groups[1] or "guest" }
end
return policy
"""


def test_accounts_may_come_from_the_policy_as_hashes():
    hashes = {name: digest.ha1(name, "dan", "parley", "lion") for name in digest.HASHES}
    text = HOOK.replace("MD5", hashes["MD5"]).replace("SHA", hashes["SHA-256"])
    with Server(policy=text) as server, Phone(server, "dan") as dan, Phone(server, "eve") as eve:
        call(dan, "SHA-256", "lion")
        assert server.participants()["dan"]["role"] == "staff"
        dan.hang_up()
        call(dan, "MD5", "lion")
        eve.invite()
        eve.expect(500)
        eve.ack()
        server.expect_log(r"site\.lua:4: the database is away - hook account; the request is refused")


def test_with_one_hash_only_that_algorithm_is_offered():
    only = digest.ha1("MD5", "dan", "parley", "lion")
    config = f'accounts = {{ dan = {{ ha1 = "{only}" }} }}'
    with Server(config) as server, Phone(server, "dan") as dan:
        answer = call(dan, "MD5", "lion")
        assert [c["algorithm"] for c in digest.challenges(answer)] == ["MD5"]


def test_the_operator_chooses_the_algorithms():
    with Server(ACCOUNTS + 'digest = { algorithms = "MD5" }') as server, Phone(server) as alice:
        answer = challenged(alice)
        assert [c["algorithm"] for c in digest.challenges(answer)] == ["MD5"]
        invite_again(alice, {**digest.choose(answer, "MD5"), "algorithm": "SHA-256"}, PASSWORD)
        alice.expect(401)  # never offered
        alice.ack()


def test_guessing_is_slow():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(
        server, "alice", address="127.0.0.78"
    ) as elsewhere:
        answer = challenged(alice)
        for guess in range(10):
            invite_again(alice, digest.choose(answer, "MD5"), f"guess {guess}")
            answer = alice.expect(401)
            alice.ack()
        for password in ("guess 11", PASSWORD):
            invite_again(alice, digest.choose(answer, "MD5"), password)
            assert alice.expect(403).reason == "Too Many Wrong Passwords"
            alice.ack()
        call(elsewhere)  # only who guessed has to wait
        assert server.log().count("wrong password") == 10
        server.expect_log("wrong password.*one too many")


def test_wrong_passwords_with_a_forged_nonce_lock_nobody_out():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        challenge = digest.choose(challenged(alice), "MD5")
        for _ in range(20):
            invite_again(alice, {**challenge, "nonce": "0" * 64}, "guess")
            alice.expect(401)
            alice.ack()
        invite_again(alice, challenge, PASSWORD)
        alice.expect(200)
        alice.ack()


def test_accounts_follow_a_reload():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "carol") as carol:
        carol.call()
        carol.hang_up()
        server.config.write_text('accounts = { carol = { password = "sea" } }')
        server.reload()
        alice.call()
        call(carol, password="sea")
        assert set(server.participants()) == {"alice", "carol"}


# ---- RFC 3325 -------------------------------------------------------------------------------------

ASSERTED = '"Alice" <sip:alice@{0}>, <tel:+15550100>'


def test_an_asserted_identity_is_believed_from_a_trusted_peer_only():
    config = ACCOUNTS + 'trusted_peers = { "127.0.0.79", "10.0.0.0/8" }'
    with Server(config, policy=TELLS) as server, Phone(
        server, "gateway", address="127.0.0.79"
    ) as proxy, Phone(server, "mallory") as mallory:
        headers = {"P-Asserted-Identity": ASSERTED.format(server.address)}
        proxy.call(headers=headers)
        server.expect_log(
            rf"actor <sip:alice@{server.address}> alice \(Alice Liddell\) authenticated=true "
            "staff=true"
        )
        mallory.call(headers=headers)
        server.expect_log(r"> mallory \(\) authenticated=false staff=nil")
        proxy.hang_up()
        # An identity that is no account of ours is proven all the same.
        proxy.call(headers={"P-Asserted-Identity": "<sip:zoe@example.net>", "Privacy": "id"})
        server.expect_log(
            r"actor <sip:zoe@example.net> zoe \(\) authenticated=true staff=nil groups= "
            "anonymous=true"
        )


def test_a_trusted_peer_that_asserts_nothing_proves_nothing():
    config = ACCOUNTS + 'trusted_peers = "127.0.0.0/8"'
    with Server(config, policy=TELLS) as server, Phone(server, "alice") as alice, Phone(
        server, "carol"
    ) as carol:
        call(alice)
        carol.call()
        server.expect_log("> carol .* authenticated=false")


def test_the_configuration_never_shows_a_password():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        call(alice)
        server.config.write_text(ACCOUNTS.replace("builder", "carpenter"))
        told = server.command("reload")
        shown = told.stdout + told.stderr + server.command("status").stdout
        shown += server.command("status", "--json").stdout + run_parley("config").stdout
        for secret in ("Wonder", "builder", "carpenter"):
            assert secret not in shown + server.log()


if __name__ == "__main__":
    run.main()
