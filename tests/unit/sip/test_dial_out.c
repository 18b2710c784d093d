/* Calls of ours: names and addresses, transactions that go wrong, and that nothing is left behind.
 * The whole of a call is told by the scenario test of the same name. */
#include "tests/unit/sip/phone.h"

#include "core/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>

static char phone_uri[64];

static int dial_uri(const char *uri)
{
    const struct outgoing_call outgoing = {
        .target = uri, .name = "", .conference = "demo", .title = "Demo"};
    return bench.signalling->call(bench.signalling->ctx, &outgoing, &bench.call);
}

static void offer(void)
{
    struct answer answer = {.contact_user = "demo", .is_focus = true, .subject = "Demo"};
    struct sockaddr_in *address = (struct sockaddr_in *)&answer.media.rtp;
    address->sin_family = AF_INET;
    address->sin_port = htons(30000);
    inet_pton(AF_INET, SERVER_HOST, &address->sin_addr);
    answer.media.rtcp_port = 30001;
    bench.signalling->set_user(bench.call, &bench);
    assert_int_equal(bench.signalling->invite(bench.call, &answer), 0);
}

static void dial(void)
{
    snprintf(phone_uri, sizeof phone_uri, "sip:carol@" PHONE_HOST ":%u", bench.port);
    assert_int_equal(dial_uri(phone_uri), 0);
    offer();
}

/* 200 with our tag, as the callee. */
static void reply_ok(void)
{
    char contact[128];
    snprintf(contact, sizeof contact, "Contact: <sip:carol@" PHONE_HOST ":%u>\r\n", bench.port);
    phone_reply_tagged(200, "carol", contact, OFFER);
}

/* The agent repeats its INVITE until it hears something. */
static void expect_past_invites(const char *begin)
{
    do {
        phone_next();
    } while (phone_has("INVITE sip:"));
    assert_int_equal(strncmp(bench.message, begin, strlen(begin)), 0);
}

static void a_call_is_made_and_ended_by_us(void **state)
{
    (void)state;
    dial();
    assert_true(bench.signalling->info(bench.call)->is_outgoing);
    assert_string_equal(bench.signalling->info(bench.call)->caller.uri, phone_uri);
    phone_expect_request("INVITE");
    assert_int_equal(bench.signalling->invite(bench.call, &(struct answer){0}), EINVAL);
    phone_reply_tagged(180, "carol", "", "");
    bench_run_ms(2 * TEST_T1);
    assert_int_equal(bench.progress, 180);
    assert_int_equal(bench.established, 0);
    reply_ok();
    expect_past_invites("ACK");
    bench_run_until(bench_is_established);
    assert_int_equal(bench.sessions, 1);
    assert_string_equal(bench.session.codec.name, "PCMU");
    bench.signalling->end(bench.call, 200, "Enough");
    phone_expect_request("BYE");
    assert_non_null(strstr(phone_header("Reason"), "Enough"));
    phone_reply(200, "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.ended, 1);
    assert_int_equal(bench.end_code, 200);
}

static void a_call_that_was_never_sent_ends_without_a_word(void **state)
{
    (void)state;
    assert_int_equal(dial_uri("sip:carol@" PHONE_HOST ":9"), 0);
    bench.signalling->end(bench.call, 486, NULL);
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 486);
    phone_expect_nothing(2 * TEST_T1);
}

static void nobody_answers_at_all(void **state)
{
    (void)state;
    dial();
    bench_run_until(bench_has_ended); /* 64 T1 */
    assert_int_equal(bench.end_code, 408);
    bench_run_until(bench_is_empty);
}

static void a_peer_that_goes_away_while_it_rings_is_freed_with_the_agent(void **state)
{
    (void)state;
    dial();
    phone_expect_request("INVITE");
    phone_reply_tagged(180, "carol", "", "");
    bench_run_ms(TEST_T1);
}

/* Not even by a peer of RFC 2543, which has no tag that could be told from none. */
static void requests_in_a_dialog_that_is_not_there_yet_are_481(void **state)
{
    (void)state;
    char text[1024];
    dial();
    phone_expect_request("INVITE");
    phone_reply_tagged(180, "carol", "", "");
    int length = snprintf(text, sizeof text,
                          "BYE sip:demo@h SIP/2.0\r\nVia: SIP/2.0/UDP " PHONE_HOST
                          ";rport;branch=z9hG4bK-early\r\nFrom: <sip:carol@h>\r\n"
                          "To: %s\r\nCall-ID: %s\r\nCSeq: 9 BYE\r\nContent-Length: 0\r\n\r\n",
                          strdupa(phone_header("From")), strdupa(phone_header("Call-ID")));
    phone_raw(text, (size_t)length);
    expect_past_invites("SIP/2.0 481");
    assert_int_equal(bench.ended, 0);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* A name server that answers what a test wants, on a thread of its own; or nothing. */
static struct {
    int fd;
    pthread_t thread;
    char file[64];
    uint16_t phone_port; /* for SRV */
    bool is_silent;
    unsigned queries;
} names;

enum { TYPE_A = 1, TYPE_SRV = 33 };

static size_t put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return 2;
}

/* A record for the name of the question (RFC 1035 §4.1.3). */
static size_t put_record(uint8_t *at, unsigned type, const void *data, size_t size)
{
    size_t n = put16(at, 0xc00c);
    n += put16(at + n, type);
    n += put16(at + n, 1);
    memset(at + n, 0, 4);
    at[n + 3] = 60; /* s */
    n += 4;
    n += put16(at + n, (unsigned)size);
    memcpy(at + n, data, size);
    return n + size;
}

/* "phone.test" has the phone's address, "_sip._udp.srv.test" leads there; others do not exist. */
static size_t answer_query(uint8_t *message)
{
    size_t end = 12;
    while (message[end]) {
        end += 1u + message[end];
    }
    unsigned type = message[end + 1] * 256u + message[end + 2];
    size_t n = end + 5;
    uint8_t address[4], service[64];
    inet_pton(AF_INET, PHONE_HOST, address);
    bool is_phone = memcmp(message + 12, "\5phone\4test", 12) == 0;
    bool is_service = memcmp(message + 12, "\4_sip\4_udp\3srv\4test", 20) == 0;
    message[2] = 0x81;
    message[3] = is_phone || is_service ? 0x80 : 0x83; /* NXDOMAIN */
    memset(message + 6, 0, 6);
    if (is_phone && type == TYPE_A) {
        message[7] = 1;
        n += put_record(message + n, TYPE_A, address, 4);
    } else if (is_service && type == TYPE_SRV) {
        size_t length = put16(service, 1);
        length += put16(service + length, 1);
        length += put16(service + length, names.phone_port);
        memcpy(service + length, "\5phone\4test", 12);
        message[7] = 1;
        n += put_record(message + n, TYPE_SRV, service, length + 12);
    }
    return n;
}

static void *serve_names(void *arg)
{
    uint8_t message[1500];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    (void)arg;
    while (recvfrom(names.fd, message, 512, 0, (struct sockaddr *)&peer, &size) > 12) {
        names.queries++;
        if (!names.is_silent) {
            size_t answer = answer_query(message);
            (void)sendto(names.fd, message, answer, 0, (struct sockaddr *)&peer, size);
        }
        size = sizeof peer;
    }
    return NULL;
}

static int names_begin(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    FILE *file;

    memset(&names, 0, sizeof names);
    names.fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (bind(names.fd, (struct sockaddr *)&address, sizeof address) ||
        getsockname(names.fd, (struct sockaddr *)&address, &size)) {
        return -1;
    }
    snprintf(names.file, sizeof names.file, "/tmp/parley-resolv-%d", getpid());
    file = fopen(names.file, "w");
    if (!file) {
        return -1;
    }
    fprintf(file, "nameserver 127.0.0.1\nport %u\n", ntohs(address.sin_port));
    fclose(file);
    bench_resolv_conf = names.file;
    if (bench_begin(state)) {
        return -1;
    }
    names.phone_port = bench.port;
    return pthread_create(&names.thread, NULL, serve_names, NULL);
}

static int names_end(void **state)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int result = bench_end(state);
    /* One byte is no query: the thread ends. */
    (void)getsockname(names.fd, (struct sockaddr *)&address, &size);
    (void)sendto(names.fd, "", 1, 0, (struct sockaddr *)&address, size);
    pthread_join(names.thread, NULL);
    close(names.fd);
    unlink(names.file);
    bench_resolv_conf = NULL;
    return result;
}

static void a_name_with_a_port_is_looked_up_as_an_address(void **state)
{
    char uri[64], begin[128];
    (void)state;
    snprintf(uri, sizeof uri, "sip:carol@phone.test:%u", bench.port);
    assert_int_equal(dial_uri(uri), 0);
    offer();
    phone_expect_request("INVITE");
    snprintf(begin, sizeof begin, "INVITE %s SIP/2.0\r\n", uri);
    assert_true(phone_has(begin));
    phone_reply_tagged(486, "carol", "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 486);
}

static void a_name_without_a_port_is_looked_up_as_a_service(void **state)
{
    (void)state;
    assert_int_equal(dial_uri("sip:carol@srv.test"), 0);
    offer();
    phone_expect_request("INVITE sip:carol@srv.test SIP/2.0\r\n");
    phone_reply_tagged(603, "carol", "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 603);
}

static void a_name_that_does_not_exist_is_503(void **state)
{
    (void)state;
    assert_int_equal(dial_uri("sip:carol@nowhere.test"), 0);
    offer();
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 503);
    bench_run_until(bench_is_empty);
}

static void a_silent_name_server_stops_nobody(void **state)
{
    uint64_t longest = 0, before = clock_ns();
    (void)state;
    names.is_silent = true;
    assert_int_equal(dial_uri("sip:carol@phone.test"), 0);
    offer();
    /* The loop goes on turning meanwhile, and other calls are served. */
    while (clock_ns() - before < 300000000u) {
        uint64_t turn = clock_ns();
        bench_run_ms(5);
        longest = clock_ns() - turn > longest ? clock_ns() - turn : longest;
    }
    assert_true(names.queries > 0);
    assert_true(longest < 2000000000u); /* a getaddrinfo would take 10 s */
    struct call *pending = bench.call;
    phone_call("");
    bench_run_until(bench_is_established);
    phone_request("BYE", "", "");
    phone_expect(200, "BYE");
    bench.call = pending;
    bench.signalling->end(pending, 408, "No answer");
    bench_run_until(bench_is_empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(a_call_is_made_and_ended_by_us),
        bench_test(a_call_that_was_never_sent_ends_without_a_word),
        bench_test(nobody_answers_at_all),
        bench_test(a_peer_that_goes_away_while_it_rings_is_freed_with_the_agent),
        bench_test(requests_in_a_dialog_that_is_not_there_yet_are_481),
        cmocka_unit_test_setup_teardown(a_name_with_a_port_is_looked_up_as_an_address, names_begin,
                                        names_end),
        cmocka_unit_test_setup_teardown(a_name_without_a_port_is_looked_up_as_a_service,
                                        names_begin, names_end),
        cmocka_unit_test_setup_teardown(a_name_that_does_not_exist_is_503, names_begin, names_end),
        cmocka_unit_test_setup_teardown(a_silent_name_server_stops_nobody, names_begin, names_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
