/* Descriptions gone wrong in tens of thousands of ways: never a crash, and whatever we answer is
 * a description that we can read ourselves. Worth the most in a build with sanitizers. */
#include "sip/sdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MUTATIONS = 40000,
    SIZE_MAX_MUTATED = 4096,
};

static const char *const seeds[] = {
    "v=0\r\no=alice 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
    "m=audio 5004 RTP/AVP 0 8 97 101 13\r\na=rtpmap:97 opus/48000/2\r\n"
    "a=fmtp:97 stereo=1;useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\na=ptime:30\r\na=maxptime:150\r\na=sendonly\r\n"
    "a=rtcp:5007 IN IP4 192.0.2.8\r\na=rtcp-mux\r\n"
    "a=rtcp-xr:rcvr-rtt=all:9 voip-metrics\r\n",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on\r\n"
    "a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level\r\n",
    "v=0\no=- 2 1 IN IP6 2001:db8::7\ns=call\nt=3034423619 3042462419\na=inactive\n"
    "m=video 6000 RTP/AVPF 31 99\nc=IN IP6 2001:db8::7\na=rtpmap:99 H264/90000\n"
    "m=audio 6002/2 RTP/AVPF 9 0\nc=IN IP6 2001:db8::8\nb=AS:64\na=sendrecv\n",
    "v=0\r\no=- 3 1 IN IP4 0.0.0.0\r\ns= \r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "m=audio 7000 RTP/AVP 3 18 8\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n",
};

static const char *const scraps[] = {
    "m=audio 1 RTP/AVP 0\r\n",
    "a=rtpmap:",
    "/",
    ":",
    "=",
    "\r\n",
    "\n",
    " ",
    "99999999999999999999",
    "-1",
    "a=rtcp:",
    "IN IP6 ::",
    "c=IN IP4 ",
    "a=fmtp:0 ",
    "\t",
    "128",
    "\xff\xfe",
    "a=ptime:",
    "a=extmap:255/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level",
};

/* xorshift64: the same mutations on every run and every machine. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static unsigned below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % limit);
}

static void insert(char *body, size_t *size, const char *what, size_t length)
{
    size_t at = below(*size + 1);
    if (*size + length <= SIZE_MAX_MUTATED) {
        memmove(body + at + length, body + at, *size - at);
        memcpy(body + at, what, length);
        *size += length;
    }
}

static void mutate(char *body, size_t *size)
{
    char piece[64];
    size_t at = below(*size), length = 1 + below(sizeof piece);
    const char *scrap = scraps[below(sizeof scraps / sizeof scraps[0])];

    if (length > *size - at) {
        length = *size - at;
    }
    switch (below(6)) {
    case 0: /* another byte */
        body[at] = (char)below(256);
        break;
    case 1: /* a bit turned over */
        body[at] = (char)(body[at] ^ (1 << below(8)));
        break;
    case 2: /* a piece lost */
        memmove(body + at, body + at + length, *size - at - length);
        *size -= length;
        break;
    case 3: /* a piece twice */
        memcpy(piece, body + at, length);
        insert(body, size, piece, length);
        break;
    case 4: /* a scrap of SDP where it does not belong */
        insert(body, size, scrap, strlen(scrap));
        break;
    default: /* cut short */
        *size = at;
        break;
    }
}

static void assert_sound(const struct session *session)
{
    assert_in_range(session->format_count, 1, SESSION_FORMATS);
    assert_true(session->direction <= STREAM_SENDRECV);
    assert_true(session->ptime <= 1000);
    assert_int_not_equal(session->codec.name[0], '\0');
    for (unsigned i = 0; i < session->format_count; i++) {
        assert_true(session->formats[i].payload_type <= 127);
        assert_non_null(memchr(session->formats[i].fmtp, '\0', SESSION_FMTP));
    }
}

/* A call that goes on may be left without audio, and have it again. */
static void use_in_a_call(const struct sdp *sdp, const struct sdp_local *local)
{
    struct sdp_local lenient = *local;
    struct session session;
    struct sdp *own = NULL;
    char *body = NULL;

    lenient.may_do_without = true;
    if (sdp_write_answer(&lenient, sdp, &body, &session)) {
        return;
    }
    assert_int_equal(session.format_count == 0, session.codec.name[0] == '\0');
    assert_int_equal(sdp_parse(body, strlen(body), &own), 0);
    assert_int_equal(sdp_acceptable(own, local), session.format_count > 0);
    sdp_free(own);
    free(body);
    assert_int_equal(sdp_write_offer_again(&lenient, sdp, true, &body), 0);
    assert_int_equal(sdp_parse(body, strlen(body), &own), 0);
    sdp_free(own);
    free(body);
}

/* Everything that a call does with a description. Returns whether it could be answered. */
static bool use(const struct sdp *sdp, const struct sdp_local *local)
{
    struct session session;
    struct sdp *own = NULL;
    char *body = NULL;
    bool acceptable = sdp_acceptable(sdp, local);
    int err = sdp_write_answer(local, sdp, &body, &session);

    (void)sdp_family(sdp);
    use_in_a_call(sdp, local);
    assert_int_equal(err, acceptable ? 0 : ENOTSUP);
    assert_int_equal(sdp_read_answer(local, sdp, &session), acceptable ? 0 : ENOTSUP);
    if (!acceptable) {
        return false;
    }
    assert_sound(&session);
    assert_int_equal(sdp_parse(body, strlen(body), &own), 0);
    assert_true(sdp_acceptable(own, local));
    sdp_free(own);
    free(body);
    assert_int_equal(sdp_write_offer_again(local, sdp, false, &body), 0);
    assert_int_equal(sdp_parse(body, strlen(body), &own), 0);
    sdp_free(own);
    free(body);
    return true;
}

static void mutated_descriptions_do_no_harm(void **state)
{
    (void)state;
    static const struct codec_format codecs[] = {
        {"PCMU", 8000, 1, 0, ""},
        {"PCMA", 8000, 1, 8, ""},
        {"opus", 48000, 2, 96, "useinbandfec=1"},
        {"telephone-event", 8000, 1, 101, ""},
    };
    struct sdp_local locals[2] = {0};
    unsigned parsed = 0, refused = 0, answered = 0;

    for (unsigned i = 0; i < 2; i++) {
        locals[i].direction = STREAM_SENDRECV;
        locals[i].codecs = codecs;
        locals[i].codec_count = 4;
        locals[i].media.rtp.ss_family = i ? AF_INET6 : AF_INET;
        ((struct sockaddr_in *)&locals[i].media.rtp)->sin_port = htons(4000);
    }
    for (unsigned i = 0; i < MUTATIONS; i++) {
        const char *seed = seeds[below(sizeof seeds / sizeof seeds[0])];
        size_t size = strlen(seed);
        struct sdp *sdp = NULL;
        /* On the heap and of exactly the size, so that a sanitizer sees a byte too far. */
        char work[SIZE_MAX_MUTATED];
        memcpy(work, seed, size + 1);
        for (unsigned changes = 1 + below(6); changes > 0 && size > 0; changes--) {
            mutate(work, &size);
        }
        char *body = malloc(size ? size : 1);
        assert_non_null(body);
        memcpy(body, work, size);
        int err = sdp_parse(body, size, &sdp);
        free(body);
        if (err) {
            assert_int_equal(err, EBADMSG);
            refused++;
            continue;
        }
        parsed++;
        answered += use(sdp, &locals[0]);
        answered += use(sdp, &locals[1]);
        sdp_free(sdp);
    }
    /* The mutations must reach both sides of every door to be worth anything. */
    assert_true(parsed > MUTATIONS / 10);
    assert_true(refused > MUTATIONS / 10);
    assert_true(answered > MUTATIONS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_descriptions_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
