#include "media/rtp.h"

#include <string.h>

enum {
    MAX_DROPOUT = 3000, /* RFC 3550 A.1: a gap up to this is loss, a longer one a new beginning */
    MAX_MISORDER = 100, /* … and so far behind is only out of order */
    SEQUENCE_CYCLE = 1 << 16,
    JUMP_SECONDS = 5, /* a step in transit time as long as this is a new time line, no jitter */
};

static uint16_t read16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static uint32_t read32(const uint8_t *data)
{
    return (uint32_t)read16(data) << 16 | read16(data + 2);
}

bool rtp_parse(struct rtp_packet *packet, const uint8_t *data, size_t size)
{
    if (size < RTP_HEADER || data[0] >> 6 != 2) {
        return false;
    }
    /* RFC 5761 §4: with the marker bit these payload types are RTCP packet types. */
    if (data[1] >= 192 && data[1] <= 223) {
        return false;
    }
    size_t start = RTP_HEADER + (size_t)(data[0] & 0x0f) * 4, extension = start;
    if (data[0] & 0x10) {
        if (size < start + 4) {
            return false;
        }
        start += 4 + (size_t)read16(data + start + 2) * 4;
    }
    size_t padding = 0;
    if (data[0] & 0x20) {
        padding = data[size - 1];
        if (padding == 0) {
            return false;
        }
    }
    if (size < start + padding) {
        return false;
    }
    *packet = (struct rtp_packet){
        .payload_type = data[1] & 0x7f,
        .marker = (data[1] & 0x80) != 0,
        .sequence = read16(data + 2),
        .timestamp = read32(data + 4),
        .ssrc = read32(data + 8),
        .payload = data + start,
        .payload_size = size - start - padding,
    };
    if (data[0] & 0x10) {
        packet->profile = read16(data + extension);
        packet->extension = data + extension + 4;
        packet->extension_size = start - extension - 4;
    }
    return true;
}

const uint8_t *rtp_extension(const struct rtp_packet *packet, uint8_t id, size_t *sizep)
{
    bool one_byte = packet->profile == RTP_ONE_BYTE;
    bool two_bytes = (packet->profile & 0xfff0) == RTP_TWO_BYTES;
    const uint8_t *at = packet->extension;
    size_t left = one_byte || two_bytes ? packet->extension_size : 0;

    while (left > 0) {
        size_t head = one_byte ? 1 : 2, size;
        if (at[0] == 0) { /* padding */
            at++;
            left--;
            continue;
        }
        if (left < head || (one_byte && at[0] >> 4 == 15)) {
            return NULL;
        }
        size = one_byte ? (at[0] & 15u) + 1u : at[1];
        if (left < head + size) {
            return NULL;
        }
        if ((one_byte ? at[0] >> 4 : at[0]) == id) {
            *sizep = size;
            return at + head;
        }
        at += head + size;
        left -= head + size;
    }
    return NULL;
}

void rtp_write_header(uint8_t header[RTP_HEADER], uint8_t payload_type, bool marker,
                      uint16_t sequence, uint32_t timestamp, uint32_t ssrc)
{
    header[0] = 2 << 6;
    header[1] = (uint8_t)((marker ? 0x80 : 0) | (payload_type & 0x7f));
    header[2] = (uint8_t)(sequence >> 8);
    header[3] = (uint8_t)sequence;
    for (int i = 0; i < 4; i++) {
        header[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
        header[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    }
}

void rtp_source_init(struct rtp_source *source, uint32_t clock_rate)
{
    memset(source, 0, sizeof *source);
    source->clock_rate = clock_rate ? clock_rate : 8000;
}

static uint64_t lost_now(const struct rtp_source *source)
{
    uint64_t expected = (uint64_t)source->cycles + source->max_sequence - source->base_sequence + 1;
    return expected > source->received ? expected - source->received : 0;
}

/* Begins to count anew (RFC 3550 A.1, init_seq); what was counted so far is kept in the totals. */
static void source_begin(struct rtp_source *source, const struct rtp_packet *packet)
{
    if (source->active) {
        source->lost_before += lost_now(source);
        source->received_before += source->received;
    }
    source->active = true;
    source->ssrc = packet->ssrc;
    source->max_sequence = packet->sequence;
    source->base_sequence = packet->sequence;
    source->bad_sequence = SEQUENCE_CYCLE + 1; /* equals no sequence number */
    source->cycles = 0;
    source->received = 0;
    source->expected_prior = 0;
    source->received_prior = 0;
    source->jitter = 0;
}

/* RFC 3550 A.1, without probation: a phone's first packet is to be heard at once. */
static enum rtp_verdict source_sequence(struct rtp_source *source, const struct rtp_packet *packet)
{
    if (!source->active) {
        source_begin(source, packet);
        return RTP_OK;
    }
    if (source->ssrc != packet->ssrc) {
        source_begin(source, packet);
        return RTP_RESTART;
    }
    uint16_t ahead = (uint16_t)(packet->sequence - source->max_sequence);
    if (ahead < MAX_DROPOUT) {
        if (packet->sequence < source->max_sequence) {
            source->cycles += SEQUENCE_CYCLE;
        }
        source->max_sequence = packet->sequence;
        return RTP_OK;
    }
    if (ahead > SEQUENCE_CYCLE - MAX_MISORDER) {
        return RTP_OK;
    }
    if (packet->sequence == source->bad_sequence) {
        /* Two in a row from there: the sender began anew without a new SSRC. */
        source_begin(source, packet);
        return RTP_RESTART;
    }
    source->bad_sequence = (uint16_t)(packet->sequence + 1);
    return RTP_DUPLICATE_OR_STALE;
}

/* Interarrival jitter, RFC 3550 A.8. */
static void source_jitter(struct rtp_source *source, const struct rtp_packet *packet,
                          uint64_t arrival, bool first)
{
    uint32_t now = (uint32_t)(arrival * source->clock_rate / 1000000);
    uint32_t transit = now - packet->timestamp;
    int64_t step = (int32_t)(transit - source->transit);
    source->transit = transit;
    int64_t size = step < 0 ? -step : step;
    if (!first && size < (int64_t)source->clock_rate * JUMP_SECONDS) {
        source->jitter += ((double)size - source->jitter) / 16;
    }
}

enum rtp_verdict rtp_source_update(struct rtp_source *source, const struct rtp_packet *packet,
                                   uint64_t arrival)
{
    enum rtp_verdict verdict = source_sequence(source, packet);
    if (verdict == RTP_DUPLICATE_OR_STALE) {
        return verdict;
    }
    source->received++;
    if (arrival != RTP_NOT_TIMED) {
        source_jitter(source, packet, arrival, source->received == 1);
    }
    return verdict;
}

uint64_t rtp_source_lost(const struct rtp_source *source)
{
    return source->lost_before + (source->active ? lost_now(source) : 0);
}

double rtp_source_jitter_ms(const struct rtp_source *source)
{
    return source->jitter * 1000 / source->clock_rate;
}
