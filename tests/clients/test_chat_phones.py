"""baresip and linphonec in a conference in which people write to each other (RFC 3428)."""

import audio
import run
from parley import OPEN, Server
from phones import Baresip, Linphone
from sip import Phone
from texting import join, read, text, write


@run.real_time
@run.limit(60)
def test_linphone_writes_and_reads_and_baresip_reads():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, \
            Baresip("bob", audio.voice(0, 40)) as bob, Linphone("lin", audio.voice(1, 40)) as lin:
        join(alice)
        bob.call(f"sip:demo@{server.address}")
        lin.call(f"sip:demo@{server.address}")
        server.expect_log("lin@.* joined")
        said = len(lin.program.lines), len(bob.program.lines)
        write(alice, "Mr Watson, come here")
        alice.expect(202)
        lin.program.expect("alice: Mr Watson, come here", since=said[0])
        bob.program.expect("alice: Mr Watson, come here", since=said[1])
        server.expect_log("alice writes, to 2 of 2 others")
        lin.program.type(f"chat sip:demo@{server.address} I am coming")
        assert text(read(alice)) == "lin: I am coming"
        bob.program.expect("lin: I am coming", since=said[1])
        lin.hang_up()
        bob.hang_up()


if __name__ == "__main__":
    run.main()
