/*
 * The media room as a whole: real threads, real sockets on the loopback. One room a test.
 *
 * Phones here are sockets in the test's loop that send tones and measure what they hear, packet by
 * packet: tones lie on multiples of 50 Hz, so that 20 ms hold whole periods of each. The median
 * over many packets does not mind what a busy machine does to some of them.
 */
#ifndef MEDIA_WORLD_H
#define MEDIA_WORLD_H

#include "core/loop.h"
#include "media/codec.h"
#include "media/levels.h"
#include "media/media.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PHONES = 4,
    FRAME = 160,
    HEARD = 30, /* packets in a measurement */
    LIMIT_MS = 20000,
    EVENT_TYPE = 101,
    PORT_LOW = 62000,
    PORT_PAIRS = 60,
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
    unsigned hz;      /* 0: nothing */
    unsigned also_hz; /* at once; 0: no second tone */
    double amplitude;
    unsigned ptime;
    uint64_t next; /* ms */
    struct rtp_packet out;
    unsigned position; /* sample of the tone */
    struct session_levels levels;
    /* what it gets */
    unsigned packets, breaks; /* breaks: sequence or timestamp did not go on */
    size_t size;              /* of the last payload */
    uint8_t last[PAYLOAD_MAX];
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    unsigned sources;                  /* in the last packet … */
    uint8_t header[LEVELS_HEADER_MAX]; /* … whose beginning this is */
    struct rtp_packet in;              /* the same, its payload gone */
    float amplitudes[PHONES][HEARD];   /* of each phone's tone */
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
    unsigned recorded;      /* files that have been told of, and the last of them */
    struct recorded recording;
    char problem[200]; /* of it */
};

static char recordings[64]; /* where they go; "": here */

static inline const struct codec *pcmu(void)
{
    static const struct codec_format format = {.name = "PCMU", .clock_rate = 8000, .channels = 1};
    const struct codec *codec = codec_find(&format);

    assert_non_null(codec);
    return codec;
}

/* ---- running ---- */

static inline void check(struct room *room)
{
    if (room->done != NULL && room->done(room)) {
        loop_stop(room->loop, 0);
    }
}

static inline void on_limit(void *arg)
{
    struct room *room = arg;

    room->ran_out = true;
    loop_stop(room->loop, 0);
}

/* Runs the loop until `done`, which is looked at after each packet and event. */
static inline void run_until(struct room *room, bool (*done)(struct room *room))
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

static inline void on_speaking(void *user, bool speaking, void *arg)
{
    struct phone *phone = user;

    phone->speaking = speaking;
    phone->speaking_changes++;
    check(arg);
}

static inline void on_digit(void *user, char digit, unsigned duration, void *arg)
{
    struct phone *phone = user;
    size_t length = strlen(phone->digits);

    assert_true(length + 1 < sizeof(phone->digits));
    phone->digits[length] = digit;
    phone->durations += duration;
    check(arg);
}

static inline void on_timeout(void *user, unsigned silent_ms, void *arg)
{
    struct phone *phone = user;

    phone->timeouts++;
    phone->silent_ms = silent_ms;
    check(arg);
}

static inline void on_quality(void *user, const struct leg_quality *quality, void *arg)
{
    (void)user;
    (void)quality;
    (void)arg;
}

static inline void on_overload(unsigned overloaded, void *arg)
{
    (void)overloaded;
    (void)arg;
}

static inline void on_recorded(void *user, const struct recorded *recorded, void *arg)
{
    struct room *room = arg;

    (void)user;
    room->recorded++;
    room->recording = *recorded;
    (void)snprintf(room->problem, sizeof room->problem, "%s",
                   recorded->problem != NULL ? recorded->problem : "");
    check(room);
}

static const struct mixing_events events = {
    .on_quality = on_quality,
    .on_overload = on_overload,
    .on_speaking = on_speaking,
    .on_digit = on_digit,
    .on_timeout = on_timeout,
    .on_recorded = on_recorded,
};

/* ---- phones: in ---- */

static inline double tone_amplitude(const float *samples, unsigned hz)
{
    double sine = 0, cosine = 0;

    for (unsigned i = 0; i < FRAME; i++) {
        double phase = 2 * M_PI * hz * i / 8000;

        sine += samples[i] * sin(phase);
        cosine += samples[i] * cos(phase);
    }
    return hypot(sine, cosine) / (FRAME / 2.0);
}

static inline void measure(struct phone *phone, const struct rtp_packet *packet)
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

static inline void on_rtp(int fd, void *arg)
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
    phone->sources = data[0] & 15u;
    memcpy(phone->header, data, sizeof(phone->header));
    phone->in = packet;
    if (packet.extension != NULL) {
        phone->in.extension = phone->header + (packet.extension - data);
    }
    measure(phone, &packet);
    check(phone->room);
}

static inline void on_rtcp(int fd, void *arg)
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

static inline void send_rtp(struct phone *phone, int fd, const uint8_t *payload, size_t size)
{
    uint8_t data[LEVELS_HEADER_MAX + PAYLOAD_MAX];
    const struct session_levels levels = {.out = phone->levels.in};
    const struct mixer_payload silence = {.level = 127};
    size_t header;

    rtp_write_header(data, phone->out.payload_type, false, phone->out.sequence,
                     phone->out.timestamp, phone->out.ssrc);
    header = levels_write(data, &levels, &silence);
    memcpy(data + header, payload, size);
    assert_int_equal(sendto(fd, data, header + size, 0, (const struct sockaddr *)&phone->target,
                            sizeof(phone->target)),
                     header + size);
}

static inline void send_tone(struct phone *phone)
{
    float samples[PACKET_SAMPLES_MAX];
    uint8_t payload[PAYLOAD_MAX];
    unsigned count = phone->ptime * 8;

    for (unsigned i = 0; i < count; i++) {
        double second = 2 * M_PI * phone->position++ / 8000;

        samples[i] =
            (float)(phone->amplitude * (sin(phone->hz * second) + sin(phone->also_hz * second)));
    }
    assert_int_equal(pcmu()->encode(NULL, samples, count, payload, sizeof(payload)), count);
    send_rtp(phone, phone->rtp, payload, count);
    phone->out.sequence++;
    phone->out.timestamp += count;
}

static inline void on_send(void *arg)
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

static inline int open_socket(int family, struct sockaddr_storage *address)
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

static inline struct session session_of(const struct phone *phone)
{
    struct session session = {
        .remote_rtp = phone->address,
        .remote_rtcp = phone->rtcp_address,
        .direction = STREAM_SENDRECV,
        .levels = phone->levels,
        .ptime = 20,
        .codec = {.name = "PCMU", .clock_rate = 8000, .channels = 1, .payload_type = 0},
        .format_count = 2,
    };

    session.formats[0] = session.codec;
    session.formats[1] = (struct codec_format){
        .name = "telephone-event", .clock_rate = 8000, .payload_type = EVENT_TYPE};
    return session;
}

static inline void set_session(struct phone *phone, enum stream_direction direction, unsigned ptime)
{
    struct session session = session_of(phone);

    session.direction = direction;
    session.ptime = ptime;
    phone->room->mixing->leg_session(phone->leg, &session);
}

/* To and from the main bus. */
static inline struct leg_route route_of(float speaks, float hears)
{
    struct leg_route route = {.is_cautious = false};

    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        route.speaks[bus] = bus == MIX_MAIN ? speaks : GAIN_OFF;
        route.hears[bus] = bus == MIX_MAIN ? hears : GAIN_OFF;
    }
    return route;
}

static inline void set_route(struct phone *phone, float speaks, float hears)
{
    struct leg_route route = route_of(speaks, hears);

    phone->room->mixing->leg_route(phone->leg, &route);
}

static inline struct phone *phone_add(struct room *room, int family, unsigned timeout)
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
    phone->amplitude = 0.2;
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

/* `section_legs`: a mix with more legs on one thread uses another one, too. */
static inline struct room *room_create_split(unsigned threads, unsigned section_legs)
{
    struct room *room = calloc(1, sizeof(*room));
    struct media_config config = {
        .address_count = 2,
        .port_low = PORT_LOW,
        .port_high = PORT_LOW + 2 * PORT_PAIRS - 1,
        .threads = threads,
        .section_legs = section_legs,
        .io_uring = true,
        .places = {.recordings = recordings},
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

static inline struct room *room_create(unsigned threads)
{
    return room_create_split(threads, 0);
}

static inline void phone_close(struct phone *phone)
{
    loop_unwatch(&phone->rtp_watch);
    loop_unwatch(&phone->rtcp_watch);
    (void)close(phone->rtp);
    (void)close(phone->rtcp);
}

/* The phone that came last goes. */
static inline void phone_remove(struct room *room)
{
    struct phone *phone = &room->phones[--room->count];

    room->mixing->leg_close(phone->leg);
    phone_close(phone);
}

static inline void room_free(struct room *room)
{
    loop_timer_stop(&room->sender);
    media_destroy(room->media);
    for (unsigned i = 0; i < room->count; i++) {
        phone_close(&room->phones[i]);
    }
    loop_destroy(room->loop);
    free(room);
}

/* ---- measuring ---- */

static inline void measure_anew(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        room->phones[i].heard = 0;
    }
}

static inline bool all_have_heard(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        if (room->phones[i].heard < HEARD) {
            return false;
        }
    }
    return true;
}

/* Tones are on their way when each leg has got 0.3 s of them. */
static inline bool tones_have_come(struct room *room)
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

static inline void talk(struct phone *phone)
{
    phone->hz = 300 + 200 * phone->number;
    phone->next = loop_now(phone->room->loop);
}

static inline int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* dB, relative to what is sent. */
static inline double heard_at(const struct phone *phone, unsigned talker)
{
    float sorted[HEARD];

    memcpy(sorted, phone->amplitudes[talker], sizeof(sorted));
    qsort(sorted, HEARD, sizeof(float), compare_floats);
    return 20 * log10(sorted[HEARD / 2] / 0.2 + 1e-9);
}

static inline void hear_all(struct room *room)
{
    run_until(room, tones_have_come);
    measure_anew(room);
    run_until(room, all_have_heard);
}

/* Twenty packets of others, and more, have come to phone 0's leg. */
static inline bool rejected_some(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.rejected >= 20;
}

#endif
