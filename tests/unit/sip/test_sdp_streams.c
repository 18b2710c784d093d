/* Many m-lines: which is ours, how the others are refused, and a call that goes on without audio.
 */
#include "sip/sdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "v=0\r\no=phone 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
#define FAX "m=image 5006 udptl t38\r\na=T38FaxVersion:0\r\n"

static const struct codec_format codecs[] = {
    {"opus", 48000, 2, 96, ""},
    {"PCMU", 8000, 1, 0, ""},
};

/* In a call, of which both ends may change the streams. */
static struct sdp_local in_call(void)
{
    struct sdp_local local = {
        .direction = STREAM_SENDRECV,
        .codecs = codecs,
        .codec_count = sizeof codecs / sizeof codecs[0],
        .media.rtcp_port = 4001,
        .may_do_without = true,
    };
    struct sockaddr_in *in = (struct sockaddr_in *)&local.media.rtp;
    in->sin_family = AF_INET;
    in->sin_port = htons(4000);
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &in->sin_addr), 1);
    return local;
}

static struct sdp *parse(const char *body)
{
    struct sdp *sdp = NULL;
    assert_int_equal(sdp_parse(body, strlen(body), &sdp), 0);
    return sdp;
}

/* The m-lines of `body`, one behind the other. */
static const char *m_lines(const char *body)
{
    static char lines[1024];
    size_t length = 0;
    lines[0] = '\0';
    for (const char *at = strstr(body, "\r\nm="); at; at = strstr(at + 1, "\r\nm=")) {
        length += (size_t)snprintf(lines + length, sizeof lines - length, "%.*s\n",
                                   (int)strcspn(at + 2, "\r"), at + 2);
    }
    return lines;
}

static void assert_answer(const char *offered, const char *expected, struct session *session)
{
    struct sdp_local local = in_call();
    struct sdp *offer = parse(offered);
    char *body = NULL;
    assert_true(sdp_acceptable(offer, &local));
    assert_int_equal(sdp_write_answer(&local, offer, &body, session), 0);
    assert_string_equal(m_lines(body), expected);
    free(body);
    sdp_free(offer);
}

static void assert_offer(const char *last, bool adds, const char *expected)
{
    struct sdp_local local = in_call();
    struct sdp *sdp = parse(last);
    char *body = NULL;
    assert_int_equal(sdp_write_offer_again(&local, sdp, adds, &body), 0);
    assert_string_equal(m_lines(body), expected);
    free(body);
    sdp_free(sdp);
}

static void assert_not_acceptable(const char *offered)
{
    struct sdp_local local = in_call();
    struct sdp *offer = parse(offered);
    struct session session;
    char *body = NULL;
    assert_false(sdp_acceptable(offer, &local));
    assert_int_equal(sdp_write_answer(&local, offer, &body, &session), ENOTSUP);
    assert_int_equal(sdp_read_answer(&local, offer, &session), ENOTSUP);
    sdp_free(offer);
}

/* RFC 3264 §6: one m-line for each, in their order, with port 0, protocol and a format. */
static void whatever_else_is_offered_is_refused_in_its_place(void **state)
{
    (void)state;
    struct session session;
    assert_answer(HEAD "a=group:BUNDLE a v d\r\na=ice-options:trickle\r\n"
                       "m=video 5002 RTP/AVP 31 34\r\na=mid:v\r\n"
                       "m=audio 5004 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
                       "m=audio 5008 RTP/AVP 0\r\na=mid:a\r\na=ice-ufrag:F7gI\r\n"
                       "a=candidate:1 1 UDP 2130706431 192.0.2.7 5008 typ host\r\n"
                       "m=audio 5010 RTP/AVP 0\r\n" FAX
                       "m=message 5012 TCP/MSRP *\r\na=path:msrp://192.0.2.7:5012/x;tcp\r\n"
                       "m=application 5014 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
                       "m=audio 0 RTP/AVP 0\r\n",
                  "m=video 0 RTP/AVP 31\n"
                  "m=audio 0 RTP/SAVP 0\n"
                  "m=audio 4000 RTP/AVP 0\n"
                  "m=audio 0 RTP/AVP 0\n"
                  "m=image 0 udptl t38\n"
                  "m=message 0 TCP/MSRP *\n"
                  "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\n"
                  "m=audio 0 RTP/AVP 0\n",
                  &session);
    assert_int_equal(ntohs(((const struct sockaddr_in *)&session.remote_rtp)->sin_port), 5008);
}

static void audio_that_is_switched_off_leaves_a_call_without(void **state)
{
    (void)state;
    struct session session;
    assert_answer(HEAD "m=audio 0 RTP/AVP 0\r\n", "m=audio 0 RTP/AVP 0\n", &session);
    assert_int_equal(session.format_count, 0);
    assert_int_equal(session.direction, STREAM_INACTIVE);
    assert_int_equal(session.remote_rtp.ss_family, AF_UNSPEC);
    assert_false(session.held);
    assert_answer(HEAD "m=audio 0 RTP/AVP 0\r\nm=video 5002 RTP/AVP 31\r\n",
                  "m=audio 0 RTP/AVP 0\nm=video 0 RTP/AVP 31\n", &session);
    assert_int_equal(session.format_count, 0);
    assert_answer(HEAD, "", &session);
}

/* A fax that is refused goes on as audio (RFC 3264 §8.3.3 would change the stream). */
static void what_takes_the_place_of_audio_and_is_of_no_use_is_refused(void **state)
{
    (void)state;
    assert_not_acceptable(HEAD FAX);
    assert_not_acceptable(HEAD "m=audio 0 RTP/AVP 0\r\n" FAX);
    assert_not_acceptable(HEAD "m=video 5002 RTP/AVP 31\r\n");
    assert_not_acceptable(HEAD "m=audio 5004 RTP/AVP 9\r\n");
    assert_not_acceptable(HEAD "m=audio 0 RTP/AVP 0\r\nm=audio 5004 RTP/SAVP 0\r\n");
}

static void no_call_begins_without_audio(void **state)
{
    (void)state;
    struct sdp_local local = in_call();
    struct sdp *offer = parse(HEAD "m=audio 0 RTP/AVP 0\r\n");
    local.may_do_without = false;
    assert_false(sdp_acceptable(offer, &local));
    sdp_free(offer);
}

static void our_offers_keep_every_m_line(void **state)
{
    (void)state;
    static const char with_video[] =
        HEAD "m=video 5002 RTP/AVP 31\r\nm=audio 5004 RTP/AVP 0\r\n" FAX;
    assert_offer(with_video, false,
                 "m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 0 96\nm=image 0 udptl t38\n");
    assert_offer(with_video, true,
                 "m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 0 96\nm=image 0 udptl t38\n");
}

/* RFC 3264 §8.1: in the slot of the one that was switched off, or below all others. */
static void audio_that_was_switched_off_is_offered_again_when_asked_for(void **state)
{
    (void)state;
    assert_offer(HEAD "m=video 5002 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n", true,
                 "m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 96 0\n");
    assert_offer(HEAD "m=video 5002 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n", false,
                 "m=video 0 RTP/AVP 31\nm=audio 0 RTP/AVP 0\n");
    assert_offer(HEAD "m=video 0 RTP/AVP 31\r\n", true,
                 "m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 96 0\n");
    assert_offer(HEAD, true, "m=audio 4000 RTP/AVP 96 0\n");
    assert_offer(HEAD, false, "");
}

/* RFC 3264 §8.3.2: though the latest description says nothing of it any more. */
static void a_number_keeps_its_meaning_for_ever(void **state)
{
    (void)state;
    struct sdp_local local = in_call();
    struct sdp_numbers numbers = {.codecs = codecs, .codec_count = local.codec_count};
    struct sdp *first = parse(HEAD "m=audio 5004 RTP/AVP 0 96\r\na=rtpmap:96 speex/8000\r\n");
    struct sdp *second = parse(HEAD "m=audio 5004 RTP/AVP 0 111\r\na=rtpmap:111 opus/48000/2\r\n");
    struct sdp *last = parse(HEAD "m=audio 5004 RTP/AVP 0\r\n");
    char *body = NULL;

    local.numbers = &numbers;
    sdp_numbers_learn(&numbers, first);
    assert_int_equal(sdp_write_offer_again(&local, last, false, &body), 0);
    assert_string_equal(m_lines(body), "m=audio 4000 RTP/AVP 0 97\n");
    free(body);
    sdp_numbers_learn(&numbers, second);
    assert_int_equal(sdp_write_offer_again(&local, last, false, &body), 0);
    assert_string_equal(m_lines(body), "m=audio 4000 RTP/AVP 0 111\n");
    free(body);
    sdp_free(first);
    sdp_free(second);
    sdp_free(last);
}

/* Else the codec that is in use stays the first one. */
static void an_offer_is_in_our_order_when_our_choice_has_changed(void **state)
{
    (void)state;
    struct sdp_local local = in_call();
    struct sdp *last = parse(HEAD "m=audio 5004 RTP/AVP 0\r\n");
    char *body = NULL;
    local.reorders = true;
    assert_int_equal(sdp_write_offer_again(&local, last, false, &body), 0);
    assert_string_equal(m_lines(body), "m=audio 4000 RTP/AVP 96 0\n");
    free(body);
    sdp_free(last);
}

static void too_many_streams_get_no_one_more(void **state)
{
    (void)state;
    char body[2048];
    size_t length = (size_t)snprintf(body, sizeof body, "%s", HEAD);
    struct sdp_local local = in_call();
    for (int i = 0; i < SDP_STREAMS; i++) {
        length +=
            (size_t)snprintf(body + length, sizeof body - length, "%s", "m=video 0 RTP/AVP 31\r\n");
    }
    struct sdp *sdp = parse(body);
    char *offer = NULL;
    assert_int_equal(sdp_write_offer_again(&local, sdp, true, &offer), 0);
    assert_null(strstr(offer, "m=audio"));
    free(offer);
    sdp_free(sdp);
}

static void an_answer_may_refuse_our_audio(void **state)
{
    (void)state;
    struct sdp_local local = in_call();
    struct session session;
    struct sdp *answer = parse(HEAD "m=audio 0 RTP/AVP 0\r\n");
    assert_int_equal(sdp_read_answer(&local, answer, &session), 0);
    assert_int_equal(session.format_count, 0);
    assert_int_equal(session.direction, STREAM_INACTIVE);
    local.may_do_without = false;
    assert_int_equal(sdp_read_answer(&local, answer, &session), ENOTSUP);
    sdp_free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_else_is_offered_is_refused_in_its_place),
        cmocka_unit_test(audio_that_is_switched_off_leaves_a_call_without),
        cmocka_unit_test(what_takes_the_place_of_audio_and_is_of_no_use_is_refused),
        cmocka_unit_test(no_call_begins_without_audio),
        cmocka_unit_test(our_offers_keep_every_m_line),
        cmocka_unit_test(audio_that_was_switched_off_is_offered_again_when_asked_for),
        cmocka_unit_test(a_number_keeps_its_meaning_for_ever),
        cmocka_unit_test(an_offer_is_in_our_order_when_our_choice_has_changed),
        cmocka_unit_test(too_many_streams_get_no_one_more),
        cmocka_unit_test(an_answer_may_refuse_our_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
