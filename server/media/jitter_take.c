/* From packets to sound, and what is made up between them. */
#include "media/jitter_parts.h"
#include "media/level.h"

#include <assert.h>
#include <string.h>

enum {
    TOLERANCE_TENTHS = 5, /* 0.1 ms; timestamps that are off by so little are still contiguous */
};

static const float idle_power = 1e-6F;  /* -60 dBFS */
static const float far_louder = 100;    /* 20 dB: who states so much too little is not believed */
static const float quiet_power = 1e-5F; /* -50 dBFS; a decoder that has missed so little is right */

/* ---- room ---- */

void jitter_make_room(struct jitter *jitter, unsigned count)
{
    if (jitter->write + count <= jitter->capacity) {
        return;
    }
    unsigned history = HISTORY_MS * jitter->ms;
    unsigned keep = history + jitter_ready(jitter);
    memmove(jitter->sound, jitter->sound + jitter->read - history, keep * sizeof *jitter->sound);
    jitter->read = history;
    jitter->write = keep;
    if (keep + count > jitter->capacity) {
        jitter->capacity = keep + count;
        assert(jitter->capacity <= SOUND_MAX);
    }
}

void jitter_append(struct jitter *jitter, unsigned count)
{
    jitter->write += count;
    jitter->zeros = 0;
    jitter->blank = false;
}

/* The same for silence. When all that is kept is silent anyway, nothing is written: the indexes
 * move over zeros. */
static void append_silence(struct jitter *jitter, unsigned count)
{
    unsigned history = HISTORY_MS * jitter->ms, ready = jitter_ready(jitter);
    if (!jitter->blank && jitter->zeros >= history + ready) {
        memset(jitter->sound, 0, (history + jitter->frame) * sizeof *jitter->sound);
        jitter->read = history;
        jitter->write = history + ready;
        jitter->blank = true;
    }
    if (!jitter->blank) {
        jitter_make_room(jitter, count);
        memset(jitter->sound + jitter->write, 0, count * sizeof *jitter->sound);
        jitter->zeros += count;
    }
    jitter->write += count;
    assert(!jitter->blank || jitter->write <= history + jitter->frame);
}

/* ---- packets to sound ---- */

void jitter_pass(struct jitter *jitter, struct stored_packet *packet)
{
    unsigned steps = (uint16_t)(packet->sequence + 1 - jitter->next_sequence);
    jitter->taken = steps < 64 ? jitter->taken << steps | 1 : 1;
    jitter->next_sequence = (uint16_t)(packet->sequence + 1);
    store_drop(&jitter->store, packet);
}

static void note_delay(struct jitter *jitter, const struct stored_packet *packet, uint64_t now,
                       unsigned before)
{
    float waited = now > packet->arrival ? (float)(now - packet->arrival) / 1000 : 0;
    if (packet->arrival == RTP_NOT_TIMED) {
        return;
    }
    waited += (float)before / (float)jitter->ms;
    jitter->delay += (waited - jitter->delay) / 16;
}

/* Silence begins here. */
static void take_silence(struct jitter *jitter, struct stored_packet *packet, uint64_t now)
{
    conceal_hush(&jitter->conceal, jitter->sound + jitter->write, jitter->codec);
    if (packet->length > 0) {
        note_delay(jitter, packet, now, jitter_ready(jitter));
        jitter->packet_length = packet->length;
    }
    jitter->time = packet->time;
    jitter->power = packet->power;
    jitter->power_end = packet->time + packet->length;
    jitter->started = true;
    jitter_pass(jitter, packet);
}

/* Decodes a packet behind the ready samples, without adding it to them. Returns their number; 0:
 * it does not decode. */
static unsigned decode(struct jitter *jitter, const struct stored_packet *packet)
{
    const struct codec *codec = jitter->codec;
    uint8_t scratch[PAYLOAD_MAX];
    const uint8_t *payload = store_payload(&jitter->store, packet, scratch);
    int length = codec->length(payload, packet->size);
    if (length <= 0 || length > PACKET_MS_MAX * (int)jitter->ms) {
        return 0;
    }
    jitter_make_room(jitter, (unsigned)length);
    int count = codec->decode(jitter->decoder, payload, packet->size, jitter->sound + jitter->write,
                              (unsigned)length);
    return count > 0 ? (unsigned)count : 0;
}

/* What has been decoded is looked at, but not played. */
static void take_sample(struct jitter *jitter, struct stored_packet *packet, unsigned count,
                        uint64_t now)
{
    float *end = jitter->sound + jitter->write, power = level_power(end, count);
    jitter->sampled = power;
    jitter->decoder_is_behind = packet->is_sample && power > quiet_power;
    if (!packet->is_audit) {
        packet->power = power;
    } else if (power > packet->power * far_louder + quiet_power) {
        jitter->is_deceived = true;
    }
    packet->length = (uint16_t)count;
    memset(end, 0, count * sizeof *end);
    take_silence(jitter, packet, now);
}

static void take_sound(struct jitter *jitter, struct stored_packet *packet, unsigned count,
                       uint64_t now)
{
    float *end = jitter->sound + jitter->write;
    if (jitter->conceal.active) {
        conceal_merge(&jitter->conceal, end, count);
    }
    bool is_idle = packet->is_background && level_power(end, count) < idle_power;
    jitter->idle = is_idle ? jitter->idle + 1 : 0;
    note_delay(jitter, packet, now, jitter_ready(jitter));
    jitter->time = packet->time + count;
    jitter->packet_length = count;
    jitter->started = true;
    jitter_append(jitter, count);
    jitter_pass(jitter, packet);
}

/* Whether the packet is to be heard. A decoder that has been left behind in the middle of sound
 * gets a packet to find its way, which is not. */
static bool is_heard(const struct jitter *jitter, const struct stored_packet *packet)
{
    return !packet->is_silent && !packet->is_sample && !jitter->decoder_is_behind;
}

/* What does not decode counts as lost. */
static void take(struct jitter *jitter, struct stored_packet *packet, uint64_t now)
{
    if (packet->is_silent) {
        take_silence(jitter, packet, now);
        return;
    }
    unsigned count = decode(jitter, packet);
    if (count == 0) {
        jitter_pass(jitter, packet);
    } else if (is_heard(jitter, packet)) {
        take_sound(jitter, packet, count, now);
    } else {
        take_sample(jitter, packet, count, now);
    }
}

void jitter_take_contiguous(struct jitter *jitter, unsigned wanted, uint64_t now)
{
    int32_t tolerance = (int32_t)(jitter->ms * TOLERANCE_TENTHS / 10);
    while (jitter_ready(jitter) < wanted && jitter->started && !jitter->conceal.active) {
        struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
        if (!packet || !is_heard(jitter, packet)) {
            return;
        }
        int32_t gap = time_since(packet->time, jitter->time);
        if (gap > tolerance || gap < -tolerance) {
            return;
        }
        take(jitter, packet, now);
    }
}

void jitter_resume(struct jitter *jitter, struct stored_packet *packet, uint64_t now)
{
    int32_t gap = time_since(packet->time, jitter->time);
    int32_t limit = (int32_t)(DELAY_MAX_MS * jitter->ms);
    if (packet->sequence == jitter->next_sequence && gap >= 0) {
        /* Nothing is missing: the sender has been silent (DTX). */
        jitter->stats.concealed -= jitter->made_up;
        jitter->made_up = 0;
    }
    if (jitter->started && !conceal_is_silent(&jitter->conceal)) {
        if (gap < 0 && gap >= -limit) {
            jitter->stats.inserted += (uint64_t)-gap;
        } else if (gap > 0 && gap <= limit) {
            jitter->stats.removed += (uint64_t)gap;
        }
    }
    /* Before silence it would have the decoder make up a loss, and join it to what comes next. */
    if (!jitter->conceal.active && is_heard(jitter, packet)) {
        conceal_begin(&jitter->conceal, jitter->sound + jitter->write, jitter->codec);
    }
    take(jitter, packet, now);
}

void jitter_make_up(struct jitter *jitter, unsigned count)
{
    unsigned grain = jitter->codec->grain;
    if (grain > 0 && jitter->conceal.by_codec && !conceal_is_silent(&jitter->conceal)) {
        count = (count + grain - 1) / grain * grain;
    }
    jitter->time += count;
    if (conceal_is_silent(&jitter->conceal)) {
        append_silence(jitter, count);
        return;
    }
    if (!jitter->conceal.is_hushed) {
        jitter->stats.concealed += count;
        jitter->made_up += count;
    }
    jitter_make_room(jitter, count);
    conceal_make(&jitter->conceal, jitter->codec, jitter->decoder, jitter->sound + jitter->write,
                 count);
    jitter_append(jitter, count);
}

void jitter_begin_gap(struct jitter *jitter, const struct stored_packet *next)
{
    jitter->made_up = 0;
    const float *end = jitter->sound + jitter->write;
    if (next && next->sequence == jitter->next_sequence) {
        conceal_hush(&jitter->conceal, end, jitter->codec);
    } else {
        conceal_begin(&jitter->conceal, end, jitter->codec);
    }
}

bool jitter_recover(struct jitter *jitter, const struct stored_packet *packet, unsigned missing)
{
    const struct codec *codec = jitter->codec;
    if (!codec->recover || packet->is_silent || packet->sequence == jitter->next_sequence ||
        (codec->grain > 0 && missing % codec->grain != 0) || missing > PACKET_MS_MAX * jitter->ms ||
        time_since(packet->time, jitter->time) != (int32_t)missing) {
        return false;
    }
    jitter_make_room(jitter, missing);
    float *end = jitter->sound + jitter->write;
    uint8_t scratch[PAYLOAD_MAX];
    const uint8_t *payload = store_payload(&jitter->store, packet, scratch);
    if (codec->recover(jitter->decoder, payload, packet->size, end, missing) != (int)missing) {
        return false;
    }
    if (jitter->conceal.active) {
        conceal_merge(&jitter->conceal, end, missing);
    }
    jitter_append(jitter, missing);
    jitter->time += missing;
    return true;
}
