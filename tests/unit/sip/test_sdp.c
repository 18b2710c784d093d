/* Session descriptions: what we read out of a peer's, and what our answers and offers say. */
#include "sip/sdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define EACH "urn:ietf:params:rtp-hdrext:csrc-audio-level"
#define HEAD "v=0\r\no=phone 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"

static const struct codec_format codecs[] = {
    {"PCMU", 8000, 1, 0, ""},
    {"PCMA", 8000, 1, 8, ""},
    {"opus", 48000, 2, 96, "useinbandfec=1"},
    {"telephone-event", 8000, 1, 101, "0-16"},
    {"telephone-event", 48000, 1, 102, "0-16"},
};

static struct sdp_local local_at(const char *host, uint16_t port)
{
    struct sdp_local local = {
        .session_id = 7,
        .version = 3,
        .direction = STREAM_SENDRECV,
        .codecs = codecs,
        .codec_count = sizeof codecs / sizeof codecs[0],
        .media.rtcp_port = port + 1,
    };
    struct sockaddr_in *in = (struct sockaddr_in *)&local.media.rtp;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&local.media.rtp;
    if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, host, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
    }
    return local;
}

static struct sdp *parse(const char *body)
{
    struct sdp *sdp = NULL;
    assert_int_equal(sdp_parse(body, strlen(body), &sdp), 0);
    return sdp;
}

/* The answer of a server at 192.0.2.1:4000 to `body`; the caller frees it. */
static char *answer_to(const char *body, struct session *session)
{
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct sdp *offer = parse(body);
    char *answer = NULL;
    assert_true(sdp_acceptable(offer, &local));
    assert_int_equal(sdp_write_answer(&local, offer, &answer, session), 0);
    sdp_free(offer);
    return answer;
}

static void assert_address(const struct sockaddr_storage *address, const char *host, uint16_t port)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        assert_int_equal(ntohs(in->sin_port), port);
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        assert_int_equal(address->ss_family, AF_INET6);
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        assert_int_equal(ntohs(in6->sin6_port), port);
    }
    assert_string_equal(text, host);
}

/* Answers `body` and compares the media part, from the first m= on. */
static void assert_answer(const char *body, const char *media)
{
    struct session session;
    char *answer = answer_to(body, &session);
    const char *start = strstr(answer, "m=");
    assert_non_null(start);
    assert_string_equal(start, media);
    free(answer);
}

static void the_whole_answer_is_as_rfc_8866_orders_its_lines(void **state)
{
    (void)state;
    struct session session;
    char *answer = answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\n", &session);
    assert_string_equal(answer, "v=0\r\n"
                                "o=- 7 3 IN IP4 192.0.2.1\r\n"
                                "s=-\r\n"
                                "c=IN IP4 192.0.2.1\r\n"
                                "t=0 0\r\n"
                                "m=audio 4000 RTP/AVP 0\r\n"
                                "a=rtpmap:0 PCMU/8000\r\n"
                                "a=ptime:20\r\n"
                                "a=sendrecv\r\n");
    free(answer);
    assert_address(&session.remote_rtp, "192.0.2.7", 5004);
    assert_address(&session.remote_rtcp, "192.0.2.7", 5005);
    assert_int_equal(session.direction, STREAM_SENDRECV);
    assert_false(session.held);
    assert_int_equal(session.ptime, 0);
    assert_string_equal(session.codec.name, "PCMU");
    assert_int_equal(session.format_count, 1);
}

static void common_codecs_keep_the_order_and_numbers_of_the_offer(void **state)
{
    (void)state;
    struct session session;
    char *answer = answer_to(HEAD "m=audio 5004 RTP/AVP 9 8 110 0 97\r\n"
                                  "a=rtpmap:110 GSM-EFR/8000\r\n"
                                  "a=rtpmap:97 Telephone-Event/8000\r\n"
                                  "a=fmtp:97 0-15\r\n",
                             &session);
    assert_non_null(strstr(answer, "m=audio 4000 RTP/AVP 8 0 97\r\n"));
    assert_non_null(strstr(answer, "a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-16\r\n"));
    free(answer);
    assert_string_equal(session.codec.name, "PCMA");
    assert_int_equal(session.codec.payload_type, 8);
    assert_int_equal(session.format_count, 3);
    assert_int_equal(session.formats[2].payload_type, 97);
    assert_string_equal(session.formats[2].fmtp, "0-15");
}

static void telephone_events_follow_the_clock_of_the_common_codecs(void **state)
{
    (void)state;
    const char *opus_maps = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:112 telephone-event/48000\r\n"
                            "a=rtpmap:101 telephone-event/8000\r\n";
    char body[1024];

    snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 111 112 101\r\n%s", opus_maps);
    assert_answer(body, "m=audio 4000 RTP/AVP 111 112\r\n"
                        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
                        "a=rtpmap:112 telephone-event/48000\r\na=fmtp:112 0-16\r\n"
                        "a=ptime:20\r\na=sendrecv\r\n");
    /* An Opus phone that knows events at 8000 Hz only still gets its keys. */
    snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 111 101\r\n%s", opus_maps);
    assert_answer(body, "m=audio 4000 RTP/AVP 111 101\r\n"
                        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
                        "a=ptime:20\r\na=sendrecv\r\n");
    snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 0 112 101\r\n%s", opus_maps);
    assert_answer(body, "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
                        "a=ptime:20\r\na=sendrecv\r\n");
}

static void telephone_events_alone_are_no_call(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct sdp *offer = parse(HEAD "m=audio 5004 RTP/AVP 101 13\r\n"
                                   "a=rtpmap:101 telephone-event/8000\r\n");
    char *body = NULL;
    struct session session;
    assert_false(sdp_acceptable(offer, &local));
    assert_int_equal(sdp_write_answer(&local, offer, &body, &session), ENOTSUP);
    assert_null(body);
    sdp_free(offer);
}

static void comfort_noise_is_answered_only_when_we_know_it(void **state)
{
    (void)state;
    static const struct codec_format with_noise[] = {{"PCMU", 8000, 1, 0, ""},
                                                     {"CN", 8000, 1, 13, ""}};
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct sdp *offer = parse(HEAD "m=audio 5004 RTP/AVP 13 0\r\n");
    struct session session;
    char *body = NULL;

    assert_int_equal(sdp_write_answer(&local, offer, &body, &session), 0);
    assert_non_null(strstr(body, "m=audio 4000 RTP/AVP 0\r\n"));
    free(body);
    local.codecs = with_noise;
    local.codec_count = 2;
    assert_int_equal(sdp_write_answer(&local, offer, &body, &session), 0);
    assert_non_null(strstr(body, "m=audio 4000 RTP/AVP 13 0\r\n"));
    assert_string_equal(session.codec.name, "PCMU");
    free(body);
    sdp_free(offer);
}

static void other_streams_are_refused_in_their_place(void **state)
{
    (void)state;
    assert_answer(HEAD "m=video 5010 RTP/AVP 31 34\r\n"
                       "m=audio 5012 RTP/SAVP 0\r\n"
                       "m=audio 0 RTP/AVP 0\r\n"
                       "m=audio 5004 RTP/AVPF 8\r\n"
                       "m=audio 5006 RTP/AVP 0\r\n"
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
                  "m=video 0 RTP/AVP 31\r\n"
                  "m=audio 0 RTP/SAVP 0\r\n"
                  "m=audio 0 RTP/AVP 0\r\n"
                  "m=audio 4000 RTP/AVPF 8\r\n"
                  "a=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
                  "m=audio 0 RTP/AVP 0\r\n"
                  "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n");
}

struct hold_case {
    const char *lines;
    const char *answered;
    enum stream_direction direction;
    bool held;
};

static void every_kind_of_hold_is_understood(void **state)
{
    (void)state;
    static const struct hold_case cases[] = {
        {"a=sendonly\r\n", "a=recvonly\r\n", STREAM_RECVONLY, true},
        {"a=inactive\r\n", "a=inactive\r\n", STREAM_INACTIVE, true},
        {"a=recvonly\r\n", "a=sendonly\r\n", STREAM_SENDONLY, false},
        {"a=sendrecv\r\n", "a=sendrecv\r\n", STREAM_SENDRECV, false},
        {"c=IN IP4 0.0.0.0\r\n", "a=recvonly\r\n", STREAM_RECVONLY, true},
        {"c=IN IP4 0.0.0.0\r\na=sendonly\r\n", "a=recvonly\r\n", STREAM_RECVONLY, true},
        {"c=IN IP4 0.0.0.0\r\na=inactive\r\n", "a=inactive\r\n", STREAM_INACTIVE, true},
        {"c=IN IP4 0.0.0.0\r\na=recvonly\r\n", "a=inactive\r\n", STREAM_INACTIVE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[512];
        struct session session;
        snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 0\r\n%s", cases[i].lines);
        char *answer = answer_to(body, &session);
        assert_non_null(strstr(answer, cases[i].answered));
        assert_int_equal(session.direction, cases[i].direction);
        assert_int_equal(session.held, cases[i].held);
        if (strstr(cases[i].lines, "0.0.0.0")) {
            assert_int_equal(session.remote_rtp.ss_family, AF_UNSPEC);
            assert_int_equal(session.remote_rtcp.ss_family, AF_UNSPEC);
        }
        free(answer);
    }
}

static void session_lines_hold_for_all_streams_and_media_lines_win(void **state)
{
    (void)state;
    struct session session;
    char *answer = answer_to("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nc=IN IP4 192.0.2.7\nb=AS:64\n"
                             "t=0 0\na=sendonly\nm=audio 5004 RTP/AVP 0\n",
                             &session);
    assert_int_equal(session.direction, STREAM_RECVONLY);
    assert_address(&session.remote_rtp, "192.0.2.7", 5004);
    free(answer);
    answer = answer_to("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nc=IN IP4 192.0.2.7\nt=0 0\n"
                       "a=sendonly\nm=audio 5004 RTP/AVP 0\nc=IN IP4 192.0.2.9\na=sendrecv\n",
                       &session);
    assert_int_equal(session.direction, STREAM_SENDRECV);
    assert_address(&session.remote_rtp, "192.0.2.9", 5004);
    free(answer);
}

static void rtcp_goes_where_the_peer_says(void **state)
{
    (void)state;
    struct session session;
    free(answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp:53020\r\n", &session));
    assert_address(&session.remote_rtcp, "192.0.2.7", 53020);
    free(answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp:53020 IN IP4 192.0.2.8\r\n", &session));
    assert_address(&session.remote_rtcp, "192.0.2.8", 53020);
    free(answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp:nonsense\r\n", &session));
    assert_address(&session.remote_rtcp, "192.0.2.7", 5005);
    char *answer = answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n", &session);
    assert_non_null(strstr(answer, "a=rtcp-mux\r\n"));
    assert_address(&session.remote_rtcp, "192.0.2.7", 5004);
    free(answer);
    /* RFC 5761 §4: payload type 72 cannot be told from RTCP on the same port. */
    answer = answer_to(HEAD "m=audio 5004 RTP/AVP 72\r\na=rtpmap:72 PCMA/8000\r\na=rtcp-mux\r\n",
                       &session);
    assert_null(strstr(answer, "a=rtcp-mux"));
    assert_address(&session.remote_rtcp, "192.0.2.7", 5005);
    free(answer);
}

static void extended_reports_are_agreed_on(void **state)
{
    (void)state;
    struct session session;
    char *answer =
        answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp-xr:pkt-loss-rle=40 rcvr-rtt=all:500 "
                       "stat-summary=loss,jitt voip-metrics\r\n",
                  &session);
    assert_non_null(strstr(answer, "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"));
    assert_true(session.xr_metrics && session.xr_round_trip);
    free(answer);
    /* for all streams, and for one of them */
    answer = answer_to(HEAD "a=rtcp-xr:voip-metrics\r\nm=audio 5004 RTP/AVP 0\r\n", &session);
    assert_non_null(strstr(answer, "a=rtcp-xr:voip-metrics\r\n"));
    assert_true(session.xr_metrics && !session.xr_round_trip);
    free(answer);
    answer = answer_to(HEAD "a=rtcp-xr:voip-metrics\r\nm=audio 5004 RTP/AVP 0\r\na=rtcp-xr:\r\n",
                       &session);
    assert_null(strstr(answer, "rtcp-xr"));
    assert_false(session.xr_metrics || session.xr_round_trip);
    free(answer);
    /* "sender" is for those who send, who have no need of it */
    answer = answer_to(
        HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp-xr:rcvr-rtt=sender rcvr-rtt=allways\r\n", &session);
    assert_null(strstr(answer, "rtcp-xr"));
    free(answer);
}

static void an_rtcp_port_of_our_own_is_told(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    char *body = NULL;
    local.media.rtcp_port = 4100;
    assert_int_equal(sdp_write_offer(&local, &body), 0);
    assert_non_null(strstr(body, "a=rtcp:4100\r\n"));
    free(body);
    local.media.rtcp_port = 0;
    assert_int_equal(sdp_write_offer(&local, &body), 0);
    assert_non_null(
        strstr(body, "a=rtcp-mux\r\na=rtcp-xr:rcvr-rtt=all voip-metrics\r\na=rtcp:4000\r\n"));
    free(body);
}

static void packet_times_are_wishes_within_reason(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        unsigned ptime;
    } cases[] = {
        {"a=ptime:30\r\n", 30},
        {"a=ptime:20.0\r\n", 20},
        {"a=ptime:40\r\na=maxptime:20\r\n", 20},
        {"a=maxptime:10\r\n", 10},
        {"a=maxptime:150\r\n", 0},
        {"a=ptime:0\r\n", 0},
        {"a=ptime:99999\r\n", 0},
        {"a=ptime:-20\r\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[512];
        struct session session;
        snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 0\r\n%s", cases[i].lines);
        free(answer_to(body, &session));
        assert_int_equal(session.ptime, cases[i].ptime);
    }
}

static void ipv6_offers_meet_ipv6_sockets_only(void **state)
{
    (void)state;
    struct sdp *offer = parse("v=0\r\no=- 1 1 IN IP6 2001:db8::7\r\ns=-\r\n"
                              "c=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n");
    struct sdp_local ipv4 = local_at("192.0.2.1", 4000);
    struct sdp_local ipv6 = local_at("2001:db8::1", 4000);
    struct sdp_local unknown = ipv4;
    struct session session;
    char *body = NULL;

    memset(&unknown.media, 0, sizeof unknown.media);
    assert_int_equal(sdp_family(offer), AF_INET6);
    assert_false(sdp_acceptable(offer, &ipv4));
    assert_true(sdp_acceptable(offer, &unknown));
    assert_int_equal(sdp_write_answer(&unknown, offer, &body, &session), EINVAL);
    assert_int_equal(sdp_write_answer(&ipv6, offer, &body, &session), 0);
    assert_non_null(strstr(body, "o=- 7 3 IN IP6 2001:db8::1\r\n"));
    assert_non_null(strstr(body, "c=IN IP6 2001:db8::1\r\n"));
    assert_address(&session.remote_rtp, "2001:db8::7", 5004);
    free(body);
    sdp_free(offer);
}

static void a_host_name_is_accepted_and_left_to_the_first_packet(void **state)
{
    (void)state;
    struct session session;
    free(answer_to("v=0\r\no=- 1 1 IN IP4 a.example\r\ns=-\r\nc=IN IP4 a.example\r\nt=0 0\r\n"
                   "m=audio 5004 RTP/AVP 0\r\n",
                   &session));
    assert_int_equal(session.remote_rtp.ss_family, AF_UNSPEC);
    assert_int_equal(session.direction, STREAM_SENDRECV);
    assert_false(session.held);
}

static void we_send_to_no_group_and_no_broadcast_address(void **state)
{
    (void)state;
    static const char *const hosts[] = {"IP4 224.2.1.1/127", "IP4 255.255.255.255",
                                        "IP6 ff15::101/3"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct sdp_local local = {.codecs = codecs, .codec_count = 5, .direction = STREAM_SENDRECV};
        char body[512];
        snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 0\r\nc=IN %s\r\n", hosts[i]);
        struct sdp *offer = parse(body);
        assert_false(sdp_acceptable(offer, &local));
        sdp_free(offer);
    }
    struct session session;
    free(answer_to(HEAD "m=audio 5004 RTP/AVP 0\r\na=rtcp:5005 IN IP4 224.2.1.1\r\n", &session));
    assert_int_equal(session.remote_rtcp.ss_family, AF_UNSPEC);
}

static void parameters_that_find_no_room_leave_out_nothing_else(void **state)
{
    (void)state;
    char body[1024], many[600] = "";
    struct session session;
    for (unsigned i = 0; i < 40; i++) {
        snprintf(many + strlen(many), sizeof many - strlen(many), "parameter%u=1; ", i);
    }
    snprintf(body, sizeof body,
             HEAD "m=audio 5004 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n"
                  "a=fmtp:97 maxplaybackrate=16000; sprop=%0200d ;usedtx=1; cbr=1\r\n",
             0);
    free(answer_to(body, &session));
    assert_string_equal(session.codec.fmtp, "maxplaybackrate=16000;usedtx=1;cbr=1");
    snprintf(body, sizeof body,
             HEAD "m=audio 5004 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 %s\r\n", many);
    free(answer_to(body, &session));
    assert_memory_equal(session.codec.fmtp, "parameter0=1;parameter1=1;", 26);
    assert_string_equal(strrchr(session.codec.fmtp, ';'), ";parameter11=1");
}

static void one_bad_payload_type_does_not_spoil_the_rest(void **state)
{
    (void)state;
    assert_answer(HEAD "m=audio 5004 RTP/AVP x 300 0 -1 8 8 98 99\r\n"
                       "a=rtpmap:98 PCMA/eight\r\na=rtpmap:99\r\na=rtpmap:x PCMA/8000\r\n"
                       "a=rtpmap:0 PCMU\r\na=fmtp:\r\na=rtpmap\r\n",
                  "m=audio 4000 RTP/AVP 0 8\r\n"
                  "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                  "a=ptime:20\r\na=sendrecv\r\n");
}

static void what_is_no_description_is_a_bad_message(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "v",
        "v=0",
        "v=0\r\n",
        "v=1\r\no=- 1 1 IN IP4 1.2.3.4\r\n",
        "o=- 1 1 IN IP4 1.2.3.4\r\nv=0\r\n",
        HEAD "v=0\r\n",
        "v=0\r\no=- 1 1\r\n",
        HEAD "garbage\r\n",
        HEAD "=x\r\n",
        HEAD "m=audio\r\n",
        HEAD "m=audio 5004\r\n",
        HEAD "m=audio 5004 RTP/AVP\r\n",
        HEAD "m=audio 65536 RTP/AVP 0\r\n",
        HEAD "m=audio -1 RTP/AVP 0\r\n",
        HEAD "m=au\x01io 5004 RTP/AVP 0\r\n",
        HEAD "m=audio 5004 RTP/AVP 0\r\nc=IN IP5 1.2.3.4\r\n",
        HEAD "m=audio 5004 RTP/AVP 0\r\nc=\r\n",
        HEAD "t=now\r\n",
        "<?xml version=\"1.0\"?>",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct sdp *sdp = NULL;
        assert_int_equal(sdp_parse(bodies[i], strlen(bodies[i]), &sdp), EBADMSG);
        assert_null(sdp);
    }
    struct sdp *sdp = NULL;
    assert_int_equal(sdp_parse("", 0, &sdp), EBADMSG);
    assert_int_equal(sdp_parse("v=0\r\n\0", 6, &sdp), EBADMSG);
}

/* HEAD and then `count` times `line`. */
static char *repeat(const char *line, unsigned count)
{
    size_t size = strlen(HEAD) + strlen(line) * count + 1;
    char *body = malloc(size);
    assert_non_null(body);
    char *end = stpcpy(body, HEAD);
    for (unsigned i = 0; i < count; i++) {
        end = stpcpy(end, line);
    }
    return body;
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned allowed;
    } cases[] = {{"m=video 0 RTP/AVP 31\r\n", SDP_STREAMS}, {"a=x\r\n", SDP_LINES - 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sdp *sdp = NULL;
        char *body = repeat(cases[i].line, cases[i].allowed);
        assert_int_equal(sdp_parse(body, strlen(body), &sdp), 0);
        sdp_free(sdp);
        free(body);
        body = repeat(cases[i].line, cases[i].allowed + 1);
        assert_int_equal(sdp_parse(body, strlen(body), &sdp), EBADMSG);
        free(body);
    }
    struct sdp *sdp = NULL;
    char *body = repeat("x", SDP_SIZE);
    assert_int_equal(sdp_parse(body, strlen(body), &sdp), EBADMSG);
    free(body);
}

static void more_formats_than_we_keep_are_ignored(void **state)
{
    (void)state;
    char body[2048] = HEAD "m=audio 5004 RTP/AVP 0";
    size_t size = strlen(body);
    for (unsigned i = 20; i < 127; i++) {
        size += (size_t)snprintf(body + size, sizeof body - size, " %u", i);
    }
    snprintf(body + size, sizeof body - size, " 8\r\n");
    assert_answer(body, "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                        "a=ptime:20\r\na=sendrecv\r\n");
}

static void our_offer_lists_all_we_can(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    char *body = NULL;
    local.subject = "Weekly\r\nm=evil 1 x 0";
    assert_int_equal(sdp_write_offer(&local, &body), 0);
    assert_string_equal(body, "v=0\r\no=- 7 3 IN IP4 192.0.2.1\r\ns=Weekly  m=evil 1 x 0\r\n"
                              "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                              "m=audio 4000 RTP/AVP 0 8 96 101 102\r\n"
                              "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                              "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
                              "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
                              "a=rtpmap:102 telephone-event/48000\r\na=fmtp:102 0-16\r\n"
                              "a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\n"
                              "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"
                              "a=extmap:1 " LEVEL "\r\na=extmap:2/sendonly " EACH "\r\n");
    free(body);
    memset(&local.media, 0, sizeof local.media);
    assert_int_equal(sdp_write_offer(&local, &body), EINVAL);
}

static void levels_are_told_in_the_extensions_that_both_have(void **state)
{
    (void)state;
    static const struct {
        const char *offered, *answered; /* NULL: nothing of it */
        struct session_levels levels;
    } cases[] = {
        {"a=extmap:3 " LEVEL, "a=extmap:3 " LEVEL "\r\n", {3, true, 3, 0}},
        {"a=extmap:3/sendonly " LEVEL " vad=on",
         "a=extmap:3/recvonly " LEVEL "\r\n",
         {3, true, 0, 0}},
        {"a=extmap:14/recvonly " LEVEL " vad=off",
         "a=extmap:14/sendonly " LEVEL " vad=off\r\n",
         {0, false, 14, 0}},
        {"a=extmap:200/recvonly " EACH, "a=extmap:200/sendonly " EACH "\r\n", {0, true, 0, 200}},
        {"a=extmap:1 " EACH, "a=extmap:1/sendonly " EACH "\r\n", {0, true, 0, 1}},
        /* nothing that we could do */
        {"a=extmap:1/sendonly " EACH, NULL, {0, true, 0, 0}},
        {"a=extmap:1/inactive " LEVEL, NULL, {0, true, 0, 0}},
        {"a=extmap:4100 " LEVEL, NULL, {0, true, 0, 0}},
        {"a=extmap:0 " LEVEL, NULL, {0, true, 0, 0}},
        {"a=extmap:1/both " LEVEL, NULL, {0, true, 0, 0}},
        {"a=extmap:1/ " LEVEL, NULL, {0, true, 0, 0}},
        {"a=extmap:1", NULL, {0, true, 0, 0}},
        {"a=extmap:", NULL, {0, true, 0, 0}},
        {"a=extmap:1 urn:ietf:params:rtp-hdrext:toffset", NULL, {0, true, 0, 0}},
        /* one number can mean one thing only */
        {"a=extmap:1 " LEVEL "\r\na=extmap:1 " EACH, "a=extmap:1 " LEVEL "\r\n", {1, true, 1, 0}},
        {"a=extmap:1 " LEVEL "\r\na=extmap:2 " LEVEL " vad=off",
         "a=extmap:1 " LEVEL "\r\n",
         {1, true, 1, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[512];
        struct session session;
        snprintf(body, sizeof body, HEAD "m=audio 5004 RTP/AVP 0\r\n%s\r\n", cases[i].offered);
        char *answer = answer_to(body, &session);
        const char *answered = strstr(answer, "a=extmap");
        assert_string_equal(answered ? answered : "", cases[i].answered ? cases[i].answered : "");
        assert_memory_equal(&session.levels, &cases[i].levels, sizeof session.levels);
        free(answer);
    }
}

static void extensions_of_the_session_are_those_of_the_stream(void **state)
{
    (void)state;
    struct session session;
    char *answer = answer_to(HEAD "a=extmap:5 " LEVEL "\r\nm=audio 5004 RTP/AVP 0\r\n", &session);
    assert_non_null(strstr(answer, "a=sendrecv\r\na=extmap:5 " LEVEL "\r\n"));
    assert_int_equal(session.levels.in, 5);
    free(answer);
}

static void levels_that_we_offered_are_told_as_the_answer_says(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct session session;
    char *body = NULL;
    struct sdp *answer = parse(HEAD "m=audio 5004 RTP/AVP 0\r\na=extmap:1/sendonly " LEVEL
                                    "\r\na=extmap:2/recvonly " EACH "\r\n");
    assert_int_equal(sdp_read_answer(&local, answer, &session), 0);
    assert_int_equal(session.levels.in, 1);
    assert_int_equal(session.levels.out, 0);
    assert_int_equal(session.levels.each, 2);
    /* and later offers keep to it (RFC 8285 §6) */
    assert_int_equal(sdp_write_offer_again(&local, answer, false, &body), 0);
    assert_non_null(
        strstr(body, "a=extmap:1/recvonly " LEVEL "\r\na=extmap:2/sendonly " EACH "\r\n"));
    free(body);
    sdp_free(answer);
    answer = parse(HEAD "m=audio 5004 RTP/AVP 0\r\n");
    assert_int_equal(sdp_read_answer(&local, answer, &session), 0);
    assert_int_equal(session.levels.in + session.levels.out + session.levels.each, 0);
    assert_int_equal(sdp_write_offer_again(&local, answer, false, &body), 0);
    assert_null(strstr(body, "extmap"));
    free(body);
    sdp_free(answer);
}

static void capabilities_name_no_port(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    char *body = sdp_write_capabilities(&local);
    assert_non_null(strstr(body, "m=audio 0 RTP/AVP 0 8 96 101 102\r\n"));
    free(body);
    memset(&local.media, 0, sizeof local.media);
    body = sdp_write_capabilities(&local);
    assert_non_null(strstr(body, "c=IN IP4 0.0.0.0\r\n"));
    free(body);
}

static void the_peers_answer_settles_the_session(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct session session;
    struct sdp *answer = parse(HEAD "m=audio 5004 RTP/AVP 8 98\r\n"
                                    "a=rtpmap:98 telephone-event/8000\r\na=sendonly\r\n"
                                    "a=rtcp-mux\r\n"
                                    "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n");
    assert_int_equal(sdp_read_answer(&local, answer, &session), 0);
    assert_string_equal(session.codec.name, "PCMA");
    assert_int_equal(session.direction, STREAM_RECVONLY);
    assert_true(session.held);
    assert_address(&session.remote_rtcp, "192.0.2.7", 5004);
    /* It said 98 for what we had offered as 101: both are understood. */
    assert_int_equal(session.format_count, 3);
    assert_int_equal(session.formats[1].payload_type, 98);
    assert_int_equal(session.formats[2].payload_type, 101);
    assert_string_equal(session.formats[2].name, "telephone-event");
    sdp_free(answer);
}

static void an_answer_without_anything_in_common_is_refused(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    static const char *const bodies[] = {HEAD "m=audio 0 RTP/AVP 0\r\n",
                                         HEAD "m=audio 5004 RTP/AVP 9\r\n", HEAD};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct session session;
        struct sdp *answer = parse(bodies[i]);
        assert_int_equal(sdp_read_answer(&local, answer, &session), ENOTSUP);
        sdp_free(answer);
    }
}

static void a_later_offer_keeps_streams_and_numbers(void **state)
{
    (void)state;
    struct sdp_local local = local_at("192.0.2.1", 4000);
    struct sdp *last = parse(HEAD "m=video 5010 RTP/AVP 31\r\nm=audio 5004 RTP/AVP 8 96 102\r\n"
                                  "a=rtpmap:96 telephone-event/8000\r\na=rtpmap:102 GSM/8000\r\n");
    char *body = NULL;
    assert_int_equal(sdp_write_offer_again(&local, last, false, &body), 0);
    /* opus cannot be 96 nor telephone-event/48000 102 any more. */
    assert_string_equal(strstr(body, "m="),
                        "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 96 0 97 98\r\n"
                        "a=rtpmap:8 PCMA/8000\r\n"
                        "a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\n"
                        "a=rtpmap:0 PCMU/8000\r\n"
                        "a=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1\r\n"
                        "a=rtpmap:98 telephone-event/48000\r\na=fmtp:98 0-16\r\n"
                        "a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\n"
                        "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n");
    free(body);
    sdp_free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_answer_is_as_rfc_8866_orders_its_lines),
        cmocka_unit_test(common_codecs_keep_the_order_and_numbers_of_the_offer),
        cmocka_unit_test(telephone_events_follow_the_clock_of_the_common_codecs),
        cmocka_unit_test(telephone_events_alone_are_no_call),
        cmocka_unit_test(comfort_noise_is_answered_only_when_we_know_it),
        cmocka_unit_test(other_streams_are_refused_in_their_place),
        cmocka_unit_test(every_kind_of_hold_is_understood),
        cmocka_unit_test(session_lines_hold_for_all_streams_and_media_lines_win),
        cmocka_unit_test(rtcp_goes_where_the_peer_says),
        cmocka_unit_test(extended_reports_are_agreed_on),
        cmocka_unit_test(an_rtcp_port_of_our_own_is_told),
        cmocka_unit_test(packet_times_are_wishes_within_reason),
        cmocka_unit_test(ipv6_offers_meet_ipv6_sockets_only),
        cmocka_unit_test(a_host_name_is_accepted_and_left_to_the_first_packet),
        cmocka_unit_test(we_send_to_no_group_and_no_broadcast_address),
        cmocka_unit_test(parameters_that_find_no_room_leave_out_nothing_else),
        cmocka_unit_test(one_bad_payload_type_does_not_spoil_the_rest),
        cmocka_unit_test(what_is_no_description_is_a_bad_message),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(more_formats_than_we_keep_are_ignored),
        cmocka_unit_test(our_offer_lists_all_we_can),
        cmocka_unit_test(levels_are_told_in_the_extensions_that_both_have),
        cmocka_unit_test(extensions_of_the_session_are_those_of_the_stream),
        cmocka_unit_test(levels_that_we_offered_are_told_as_the_answer_says),
        cmocka_unit_test(capabilities_name_no_port),
        cmocka_unit_test(the_peers_answer_settles_the_session),
        cmocka_unit_test(an_answer_without_anything_in_common_is_refused),
        cmocka_unit_test(a_later_offer_keeps_streams_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
