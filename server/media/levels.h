/*
 * How loud the audio of an RTP packet is, told in a header extension (RFC 8285): of all that is in
 * it (RFC 6464), and of each who is heard in a mix (RFC 6465). Pure functions.
 */
#ifndef MEDIA_LEVELS_H
#define MEDIA_LEVELS_H

#include "media/mixer.h"
#include "media/rtp.h"

enum {
    /* Bytes of the longest header that levels_write makes: with 15 sources and both extensions in
     * the two-byte form. */
    LEVELS_HEADER_MAX = RTP_HEADER + 4 * MIXER_SPEAKERS + 4 + 20,
};

/* A mean square as -dBov, 0–127. */
uint8_t levels_of_power(float power);
/* Notes in the packet what its sender says of its power. A sender that knows it for a voice,
 * however low, is not held to its level. */
void levels_read(struct rtp_packet *packet, const struct session_levels *levels);
/* Adds to a header of RTP_HEADER bytes, in a buffer of LEVELS_HEADER_MAX, what has been agreed on.
 * Returns its size. */
size_t levels_write(uint8_t *header, const struct session_levels *levels,
                    const struct mixer_payload *payload);

#endif
