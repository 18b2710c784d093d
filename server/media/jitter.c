/*
 * Time in the jitter buffer. Sound stands in `sound`: HISTORY_MS already played, then what is
 * ready to be played ("ready"), all of it contiguous; `read` is the border. `time` is the media
 * time (RTP timestamp in samples) of the sample that belongs behind the ready ones, `played` the
 * samples put out so far, which is the clock of our ticks. So
 *
 *     offset = time - (played + ready)
 *
 * says how far the playing is ahead of the ticks, and a packet's lead (jitter_parts.h) by how
 * much it could have been ahead and still come in time. Delay is too long when the target, the
 * least lead of the last seconds, is above the offset; too short when it is below.
 *
 * A packet is late when its time is before `time`; as long as nothing newer has been played, it
 * is played all the same and the delay has grown by that. While sound is made up, `time` goes on.
 */
#include "media/jitter.h"

#include "core/prefetch.h"
#include "media/jitter_parts.h"
#include "media/level.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    DELAY_KEEP_MS = 200,   /* left when more than DELAY_MAX_MS has come at once */
    TOLERANCE_TENTHS = 5,  /* 0.1 ms; timestamps that are off by so little are still contiguous */
    STRETCH_QUIET_MS = 2,  /* surplus from which silence is cut or stretched */
    STRETCH_SOUND_MS = 10, /* … and sound */
    PERIOD_MIN_TENTHS = 25,
    REST_AFTER_STRETCH = 1, /* ticks */
    REST_AFTER_FAILURE = 4,
    IDLE_AFTER = 25, /* packets of background that nobody would hear, then they are not decoded … */
    IDLE_CHECK = 25, /* … but for one in so many, lest a sender that knows only voices cuts music */
    LATE_RUN = 8,    /* so many late packets and no other: the sender began anew */
    SOUND_MS = HISTORY_MS + 2 * FRAME_MS + 2 * PERIOD_MAX_MS + PACKET_MS_MAX,
    SOUND_MAX = CODEC_RATE_MAX / 1000 * SOUND_MS,
};

static const float quiet_power = 1e-5F; /* -50 dBFS */
static const float idle_power = 1e-6F;  /* -60 dBFS */

struct jitter {
    const struct codec *codec;
    void *decoder;
    unsigned frame;    /* samples a tick */
    unsigned ms;       /* samples a millisecond */
    uint32_t ratio;    /* samples per unit of RTP timestamp */
    unsigned capacity; /* of `sound` at this rate, samples */

    bool has_sequence; /* next_sequence is set */
    bool started;      /* `time` is set */
    bool has_newest;
    uint16_t next_sequence; /* after the packet taken last */
    uint64_t taken;         /* bit n: next_sequence - 1 - n has come */
    uint16_t newest_sequence;
    uint32_t newest_time;
    uint32_t packet_length; /* samples in the packet taken last */
    unsigned late_run;
    unsigned idle; /* packets of background in a row */

    uint32_t time, played;
    unsigned made_up; /* samples of the gap that goes on, or went on last */
    unsigned read, write;
    unsigned rest, failures; /* see stretch */
    float delay;             /* ms, smoothed */

    struct jitter_stats stats;
    struct lateness lateness;
    struct conceal conceal;
    /* From here on set when used, never before: a codec of 8000 Hz then touches, and a leg then
     * takes, only a part of this memory. */
    struct packet_store store;
    float sound[SOUND_MAX];
    uint8_t payload[PAYLOAD_MAX];
};

static unsigned ready(const struct jitter *jitter)
{
    return jitter->write - jitter->read;
}

static uint32_t offset(const struct jitter *jitter)
{
    return jitter->time - (jitter->played + ready(jitter));
}

/* By how much the delay is longer than need be; negative: shorter. Within DELAY_MAX_MS. */
static int32_t surplus(const struct jitter *jitter)
{
    if (jitter->lateness.used == 0) {
        return 0;
    }
    int32_t limit = (int32_t)(DELAY_MAX_MS * jitter->ms);
    int32_t value = time_since(lateness_target(&jitter->lateness), offset(jitter));
    value = value < limit ? value : limit;
    return value > -limit ? value : -limit;
}

/* Makes room for `count` more samples behind the ready ones. */
static void make_room(struct jitter *jitter, unsigned count)
{
    if (jitter->write + count <= jitter->capacity) {
        return;
    }
    unsigned history = HISTORY_MS * jitter->ms;
    unsigned keep = history + ready(jitter);
    assert(keep + count <= jitter->capacity);
    memmove(jitter->sound, jitter->sound + jitter->read - history, keep * sizeof *jitter->sound);
    jitter->read = history;
    jitter->write = keep;
}

/* A new time line: whatever waits and all that was learnt of it is void. */
static void begin_anew(struct jitter *jitter)
{
    store_clear(&jitter->store);
    lateness_init(&jitter->lateness, jitter->codec->sample_rate);
    jitter->write = jitter->read;
    jitter->has_sequence = false;
    jitter->has_newest = false;
    jitter->started = false;
    jitter->taken = 0;
    jitter->late_run = 0;
    jitter->idle = 0;
    jitter->rest = 0;
    jitter->failures = 0;
    jitter->packet_length = jitter->frame;
}

static void stats_scale(struct jitter_stats *stats, unsigned rate, unsigned before)
{
    stats->concealed = stats->concealed * rate / before;
    stats->inserted = stats->inserted * rate / before;
    stats->removed = stats->removed * rate / before;
}

static void use_codec(struct jitter *jitter, const struct codec *codec, void *decoder)
{
    unsigned rate = codec->sample_rate;
    assert(rate <= CODEC_RATE_MAX && rate % codec->format.clock_rate == 0 && rate % 1000 == 0);
    jitter->decoder = decoder;
    if (jitter->codec && jitter->codec->sample_rate == rate) {
        jitter->codec = codec;
        jitter->ratio = rate / codec->format.clock_rate;
        return; /* what has been played leads smoothly to what comes */
    }
    if (jitter->codec) {
        stats_scale(&jitter->stats, rate, jitter->codec->sample_rate);
    }
    jitter->codec = codec;
    jitter->ratio = rate / codec->format.clock_rate;
    jitter->ms = rate / 1000;
    jitter->frame = jitter->ms * FRAME_MS;
    jitter->capacity = jitter->ms * SOUND_MS;
    jitter->read = jitter->write = jitter->ms * HISTORY_MS;
    memset(jitter->sound, 0, jitter->read * sizeof *jitter->sound);
    conceal_init(&jitter->conceal, rate);
}

struct jitter *jitter_create(const struct codec *codec, void *decoder)
{
    struct jitter *jitter = malloc(sizeof *jitter);
    if (jitter) {
        memset(jitter, 0, offsetof(struct jitter, store));
        jitter_reset(jitter, codec, decoder);
    }
    return jitter;
}

void jitter_destroy(struct jitter *jitter)
{
    free(jitter);
}

void jitter_reset(struct jitter *jitter, const struct codec *codec, void *decoder)
{
    use_codec(jitter, codec, decoder);
    begin_anew(jitter);
}

/* ---- packets in ---- */

/* A packet that is older than what was played last. True when it is to be taken after all. */
static bool put_late(struct jitter *jitter, const struct rtp_packet *packet, unsigned behind)
{
    if (behind <= 64) {
        uint64_t bit = (uint64_t)1 << (behind - 1);
        if (jitter->taken & bit) {
            return false; /* a duplicate */
        }
        jitter->taken |= bit;
        uint32_t lead = packet->timestamp * jitter->ratio - jitter->played;
        lateness_add(&jitter->lateness, lead, jitter->packet_length);
    }
    jitter->stats.late++;
    if (jitter->store.count > 0 || ++jitter->late_run < LATE_RUN) {
        return false;
    }
    begin_anew(jitter);
    return true;
}

/* Finds the packet's place in the sequence; false: it is not to be taken. */
static bool put_in_sequence(struct jitter *jitter, const struct rtp_packet *packet)
{
    int ahead = (int16_t)(packet->sequence - jitter->next_sequence);
    if (jitter->has_sequence && jitter->started && ahead < 0 &&
        !put_late(jitter, packet, (unsigned)-ahead)) {
        return false;
    }
    if (!jitter->has_sequence) {
        jitter->has_sequence = true;
        jitter->next_sequence = packet->sequence;
    } else if (ahead < 0 && ahead > -STORE_SLOTS) {
        jitter->next_sequence = packet->sequence; /* out of order at the very beginning */
    } else if (ahead < 0 || ahead >= STORE_SLOTS) {
        store_clear(&jitter->store);
        jitter->has_newest = false;
        jitter->taken = 0;
        jitter->next_sequence = packet->sequence;
    }
    return true;
}

static void put(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival,
                bool is_noise)
{
    struct stored_packet stored = {
        .is_noise = is_noise,
        .sequence = packet->sequence,
        .size = is_noise ? 0 : (uint16_t)packet->payload_size,
        .time = packet->timestamp * jitter->ratio,
        .arrival = arrival,
    };
    if (!put_in_sequence(jitter, packet) || !store_put(&jitter->store, &stored, packet->payload)) {
        return;
    }
    jitter->late_run = 0;
    lateness_add(&jitter->lateness, stored.time - jitter->played, jitter->packet_length);
    if (!jitter->has_newest || (int16_t)(packet->sequence - jitter->newest_sequence) > 0) {
        jitter->has_newest = true;
        jitter->newest_sequence = packet->sequence;
        jitter->newest_time = stored.time;
    }
}

void jitter_put(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival)
{
    const struct codec *codec = jitter->codec;
    if (packet->payload_size > 0 && packet->payload_size <= PAYLOAD_MAX) {
        put(jitter, packet, arrival,
            codec->is_silence && codec->is_silence(packet->payload, packet->payload_size));
    }
}

void jitter_noise(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival)
{
    put(jitter, packet, arrival, true);
}

/* ---- packets to sound ---- */

/* The packet and all before it are done with. */
static void pass(struct jitter *jitter, struct stored_packet *packet)
{
    unsigned steps = (uint16_t)(packet->sequence + 1 - jitter->next_sequence);
    jitter->taken = steps < 64 ? jitter->taken << steps | 1 : 1;
    jitter->next_sequence = (uint16_t)(packet->sequence + 1);
    store_drop(&jitter->store, packet);
}

/* Samples from `packet`, the next to be played, to the end of the newest. */
static int64_t span_from(const struct jitter *jitter, const struct stored_packet *packet)
{
    return time_since(jitter->newest_time + jitter->packet_length, packet->time);
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

static bool is_background(const struct jitter *jitter, const uint8_t *payload, size_t size)
{
    return jitter->codec->is_background && jitter->codec->is_background(payload, size);
}

/* Silence begins here. */
static void take_silence(struct jitter *jitter, struct stored_packet *packet)
{
    make_room(jitter, 0);
    conceal_hush(&jitter->conceal, jitter->sound + jitter->write, jitter->codec);
    jitter->time = packet->time;
    jitter->started = true;
    pass(jitter, packet);
}

/* Decodes a packet behind the ready samples. What does not decode counts as lost. */
static void take(struct jitter *jitter, struct stored_packet *packet, uint64_t now)
{
    if (packet->is_noise) {
        take_silence(jitter, packet);
        return;
    }
    unsigned most = PACKET_MS_MAX * jitter->ms, before = ready(jitter);
    make_room(jitter, most);
    float *end = jitter->sound + jitter->write;
    const uint8_t *payload = store_payload(&jitter->store, packet, jitter->payload);
    bool background = is_background(jitter, payload, packet->size);
    if (background && jitter->idle >= IDLE_AFTER && ++jitter->idle % IDLE_CHECK != 0) {
        take_silence(jitter, packet);
        return;
    }
    int count = jitter->codec->decode(jitter->decoder, payload, packet->size, end, most);
    if (count > 0) {
        if (jitter->conceal.active) {
            conceal_merge(&jitter->conceal, end, (unsigned)count);
        }
        background = background && level_power(end, (unsigned)count) < idle_power;
        jitter->idle = background ? jitter->idle + 1 : 0;
        note_delay(jitter, packet, now, before);
        jitter->time = packet->time + (uint32_t)count;
        jitter->packet_length = (uint32_t)count;
        jitter->write += (unsigned)count;
        jitter->started = true;
    }
    pass(jitter, packet);
}

/* Takes packets that follow without a gap, until `wanted` samples are ready. */
static void take_contiguous(struct jitter *jitter, unsigned wanted, uint64_t now)
{
    int32_t tolerance = (int32_t)(jitter->ms * TOLERANCE_TENTHS / 10);
    while (ready(jitter) < wanted && jitter->started && !jitter->conceal.active) {
        struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
        if (!packet || packet->is_noise) {
            return;
        }
        int32_t gap = time_since(packet->time, jitter->time);
        if (gap > tolerance || gap < -tolerance) {
            return;
        }
        take(jitter, packet, now);
    }
}

/* Samples to be made up before the packet, the next there is, is to be played; 0: now. */
static unsigned wait_before(struct jitter *jitter, const struct stored_packet *packet)
{
    if (!jitter->started) {
        return 0;
    }
    int32_t limit = (int32_t)(DELAY_MAX_MS * jitter->ms);
    int32_t gap = time_since(packet->time, jitter->time);
    if (gap > limit || gap < -limit) {
        /* A new time line: no telling when it should have come. */
        lateness_begin(&jitter->lateness, packet->time - jitter->played);
        return 0;
    }
    /* In silence the delay can be set right at will. */
    int64_t wait = conceal_is_silent(&jitter->conceal) ? gap - surplus(jitter) : gap;
    int64_t room = limit - span_from(jitter, packet);
    wait = wait < room ? wait : room;
    return wait > 0 ? (unsigned)wait : 0;
}

/* The sound goes on with `packet` after a gap. */
static void resume(struct jitter *jitter, struct stored_packet *packet, uint64_t now)
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
    if (!jitter->conceal.active) {
        make_room(jitter, 0);
        conceal_begin(&jitter->conceal, jitter->sound + jitter->write, jitter->codec);
    }
    take(jitter, packet, now);
}

static void make_up(struct jitter *jitter, unsigned count)
{
    unsigned grain = jitter->codec->grain;
    if (grain > 0 && jitter->conceal.by_codec && !conceal_is_silent(&jitter->conceal)) {
        count = (count + grain - 1) / grain * grain;
    }
    make_room(jitter, count);
    float *end = jitter->sound + jitter->write;
    if (!jitter->conceal.is_hushed && !conceal_is_silent(&jitter->conceal)) {
        jitter->stats.concealed += count;
        jitter->made_up += count;
    }
    conceal_make(&jitter->conceal, jitter->codec, jitter->decoder, end, count);
    jitter->write += count;
    jitter->time += count;
}

/* Nothing to play: it is lost or late, or the sender is silent. The latter is sure when the very
 * next packet is there but its time has not come. */
static void begin_gap(struct jitter *jitter, const struct stored_packet *next)
{
    jitter->made_up = 0;
    make_room(jitter, 0);
    const float *end = jitter->sound + jitter->write;
    if (next && next->sequence == jitter->next_sequence) {
        conceal_hush(&jitter->conceal, end, jitter->codec);
    } else {
        conceal_begin(&jitter->conceal, end, jitter->codec);
    }
}

/* The `missing` samples before the packet, the next there is, as it repeats them itself (forward
 * error correction). Returns whether it does. */
static bool recover(struct jitter *jitter, const struct stored_packet *packet, unsigned missing)
{
    const struct codec *codec = jitter->codec;
    if (!codec->recover || packet->is_noise || packet->sequence == jitter->next_sequence ||
        (codec->grain > 0 && missing % codec->grain != 0) || missing > PACKET_MS_MAX * jitter->ms ||
        time_since(packet->time, jitter->time) != (int32_t)missing) {
        return false;
    }
    make_room(jitter, missing);
    float *end = jitter->sound + jitter->write;
    const uint8_t *payload = store_payload(&jitter->store, packet, jitter->payload);
    if (codec->recover(jitter->decoder, payload, packet->size, end, missing) != (int)missing) {
        return false;
    }
    if (jitter->conceal.active) {
        conceal_merge(&jitter->conceal, end, missing);
    }
    jitter->write += missing;
    jitter->time += missing;
    return true;
}

/* Fills the frame across a gap. Returns whether any of it can be heard. */
static bool bridge(struct jitter *jitter, uint64_t now)
{
    bool is_heard = false;
    while (ready(jitter) < jitter->frame) {
        unsigned missing = jitter->frame - ready(jitter);
        struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
        unsigned wait = packet ? wait_before(jitter, packet) : missing;
        if (packet && wait == 0) {
            unsigned before = ready(jitter);
            resume(jitter, packet, now);
            take_contiguous(jitter, jitter->frame, now);
            is_heard |= ready(jitter) > before;
            continue;
        }
        if (packet && jitter->started && recover(jitter, packet, wait)) {
            is_heard = true;
            take_contiguous(jitter, jitter->frame, now);
            continue;
        }
        if (!jitter->conceal.active) {
            begin_gap(jitter, packet);
        }
        make_up(jitter, wait < missing ? wait : missing);
        is_heard |= !conceal_is_silent(&jitter->conceal);
    }
    return is_heard;
}

/* ---- delay ---- */

/* More than DELAY_MAX_MS waits: what is oldest is left out, in one step. */
static void drop_excess(struct jitter *jitter)
{
    struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
    if (!packet || !jitter->started) {
        return;
    }
    int64_t waiting = span_from(jitter, packet) + ready(jitter);
    int32_t gap = time_since(packet->time, jitter->time);
    if (gap > 0) {
        waiting += gap;
    }
    if (waiting <= DELAY_MAX_MS * (int64_t)jitter->ms) {
        return;
    }
    int64_t before = span_from(jitter, packet);
    while (span_from(jitter, packet) > DELAY_KEEP_MS * (int64_t)jitter->ms) {
        pass(jitter, packet);
        packet = store_next(&jitter->store, jitter->next_sequence);
        if (!packet) {
            return;
        }
    }
    int64_t dropped = before - span_from(jitter, packet);
    jitter->stats.removed += ready(jitter) + (uint64_t)(dropped > 0 ? dropped : 0);
    jitter->write = jitter->read;
    if (!jitter->conceal.active) {
        conceal_begin(&jitter->conceal, jitter->sound + jitter->read, jitter->codec);
    }
    jitter->time = packet->time;
    lateness_begin(&jitter->lateness, packet->time - jitter->played);
}

/* How alike two periods must be: the more often nothing was found, the less. Cross-fading never
 * clicks, it only sounds the better the more they are alike. */
static float strictness(const struct jitter *jitter)
{
    float strict = 0.85F - 0.05F * (float)jitter->failures;
    return strict > 0.3F ? strict : 0.3F;
}

/* Whether the frame to be played is so quiet that any lag will do. */
static bool is_quiet(const struct jitter *jitter)
{
    return level_power(jitter->sound + jitter->read, jitter->frame) < quiet_power;
}

static unsigned find_period(struct jitter *jitter, int direction, unsigned most)
{
    return pitch_find(jitter->sound + jitter->read, direction, PITCH_WINDOW_MS * jitter->ms,
                      PERIOD_MIN_TENTHS * jitter->ms / 10, most, jitter->codec->sample_rate,
                      strictness(jitter));
}

/* Both return false when a period was looked for in vain. */
static bool stretch_shorter(struct jitter *jitter, unsigned more, uint64_t now)
{
    unsigned most = PERIOD_MAX_MS * jitter->ms;
    most = more < most ? more : most;
    take_contiguous(jitter, jitter->frame + most, now);
    unsigned spare = ready(jitter) - jitter->frame;
    unsigned lag = spare < most ? spare : most;
    if (!is_quiet(jitter)) {
        if (more < STRETCH_SOUND_MS * jitter->ms) {
            return true;
        }
        lag = find_period(jitter, 1, lag);
    }
    stretch_remove(jitter->sound + jitter->read, ready(jitter), lag);
    jitter->write -= lag;
    jitter->stats.removed += lag;
    return lag > 0;
}

static bool stretch_longer(struct jitter *jitter, unsigned shortage)
{
    unsigned most = PERIOD_MAX_MS * jitter->ms;
    unsigned lag = shortage < most ? shortage : most;
    if (!is_quiet(jitter)) {
        /* A little more than needed is allowed, to find a period. */
        unsigned enough = shortage + most / 2;
        lag = find_period(jitter, -1, enough < most ? enough : most);
    }
    make_room(jitter, lag);
    stretch_insert(jitter->sound + jitter->read, ready(jitter), lag);
    jitter->write += lag;
    jitter->stats.inserted += lag;
    return lag > 0;
}

/* Moves the delay towards what lateness asks for, a pitch period at a time. A full frame is
 * ready. Costs nothing as long as nothing is to be done. */
static void stretch(struct jitter *jitter, uint64_t now)
{
    int32_t more = surplus(jitter);
    int32_t least = (int32_t)(STRETCH_QUIET_MS * jitter->ms);
    if (more < least && more > -least) {
        jitter->failures = 0;
        return;
    }
    if (jitter->rest > 0) {
        jitter->rest--;
        return;
    }
    bool is_done = more > 0 ? stretch_shorter(jitter, (unsigned)more, now)
                            : stretch_longer(jitter, (unsigned)-more);
    jitter->rest = is_done ? REST_AFTER_STRETCH : REST_AFTER_FAILURE;
    jitter->failures += is_done ? 0 : 1; /* counted until the delay is right */
}

bool jitter_get(struct jitter *jitter, uint64_t now, float *samples)
{
    drop_excess(jitter);
    bool is_heard = ready(jitter) > 0;
    take_contiguous(jitter, jitter->frame, now);
    is_heard |= ready(jitter) > 0;
    if (ready(jitter) >= jitter->frame) {
        stretch(jitter, now);
    } else {
        is_heard |= bridge(jitter, now);
    }
    memcpy(samples, jitter->sound + jitter->read, jitter->frame * sizeof *samples);
    jitter->read += jitter->frame;
    jitter->played += jitter->frame;
    return is_heard;
}

void jitter_prefetch(const struct jitter *jitter)
{
    prefetch(jitter, offsetof(struct jitter, conceal.cycle));
    prefetch(&jitter->store, 2 * CACHE_LINE);
}

void jitter_expect(const struct jitter *jitter)
{
    store_prefetch(&jitter->store, jitter->next_sequence);
    prefetch(jitter->sound + jitter->write, jitter->frame * sizeof *jitter->sound);
}

float jitter_delay(const struct jitter *jitter)
{
    return jitter->delay;
}

void jitter_stats(const struct jitter *jitter, struct jitter_stats *stats)
{
    *stats = jitter->stats;
}
