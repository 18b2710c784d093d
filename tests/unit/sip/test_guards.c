/* What is not to be served is refused with the right code, and nothing that can be sent does harm.
 */
#include "tests/unit/sip/phone.h"

#include <errno.h>

/* Begins a call with this and expects that refusal. */
static void refuses(int code, const char *method, const char *headers, const char *body)
{
    phone_new_call();
    unsigned cseq = phone_request(method, headers, body);
    phone_expect(code, method);
    assert_non_null(strstr(phone_header("To"), ";tag="));
    if (strcmp(method, "INVITE") == 0) {
        phone_ack_refusal(cseq, bench.branch);
    }
}

static void an_invite_needs_one_usable_contact(void **state)
{
    (void)state;
    refuses(400, "INVITE", "", OFFER);
    refuses(400, "INVITE", "Contact: <tel:+15550100>\r\n", OFFER);
    refuses(400, "INVITE", "Contact: *\r\n", OFFER);
    refuses(400, "INVITE", CONTACT CONTACT, OFFER);
    assert_int_equal(bench.incoming, 0);
}

static void methods_without_service_are_405_and_unknown_ones_501(void **state)
{
    (void)state;
    const char *const known[] = {"REGISTER", "PUBLISH"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        refuses(405, known[i], CONTACT "Event: conference\r\n", "");
        assert_string_equal(
            phone_header("Allow"),
            "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, SUBSCRIBE, REFER, NOTIFY, MESSAGE, INFO");
    }
    refuses(501, "JUGGLE", CONTACT, "");
    phone_call("");
    bench_run_until(bench_is_established);
    phone_request("PUBLISH", "", "");
    phone_expect(405, "PUBLISH");
    phone_hang_up();
}

static void extensions_that_we_have_not_are_420(void **state)
{
    (void)state;
    refuses(420, "INVITE", CONTACT "Require: 100rel, timer\r\n", OFFER);
    assert_string_equal(phone_header("Unsupported"), "100rel");
    phone_call("Require: timer\r\n");
    bench_run_until(bench_is_established);
    phone_hang_up();
}

static void other_uri_schemes_are_416(void **state)
{
    (void)state;
    const char *const uris[] = {"tel:+15550100", "sips:demo@" SERVER_HOST, "xyz:demo"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        phone_new_call();
        phone_send("INVITE", uris[i], ++bench.cseq, ++bench.branch, CONTACT, OFFER);
        phone_expect(416, "INVITE");
        phone_ack_refusal(bench.cseq, bench.branch);
    }
}

static void bodies_must_be_session_descriptions(void **state)
{
    (void)state;
    phone_new_call();
    phone_request("INVITE", CONTACT "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
                  "");
    phone_expect(415, "INVITE");
    assert_string_equal(phone_header("Accept"), "application/sdp, multipart/mixed");
    phone_ack_refusal(bench.cseq, bench.branch);
    refuses(415, "INVITE", CONTACT "Content-Encoding: gzip\r\n", OFFER);
    refuses(406, "INVITE", CONTACT "Accept: text/plain\r\n", OFFER);
    refuses(400, "INVITE", CONTACT, "v=1\r\nnonsense");
    refuses(488, "INVITE", CONTACT, OFFER_OF("4000", "sendrecv", "18"));
    assert_non_null(strstr(phone_header("Warning"), "305"));
    refuses(488, "INVITE", CONTACT,
            "v=0\r\no=a 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\n"
            "m=video 4000 RTP/AVP 31\r\n");
    assert_non_null(strstr(phone_header("Warning"), "304"));
    assert_int_equal(bench.incoming, 0);
}

static void requests_of_no_dialog_are_481(void **state)
{
    (void)state;
    const char *const methods[] = {"BYE", "UPDATE", "INVITE", "OPTIONS", "CANCEL"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        phone_new_call();
        snprintf(bench.to_tag, sizeof bench.to_tag, "unheard-of");
        phone_request(methods[i], CONTACT, "");
        phone_expect(481, methods[i]);
        bench.to_tag[0] = '\0';
        if (strcmp(methods[i], "BYE") == 0 || strcmp(methods[i], "CANCEL") == 0) {
            phone_request(methods[i], "", "");
            phone_expect(481, methods[i]);
        }
    }
}

static void an_ack_is_never_answered(void **state)
{
    (void)state;
    phone_new_call();
    phone_ack(1, "");
    snprintf(bench.to_tag, sizeof bench.to_tag, "unheard-of");
    phone_ack(1, OFFER);
    phone_call("");
    bench_run_until(bench_is_established);
    phone_ack(bench.cseq, "");
    phone_ack(bench.cseq + 7, "");
    phone_expect_nothing(2 * TEST_T1);
    phone_hang_up();
}

static void options_tell_what_we_can_or_that_there_is_no_such_conference(void **state)
{
    (void)state;
    phone_new_call();
    phone_request("OPTIONS", "", "");
    phone_expect(200, "OPTIONS");
    phone_expect_contact("", ";isfocus;audio;automata");
    assert_string_equal(phone_header("Accept"), "application/sdp, multipart/mixed");
    assert_true(phone_has("m=audio 0 RTP/AVP 0 8"));
    phone_request("OPTIONS", "Accept: text/plain\r\n", "");
    phone_expect(200, "OPTIONS");
    assert_false(phone_has("m=audio"));
    phone_send("OPTIONS", "sip:nowhere@" SERVER_HOST, ++bench.cseq, ++bench.branch, "", "");
    phone_expect(404, "OPTIONS");
}

static void a_refusal_is_repeated_until_its_ack(void **state)
{
    (void)state;
    static char first[sizeof bench.message];
    phone_new_call();
    unsigned cseq = phone_request("INVITE", "", OFFER);
    unsigned branch = bench.branch;
    phone_expect(400, "INVITE");
    memcpy(first, bench.message, sizeof first);
    phone_expect(400, "INVITE");
    assert_string_equal(bench.message, first);
    phone_send("INVITE", SERVER_URI, cseq, ++bench.branch, "", OFFER);
    do {
        phone_next();
    } while (strcmp(bench.message, first) == 0);
    assert_int_equal(strncmp(bench.message, "SIP/2.0 482", 11), 0);
    phone_ack_refusal(cseq, bench.branch);
    phone_ack_refusal(cseq, branch);
    phone_request("OPTIONS", "", "");
    do {
        phone_next();
    } while (!strstr(phone_header("CSeq"), "OPTIONS"));
    phone_send("INVITE", SERVER_URI, cseq, branch, "", OFFER);
    phone_expect_nothing(8 * TEST_T1);
    phone_send("CANCEL", SERVER_URI, cseq, branch, "", "");
    phone_expect(200, "CANCEL");
}

/* A response to maddr would fail to leave; nta would then stumble over the ACK. */
static void a_maddr_in_the_via_does_not_lead_the_response_astray(void **state)
{
    (void)state;
    const char *const requests[] = {"INVITE", "ACK"};
    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        int length = snprintf(text, sizeof text,
                              "%s sip:demo@h SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKm;maddr="
                              "255.255.255.255\r\nFrom: <sip:a@b>;tag=m\r\nTo: <sip:demo@h>\r\n"
                              "Call-ID: maddr\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
                              requests[i], requests[i]);
        phone_raw(text, (size_t)length);
    }
    phone_expect(400, "INVITE");
    phone_expect_nothing(4 * TEST_T1);
}

static void a_branch_that_is_too_short_to_be_one_is_400(void **state)
{
    (void)state;
    const char text[] = "OPTIONS sip:demo@h SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z\r\n"
                        "From: <sip:a@b>;tag=m\r\nTo: <sip:demo@h>\r\nCall-ID: short\r\n"
                        "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    phone_raw(text, sizeof text - 1);
    phone_expect(400, "OPTIONS");
}

/* Every beginning of a call's first message, and the message with each byte changed. */
static void no_broken_message_does_harm(void **state)
{
    (void)state;
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "INVITE " SERVER_URI " SIP/2.0\r\nVia: SIP/2.0/UDP " PHONE_HOST
                          ":%u;branch=z9hG4bK-junk\r\nFrom: <sip:a@b?x>;tag=1\r\nTo: <" SERVER_URI
                          ">\r\nCall-ID: junk\r\nCSeq: 1 INVITE\r\n" CONTACT
                          "Session-Expires: 1800;refresher=uac\r\nSupported: timer\r\n"
                          "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n" OFFER,
                          bench.port, strlen(OFFER));
    bench.mode = FOCUS_REJECTS;
    for (int i = 0; i < length; i++) {
        phone_raw(text, (size_t)i);
        char kept = text[i];
        text[i] = (char)(i % 2 ? '\0' : 0x80 | kept);
        phone_raw(text, (size_t)length);
        text[i] = kept;
        if (i % 32 == 0) {
            bench_run_ms(1);
            while (phone_receive()) {
            }
        }
    }
    /* Datagrams keep their order here: with this answered, all before it is worked off. */
    phone_new_call();
    phone_request("OPTIONS", "", "");
    do {
        phone_next();
    } while (strcmp(phone_header("Call-ID"), bench.call_id) != 0);
    bench_run_until(bench_is_empty);
    bench.mode = FOCUS_ANSWERS;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    do { /* refusals of the junk are still repeated */
        phone_next();
    } while (strncmp(bench.message, "SIP/2.0 200", 11) != 0);
    learn_tag();
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
}

static void a_flood_of_headers_is_one_request(void **state)
{
    (void)state;
    static char headers[50000];
    size_t length = 0;
    while (length + 40 < sizeof headers) {
        length +=
            (size_t)snprintf(headers + length, sizeof headers - length, "X-%zu: y\r\n", length);
    }
    phone_new_call();
    phone_request("OPTIONS", headers, "");
    phone_expect(200, "OPTIONS");
}

static void an_address_in_use_is_told_as_such(void **state)
{
    (void)state;
    char uri[64];
    const char *const taken[] = {uri};
    const char *const broken[] = {"http://" SERVER_HOST};
    struct sip_agent *second = NULL;
    char error[256];
    struct sip_config config = {
        .loop = bench.loop,
        .listen = taken,
        .listen_count = 1,
        .codecs = bench_codecs,
        .codec_count = 2,
        .events = &bench_events,
    };
    snprintf(uri, sizeof uri, "sip:%s:%d;transport=tcp", bench.host, SERVER_PORT);
    assert_int_equal(sip_agent_create(&config, &second, error, sizeof error), EADDRINUSE);
    assert_non_null(strstr(error, taken[0]));
    config.listen = broken;
    assert_int_equal(sip_agent_create(&config, &second, error, sizeof error), EINVAL);
    assert_non_null(strstr(error, broken[0]));
    assert_null(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(an_invite_needs_one_usable_contact),
        bench_test(methods_without_service_are_405_and_unknown_ones_501),
        bench_test(extensions_that_we_have_not_are_420),
        bench_test(other_uri_schemes_are_416),
        bench_test(bodies_must_be_session_descriptions),
        bench_test(requests_of_no_dialog_are_481),
        bench_test(an_ack_is_never_answered),
        bench_test(options_tell_what_we_can_or_that_there_is_no_such_conference),
        bench_test(a_refusal_is_repeated_until_its_ack),
        bench_test(a_maddr_in_the_via_does_not_lead_the_response_astray),
        bench_test(a_branch_that_is_too_short_to_be_one_is_400),
        bench_test(no_broken_message_does_harm),
        bench_test(a_flood_of_headers_is_one_request),
        bench_test(an_address_in_use_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
