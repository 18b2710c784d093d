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
#include "media/jitter_parts.h"

#include "media/prefetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { POWER_HOLD_MS = 40 }; /* the next packet may be late */

void jitter_begin_anew(struct jitter *jitter)
{
    store_clear(&jitter->store);
    lateness_init(&jitter->lateness, jitter->codec->sample_rate);
    jitter->write = jitter->read;
    jitter->zeros = 0;
    jitter->decoder_is_behind = jitter->is_deceived = false;
    jitter->power = jitter->sampled = 0;
    jitter->has_sequence = false;
    jitter->has_newest = false;
    jitter->is_paused = false;
    jitter->started = false;
    jitter->taken = 0;
    jitter->late_run = 0;
    jitter->idle = 0;
    jitter->rest = 0;
    jitter->made_up = 0;
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
    jitter->blank = false;
    memset(jitter->sound, 0, jitter->read * sizeof *jitter->sound);
    conceal_init(&jitter->conceal, rate, jitter->cycle);
}

struct jitter *jitter_create(const struct codec *codec, void *decoder)
{
    struct jitter *jitter = malloc(sizeof *jitter);
    if (jitter) {
        memset(jitter, 0, offsetof(struct jitter, sound));
        jitter->store.bytes = jitter->bytes;
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
    jitter_begin_anew(jitter);
}

/* Fills the frame across a gap. Returns whether any of it can be heard. */
static bool bridge(struct jitter *jitter, uint64_t now)
{
    bool is_heard = false;
    while (jitter_ready(jitter) < jitter->frame) {
        unsigned missing = jitter->frame - jitter_ready(jitter);
        struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
        unsigned wait = packet ? jitter_wait_before(jitter, packet) : missing;
        if (packet && wait == 0) {
            unsigned before = jitter_ready(jitter);
            jitter_resume(jitter, packet, now);
            jitter_take_contiguous(jitter, jitter->frame, now);
            is_heard |= jitter_ready(jitter) > before;
            continue;
        }
        if (packet && jitter->started && jitter_recover(jitter, packet, wait)) {
            is_heard = true;
            jitter_take_contiguous(jitter, jitter->frame, now);
            continue;
        }
        if (!jitter->conceal.active) {
            jitter_begin_gap(jitter, packet);
        }
        jitter_make_up(jitter, wait < missing ? wait : missing);
        is_heard |= !conceal_is_silent(&jitter->conceal);
    }
    return is_heard;
}

bool jitter_get(struct jitter *jitter, uint64_t now, float *samples)
{
    jitter_drop_excess(jitter);
    bool is_heard = jitter_ready(jitter) > 0;
    jitter_take_contiguous(jitter, jitter->frame, now);
    is_heard |= jitter_ready(jitter) > 0;
    if (jitter_ready(jitter) >= jitter->frame) {
        jitter_stretch(jitter, now);
    } else {
        is_heard |= bridge(jitter, now);
    }
    if (jitter->blank) {
        memset(samples, 0, jitter->frame * sizeof *samples);
        jitter->write -= jitter->frame;
    } else {
        memcpy(samples, jitter->sound + jitter->read, jitter->frame * sizeof *samples);
        jitter->read += jitter->frame;
    }
    jitter->played += jitter->frame;
    return is_heard;
}

void jitter_prefetch(const struct jitter *jitter)
{
    prefetch(jitter, offsetof(struct jitter, store) + 2 * CACHE_LINE);
}

void jitter_expect(const struct jitter *jitter)
{
    store_prefetch(&jitter->store, jitter->next_sequence, jitter->blank);
    if (!jitter->blank) {
        prefetch(jitter->sound + jitter->write, jitter->frame * sizeof *jitter->sound);
    }
}

float jitter_power(const struct jitter *jitter)
{
    int32_t past = time_since(jitter->time, jitter->power_end);
    return past <= (int32_t)(POWER_HOLD_MS * jitter->ms) ? jitter->power : 0;
}

float jitter_delay(const struct jitter *jitter)
{
    return jitter->delay;
}

void jitter_stats(const struct jitter *jitter, struct jitter_stats *stats)
{
    *stats = jitter->stats;
}
