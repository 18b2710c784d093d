/*
 * A phone on a raw socket and a focus that notes what it is told, in one loop with the agent; for
 * the tests of the sip room, each of which is one program. All there is of it is in `bench`.
 */
#ifndef TESTS_SIP_PHONE_H
#define TESTS_SIP_PHONE_H

#include "core/log.h"
#include "core/loop.h"
#include "ports/referring.h"
#include "sip/sip.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Whom the phone calls. Where the server really is, bench.host says: an address of this process's
 * own, so that other runs of these tests may go on beside it. */
#define SERVER_HOST "127.5.6.1"
#define PHONE_HOST "127.5.6.2"
#define SERVER_URI "sip:demo@" SERVER_HOST ":5066"

enum {
    SERVER_PORT = 5066,
    TEST_T1 = 50,         /* ms */
    PATIENCE = 20 * 1000, /* ms until a test that waits for a message has failed */
};

#define OFFER_OF(port, direction, formats)                                                         \
    "v=0\r\no=a 1 1 IN IP4 " PHONE_HOST "\r\ns=-\r\nc=IN IP4 " PHONE_HOST "\r\nt=0 0\r\n"          \
    "m=audio " port " RTP/AVP " formats "\r\na=" direction "\r\n"
#define OFFER OFFER_OF("4000", "sendrecv", "0 8")

enum focus_mode { FOCUS_ANSWERS, FOCUS_WAITS, FOCUS_REJECTS };

struct bench {
    struct loop *loop;
    struct sip_agent *agent;
    const struct signalling *signalling;

    enum focus_mode mode;
    struct call *call; /* the last that came; NULL once it has ended */
    unsigned incoming, sessions, established, ended;
    int progress; /* the last */
    unsigned updated;
    int update_code; /* of the last */
    struct session session;
    int end_code;
    struct call_info info; /* its strings live as long as the call */
    bool end_on_session;

    char host[INET_ADDRSTRLEN]; /* where the server listens, at SERVER_PORT */
    int fd;
    uint16_t port;
    unsigned cseq, branch;
    char call_id[32], to_tag[64];
    char message[65536]; /* the last that came */
    bool has_message, is_over, timed_out;
};

static struct bench bench;
/* What a test offers to subscribe to, set before the bench begins. */
static const struct package *bench_packages;
static unsigned bench_package_count;
static const char *bench_resolv_conf; /* NULL: the system's */
/* What is made of a REFER; NULL: none is expected. */
static void (*bench_refer)(struct reference *reference);

/* ---- the focus ------------------------------------------------------------------------------ */

static const struct codec_format bench_codecs[] = {
    {.name = "PCMU", .clock_rate = 8000, .channels = 1, .payload_type = 0},
    {.name = "PCMA", .clock_rate = 8000, .channels = 1, .payload_type = 8},
};

static inline int focus_answer(void)
{
    struct answer answer = {.contact_user = "demo", .is_focus = true, .subject = "Demo"};
    struct sockaddr_in *address = (struct sockaddr_in *)&answer.media.rtp;
    address->sin_family = AF_INET;
    address->sin_port = htons(30000);
    inet_pton(AF_INET, SERVER_HOST, &address->sin_addr);
    answer.media.rtcp_port = 30001;
    return bench.signalling->answer(bench.call, &answer);
}

static inline void on_incoming(struct call *call, void *arg)
{
    assert_ptr_equal(arg, &bench);
    bench.incoming++;
    bench.call = call;
    bench.info = *bench.signalling->info(call);
    bench.signalling->set_user(call, &bench);
    if (bench.mode == FOCUS_ANSWERS) {
        bench.signalling->progress(call, 180, NULL);
        assert_int_equal(focus_answer(), 0);
    } else if (bench.mode == FOCUS_REJECTS) {
        bench.signalling->reject(call, 486, NULL, 7);
    }
}

static inline void on_session(struct call *call, const struct session *session, void *arg)
{
    (void)arg;
    assert_ptr_equal(bench.signalling->user(call), &bench);
    bench.sessions++;
    bench.session = *session;
    if (bench.end_on_session) {
        bench.signalling->end(call, 503, "No Port");
    }
}

static inline void on_established(struct call *call, void *arg)
{
    (void)arg;
    assert_ptr_equal(call, bench.call);
    bench.established++;
}

static inline void on_ended(struct call *call, int code, const char *reason, void *arg)
{
    (void)arg;
    assert_non_null(reason);
    if (call == bench.call) {
        bench.call = NULL;
    }
    bench.ended++;
    bench.end_code = code;
}

static inline void on_query(struct query *query, void *arg)
{
    (void)arg;
    query->code = strcmp(query->requested_user, "demo") == 0 ? 200 : 404;
    query->is_focus = true;
}

static inline void on_progress(struct call *call, int code, const char *reason, void *arg)
{
    (void)arg;
    assert_ptr_equal(call, bench.call);
    assert_non_null(reason);
    bench.progress = code;
}

static inline void on_updated(struct call *call, int code, const char *reason, void *arg)
{
    (void)arg;
    assert_ptr_equal(call, bench.call);
    assert_non_null(reason);
    bench.updated++;
    bench.update_code = code;
}

static inline void on_refer(struct reference *reference, void *arg)
{
    assert_ptr_equal(arg, &bench);
    assert_non_null(bench_refer);
    bench_refer(reference);
}

static const struct signalling_events bench_events = {
    .on_incoming = on_incoming,
    .on_session = on_session,
    .on_progress = on_progress,
    .on_updated = on_updated,
    .on_established = on_established,
    .on_ended = on_ended,
    .on_query = on_query,
    .on_refer = on_refer,
};

/* ---- the loop ------------------------------------------------------------------------------- */

static inline void bench_stop(void *arg)
{
    *(bool *)arg = true;
    loop_stop(bench.loop, 0);
}

static inline void bench_run_ms(unsigned ms)
{
    struct loop_timer *timer = NULL;
    bench.is_over = false;
    assert_int_equal(loop_timer_start(bench.loop, &timer, ms, bench_stop, &bench.is_over), 0);
    while (!bench.is_over) {
        loop_run(bench.loop);
    }
}

static inline bool bench_has_message(void)
{
    return bench.has_message;
}

static inline bool bench_has_ended(void)
{
    return bench.ended > 0;
}

static inline bool bench_is_empty(void)
{
    struct sip_stats stats;
    sip_agent_stats(bench.agent, &stats);
    return stats.calls == 0 && stats.subscriptions == 0;
}

static inline void bench_tick(void *arg)
{
    (void)arg;
    loop_stop(bench.loop, 0);
}

/* Looks every few ms; fails after PATIENCE. */
static inline void bench_run_until(bool (*ready)(void))
{
    struct loop_timer *tick = NULL;
    uint64_t deadline = loop_now(bench.loop) + PATIENCE;
    while (!ready()) {
        if (loop_now(bench.loop) > deadline) {
            fail_msg("nothing came in %d ms; the last message was:\n%s", PATIENCE, bench.message);
        }
        assert_int_equal(loop_timer_start(bench.loop, &tick, 2, bench_tick, NULL), 0);
        loop_run(bench.loop);
    }
    loop_timer_stop(&tick);
}

/* ---- the phone ------------------------------------------------------------------------------ */

/* Reads one datagram at most: the loop stops for each. */
static inline bool phone_receive(void)
{
    ssize_t length = recv(bench.fd, bench.message, sizeof bench.message - 1, MSG_DONTWAIT);
    if (length < 0) {
        return false;
    }
    bench.message[length] = '\0';
    return true;
}

static inline void phone_raw(const void *data, size_t size)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
    inet_pton(AF_INET, bench.host, &server.sin_addr);
    assert_int_equal(
        sendto(bench.fd, data, size, 0, (const struct sockaddr *)&server, sizeof server),
        (ssize_t)size);
}

static inline void phone_new_call(void)
{
    static unsigned calls;
    snprintf(bench.call_id, sizeof bench.call_id, "call-%u", ++calls);
    bench.to_tag[0] = '\0';
    bench.cseq = 100;
}

static inline void phone_send(const char *method, const char *uri, unsigned cseq, unsigned branch,
                              const char *headers, const char *body)
{
    static char text[60000];
    int length =
        snprintf(text, sizeof text,
                 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP " PHONE_HOST
                 ":%u;branch=z9hG4bK-test-%u\r\nMax-Forwards: 70\r\n"
                 "From: \"Al \\\"Ace\\\" Ice\" <sip:al%%69ce@example.com:5080;x=y>;tag=phone\r\n"
                 "To: <" SERVER_URI ">%s%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s%s"
                 "Content-Length: %zu\r\n\r\n%s",
                 method, uri, bench.port, branch, bench.to_tag[0] ? ";tag=" : "", bench.to_tag,
                 bench.call_id, cseq, method, headers,
                 body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    assert_true(length > 0 && (size_t)length < sizeof text);
    phone_raw(text, (size_t)length);
}

/* As behind a NAT: requests in the dialog must come to where the phone sends from. */
#define CONTACT_HOST "10.9.8.7:9"
#define CONTACT "Contact: <sip:alice@" CONTACT_HOST ">\r\n"

/* A request with a new CSeq; returns it. */
static inline unsigned phone_request(const char *method, const char *headers, const char *body)
{
    phone_send(method, SERVER_URI, ++bench.cseq, ++bench.branch, headers, body);
    return bench.cseq;
}

static inline void phone_ack(unsigned cseq, const char *body)
{
    phone_send("ACK", SERVER_URI, cseq, ++bench.branch, "", body);
}

/* An ACK of a refusal: the INVITE's own branch. */
static inline void phone_ack_refusal(unsigned cseq, unsigned branch)
{
    phone_send("ACK", SERVER_URI, cseq, branch, "", "");
}

static inline const char *phone_header(const char *name)
{
    static char value[1024];
    char *line = bench.message;
    size_t length = strlen(name);
    value[0] = '\0';
    while (line && strncmp(line, "\r\n", 2) != 0) {
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"), line);
            return value;
        }
        line = strstr(line, "\r\n");
        line = line ? line + 2 : NULL;
    }
    return value;
}

static inline bool phone_has(const char *text)
{
    return strstr(bench.message, text) != NULL;
}

static inline void learn_tag(void)
{
    const char *tag = strstr(phone_header("To"), ";tag=");
    snprintf(bench.to_tag, sizeof bench.to_tag, "%s", tag ? tag + 5 : "");
}

static inline void phone_next(void)
{
    bench_run_until(phone_receive);
}

/* The next message must be this response; while a final one is waited for, provisional ones are
 * passed over. */
static inline void phone_expect(int code, const char *method)
{
    char cseq[64], line[32];
    do {
        phone_next();
    } while (code >= 200 && strncmp(bench.message, "SIP/2.0 1", 9) == 0);
    snprintf(line, sizeof line, "SIP/2.0 %d ", code);
    if (strncmp(bench.message, line, strlen(line)) != 0) {
        fail_msg("expected %d to %s, got:\n%s", code, method, bench.message);
    }
    snprintf(cseq, sizeof cseq, " %s", method);
    assert_non_null(strstr(phone_header("CSeq"), cseq));
    if (strcmp(method, "INVITE") == 0 && code > 100 && code < 300) {
        learn_tag();
    }
}

static inline void phone_expect_request(const char *method)
{
    phone_next();
    if (strncmp(bench.message, method, strlen(method)) != 0) {
        fail_msg("expected a %s, got:\n%s", method, bench.message);
    }
}

/* Answers the request in bench.message; `tag` goes behind its To. */
static inline void phone_reply_tagged(int code, const char *tag, const char *headers,
                                      const char *body)
{
    static const char *const copied[] = {"Via", "From", "Call-ID", "CSeq", "To"};
    char text[8192];
    size_t length = (size_t)snprintf(text, sizeof text, "SIP/2.0 %d Reply\r\n", code);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s: %s%s", copied[i],
                                   phone_header(copied[i]), strcmp(copied[i], "To") ? "\r\n" : "");
    }
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%s\r\n",
                               tag[0] ? ";tag=" : "", tag);
    length += (size_t)snprintf(
        text + length, sizeof text - length, "%s%sContent-Length: %zu\r\n\r\n%s", headers,
        body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    assert_true(length < sizeof text);
    phone_raw(text, length);
}

static inline void phone_reply(int code, const char *headers, const char *body)
{
    phone_reply_tagged(code, "", headers, body);
}

static inline void phone_expect_nothing(unsigned ms)
{
    bench_run_ms(ms);
    if (phone_receive()) {
        fail_msg("expected nothing, got:\n%s", bench.message);
    }
}

/* The Contact in the last message is the server's, with these parameters. */
static inline void phone_expect_contact(const char *uri_parameters, const char *parameters)
{
    char contact[128];
    snprintf(contact, sizeof contact, "<sip:demo@%s:%d%s>%s", bench.host, SERVER_PORT,
             uri_parameters, parameters);
    assert_string_equal(phone_header("Contact"), contact);
}

/* A whole call up to its ACK; returns the INVITE's CSeq. */
static inline unsigned phone_call(const char *headers)
{
    char all[512];
    phone_new_call();
    snprintf(all, sizeof all, CONTACT "%s", headers);
    unsigned cseq = phone_request("INVITE", all, OFFER);
    phone_expect(200, "INVITE");
    phone_ack(cseq, "");
    return cseq;
}

static inline bool bench_is_established(void)
{
    return bench.established > 0;
}

static inline void phone_hang_up(void)
{
    phone_request("BYE", "", "");
    phone_expect(200, "BYE");
    bench_run_until(bench_is_empty);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static inline int bench_begin_with(unsigned session_expires, unsigned min_se)
{
    char udp[64], tcp[64];
    const char *const listen[] = {udp, tcp};
    unsigned process = (unsigned)getpid() & 0xffff;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char error[256] = "";

    memset(&bench, 0, sizeof bench);
    snprintf(bench.host, sizeof bench.host, "127.55.%u.%u", process >> 8, process & 0xff);
    snprintf(udp, sizeof udp, "sip:%s:%d;transport=udp", bench.host, SERVER_PORT);
    snprintf(tcp, sizeof tcp, "sip:%s:%d;transport=tcp", bench.host, SERVER_PORT);
    log_set_level(LOG_LEVEL_ERROR);
    if (loop_create(&bench.loop)) {
        return -1;
    }
    const struct sip_config config = {
        .loop = bench.loop,
        .listen = listen,
        .listen_count = 2,
        .domain = "",
        .codecs = bench_codecs,
        .codec_count = 2,
        .session_expires = session_expires,
        .min_se = min_se,
        .packages = bench_packages,
        .package_count = bench_package_count,
        .min_expires = 1,
        .max_expires = 600,
        .t1 = TEST_T1,
        .events = &bench_events,
        .events_arg = &bench,
        .resolv_conf = bench_resolv_conf,
    };
    if (sip_agent_create(&config, &bench.agent, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        return -1;
    }
    bench.signalling = sip_agent_signalling(bench.agent);
    bench.fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, PHONE_HOST, &address.sin_addr);
    if (bench.fd < 0 || bind(bench.fd, (struct sockaddr *)&address, sizeof address) ||
        getsockname(bench.fd, (struct sockaddr *)&address, &size)) {
        return -1;
    }
    bench.port = ntohs(address.sin_port);
    return 0;
}

static inline int bench_begin(void **state)
{
    (void)state;
    return bench_begin_with(1800, 90);
}

static inline int bench_end(void **state)
{
    (void)state;
    close(bench.fd);
    sip_agent_destroy(bench.agent);
    loop_destroy(bench.loop);
    return 0;
}

#define bench_test(name) cmocka_unit_test_setup_teardown(name, bench_begin, bench_end)

#endif
