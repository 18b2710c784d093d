/* A leg's sockets: packets in, on the tick and in batches; packets out. Media thread. */
#include "media/leg.h"
#include "media/mix.h"
#include "media/thread.h"

#include <errno.h>
#include <string.h>

enum {
    OWED_MIN = -60,       /* ms */
    OWED_MAX = 60,        /* ms; who is further behind is silent rather than late */
    READS_MAX = 4,        /* batches of one leg in one tick: a flood cannot stop the others */
    DIRECT_MAX = 8,       /* packets that a connected leg takes in one tick, one by one */
    EXACT_EVERY = 5,      /* ticks: how often a connected leg asks when its packets came */
    AGE_MAX = 200 * 1000, /* µs; the kernel says that a packet is older: the wall clock was set */
};

/* ---- in ---- */

/* When the kernel got the packet, on the monotonic clock. */
static uint64_t arrival_of(const struct media_thread *thread, struct msghdr *header)
{
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
         control = CMSG_NXTHDR(header, control)) {
        struct timespec wall;
        int64_t arrival;

        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) {
            continue;
        }
        memcpy(&wall, CMSG_DATA(control), sizeof wall);
        arrival = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - thread->wall_offset;
        if (arrival <= (int64_t)thread->now && arrival >= (int64_t)thread->now - AGE_MAX) {
            return (uint64_t)arrival;
        }
    }
    return thread->now;
}

static void jitter_restart(struct leg *leg, const struct stream_format *format)
{
    if (leg->hearing != NULL && leg->hearing->codec->sample_rate != format->codec->sample_rate) {
        mixer_channel_break(&leg->channel);
        if (format->resampler != NULL) {
            resampler_reset(format->resampler); /* what rings in it is of the last time */
        }
    }
    leg->hearing = format;
    leg->source.clock_rate = format->clock_rate;
    jitter_reset(leg->jitter, format->codec, format->decoder);
}

/* The sender's audio stops here. */
static void take_noise(struct leg *leg, const struct stream_format *format,
                       const struct rtp_packet *packet, uint64_t arrival)
{
    if (leg->hearing == NULL) {
        return;
    }
    if (leg->hearing->clock_rate == format->clock_rate) {
        jitter_noise(leg->jitter, packet, arrival);
    } else {
        jitter_pause(leg->jitter, packet->sequence);
    }
}

/* When nobody has asked the kernel, within this tick. */
static uint64_t heard_at(const struct media_thread *thread, uint64_t arrival)
{
    return arrival != RTP_NOT_TIMED ? arrival : thread->now;
}

static void take_event(struct leg *leg, struct media_thread *thread,
                       const struct stream_format *format, const struct rtp_packet *packet,
                       uint64_t arrival)
{
    struct telephone_event before = leg->event;
    unsigned duration = 0;
    char key = telephone_event_put(&leg->event, packet, format->clock_rate,
                                   heard_at(thread, arrival), &duration);

    if (leg->event.active && (!before.active || before.timestamp != leg->event.timestamp)) {
        /* Phones stop the audio while they send an event: what is missing is no loss. */
        take_noise(leg, format, packet, arrival);
    }
    leg->event_rate = format->clock_rate;
    if (key != 0) {
        leg_tell_digit(leg, thread, key, duration);
    }
}

static void take_format(struct leg *leg, struct media_thread *thread,
                        const struct stream_format *format, const struct rtp_packet *packet,
                        uint64_t arrival)
{
    switch (format->kind) {
    case STREAM_AUDIO:
        if (leg->hearing == NULL || leg->hearing->codec != format->codec) {
            jitter_restart(leg, format);
        }
        leg->hearing = format;
        leg->follows |= !format->is_former;
        jitter_put(leg->jitter, packet, arrival);
        break;
    case STREAM_NOISE:
        take_noise(leg, format, packet, arrival);
        break;
    case STREAM_EVENT:
        take_event(leg, thread, format, packet, arrival != RTP_NOT_TIMED ? arrival : thread->now);
        break;
    }
}

/* Counts the packet. The timestamp of an event is that of its first packet (RFC 4733 §2.2.2):
 * it tells nothing about jitter. */
static enum rtp_verdict count_packet(struct leg *leg, const struct stream_format *format,
                                     const struct rtp_packet *packet, uint64_t arrival)
{
    bool is_event = format->kind == STREAM_EVENT && leg->source.active;

    return rtp_source_update(&leg->source, packet, is_event ? RTP_NOT_TIMED : arrival);
}

/* The time from packet to packet is what a packet brings. */
static void settle_owed(struct leg *leg, const struct stream_format *format,
                        const struct rtp_packet *packet)
{
    uint32_t brought = (packet->timestamp - leg->read_timestamp) / (format->clock_rate / 1000);

    leg->read_timestamp = packet->timestamp;
    if (brought <= PACKET_MS_MAX) {
        if (brought > 0 && packet->sequence == (uint16_t)(leg->source.max_sequence + 1)) {
            atomic_store_explicit(&leg->counters.packet_ms, brought, memory_order_relaxed);
        }
        leg->owed -= (int)brought;
        leg->owed = leg->owed > OWED_MIN ? leg->owed : OWED_MIN;
    }
}

/* Gateways that make keys in a unit of their own send them as a source of its own beside the audio,
 * which neither begins anew by that nor counts them. */
static bool take_event_beside(struct leg *leg, struct media_thread *thread,
                              const struct stream_format *format, const struct rtp_packet *packet,
                              uint64_t heard)
{
    unsigned duration = 0;
    char key = 0;

    if (format->kind != STREAM_EVENT || !leg->source.active || packet->ssrc == leg->source.ssrc) {
        return false;
    }
    if (leg->stream->direction & STREAM_RECVONLY) {
        key = telephone_event_put(&leg->event, packet, format->clock_rate, heard, &duration);
        leg->event_rate = format->clock_rate;
    }
    if (key != 0) {
        leg_tell_digit(leg, thread, key, duration);
    }
    return true;
}

/* `arrival`: RTP_NOT_TIMED when nobody has asked the kernel. */
static void take_rtp(struct leg *leg, struct media_thread *thread,
                     const struct sockaddr_storage *from, const uint8_t *data, size_t size,
                     uint64_t arrival)
{
    const struct stream_format *format = NULL;
    uint64_t heard = heard_at(thread, arrival);
    struct rtp_packet packet;

    if (rtp_parse(&packet, data, size)) {
        format = stream_format_of(leg->stream, packet.payload_type);
    }
    if (format == NULL || (format->is_former && leg->follows)) {
        counter_add(&leg->counters.rejected, 1);
        if (address_equal(from, &leg->latch.source)) {
            leg->life = heard;
        }
        return;
    }
    if (!latch_accept(&leg->latch, from, packet.ssrc, heard)) {
        counter_add(&leg->counters.rejected, 1);
        return;
    }
    leg->life = heard;
    counter_add(&leg->counters.received, 1);
    if (take_event_beside(leg, thread, format, &packet, heard)) {
        return;
    }
    if (leg->stream->levels.in != 0) {
        levels_read(&packet, &leg->stream->levels);
    }
    atomic_store_explicit(&leg->counters.source, packet.ssrc, memory_order_relaxed);
    settle_owed(leg, format, &packet);
    switch (count_packet(leg, format, &packet, arrival)) {
    case RTP_DUPLICATE_OR_STALE:
        return;
    case RTP_RESTART:
        leg->event = (struct telephone_event){0};
        loss_restart(&leg->loss);
        if (leg->hearing != NULL) {
            jitter_restart(leg, leg->hearing);
        }
        break;
    case RTP_OK:
        break;
    }
    loss_take(&leg->loss, packet.sequence);
    if (leg->stream->direction & STREAM_RECVONLY) {
        take_format(leg, thread, format, &packet, arrival);
    }
}

/* RFC 5761 §4: these payload types with the marker bit are RTCP's packet types. */
static bool is_rtcp(const uint8_t *data, size_t size)
{
    return size >= 4 && data[0] >> 6 == 2 && data[1] >= 192 && data[1] <= 223;
}

/* Reports are seconds apart, so the silence by which the latch gives a running stream away is the
 * rule there: on a socket of its own RTCP must also come from the host that the audio comes from,
 * once that is known, or from where the SDP says. */
static bool rtcp_is_trusted(struct leg *leg, bool muxed, const struct sockaddr_storage *from,
                            uint32_t ssrc, uint64_t arrival)
{
    const struct sockaddr_storage *target = latch_target(&leg->latch);

    if (muxed) {
        return target != NULL && address_equal(target, from);
    }
    if (leg->latch.source.ss_family != AF_UNSPEC && !address_same_host(&leg->latch.source, from) &&
        !address_equal(&leg->rtcp.latch.signalled, from)) {
        return false;
    }
    return latch_accept(&leg->rtcp.latch, from, ssrc, arrival);
}

static void take_rtcp(struct leg *leg, struct media_thread *thread, bool muxed,
                      const struct sockaddr_storage *from, const uint8_t *data, size_t size,
                      uint64_t arrival)
{
    if (rtcp_is_trusted(leg, muxed, from, rtcp_ssrc(data, size), arrival)) {
        latch_keep(&leg->latch, arrival);
        leg_rtcp_take(leg, data, size, arrival, thread->now);
    } else {
        counter_add(&leg->counters.rejected, 1);
    }
}

/* Readies the first `count` places; the others still are. */
static void batch_prepare(struct receive_batch *batch, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        batch->vectors[i] = (struct iovec){batch->data[i], sizeof batch->data[i]};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->from[i],
            .msg_namelen = sizeof batch->from[i],
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &batch->control[i],
            .msg_controllen = sizeof batch->control[i],
        };
    }
    batch->ready = true;
}

/* Who has sent nothing may be late, and then more will wait here; otherwise nothing is owed. */
static void leg_found_empty(struct leg *leg, unsigned taken)
{
    int most = taken == 0 ? OWED_MAX : 0;

    leg->owed = leg->owed < most ? leg->owed : most;
    leg_link_drained(leg);
}

/* Returns whether it has waited for a tick or longer: then others may wait behind it. */
static bool take_datagram(struct leg *leg, struct media_thread *thread, bool is_rtp_socket,
                          unsigned place)
{
    struct msghdr *header = &thread->batch.messages[place].msg_hdr;
    const uint8_t *data = thread->batch.data[place];
    size_t size = thread->batch.messages[place].msg_len;
    const struct sockaddr_storage *from = &thread->batch.from[place];
    uint64_t arrival = arrival_of(thread, header);

    if (leg->stream == NULL || (header->msg_flags & MSG_TRUNC)) {
        counter_add(&leg->counters.rejected, 1);
    } else if (!is_rtp_socket || is_rtcp(data, size)) {
        take_rtcp(leg, thread, is_rtp_socket, from, data, size, arrival);
    } else {
        take_rtp(leg, thread, from, data, size, arrival);
    }
    return arrival == thread->now || thread->now - arrival >= FRAME_MS * 1000;
}

/* Reads up to READS_MAX batches, the first of `wanted` packets. Stops when the socket is empty or,
 * asked for no more than one, when that one is all that can be there. */
static void read_batches(struct leg *leg, struct media_thread *thread, int fd, unsigned wanted)
{
    bool is_rtp_socket = fd == leg->sockets.rtp, waited = false;
    struct receive_batch *batch = &thread->batch;
    unsigned taken = 0;

    if (!batch->ready) {
        batch_prepare(batch, RECEIVE_BATCH);
    }
    for (unsigned reads = 0; reads < READS_MAX; reads++) {
        int got = recvmmsg(fd, batch->messages, wanted, MSG_DONTWAIT, NULL);
        unsigned count = got > 0 ? (unsigned)got : 0;

        for (unsigned i = 0; i < count; i++) {
            waited |= take_datagram(leg, thread, is_rtp_socket, i);
        }
        batch_prepare(batch, count);
        taken += count;
        if (count < wanted) {
            if (is_rtp_socket) {
                leg_found_empty(leg, taken);
            }
            return;
        }
        if (wanted == 1 && leg->owed <= 0 && !waited) {
            return;
        }
        wanted = RECEIVE_BATCH;
    }
}

/* A packet of a connected socket, or -errno. False: there is no further one. What the socket holds
 * is the source's own. */
static bool take_direct(struct leg *leg, struct media_thread *thread, const uint8_t *data, int size,
                        unsigned taken)
{
    if (size == -ECONNREFUSED) {
        return true; /* about a packet that we sent; what came is behind it */
    }
    if (size < 0) {
        leg_found_empty(leg, taken);
        return false;
    }
    if (size > DATAGRAM_MAX) {
        counter_add(&leg->counters.rejected, 1);
    } else {
        take_rtp(leg, thread, &leg->latch.source, data, (size_t)size, RTP_NOT_TIMED);
    }
    return leg->owed > 0;
}

static void read_direct(struct leg *leg, struct media_thread *thread)
{
    const uint8_t *data = thread->batch.data[0];
    unsigned taken = 0;
    bool more = true;

    if (leg->link.place >= 0) {
        int size = uring_got(thread->uring, leg->link.place, &data);

        leg->link.place = -1;
        more = take_direct(leg, thread, data, size, taken++);
    }
    while (more && taken < DIRECT_MAX) {
        ssize_t size =
            recv(leg->sockets.rtp, thread->batch.data[0], DATAGRAM_MAX, MSG_DONTWAIT | MSG_TRUNC);

        more =
            take_direct(leg, thread, thread->batch.data[0], size < 0 ? -errno : (int)size, taken++);
    }
}

/* Whether in its tick number `ticks` a leg may be read without asking when its packets came.
 * Reports on the same socket (RFC 5761) need that to be known of every packet. */
static bool is_direct(const struct leg *leg, unsigned ticks)
{
    return leg->link.state == LINK_DIRECT && ticks % EXACT_EVERY != 0 && !leg->stream->muxed;
}

unsigned leg_fetch(struct leg *leg, struct media_thread *thread)
{
    unsigned count = 0;

    for (; leg != NULL && count < URING_BATCH; leg = leg_after(leg), count++) {
        if (leg->link.number >= 0 && is_direct(leg, leg->ticks + 1)) {
            leg->link.place = uring_ask(thread->uring, (unsigned)leg->link.number);
        }
    }
    uring_fetch(thread->uring);
    return count;
}

/* As long as the peer has sent what a tick is long, one packet is all that can be there, and
 * asking for one is a good deal cheaper than finding out that there is no second. Otherwise the
 * socket is read empty. */
void leg_read_rtp(struct leg *leg, struct media_thread *thread)
{
    if (leg->link.state == LINK_DORMANT) {
        leg_found_empty(leg, 0);
    } else if (is_direct(leg, leg->ticks)) {
        read_direct(leg, thread);
    } else {
        read_batches(leg, thread, leg->sockets.rtp, leg->link.state == LINK_OPEN ? 1 : 2);
    }
    leg_link_tick(leg, thread->now);
}

void leg_read_rtcp(struct leg *leg, struct media_thread *thread)
{
    read_batches(leg, thread, leg->sockets.rtcp, RECEIVE_BATCH);
}

/* ---- out ---- */

static void send_packet(struct leg *leg, struct media_thread *thread,
                        const struct sockaddr_storage *target, const struct mixer_payload *payload,
                        uint32_t timestamp)
{
    uint8_t *packet = leg_link_packet(leg, thread);
    size_t header = RTP_HEADER;

    rtp_write_header(packet, leg->stream->payload_type, leg->marker, leg->sequence++, timestamp,
                     leg->ssrc);
    if (leg->channel.wants_level || leg->channel.wants_each) {
        header = levels_write(packet, &leg->stream->levels, payload);
    }
    memcpy(packet + header, payload->data, payload->size);
    leg->marker = false;
    /* A full queue, an unreachable peer: the next packet may do better. The sequence goes on, so
     * that the peer's reports tell of it. */
    if (!leg_link_send(leg, thread, header + payload->size, target)) {
        counter_add(&leg->counters.unsent, 1);
        return;
    }
    counter_add(&leg->counters.sent, 1);
    leg->rtcp.octets += payload->size;
}

/* Cuts or joins frames to the packet length that the peer wants. Only for codecs without state,
 * in whose payload each ms has as many bytes. */
static void send_resized(struct leg *leg, struct media_thread *thread,
                         const struct sockaddr_storage *target, const struct mixer_payload *payload)
{
    unsigned ptime = leg->stream->ptime, clocks = leg->stream->clock_rate / 1000;
    size_t per_ms = payload->size / FRAME_MS;
    uint8_t *packet = leg->stream->packet;
    uint32_t timestamp = leg->timestamp - leg->pending_ms * clocks;
    struct mixer_payload part = *payload; /* of several frames, the level is that of the last */

    if (payload->size % FRAME_MS != 0 || leg->pending + payload->size > PAYLOAD_MAX) {
        leg_write_nothing(leg);
        return;
    }
    memcpy(packet + leg->pending, payload->data, payload->size);
    leg->pending += payload->size;
    leg->pending_ms += FRAME_MS;
    part.data = packet;
    part.size = ptime * per_ms;
    while (leg->pending_ms >= ptime) {
        send_packet(leg, thread, target, &part, timestamp);
        part.data += part.size;
        timestamp += ptime * clocks;
        leg->pending -= part.size;
        leg->pending_ms -= ptime;
    }
    memmove(packet, part.data, leg->pending);
}

void leg_write(struct leg *leg, struct media_thread *thread, const struct mixer_payload *payload)
{
    const struct sockaddr_storage *target = latch_target(&leg->latch);

    if (target == NULL || payload->size == 0) {
        leg_write_nothing(leg);
    } else if (leg->stream->ptime == FRAME_MS) {
        send_packet(leg, thread, target, payload, leg->timestamp);
    } else {
        send_resized(leg, thread, target, payload);
    }
}

void leg_write_nothing(struct leg *leg)
{
    leg->pending = 0;
    leg->pending_ms = 0;
    leg->marker = true;
}
