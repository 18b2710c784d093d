#include "media.h"

#include "arrival.h"
#include "clock.h"
#include "sip_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    SEND_BATCH = 32, /* small, so that an onset's time is that of its sending within 0.1 ms */
    READ_BATCH = 64,
    READ_SIZE = 512,
    READ_TURNS = 4, /* each socket is read at each 4th tick; the kernel keeps the arrival times */
    PORT_TRIES = 200,
    NOISE_PACKETS = 8,
};

/* When this far behind, we leave packets out: sending them all would put us further behind. */
#define BEHIND_MAX (200 * NS_PER_MS)

struct wire {
    int rtp, rtcp; /* rtcp is never read: it keeps ICMP errors from the server */
    struct sockaddr_storage local;
};

struct media_wires {
    struct wire *wires;
    unsigned count, turn;
    unsigned *order; /* legs, in the order in which they send within the 20 ms */
    uint64_t epoch, period;
    unsigned position;       /* next in `order` to send in `period` */
    uint32_t by_port[65536]; /* leg + 1, by the port that the server sends from; 0: none */
    uint8_t silence[PACKET_SAMPLES];
    uint8_t noise[NOISE_PACKETS][PACKET_SAMPLES];

    unsigned batched, batch_wire;
    struct mmsghdr batch[SEND_BATCH];
    struct iovec batch_parts[SEND_BATCH][2];

    struct mmsghdr reads[READ_BATCH];
    struct iovec read_parts[READ_BATCH];
    struct sockaddr_storage read_from[READ_BATCH];
    uint8_t read_data[READ_BATCH][READ_SIZE];
    char read_controls[READ_BATCH][64];
};

static int udp_open(struct sockaddr_storage *address, int room, int *fdp)
{
    socklen_t size = sizeof(*address);
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (bind(fd, (struct sockaddr *)address, address_size(address)) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0) {
        err = errno;
        (void)close(fd);
        return err;
    }
    *fdp = fd;
    return 0;
}

/* An even port for RTP and the next for RTCP (RFC 3550 §11). */
static int wire_open(struct wire *wire, const struct sockaddr_storage *address)
{
    int err = EADDRINUSE, on = 1;

    for (unsigned i = 0; i < PORT_TRIES; i++) {
        struct sockaddr_storage rtcp = *address;

        wire->local = *address;
        address_set_port(&wire->local, 0);
        err = udp_open(&wire->local, 4 << 20, &wire->rtp);
        if (err != 0)
            return err;
        address_set_port(&rtcp, (uint16_t)(address_port(&wire->local) + 1));
        if (address_port(&wire->local) % 2 == 0 && udp_open(&rtcp, 1, &wire->rtcp) == 0)
            return setsockopt(wire->rtp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 ? 0
                                                                                           : errno;
        (void)close(wire->rtp);
        wire->rtp = -1;
    }
    return err;
}

static int wires_open(struct media_wires *wires, const struct options *options, unsigned legs)
{
    wires->count = (legs + options->share - 1) / options->share;
    wires->wires = calloc(wires->count, sizeof(*wires->wires));
    if (wires->wires == NULL)
        return ENOMEM;
    for (unsigned i = 0; i < wires->count; i++)
        wires->wires[i].rtp = wires->wires[i].rtcp = -1;
    for (unsigned i = 0; i < wires->count; i++) {
        int err = wire_open(&wires->wires[i], &options->locals[i % options->local_count]);

        if (err != 0)
            return err;
    }
    return 0;
}

static unsigned common_divisor(unsigned a, unsigned b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Neighbours in a conference must not send at neighbouring times: step by the golden section. */
static int order_make(struct media *media)
{
    struct media_wires *wires = media->wires;
    unsigned count = media->leg_count;
    unsigned step = (unsigned)(0.618 * count) | 1U;

    while (common_divisor(step, count) != 1)
        step++;
    wires->order = calloc(count, sizeof(*wires->order));
    if (wires->order == NULL)
        return ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        unsigned place = (unsigned)((uint64_t)i * step % count);

        wires->order[place] = i;
        media->legs[i].socket = place / media->options->share;
    }
    return 0;
}

static void batches_prepare(struct media_wires *wires)
{
    for (unsigned i = 0; i < SEND_BATCH; i++) {
        wires->batch[i].msg_hdr.msg_iov = wires->batch_parts[i];
        wires->batch[i].msg_hdr.msg_iovlen = 2;
    }
    for (unsigned i = 0; i < READ_BATCH; i++) {
        wires->read_parts[i] = (struct iovec){wires->read_data[i], READ_SIZE};
        wires->reads[i].msg_hdr.msg_iov = &wires->read_parts[i];
        wires->reads[i].msg_hdr.msg_iovlen = 1;
        wires->reads[i].msg_hdr.msg_name = &wires->read_from[i];
        wires->reads[i].msg_hdr.msg_control = wires->read_controls[i];
    }
}

/* Loud enough to be taken as speech, and all of them together far from full scale. */
static int tones_prepare(struct media *media)
{
    unsigned talkers = media->options->talkers;
    float amplitude = talkers > 5 ? 0.5F / (float)talkers : 0.1F;

    for (unsigned i = 0; i < talkers; i++)
        tone_make(&media->tones[i], tone_frequencies[i], amplitude);
    memset(media->wires->silence, ULAW_SILENCE, sizeof(media->wires->silence));
    noise_make(media->wires->noise, NOISE_PACKETS, 0.001F);
    if (media->options->codec->rate == 0)
        return 0;
    media->voice =
        voice_create(media->options->codec, tone_frequencies, talkers, amplitude, 0.001F);
    return media->voice != NULL ? 0 : ENOMEM;
}

static int media_fill(struct media *media, const struct options *options, bool echo)
{
    int err;

    media->options = options;
    media->leg_count = options->legs;
    media->legs = calloc(options->legs, sizeof(*media->legs));
    media->halls = calloc(options->conferences, sizeof(*media->halls));
    media->wires = calloc(1, sizeof(*media->wires));
    if (media->legs == NULL || media->halls == NULL || media->wires == NULL)
        return ENOMEM;
    media->hearing = (struct hearing){
        .talkers = options->talkers,
        .echo = echo,
        .check = options->hear,
        .onsets = options->codec->rate == 0,
        .tolerance = options->level_tolerance,
        .tones = media->tones,
    };
    for (unsigned i = 0; i < options->legs; i++) {
        media->legs[i].conference = i % options->conferences;
        media->legs[i].member = i / options->conferences;
    }
    for (unsigned i = 0; i < options->conferences; i++)
        media->halls[i].offset = i * 7 % SCORE_PACKETS;
    err = tones_prepare(media);
    if (err != 0)
        return err;
    batches_prepare(media->wires);
    media->wires->epoch = clock_now();
    err = order_make(media);
    return err != 0 ? err : wires_open(media->wires, options, options->legs);
}

int media_create(struct media **mediap, const struct options *options, bool echo)
{
    struct media *media = calloc(1, sizeof(*media));
    int err = media != NULL ? media_fill(media, options, echo) : ENOMEM;

    if (err != 0) {
        fprintf(stderr, "parley-load: no RTP sockets for %u legs: %s\n", options->legs,
                strerror(err));
        media_destroy(media);
        return err;
    }
    *mediap = media;
    return 0;
}

void media_destroy(struct media *media)
{
    if (media == NULL)
        return;
    if (media->wires != NULL) {
        for (unsigned i = 0; media->wires->wires != NULL && i < media->wires->count; i++) {
            if (media->wires->wires[i].rtp >= 0)
                (void)close(media->wires->wires[i].rtp);
            if (media->wires->wires[i].rtcp >= 0)
                (void)close(media->wires->wires[i].rtcp);
        }
        free(media->wires->wires);
        free(media->wires->order);
    }
    voice_destroy(media->voice);
    free(media->wires);
    free(media->halls);
    free(media->legs);
    free(media);
}

void media_address(const struct media *media, unsigned leg, struct sockaddr_storage *addressp)
{
    *addressp = media->wires->wires[media->legs[leg].socket].local;
}

void media_join(struct media *media, unsigned index, const struct sockaddr_storage *remote,
                uint64_t now)
{
    struct leg *leg = &media->legs[index];
    uint32_t start[3];

    if (getrandom(start, sizeof(start), 0) != sizeof(start))
        start[0] = start[1] = start[2] = (uint32_t)now;
    leg->ssrc = start[0];
    leg->timestamp = start[1];
    leg->sequence = (uint16_t)start[2];
    leg->remote = *remote;
    leg->marker = true;
    leg->sending = true;
    leg->since = now;
    leg->reception = (struct reception){0};
    leg->ear.window_open = false;
    leg->ear.onset_round = 0;
    media->wires->by_port[address_port(remote)] = index + 1;
    if (leg->member < media->options->talkers)
        media->halls[leg->conference].talking[leg->member] = now;
}

static void reception_end(struct media *media, struct reception *reception)
{
    uint64_t expected = reception->highest - reception->base + 1;

    if (reception->begun && media->measuring && expected > reception->received)
        media->stats.lost += expected - reception->received;
    *reception = (struct reception){0};
}

void media_leave(struct media *media, unsigned index)
{
    struct leg *leg = &media->legs[index];
    uint32_t *holder = &media->wires->by_port[address_port(&leg->remote)];

    if (!leg->sending)
        return;
    leg->sending = false;
    reception_end(media, &leg->reception);
    if (*holder == index + 1)
        *holder = 0;
    if (leg->member < media->options->talkers)
        media->halls[leg->conference].talking[leg->member] = 0;
}

static void batch_flush(struct media *media)
{
    struct media_wires *wires = media->wires;
    unsigned done = 0;

    while (done < wires->batched) {
        int count = sendmmsg(wires->wires[wires->batch_wire].rtp, wires->batch + done,
                             wires->batched - done, 0);

        if (count > 0) {
            media->stats.sent += (unsigned)count;
            done += (unsigned)count;
        } else {
            media->stats.send_errors++;
            done++;
        }
    }
    wires->batched = 0;
}

static void header_write(struct leg *leg, unsigned payload_type)
{
    uint8_t *header = leg->header;

    header[0] = 0x80;
    header[1] = (uint8_t)(payload_type | (leg->marker ? 0x80U : 0U));
    header[2] = (uint8_t)(leg->sequence >> 8);
    header[3] = (uint8_t)leg->sequence;
    for (unsigned i = 0; i < 4; i++) {
        header[4 + i] = (uint8_t)(leg->timestamp >> (24 - 8 * i));
        header[8 + i] = (uint8_t)(leg->ssrc >> (24 - 8 * i));
    }
    leg->marker = false;
    leg->sequence++;
}

static void packet_add(struct media *media, struct leg *leg, uint8_t *payload, size_t size)
{
    struct media_wires *wires = media->wires;
    struct mmsghdr *message;

    if (wires->batched == SEND_BATCH || (wires->batched > 0 && wires->batch_wire != leg->socket))
        batch_flush(media);
    header_write(leg, media->options->codec->payload_type);
    wires->batch_wire = leg->socket;
    wires->batch_parts[wires->batched][0] = (struct iovec){leg->header, RTP_HEADER};
    wires->batch_parts[wires->batched][1] = (struct iovec){payload, size};
    message = &wires->batch[wires->batched++];
    message->msg_hdr.msg_name = &leg->remote;
    message->msg_hdr.msg_namelen = address_size(&leg->remote);
}

/* What a leg says in a codec with a state; NULL: nothing. */
static struct voice_packet *voice_packet_of(struct media *media, unsigned index, uint64_t period)
{
    const struct leg *leg = &media->legs[index];
    const struct hall *hall = &media->halls[leg->conference];
    struct voice *voice = media->voice;
    unsigned place = (unsigned)((period + hall->offset) % SCORE_PACKETS);

    if (leg->member < media->options->talkers)
        return &voice->talk[leg->member][leg->member == hall->soloist][place];
    switch (media->options->background) {
    case BACKGROUND_NOISE:
        return &voice->noise[(place + index) % SCORE_PACKETS];
    case BACKGROUND_PAUSE:
        return (period + index) % 20 == 0 ? &voice->pause : NULL;
    case BACKGROUND_NONE:
        return NULL;
    case BACKGROUND_SILENCE:
        break;
    }
    return &voice->silence[place];
}

static void leg_send(struct media *media, unsigned index, uint64_t period, uint64_t now)
{
    struct leg *leg = &media->legs[index];
    struct hall *hall = &media->halls[leg->conference];
    unsigned talkers = media->options->talkers;
    bool talks = leg->member < talkers, plays;
    uint8_t *payload = media->wires->silence;

    if (!leg->sending)
        return;
    if (talks)
        now = clock_now(); /* its packet may be the onset, whose time counts */
    plays = hall_plays(hall, talkers, leg->member, period, now);
    leg->timestamp += media->options->codec->clocks;
    if (media->voice != NULL) {
        struct voice_packet *packet = voice_packet_of(media, index, period);

        if (packet != NULL)
            packet_add(media, leg, packet->data, packet->size);
        return;
    }
    if (plays)
        payload = media->tones[leg->member].packets[(period + hall->offset) % WINDOW_PACKETS];
    else if (!talks && media->options->background == BACKGROUND_NOISE)
        payload = media->wires->noise[(period + index) % NOISE_PACKETS];
    if (talks || media->options->background != BACKGROUND_NONE)
        packet_add(media, leg, payload, PACKET_SAMPLES);
}

static void send_due(struct media *media, uint64_t now)
{
    struct media_wires *wires = media->wires;
    uint64_t due = wires->epoch + wires->period * PACKET_NS;

    if (now > due + BEHIND_MAX) {
        uint64_t skipped = (now - due) / PACKET_NS;

        wires->period += skipped;
        media->stats.skipped += skipped;
    }
    for (;;) {
        due = wires->epoch + wires->period * PACKET_NS +
              wires->position * PACKET_NS / media->leg_count;
        if (due > now)
            break;
        if (media->measuring)
            histogram_add(&media->stats.late, now - due);
        leg_send(media, wires->order[wires->position], wires->period, now);
        if (++wires->position == media->leg_count) {
            wires->position = 0;
            wires->period++;
        }
    }
    batch_flush(media);
}

/* RFC 3550 A.1, without the suspicion: the server under test is believed. */
static void reception_count(struct media *media, struct reception *reception, uint16_t sequence,
                            uint32_t ssrc, uint64_t arrival)
{
    int16_t step;

    if (reception->begun && reception->ssrc != ssrc) {
        media->stats.restarts++;
        reception_end(media, reception);
    }
    if (!reception->begun) {
        *reception =
            (struct reception){.begun = true, .ssrc = ssrc, .base = sequence, .highest = sequence};
    } else if (media->measuring && arrival >= reception->last_arrival) {
        histogram_add(&media->stats.gap, arrival - reception->last_arrival);
    }
    step = (int16_t)(uint16_t)(sequence - (uint16_t)reception->highest);
    if (step > 0)
        reception->highest += (unsigned)step;
    reception->received++;
    reception->last_arrival = arrival;
    media->stats.received++;
}

static void packet_take(struct media *media, unsigned wire, const struct sockaddr_storage *from,
                        const uint8_t *data, size_t size, uint64_t arrival)
{
    uint32_t holder = media->wires->by_port[address_port(from)], ssrc;
    struct leg *leg = holder != 0 ? &media->legs[holder - 1] : NULL;
    const uint8_t *heard = data + RTP_HEADER;
    uint8_t ulaw[PACKET_SAMPLES];
    uint16_t sequence;

    if (leg == NULL || leg->socket != wire || size < RTP_HEADER || (data[0] & 0xc0) != 0x80) {
        media->stats.strays++;
        return;
    }
    sequence = (uint16_t)(data[2] << 8 | data[3]);
    ssrc = (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 | data[11];
    reception_count(media, &leg->reception, sequence, ssrc, arrival);
    if (data[0] != 0x80 || (data[1] & 0x7f) != media->options->codec->payload_type ||
        (media->voice == NULL && size != RTP_PACKET)) {
        media->stats.strays++;
        return;
    }
    if (media->voice != NULL) {
        if (holder > VOICE_EARS)
            return;
        if (!voice_hear(media->voice, holder - 1, data + RTP_HEADER, size - RTP_HEADER, ulaw)) {
            media->stats.strays++;
            return;
        }
        heard = ulaw;
    }
    ear_hear(&media->hearing, &leg->ear, &media->halls[leg->conference], holder - 1, leg->member,
             sequence, heard, arrival);
}

static void wire_read(struct media *media, unsigned wire)
{
    struct media_wires *wires = media->wires;
    int64_t offset = clock_wall_offset();
    int count;

    do {
        for (unsigned i = 0; i < READ_BATCH; i++) {
            wires->reads[i].msg_hdr.msg_namelen = sizeof(wires->read_from[i]);
            wires->reads[i].msg_hdr.msg_controllen = sizeof(wires->read_controls[i]);
        }
        count = recvmmsg(wires->wires[wire].rtp, wires->reads, READ_BATCH, 0, NULL);
        for (int i = 0; i < count; i++)
            packet_take(media, wire, &wires->read_from[i], wires->read_data[i],
                        wires->reads[i].msg_len, arrival_time(&wires->reads[i].msg_hdr, offset));
    } while (count == READ_BATCH);
}

void media_tick(struct media *media, uint64_t now)
{
    struct media_wires *wires = media->wires;

    send_due(media, now);
    for (unsigned i = wires->turn; i < wires->count; i += READ_TURNS)
        wire_read(media, i);
    wires->turn = (wires->turn + 1) % READ_TURNS;
}

void media_measure(struct media *media, uint64_t now)
{
    struct hearing *hearing = &media->hearing;

    for (unsigned i = 0; i < media->wires->count; i++)
        wire_read(media, i);
    memset(&media->stats, 0, sizeof(media->stats));
    memset(&hearing->delay, 0, sizeof(hearing->delay));
    memset(&hearing->sinad, 0, sizeof(hearing->sinad));
    hearing->windows = hearing->bad_windows = hearing->wrong_onsets = 0;
    hearing->worst = 0;
    for (unsigned i = 0; i < media->leg_count; i++) {
        struct ear *ear = &media->legs[i].ear;

        media->legs[i].reception = (struct reception){0};
        memset(ear->good, 0, sizeof(ear->good));
        memset(ear->bad, 0, sizeof(ear->bad));
        ear->echoes = 0;
        ear->window_open = false;
    }
    media->measuring = true;
    media->measuring_since = now;
}

void media_stop(struct media *media, uint64_t now)
{
    double seconds = (double)(now - media->measuring_since) / 1e9;
    double slowest = INFINITY;

    for (unsigned i = 0; i < media->wires->count; i++)
        wire_read(media, i);
    for (unsigned i = 0; i < media->leg_count; i++) {
        struct leg *leg = &media->legs[i];

        if (!leg->sending || leg->since > media->measuring_since)
            continue;
        slowest = fmin(slowest, (double)leg->reception.received / seconds);
    }
    for (unsigned i = 0; i < media->leg_count; i++)
        reception_end(media, &media->legs[i].reception);
    media->stats.slowest = isinf(slowest) ? 0 : slowest;
    media->measuring = false;
}
