/*
 * The media room as a whole: real threads, real sockets on the loopback.
 *
 * Phones here are sockets in the test's loop that send tones and measure what they hear, packet by
 * packet: tones lie on multiples of 50 Hz, so that 20 ms hold whole periods of each. The median
 * over many packets does not mind what a busy machine does to some of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop.h"
#include "media/codec.h"
#include "media/media.h"
#include "media/rtcp.h"
#include "media/rtp.h"

enum {
    PHONES = 4,
    FRAME = 160,
    HEARD = 30, /* packets in a measurement */
    LIMIT_MS = 20000,
    EVENT_TYPE = 101,
    PORT_LOW = 62000,
    PORT_PAIRS = 60,
    STRANGERS = 6, /* pairs that others may have */
};

struct room;

struct phone {
    struct room *room;
    unsigned number;
    struct leg *leg;
    int rtp, rtcp;
    struct loop_watch *rtp_watch, *rtcp_watch;
    struct sockaddr_storage address, rtcp_address, target, rtcp_target;
    /* what it sends */
    unsigned hz; /* 0: nothing */
    unsigned ptime;
    uint64_t next; /* ms */
    struct rtp_packet out;
    unsigned position; /* sample of the tone */
    /* what it gets */
    unsigned packets, breaks; /* breaks: sequence or timestamp did not go on */
    size_t size;              /* of the last payload */
    uint8_t last[PAYLOAD_MAX];
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    float amplitudes[PHONES][HEARD]; /* of each phone's tone */
    unsigned heard;
    unsigned reports;
    bool has_sr, has_bye;
    struct rtcp_report report;
    char cname[64];
    /* what is told about it */
    char digits[32];
    unsigned durations, timeouts, silent_ms, speaking_changes;
    bool speaking;
};

struct room {
    struct loop *loop;
    struct media *media;
    const struct mixing *mixing;
    struct mix *mix;
    struct phone phones[PHONES];
    unsigned count;
    struct loop_timer *sender, *limit;
    bool (*done)(struct room *room);
    bool ran_out;
    struct leg_stats stats; /* of phone 0's leg, for conditions */
};

static const struct codec *pcmu(void)
{
    static const struct codec_format format = {.name = "PCMU", .clock_rate = 8000, .channels = 1};
    const struct codec *codec = codec_find(&format);

    assert_non_null(codec);
    return codec;
}

/* ---- running ---- */

static void check(struct room *room)
{
    if (room->done != NULL && room->done(room)) {
        loop_stop(room->loop, 0);
    }
}

static void on_limit(void *arg)
{
    struct room *room = arg;

    room->ran_out = true;
    loop_stop(room->loop, 0);
}

/* Runs the loop until `done`, which is looked at after each packet and event. */
static void run_until(struct room *room, bool (*done)(struct room *room))
{
    room->done = done;
    room->ran_out = false;
    assert_int_equal(loop_timer_start(room->loop, &room->limit, LIMIT_MS, on_limit, room), 0);
    (void)loop_run(room->loop);
    loop_timer_stop(&room->limit);
    room->done = NULL;
    assert_false(room->ran_out);
}

/* ---- events ---- */

static void on_speaking(void *user, bool speaking, void *arg)
{
    struct phone *phone = user;

    phone->speaking = speaking;
    phone->speaking_changes++;
    check(arg);
}

static void on_digit(void *user, char digit, unsigned duration, void *arg)
{
    struct phone *phone = user;
    size_t length = strlen(phone->digits);

    assert_true(length + 1 < sizeof(phone->digits));
    phone->digits[length] = digit;
    phone->durations += duration;
    check(arg);
}

static void on_timeout(void *user, unsigned silent_ms, void *arg)
{
    struct phone *phone = user;

    phone->timeouts++;
    phone->silent_ms = silent_ms;
    check(arg);
}

static void on_quality(void *user, const struct leg_quality *quality, void *arg)
{
    (void)user;
    (void)quality;
    (void)arg;
}

static void on_overload(unsigned overloaded, void *arg)
{
    (void)overloaded;
    (void)arg;
}

static const struct mixing_events events = {
    .on_quality = on_quality,
    .on_overload = on_overload,
    .on_speaking = on_speaking,
    .on_digit = on_digit,
    .on_timeout = on_timeout,
};

/* ---- phones: in ---- */

static double tone_amplitude(const float *samples, unsigned hz)
{
    double sine = 0, cosine = 0;

    for (unsigned i = 0; i < FRAME; i++) {
        double phase = 2 * M_PI * hz * i / 8000;

        sine += samples[i] * sin(phase);
        cosine += samples[i] * cos(phase);
    }
    return hypot(sine, cosine) / (FRAME / 2.0);
}

static void measure(struct phone *phone, const struct rtp_packet *packet)
{
    float samples[PACKET_SAMPLES_MAX];

    if (packet->payload_size != FRAME || phone->heard == HEARD) {
        return;
    }
    assert_int_equal(
        pcmu()->decode(NULL, packet->payload, packet->payload_size, samples, PACKET_SAMPLES_MAX),
        FRAME);
    for (unsigned i = 0; i < PHONES; i++) {
        phone->amplitudes[i][phone->heard] = (float)tone_amplitude(samples, 300 + 200 * i);
    }
    phone->heard++;
}

static void on_rtp(int fd, void *arg)
{
    struct phone *phone = arg;
    uint8_t data[2048];
    struct rtp_packet packet;
    ssize_t size = recv(fd, data, sizeof(data), 0);

    if (size < 0 || !rtp_parse(&packet, data, (size_t)size)) {
        return;
    }
    /* A machine that stood still may cost ticks, which are told by the marker. */
    if (phone->packets > 0 &&
        (packet.sequence != (uint16_t)(phone->sequence + 1) || packet.ssrc != phone->ssrc ||
         (packet.timestamp != phone->timestamp + phone->size && !packet.marker))) {
        phone->breaks++;
    }
    phone->packets++;
    phone->size = packet.payload_size;
    phone->sequence = packet.sequence;
    phone->timestamp = packet.timestamp;
    phone->ssrc = packet.ssrc;
    memcpy(phone->last, packet.payload, packet.payload_size);
    measure(phone, &packet);
    check(phone->room);
}

static void on_rtcp(int fd, void *arg)
{
    struct phone *phone = arg;
    uint8_t data[2048];
    ssize_t size = recv(fd, data, sizeof(data), 0);

    if (size < 0 || !rtcp_parse(&phone->report, data, (size_t)size, phone->out.ssrc)) {
        return;
    }
    phone->reports++;
    phone->has_sr |= phone->report.has_sr;
    phone->has_bye |= phone->report.has_bye;
    if (memmem(data, (size_t)size, "phone-name", 10) != NULL) {
        strcpy(phone->cname, "phone-name");
    }
    check(phone->room);
}

/* ---- phones: out ---- */

static void send_rtp(struct phone *phone, int fd, const uint8_t *payload, size_t size)
{
    uint8_t data[RTP_HEADER + PAYLOAD_MAX];

    rtp_write_header(data, phone->out.payload_type, false, phone->out.sequence,
                     phone->out.timestamp, phone->out.ssrc);
    memcpy(data + RTP_HEADER, payload, size);
    assert_int_equal(sendto(fd, data, RTP_HEADER + size, 0, (const struct sockaddr *)&phone->target,
                            sizeof(phone->target)),
                     RTP_HEADER + size);
}

static void send_tone(struct phone *phone)
{
    float samples[PACKET_SAMPLES_MAX];
    uint8_t payload[PAYLOAD_MAX];
    unsigned count = phone->ptime * 8;

    for (unsigned i = 0; i < count; i++) {
        samples[i] = (float)(0.2 * sin(2 * M_PI * phone->hz * phone->position++ / 8000));
    }
    assert_int_equal(pcmu()->encode(NULL, samples, count, payload, sizeof(payload)), count);
    send_rtp(phone, phone->rtp, payload, count);
    phone->out.sequence++;
    phone->out.timestamp += count;
}

static void on_send(void *arg)
{
    struct room *room = arg;
    uint64_t now = loop_now(room->loop);

    for (unsigned i = 0; i < room->count; i++) {
        struct phone *phone = &room->phones[i];

        while (phone->hz != 0 && phone->next <= now) {
            send_tone(phone);
            phone->next += phone->ptime;
        }
    }
    check(room);
    assert_int_equal(loop_timer_start(room->loop, &room->sender, 5, on_send, room), 0);
}

/* ---- setting up ---- */

static int open_socket(int family, struct sockaddr_storage *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memset(address, 0, sizeof(*address));
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
    } else {
        ((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static struct session session_of(const struct phone *phone)
{
    struct session session = {
        .remote_rtp = phone->address,
        .remote_rtcp = phone->rtcp_address,
        .direction = STREAM_SENDRECV,
        .ptime = 20,
        .codec = {.name = "PCMU", .clock_rate = 8000, .channels = 1, .payload_type = 0},
        .format_count = 2,
    };

    session.formats[0] = session.codec;
    session.formats[1] = (struct codec_format){
        .name = "telephone-event", .clock_rate = 8000, .payload_type = EVENT_TYPE};
    return session;
}

static void set_session(struct phone *phone, enum stream_direction direction, unsigned ptime)
{
    struct session session = session_of(phone);

    session.direction = direction;
    session.ptime = ptime;
    phone->room->mixing->leg_session(phone->leg, &session);
}

static void set_route(struct phone *phone, float speaks, float hears)
{
    struct leg_route route;

    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        route.speaks[bus] = bus == MIX_MAIN ? speaks : GAIN_OFF;
        route.hears[bus] = bus == MIX_MAIN ? hears : GAIN_OFF;
    }
    phone->room->mixing->leg_route(phone->leg, &route);
}

static struct phone *phone_add(struct room *room, int family, unsigned timeout)
{
    struct phone *phone = &room->phones[room->count];
    struct leg_config config = {
        .family = family, .timeout = timeout, .name = "phone-name", .user = phone};
    struct media_address address;

    phone->room = room;
    phone->number = room->count;
    phone->rtp = open_socket(family, &phone->address);
    phone->rtcp = open_socket(family, &phone->rtcp_address);
    phone->ptime = 20;
    phone->next = loop_now(room->loop);
    phone->out = (struct rtp_packet){.ssrc = 0x1000 + room->count, .sequence = 65500};
    assert_int_equal(loop_watch(room->loop, phone->rtp, on_rtp, phone, &phone->rtp_watch), 0);
    assert_int_equal(loop_watch(room->loop, phone->rtcp, on_rtcp, phone, &phone->rtcp_watch), 0);
    assert_int_equal(room->mixing->leg_create(room->mix, &config, &phone->leg), 0);
    room->mixing->leg_address(phone->leg, &address);
    phone->target = phone->rtcp_target = address.rtp;
    ((struct sockaddr_in *)&phone->rtcp_target)->sin_port = htons(address.rtcp_port);
    set_session(phone, STREAM_SENDRECV, 20);
    set_route(phone, 0, 0);
    room->count++;
    return phone;
}

static struct room *room_create(unsigned threads)
{
    struct room *room = calloc(1, sizeof(*room));
    struct media_config config = {
        .address_count = 2,
        .port_low = PORT_LOW,
        .port_high = PORT_LOW + 2 * PORT_PAIRS - 1,
        .threads = threads,
        .events = &events,
        .events_arg = room,
    };

    assert_non_null(room);
    assert_int_equal(loop_create(&room->loop), 0);
    config.loop = room->loop;
    config.addresses[0].ss_family = AF_INET;
    /* an address of this process's own, in a network of this test's own: other runs of it may go
     * on beside it, and the load generator, whose ports would be the same */
    ((struct sockaddr_in *)&config.addresses[0])->sin_addr.s_addr =
        htonl(0x7f000000u | 66u << 16 | ((unsigned)getpid() & 0xffffu));
    config.addresses[1].ss_family = AF_INET6;
    ((struct sockaddr_in6 *)&config.addresses[1])->sin6_addr = in6addr_loopback;
    assert_int_equal(media_create(&config, &room->media), 0);
    room->mixing = media_mixing(room->media);
    assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &room->mix), 0);
    assert_int_equal(loop_timer_start(room->loop, &room->sender, 5, on_send, room), 0);
    return room;
}

static void room_free(struct room *room)
{
    loop_timer_stop(&room->sender);
    media_destroy(room->media);
    for (unsigned i = 0; i < room->count; i++) {
        loop_unwatch(&room->phones[i].rtp_watch);
        loop_unwatch(&room->phones[i].rtcp_watch);
        (void)close(room->phones[i].rtp);
        (void)close(room->phones[i].rtcp);
    }
    loop_destroy(room->loop);
    free(room);
}

/* ---- measuring ---- */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* dB, relative to what is sent. */
static double heard_at(struct phone *phone, unsigned talker)
{
    float sorted[HEARD];

    memcpy(sorted, phone->amplitudes[talker], sizeof(sorted));
    qsort(sorted, HEARD, sizeof(float), compare_floats);
    return 20 * log10(sorted[HEARD / 2] / 0.2 + 1e-9);
}

static void measure_anew(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        room->phones[i].heard = 0;
    }
}

static bool all_have_heard(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        if (room->phones[i].heard < HEARD) {
            return false;
        }
    }
    return true;
}

/* Tones are on their way when each leg has got 0.3 s of them. */
static bool tones_have_come(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(room->phones[i].leg, &stats);
        if (room->phones[i].hz != 0 && stats.received < 300 / room->phones[i].ptime) {
            return false;
        }
    }
    return true;
}

static void talk(struct phone *phone)
{
    phone->hz = 300 + 200 * phone->number;
    phone->next = loop_now(phone->room->loop);
}

static void hear_all(struct room *room)
{
    run_until(room, tones_have_come);
    measure_anew(room);
    run_until(room, all_have_heard);
}

/* ---- the tests ---- */

static void three_phones_hear_the_others_and_not_themselves(void **state)
{
    struct room *room = room_create(1);
    struct mixing_thread_stats stats;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    hear_all(room);
    for (unsigned ear = 0; ear < 3; ear++) {
        for (unsigned k = 0; k < 3; k++) {
            if (ear == k) {
                assert_true(heard_at(&room->phones[ear], k) < -35);
            } else {
                assert_float_equal(heard_at(&room->phones[ear], k), 0, 0.2);
            }
        }
        assert_int_equal(room->phones[ear].breaks, 0);
        assert_true(room->phones[ear].speaking);
        assert_int_equal(room->phones[ear].speaking_changes, 1);
    }
    room->mixing->thread_stats(room->mixing->ctx, 0, &stats);
    assert_int_equal(stats.mixes, 1);
    assert_int_equal(stats.legs, 3);
    assert_true(stats.ticks > HEARD);
    assert_true(stats.lateness_p99 >= stats.lateness_p50);
    room_free(room);
}

static void an_ipv6_leg_talks_with_an_ipv4_leg(void **state)
{
    struct room *room = room_create(2);

    (void)state;
    talk(phone_add(room, AF_INET6, 0));
    talk(phone_add(room, AF_INET, 0));
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), 0, 0.2);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

static void gains_are_heard_and_a_muted_phone_is_not(void **state)
{
    struct room *room = room_create(1);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    set_route(&room->phones[0], GAIN_OFF, -6);
    set_route(&room->phones[1], 3, 0);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), -3, 0.2);
    assert_float_equal(heard_at(&room->phones[0], 2), -6, 0.2);
    assert_float_equal(heard_at(&room->phones[2], 1), 3, 0.2);
    assert_true(heard_at(&room->phones[2], 0) < -35);
    assert_true(room->phones[0].speaking); /* muted, but it is seen that it speaks */
    room_free(room);
}

static void silence_comes_steadily(void **state)
{
    struct room *room = room_create(1);
    uint8_t silence[FRAME];

    (void)state;
    memset(silence, 0xff, sizeof(silence));
    (void)phone_add(room, AF_INET, 0);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, all_have_heard);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(room->phones[i].breaks, 0);
        assert_int_equal(room->phones[i].size, FRAME);
        assert_memory_equal(room->phones[i].last, silence, FRAME);
    }
    room_free(room);
}

static bool rejected_some(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.rejected >= 20;
}

static void a_foreign_source_is_neither_heard_nor_followed(void **state)
{
    struct room *room = room_create(1);
    struct sockaddr_storage address;
    uint8_t loud[FRAME];
    int foreign = open_socket(AF_INET, &address);

    (void)state;
    memset(loud, 0x80, sizeof(loud));
    talk(phone_add(room, AF_INET, 0));
    (void)phone_add(room, AF_INET, 0);
    run_until(room, tones_have_come);
    for (unsigned i = 0; i < 20; i++) {
        send_rtp(&room->phones[0], foreign, loud, sizeof(loud));
    }
    measure_anew(room);
    run_until(room, rejected_some);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    assert_int_equal(recv(foreign, loud, sizeof(loud), MSG_DONTWAIT), -1);
    (void)close(foreign);
    room_free(room);
}

static void unknown_payload_types_and_rubbish_are_counted_and_harmless(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    uint8_t loud[FRAME];

    (void)state;
    memset(loud, 0x80, sizeof(loud));
    talk(phone);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, tones_have_come);
    for (unsigned i = 0; i < 10; i++) {
        phone->out.payload_type = 77;
        send_rtp(phone, phone->rtp, loud, sizeof(loud));
        phone->out.payload_type = 0;
        assert_int_equal(sendto(phone->rtp, loud, i, 0, (struct sockaddr *)&phone->target,
                                sizeof(phone->target)),
                         i);
    }
    measure_anew(room);
    run_until(room, rejected_some);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

/* A key of 100 ms, told in five packets and three ends. */
static void press(struct phone *phone, uint8_t code)
{
    uint8_t event[4] = {code, 10, 0, 0};

    phone->out.payload_type = EVENT_TYPE;
    for (unsigned i = 1; i <= 8; i++) {
        unsigned duration = i < 5 ? i * 160 : 800;

        event[1] = i > 5 ? 0x8a : 0x0a;
        event[2] = (uint8_t)(duration >> 8);
        event[3] = (uint8_t)duration;
        send_rtp(phone, phone->rtp, event, sizeof(event));
        phone->out.sequence++;
    }
    phone->out.timestamp += 1600;
    phone->out.payload_type = 0;
}

static bool three_digits_came(struct room *room)
{
    return strlen(room->phones[0].digits) >= 3;
}

static void keys_are_told_once_each(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    press(phone, 1);
    press(phone, 11);
    press(phone, 1);
    run_until(room, three_digits_came);
    run_until(room, all_have_heard);
    assert_string_equal(phone->digits, "1#1");
    assert_int_equal(phone->durations, 300);
    room_free(room);
}

static bool timeout_came(struct room *room)
{
    return room->phones[0].timeouts > 0;
}

static void a_silent_phone_times_out_once(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 200);

    (void)state;
    run_until(room, timeout_came);
    assert_in_range(phone->silent_ms, 200, 2000);
    measure_anew(room);
    run_until(room, all_have_heard); /* longer than the time-out */
    assert_int_equal(phone->timeouts, 1);
    room_free(room);
}

static void a_phone_that_may_not_send_has_no_timeout(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 200);

    (void)state;
    set_session(phone, STREAM_SENDONLY, 20);
    measure_anew(room);
    run_until(room, all_have_heard); /* 0.6 s */
    assert_int_equal(phone->timeouts, 0);
    room_free(room);
}

static void a_phone_on_hold_gets_nothing_and_is_not_heard(void **state)
{
    struct room *room = room_create(1);
    unsigned before;

    (void)state;
    talk(phone_add(room, AF_INET, 0));
    (void)phone_add(room, AF_INET, 0);
    hear_all(room);
    set_session(&room->phones[0], STREAM_INACTIVE, 20);
    measure_anew(room);
    room->phones[0].heard = HEARD; /* nothing is expected there */
    run_until(room, all_have_heard);
    before = room->phones[0].packets;
    measure_anew(room);
    room->phones[0].heard = HEARD;
    run_until(room, all_have_heard);
    assert_true(heard_at(&room->phones[1], 0) < -60);
    assert_int_equal(room->phones[0].packets, before);
    set_session(&room->phones[0], STREAM_SENDRECV, 20);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

static void packets_of_any_length_are_taken_and_sent(void **state)
{
    static const unsigned LENGTHS[] = {10, 30, 40, 60};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct room *room = room_create(1);
        struct phone *odd = phone_add(room, AF_INET, 0);

        (void)phone_add(room, AF_INET, 0);
        odd->ptime = LENGTHS[i];
        set_session(odd, STREAM_SENDRECV, LENGTHS[i]);
        talk(odd);
        run_until(room, tones_have_come);
        measure_anew(room);
        odd->heard = HEARD; /* its packets are of another length */
        odd->packets = odd->breaks = 0;
        run_until(room, all_have_heard);
        assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
        assert_int_equal(odd->size, LENGTHS[i] * 8);
        assert_int_equal(odd->breaks, 0);
        /* 0.6 s or so of them */
        assert_in_range(odd->packets, HEARD / 2 * 20 / LENGTHS[i], 8 * HEARD * 20 / LENGTHS[i]);
        room_free(room);
    }
}

static bool report_came(struct room *room)
{
    return room->phones[0].has_sr && room->phones[0].report.has_block;
}

static bool loss_is_known(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.remote_loss > 0;
}

static bool bye_came(struct room *room)
{
    return room->phones[0].has_bye;
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, sizeof(value));
}

static void reports_go_both_ways_and_end_with_bye(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    uint8_t rr[32] = {0x81, 201, 0, 7};

    (void)state;
    talk(phone);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, report_came);
    assert_int_equal(phone->report.sr_ssrc, phone->ssrc);
    assert_string_equal(phone->cname, "phone-name");

    /* a receiver report: a quarter is lost, and the last SR came 100 ms ago, it pretends */
    put32(rr + 4, phone->out.ssrc);
    put32(rr + 8, phone->ssrc);
    rr[12] = 64;
    put32(rr + 24, phone->report.sr_ntp_mid - 65536 / 10);
    put32(rr + 28, 1);
    assert_int_equal(sendto(phone->rtcp, rr, sizeof(rr), 0, (struct sockaddr *)&phone->rtcp_target,
                            sizeof(phone->rtcp_target)),
                     sizeof(rr));
    run_until(room, loss_is_known);
    assert_float_equal(room->stats.remote_loss, 0.25, 0.001);
    assert_true(room->stats.round_trip > 99 && room->stats.round_trip < 5000);
    assert_string_equal(room->stats.codec, "PCMU");
    assert_true(room->stats.sent > 0);
    assert_true(room->stats.lost == 0);
    assert_float_equal(room->stats.level, -17, 1); /* a sine of 0.2 */

    phone->hz = 0;
    room->mixing->leg_close(phone->leg);
    run_until(room, bye_came);
    room_free(room);
}

/* Between two reports of the phone's, a stranger must neither be believed nor get our reports. */
static void a_foreign_rtcp_source_is_neither_believed_nor_followed(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct sockaddr_storage address = {.ss_family = AF_INET};
    uint8_t rr[8] = {0x80, 201, 0, 1};
    int foreign = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)state;
    assert_true(foreign >= 0);
    ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    assert_int_equal(bind(foreign, (struct sockaddr *)&address, sizeof(address)), 0);
    talk(phone);
    run_until(room, tones_have_come);
    /* no report of the phone's own has ever come: nothing else speaks against the stranger */
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(sendto(foreign, rr, sizeof(rr), 0, (struct sockaddr *)&phone->rtcp_target,
                                sizeof(phone->rtcp_target)),
                         sizeof(rr));
    }
    run_until(room, rejected_some);
    phone->has_sr = false;
    run_until(room, report_came);
    assert_int_equal(recv(foreign, rr, sizeof(rr), 0), -1);
    (void)close(foreign);
    room_free(room);
}

static void media_destroyed_with_calls_says_bye(void **state)
{
    struct room *room = room_create(2);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    run_until(room, all_have_heard);
    media_destroy(room->media);
    room->media = NULL;
    run_until(room, bye_came);
    assert_true(phone->has_bye);
    room_free(room);
}

/* ---- many legs ---- */

static unsigned open_files(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static unsigned files_wanted;

static bool files_are_closed(struct room *room)
{
    (void)room;
    return open_files() == files_wanted;
}

/* Fills the range of ports; the legs have a session and a route. A program that listens on all
 * addresses may hold a few of the ports. */
static unsigned legs_fill(struct room *room, struct mix *mix, struct leg *legs[PORT_PAIRS + 1])
{
    struct leg_config config = {.family = AF_INET};
    struct leg_route route = {{0}, {0}};
    struct phone nobody = {.room = room};
    struct session session = session_of(&nobody);
    unsigned count = 0;
    int err;

    while ((err = room->mixing->leg_create(mix, &config, &legs[count])) == 0) {
        room->mixing->leg_session(legs[count], &session);
        room->mixing->leg_route(legs[count], &route);
        count++;
        assert_true(count <= PORT_PAIRS);
    }
    assert_int_equal(err, EADDRINUSE);
    assert_true(count >= PORT_PAIRS - STRANGERS);
    return count;
}

static void legs_come_and_go_by_hundreds_and_leave_nothing(void **state)
{
    struct room *room = room_create(2);
    struct leg *legs[PORT_PAIRS + 1];

    (void)state;
    files_wanted = open_files();
    for (unsigned round = 0; round < 6; round++) {
        struct mix *mix;
        unsigned count;

        assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &mix), 0);
        count = legs_fill(room, mix, legs);
        for (unsigned i = 0; i < count; i += 2) {
            room->mixing->leg_close(legs[i]);
        }
        room->mixing->mix_destroy(mix); /* closes the other half */
        run_until(room, files_are_closed);
    }
    room_free(room);
}

static struct leg *parting[PORT_PAIRS];
static unsigned parting_count;

static bool parting_legs_run(struct room *room)
{
    for (unsigned i = 0; i < parting_count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(parting[i], &stats);
        if (stats.sent == 0) {
            return false;
        }
    }
    return true;
}

static bool keys_are_read(const struct room *room)
{
    for (unsigned i = 0; i < parting_count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(parting[i], &stats);
        if (stats.received == 0) {
            return false;
        }
    }
    return true;
}

/* The legs are closed when they have something to tell that the focus has not yet fetched, so that
 * it fetches that while they go. */
static void legs_that_go_with_something_to_tell_are_freed_once_and_tell_nothing(void **state)
{
    struct room *room = room_create(2);
    struct phone ear = {.room = room, .ptime = 20, .out = {.ssrc = 1, .sequence = 1}};

    (void)state;
    ear.rtp = open_socket(AF_INET, &ear.address);
    files_wanted = open_files();
    for (unsigned round = 0; round < 8; round++) {
        struct mix *mixes[PORT_PAIRS / 2];

        for (parting_count = 0; parting_count < PORT_PAIRS / 2; parting_count++) {
            struct leg_config config = {.family = AF_INET, .user = &ear};
            struct session session = session_of(&ear);
            struct leg_route route = {{0}, {0}};
            struct leg **leg = &parting[parting_count];

            assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &mixes[parting_count]), 0);
            assert_int_equal(room->mixing->leg_create(mixes[parting_count], &config, leg), 0);
            room->mixing->leg_session(*leg, &session);
            room->mixing->leg_route(*leg, &route);
        }
        run_until(room, parting_legs_run);
        for (unsigned i = 0; i < parting_count; i++) {
            struct media_address address;

            room->mixing->leg_address(parting[i], &address);
            ear.target = address.rtp;
            press(&ear, 5);
        }
        while (!keys_are_read(room)) { /* the loop must not run here */
            (void)sched_yield();
        }
        for (unsigned i = 0; i < parting_count; i++) {
            room->mixing->mix_destroy(mixes[i]); /* closes the leg */
        }
        run_until(room, files_are_closed);
    }
    assert_string_equal(ear.digits, "");
    (void)close(ear.rtp);
    room_free(room);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct loop *loop;
    struct media *media;
    struct mix *mix;
    struct leg *leg;
    struct media_config config = {
        .address_count = 1, .port_low = 30001, .port_high = 30002, .threads = 1, .events = &events};
    struct leg_config leg_config = {.family = AF_INET6};

    (void)state;
    assert_int_equal(loop_create(&loop), 0);
    assert_int_equal(media_create(&config, &media), EINVAL); /* no loop */
    config.loop = loop;
    config.addresses[0].ss_family = AF_INET;
    ((struct sockaddr_in *)&config.addresses[0])->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(media_create(&config, &media), EINVAL); /* no even port with an odd one */
    config.port_high = 30003;
    assert_int_equal(media_create(&config, &media), 0);
    assert_int_equal(media_mixing(media)->mix_create(media, &mix), 0);
    assert_int_equal(media_mixing(media)->leg_create(mix, &leg_config, &leg), EAFNOSUPPORT);
    media_destroy(media);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_phones_hear_the_others_and_not_themselves),
        cmocka_unit_test(an_ipv6_leg_talks_with_an_ipv4_leg),
        cmocka_unit_test(gains_are_heard_and_a_muted_phone_is_not),
        cmocka_unit_test(silence_comes_steadily),
        cmocka_unit_test(a_foreign_source_is_neither_heard_nor_followed),
        cmocka_unit_test(unknown_payload_types_and_rubbish_are_counted_and_harmless),
        cmocka_unit_test(keys_are_told_once_each),
        cmocka_unit_test(a_silent_phone_times_out_once),
        cmocka_unit_test(a_phone_that_may_not_send_has_no_timeout),
        cmocka_unit_test(a_phone_on_hold_gets_nothing_and_is_not_heard),
        cmocka_unit_test(packets_of_any_length_are_taken_and_sent),
        cmocka_unit_test(reports_go_both_ways_and_end_with_bye),
        cmocka_unit_test(a_foreign_rtcp_source_is_neither_believed_nor_followed),
        cmocka_unit_test(media_destroyed_with_calls_says_bye),
        cmocka_unit_test(legs_come_and_go_by_hundreds_and_leave_nothing),
        cmocka_unit_test(legs_that_go_with_something_to_tell_are_freed_once_and_tell_nothing),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
