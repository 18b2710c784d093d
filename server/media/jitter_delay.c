/* How long sound waits in the jitter buffer: measured against what lateness asks for, and moved. */
#include "media/jitter_parts.h"
#include "media/level.h"

enum {
    DELAY_KEEP_MS = 200,    /* left when more than DELAY_MAX_MS has come at once */
    STRETCH_QUIET_MS = 2,   /* surplus from which silence is cut or stretched */
    STRETCH_SOUND_MS = 10,  /* … and sound */
    REST_AFTER_STRETCH = 1, /* ticks */
    REST_AFTER_FAILURE = 4,
};

static const float quiet_power = 1e-5F; /* -50 dBFS */

static uint32_t offset(const struct jitter *jitter)
{
    return jitter->time - (jitter->played + jitter_ready(jitter));
}

/* By how much the delay is longer than need be; negative: shorter. Within DELAY_MAX_MS. */
static int32_t jitter_surplus(const struct jitter *jitter)
{
    if (jitter->lateness.used == 0) {
        return 0;
    }
    int32_t limit = (int32_t)(DELAY_MAX_MS * jitter->ms);
    int32_t value = time_since(lateness_target(&jitter->lateness), offset(jitter));
    value = value < limit ? value : limit;
    return value > -limit ? value : -limit;
}

/* Samples from `packet`, the next to be played, to the end of the newest. */
static int64_t jitter_span_from(const struct jitter *jitter, const struct stored_packet *packet)
{
    return time_since(jitter->newest_time + jitter->packet_length, packet->time);
}

unsigned jitter_wait_before(struct jitter *jitter, const struct stored_packet *packet)
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
    int64_t wait = conceal_is_silent(&jitter->conceal) ? gap - jitter_surplus(jitter) : gap;
    int64_t room = limit - jitter_span_from(jitter, packet);
    wait = wait < room ? wait : room;
    return wait > 0 ? (unsigned)wait : 0;
}

void jitter_drop_excess(struct jitter *jitter)
{
    struct stored_packet *packet = store_next(&jitter->store, jitter->next_sequence);
    if (!packet || !jitter->started) {
        return;
    }
    int64_t waiting = jitter_span_from(jitter, packet) + jitter_ready(jitter);
    int32_t gap = time_since(packet->time, jitter->time);
    if (gap > 0) {
        waiting += gap;
    }
    if (waiting <= DELAY_MAX_MS * (int64_t)jitter->ms) {
        return;
    }
    int64_t before = jitter_span_from(jitter, packet);
    while (jitter_span_from(jitter, packet) > DELAY_KEEP_MS * (int64_t)jitter->ms) {
        jitter_pass(jitter, packet);
        packet = store_next(&jitter->store, jitter->next_sequence);
        if (!packet) {
            return;
        }
    }
    int64_t dropped = before - jitter_span_from(jitter, packet);
    jitter->stats.removed += jitter_ready(jitter) + (uint64_t)(dropped > 0 ? dropped : 0);
    jitter->write = jitter->read;
    jitter->zeros = 0;
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
    jitter_take_contiguous(jitter, jitter->frame + most, now);
    unsigned spare = jitter_ready(jitter) - jitter->frame;
    unsigned lag = spare < most ? spare : most;
    if (!is_quiet(jitter)) {
        if (more < STRETCH_SOUND_MS * jitter->ms) {
            return true;
        }
        lag = find_period(jitter, 1, lag);
    }
    stretch_remove(jitter->sound + jitter->read, jitter_ready(jitter), lag);
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
    jitter_make_room(jitter, lag);
    stretch_insert(jitter->sound + jitter->read, jitter_ready(jitter), lag);
    jitter_append(jitter, lag);
    jitter->stats.inserted += lag;
    return lag > 0;
}

void jitter_stretch(struct jitter *jitter, uint64_t now)
{
    int32_t more = jitter_surplus(jitter);
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
