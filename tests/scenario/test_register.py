"""The registrar (RFC 3261 §10): phones say where they can be reached, when they can prove who they
are."""

import re
import time

import digest
import run
from message import parameter, uri_of
from parley import Server
from sip import Phone

ACCOUNTS = """
accounts = { alice = { password = "wonder" }, bob = { password = "builder" } }
registration = { min_expires = "2s", max_expires = "1h" }
"""
PASSWORDS = {"alice": "wonder", "bob": "builder"}


class Registration:
    """A phone's registrations: one Call-ID, one rising CSeq, one nonce with its count."""

    def __init__(self, phone, host=None, algorithm="SHA-256"):
        self.phone, self.algorithm, self.count, self.challenge = phone, algorithm, 0, None
        phone.new_dialog()
        host = host or phone.server.address
        self.uri, self.aor = f"sip:{host}", f"sip:{phone.user}@{host}"

    def send(self, contact=True, expires=None, to=None, headers=None, cseq=None):
        phone = self.phone
        phone.remote_uri = self.uri
        fields = {"To": f"<{to or self.aor}>", "From": f"<{self.aor}>;tag={phone.local_tag}"}
        contact = phone.contact if contact is True else contact
        if contact:
            fields["Contact"] = contact
        if expires is not None:
            fields["Expires"] = expires
        if self.challenge:
            self.count += 1
            fields["Authorization"] = digest.authorization(
                self.challenge, phone.user, PASSWORDS[phone.user], "REGISTER", self.uri, self.count)
        fields.update(headers or {})
        phone.request_sent = phone.send(phone.request("REGISTER", self.uri, fields, cseq=cseq))

    def expect(self, code, **what):
        """Registers and expects that code, having answered what challenge may come first."""
        self.send(**what)
        answer = self.phone.expect((code, 401))
        if answer.code == 401 and code != 401:
            self.challenge, self.count = digest.choose(answer, self.algorithm), 0
            self.send(**what)
            answer = self.phone.expect(code)
        return answer


def bindings(answer):
    """{URI: seconds left} of a 200, in its order."""
    return {uri_of(value): int(parameter(value, "expires")) for value in answer.all("Contact")}


def own(phone):
    return uri_of(phone.contact)


def test_a_phone_registers_is_shown_and_leaves():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        assert bindings(registration.expect(200, expires=1800)) == {own(alice): 1800}
        server.expect_log(rf"alice registered: {re.escape(own(alice))} from {alice.address}:")
        entry, = server.status()["registrations"]
        assert entry["account"] == "alice" and entry["contact"] == own(alice)
        assert entry["peer"] == f"{alice.address}:{alice.port};udp" and 1790 < entry["expires"] <= 1800
        assert re.search(r"REGISTERED .*\n +alice +sip:alice@", server.command("status").stdout)
        assert bindings(registration.expect(200, contact=None)) == {own(alice): 1800}, "a query"
        answer = registration.expect(200, expires=0)
        assert bindings(answer) == {} and answer["Date"].endswith("GMT")
        server.expect_log("alice unregistered")
        assert server.status()["registrations"] == []


def test_over_tcp_and_with_md5():
    with Server(ACCOUNTS) as server, Phone(server, "alice", "tcp") as alice:
        answer = Registration(alice, algorithm="MD5").expect(200)
        assert bindings(answer) == {own(alice): 3600}
        assert server.status()["registrations"][0]["peer"].endswith(";tcp")


def test_nobody_registers_without_a_password():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "carol") as carol:
        Registration(alice).expect(401)
        Registration(carol).expect(401)
        assert server.status()["registrations"] == []


def test_nobody_registers_for_another():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        registration.expect(200)
        for to in (f"sip:bob@{server.address}", f"sip:nobody@{server.address}"):
            registration.expect(403, to=to)
        assert [entry["account"] for entry in server.status()["registrations"]] == ["alice"]


def test_other_domains_are_not_ours():
    with Server(ACCOUNTS + 'domain = "conf.example.com"') as server, Phone(server, "alice") as alice:
        Registration(alice, "conf.example.com").expect(200)
        registration = Registration(alice, "conf.example.com")
        registration.uri = "sip:elsewhere.example.com"
        registration.expect(404)
        registration = Registration(alice, "conf.example.com")
        registration.expect(403, to="sip:alice@elsewhere.example.com")


def test_several_contacts_in_the_order_of_their_preference():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        contacts = [
            "<sip:alice@192.0.2.1>;q=0.2;expires=100",
            "<sip:alice@192.0.2.2:5070;transport=tcp>;q=0.7",
            "<sip:alice@192.0.2.3>;expires=nonsense, <sip:alice@192.0.2.4>;expires=0",
        ]
        answer = registration.expect(200, contact=contacts, expires=200)
        listed = [value for line in answer.all("Contact") for value in re.split(r",\s*(?=<)", line)]
        assert [uri_of(value) for value in listed] == [
            "sip:alice@192.0.2.3",
            "sip:alice@192.0.2.2:5070;transport=tcp",
            "sip:alice@192.0.2.1",
        ]
        assert [parameter(value, "expires") for value in listed] == ["3600", "200", "100"]
        # One goes, one stays for longer, a new one comes.
        answer = registration.expect(200, contact=[
            "<sip:alice@192.0.2.3>;expires=0", "<sip:alice@192.0.2.1>;expires=300",
            "<sip:alice@192.0.2.9>;expires=400;q=1.0"])
        assert bindings(answer) == {
            "sip:alice@192.0.2.9": 400,
            "sip:alice@192.0.2.1": 300,
            "sip:alice@192.0.2.2:5070;transport=tcp": 200,
        }


def test_parameters_of_a_contact_and_of_its_uri_are_told_apart():
    """RFC 4475 §3.3.12 to §3.3.14"""
    gateway, route = "sip:+19725552222@gw1.example.net", "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        registration.expect(200, contact=f"{gateway};unknownparam")
        assert list(bindings(registration.expect(200, contact=None))) == [gateway]
        registration.expect(200, contact="*", expires=0)
        registration.expect(200, contact=f"<{gateway};unknownparam>")
        assert list(bindings(registration.expect(200, contact=None))) == [f"{gateway};unknownparam"]
        registration.expect(200, contact="*", expires=0)
        registration.expect(200, contact=f"<{route}>")
        assert list(bindings(registration.expect(200, contact=None))) == [route]


def test_all_are_removed_by_a_star():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        Registration(bob).expect(200)
        registration = Registration(alice)
        registration.expect(200, contact=["<sip:a@192.0.2.1>", "<sip:a@192.0.2.2>"])
        registration.expect(400, contact="*")
        registration.expect(400, contact="*", expires=60)
        registration.expect(400, contact=["*", "<sip:a@192.0.2.3>"], expires=0)
        assert len(server.status()["registrations"]) == 3
        assert bindings(registration.expect(200, contact="*", expires=0)) == {}
        assert [entry["account"] for entry in server.status()["registrations"]] == ["bob"]


def test_too_short_is_423_and_too_long_is_cut():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        assert registration.expect(423, expires=1)["Min-Expires"] == "2"
        assert registration.expect(423, contact=alice.contact + ";expires=1", expires=60)
        assert bindings(registration.expect(200, expires=4000000000)) == {own(alice): 3600}
        contact = alice.contact + ";expires=99999999999999999999"
        assert bindings(registration.expect(200, contact=contact)) == {own(alice): 3600}


def test_a_refusal_changes_nothing():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        registration.expect(200)
        for contact in ("<tel:+15550100>", "<sips:alice@192.0.2.2>", "<sip:a@192.0.2.3>;expires=1",
                        "<sip:" + "x" * 600 + "@192.0.2.4>"):
            code = 423 if "expires" in contact else 400
            registration.expect(code, contact=["<sip:alice@192.0.2.1>", contact])
        registration.expect(403, contact=[f"<sip:alice@192.0.2.{n}>" for n in range(11)])
        assert bindings(registration.expect(200, contact=None)).keys() == {own(alice)}


def test_an_older_request_is_refused():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        alice.cseq = 100
        registration.expect(200)
        assert registration.expect(500, cseq=99, expires=0).reason == "CSeq Out of Order"
        registration.expect(500, cseq=98)
        registration.expect(500, cseq=97, contact="*", expires=0)
        assert len(server.status()["registrations"]) == 1
        alice.call_id += "x"  # another Call-ID may: the phone has begun anew
        registration.expect(200, cseq=1, expires=0)
        assert server.status()["registrations"] == []


def test_a_repeated_request_gets_the_same_answer():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        registration.expect(200)
        alice.send(alice.request_sent)
        alice.expect_repeated(200)


def test_registrations_expire():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        Registration(bob).expect(200)
        Registration(alice).expect(200, expires=2)
        time.sleep(1)
        assert len(server.status()["registrations"]) == 2
        server.expect_log("alice is no longer registered", within=4)
        assert [entry["account"] for entry in server.status()["registrations"]] == ["bob"]


def test_an_account_has_ten_contacts_and_the_oldest_makes_room():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        registration = Registration(alice)
        for number in range(12):
            answer = registration.expect(200, contact=f"<sip:alice@192.0.2.{number}>")
        assert bindings(answer).keys() == {f"sip:alice@192.0.2.{n}" for n in range(2, 12)}


def test_what_we_do_not_support_is_420():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        answer = Registration(alice).expect(420, headers={"Require": "path"})
        assert answer["Unsupported"] == "path"


def test_without_a_registrar_the_method_is_not_served():
    with Server(ACCOUNTS + "registrar = false") as server, Phone(server, "alice") as alice:
        assert "REGISTER" not in Registration(alice).expect(405).tokens("Allow")
    with Server(ACCOUNTS) as server, Phone(server, "carol") as carol:
        assert "REGISTER" in carol.call()["Allow"]
        carol.send(carol.request("REGISTER"))
        carol.expect(400)  # it belongs to no dialog


def test_who_loses_the_account_loses_the_registration():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        Registration(alice).expect(200)
        Registration(bob).expect(200)
        server.config.write_text('accounts = { bob = { password = "builder" } }')
        server.reload()
        assert [entry["account"] for entry in server.status()["registrations"]] == ["bob"]


def test_a_registered_phone_calls_under_its_name():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice:
        Registration(alice).expect(200)
        alice.invite()
        challenge = digest.choose(alice.expect(401), "SHA-256")
        alice.ack()
        value = digest.authorization(challenge, "alice", "wonder", "INVITE", alice.remote_uri)
        alice.send_invite(True, {"Authorization": value})
        alice.expect(200)
        alice.ack()
        assert set(server.participants()) == {"alice"}


if __name__ == "__main__":
    run.main()
