#include "sip_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char answer[] = "SIP/2.0 200 OK\r\n"
                             "v: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\n"
                             "Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK2\r\n"
                             "From: <sip:leg1@127.0.0.1>;tag=1\r\n"
                             "TO : <sip:bench0@127.0.0.1>;tag=abc\r\n"
                             "i: 0000beef-1-1@127.0.0.1\r\n"
                             "CSeq: 12 INVITE\r\n"
                             "Contact: \"conf\" <sip:bench0@127.0.0.9:5060;gr>;isfocus\r\n"
                             "\r\n"
                             "v=0\r\n"
                             "c=IN IP4 127.0.0.9\r\n"
                             "m=audio 20000 RTP/AVP 0\r\n";

/* A copy of exactly that size, so that reading past its end is seen by a sanitizer. */
static bool parse(struct sip_message *message, const char *text, size_t size, char **copyp)
{
    *copyp = malloc(size != 0 ? size : 1);
    assert_non_null(*copyp);
    memcpy(*copyp, text, size);
    return sip_parse(message, *copyp, size);
}

static void an_answer_is_read(void **state)
{
    struct sip_message message;
    struct slice value, uri;
    char *copy;

    (void)state;
    assert_true(parse(&message, answer, strlen(answer), &copy));
    assert_false(message.is_request);
    assert_int_equal(message.status, 200);
    assert_int_equal(message.cseq, 12);
    assert_true(slice_is(message.method, "INVITE"));
    assert_true(slice_is(message.call_id, "0000beef-1-1@127.0.0.1"));
    assert_true(sip_header(&message, "To", 't', 0, &value));
    assert_true(slice_is(value, "<sip:bench0@127.0.0.1>;tag=abc"));
    assert_true(sip_header(&message, "Via", 'v', 1, &value));
    assert_true(slice_is(value, "SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK2"));
    assert_false(sip_header(&message, "Via", 'v', 2, &value));
    assert_true(sip_header(&message, "Contact", 'm', 0, &value));
    assert_true(sip_uri(value, &uri));
    assert_true(slice_is(uri, "sip:bench0@127.0.0.9:5060;gr"));
    free(copy);
}

static void no_cut_of_a_message_is_read_past_its_end(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(answer); size++) {
        struct sip_message message;
        struct sockaddr_storage address;
        struct slice value, uri;
        char *copy;

        if (parse(&message, answer, size, &copy)) {
            if (sip_header(&message, "Contact", 'm', 0, &value))
                (void)sip_uri(value, &uri);
            (void)sdp_audio_address(message.body, &address);
        } else {
            assert_true(size < (size_t)(strstr(answer, "Contact") - answer));
        }
        free(copy);
    }
}

static void rubbish_is_refused(void **state)
{
    static const char *const rubbish[] = {"",
                                          "\r\n\r\n",
                                          "SIP/2.0",
                                          "SIP/2.0 abc OK\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
                                          "BYE sip:x\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
                                          "SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n",
                                          "SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: BYE\r\n\r\n"};

    (void)state;
    for (unsigned i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
        struct sip_message message;
        char *copy;

        assert_false(parse(&message, rubbish[i], strlen(rubbish[i]), &copy));
        free(copy);
    }
}

static void a_reply_has_the_lines_of_its_request(void **state)
{
    static const char request[] = "BYE sip:leg1@127.0.0.1:5070 SIP/2.0\r\n"
                                  "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK9\r\n"
                                  "f: <sip:bench0@127.0.0.1>;tag=abc\r\n"
                                  "t: <sip:leg1@127.0.0.1>\r\n"
                                  "Call-ID: x\r\nCSeq: 3 BYE\r\n\r\n";
    struct sip_message message;
    char text[512], *copy;
    size_t size;

    (void)state;
    assert_true(parse(&message, request, strlen(request), &copy));
    assert_true(message.is_request && slice_is(message.method, "BYE"));
    size =
        sip_reply_write(&message, "200 OK", "me", "Content-Length: 0\r\n\r\n", text, sizeof(text));
    assert_int_equal(size, strlen(text));
    assert_string_equal(text, "SIP/2.0 200 OK\r\n"
                              "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK9\r\n"
                              "From: <sip:bench0@127.0.0.1>;tag=abc\r\n"
                              "To: <sip:leg1@127.0.0.1>;tag=me\r\n"
                              "Call-ID: x\r\nCSeq: 3 BYE\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(sip_reply_write(&message, "200 OK", NULL, "\r\n", text, 60), 0);
    free(copy);
}

static void check_sdp(const char *sdp, const char *ip, unsigned port)
{
    struct sockaddr_storage address;
    char text[64];
    bool found = sdp_audio_address((struct slice){sdp, strlen(sdp)}, &address);

    assert_true(found == (ip != NULL));
    if (ip == NULL)
        return;
    address_ip(&address, text, sizeof(text));
    assert_string_equal(text, ip);
    assert_int_equal(address_port(&address), port);
}

static void the_audio_address_is_found(void **state)
{
    (void)state;
    check_sdp("c=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n", "127.0.0.1", 4000);
    check_sdp("c=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\nc=IN IP4 127.0.0.2\n", "127.0.0.2",
              4000);
    check_sdp("m=video 2 RTP/AVP 9\nc=IN IP4 127.0.0.7\nm=audio 6 RTP/AVP 0\nc=IN IP6 ::1\n", "::1",
              6);
    check_sdp("c=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\nm=video 2 RTP/AVP 9\n"
              "c=IN IP4 127.0.0.7\n",
              "127.0.0.1", 4000);
    check_sdp("c=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n", NULL, 0);
    check_sdp("c=IN IP4 example.org\r\nm=audio 4000 RTP/AVP 0\r\n", NULL, 0);
    check_sdp("m=audio 4000 RTP/AVP 0\r\n", NULL, 0);
    check_sdp("c=IN IP4 127.0.0.1\r\nm=audio 70000 RTP/AVP 0\r\n", NULL, 0);
    check_sdp("", NULL, 0);
}

static void addresses_are_checked(void **state)
{
    static const char *const wrong[] = {"",     "localhost", "127.0.0.1:",  "127.0.0.1:70000",
                                        "[::1", "[::1]x",    "127.0.0.1:5x"};
    struct sockaddr_storage address;

    (void)state;
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(address_parse(wrong[i], &address));
    assert_true(address_parse("[::1]:5060", &address));
    assert_int_equal(address.ss_family, AF_INET6);
    assert_int_equal(address_port(&address), 5060);
    assert_true(address_parse("127.0.0.3", &address));
    assert_int_equal(address_port(&address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(no_cut_of_a_message_is_read_past_its_end),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(a_reply_has_the_lines_of_its_request),
        cmocka_unit_test(the_audio_address_is_found),
        cmocka_unit_test(addresses_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
