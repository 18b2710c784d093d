#include "media/levels.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

enum {
    VOICE_BIT = 0x80,
    LEVEL_MAX = 127, /* digital silence */
    ONE_BYTE_ID_MAX = 14,
    CSRC_COUNT_MAX = 15, /* RFC 3550 §5.1 */
};

_Static_assert((int)MIXER_SPEAKERS <= (int)CSRC_COUNT_MAX, "so many fit into a packet");

uint8_t level_code(float power)
{
    float level = power > 1e-13f ? -10 * log10f(power) + 0.5f : LEVEL_MAX;

    return (uint8_t)fminf(fmaxf(level, 0), LEVEL_MAX);
}

void levels_read(struct rtp_packet *packet, const struct session_levels *levels)
{
    size_t size;
    const uint8_t *element = rtp_extension(packet, levels->in, &size);

    if (element == NULL || size == 0 || (levels->has_vad && (element[0] & VOICE_BIT))) {
        return;
    }
    packet->has_power = true;
    packet->power = element[0] == LEVEL_MAX ? 0 : powf(10, -0.1f * (float)(element[0] & LEVEL_MAX));
}

/* An element of `size` bytes, at most 15; returns where they go. */
static uint8_t *element_begin(uint8_t **atp, bool two_bytes, uint8_t id, size_t size)
{
    uint8_t *at = *atp;

    if (two_bytes) {
        *at++ = id;
        *at++ = (uint8_t)size;
    } else {
        *at++ = (uint8_t)(id << 4 | (size - 1));
    }
    *atp = at + size;
    return at;
}

/* Their SSRCs follow the header (RFC 3550 §5.1); returns what comes behind. */
static uint8_t *write_sources(uint8_t *header, const struct mixer_payload *payload)
{
    uint8_t *at = header + RTP_HEADER;

    header[0] |= (uint8_t)payload->speaker_count;
    for (unsigned i = 0; i < payload->speaker_count; i++) {
        uint32_t source = htonl(payload->speakers[i].source);

        memcpy(at, &source, sizeof source);
        at += sizeof source;
    }
    return at;
}

size_t levels_write(uint8_t *header, const struct session_levels *levels,
                    const struct mixer_payload *payload)
{
    unsigned count = levels->each != 0 ? payload->speaker_count : 0;
    bool two_bytes = levels->out > ONE_BYTE_ID_MAX || levels->each > ONE_BYTE_ID_MAX;
    uint8_t *extension = count > 0 ? write_sources(header, payload) : header + RTP_HEADER;
    uint8_t *at = extension + 4, *element;
    size_t words;

    if (levels->out == 0 && count == 0) {
        return RTP_HEADER;
    }
    if (levels->out != 0) {
        element = element_begin(&at, two_bytes, levels->out, 1);
        element[0] = payload->level | (payload->level < LEVEL_MAX ? VOICE_BIT : 0);
    }
    if (count > 0) {
        element = element_begin(&at, two_bytes, levels->each, count);
        for (unsigned i = 0; i < count; i++) {
            element[i] = payload->speakers[i].level;
        }
    }
    while ((at - extension) % 4 != 0) {
        *at++ = 0;
    }
    words = (size_t)(at - extension) / 4 - 1;
    header[0] |= 0x10;
    extension[0] = (uint8_t)((two_bytes ? RTP_TWO_BYTES : RTP_ONE_BYTE) >> 8);
    extension[1] = (uint8_t)(two_bytes ? RTP_TWO_BYTES : RTP_ONE_BYTE);
    extension[2] = 0;
    extension[3] = (uint8_t)words;
    return (size_t)(at - header);
}
