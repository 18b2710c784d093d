#include "media/mixer.h"

#include "media/limiter.h"

#include <math.h>
#include <string.h>

enum {
    FADE_MS = 5, /* in which the gate opens and closes */
    HANGOVER_FRAMES = 500 / FRAME_MS,
};

static const float GATE_POWER = 3.2e-7f; /* −65 dBov */
static const float GAIN_MAX_DB = 24;
/* How far the limiters of a shared mix and an own one may be apart for changing over unheard. */
static const float GAIN_NEAR = 0.01f;

/* ---- gains ---- */

float mixer_linear(float db)
{
    if (isnan(db) || db <= GAIN_OFF) {
        return 0;
    }
    return powf(10, fminf(db, GAIN_MAX_DB) / 20);
}

static void gains_aim(struct mixer_gains *gains, const float target[MIX_BUSES])
{
    memcpy(gains->target, target, sizeof(gains->target));
    gains->buses = 0;
    gains->moving = false;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        if (gains->now[bus] != 0 || target[bus] != 0) {
            gains->buses |= (uint8_t)(1u << bus);
        }
        if (gains->now[bus] != target[bus]) {
            gains->moving = true;
        }
    }
}

static void gains_arrive(struct mixer_gains *gains)
{
    float target[MIX_BUSES];

    if (gains->moving) {
        memcpy(target, gains->target, sizeof(target));
        memcpy(gains->now, target, sizeof(target));
        gains_aim(gains, target);
    }
}

/* to += from × a gain that goes straight from `first` to `last` over the frame. */
static void add_scaled(float *restrict to, const float *restrict from, unsigned count, float first,
                       float last)
{
    if (first == last) {
        for (unsigned i = 0; i < count; i++) {
            to[i] += from[i] * first;
        }
    } else {
        float step = (last - first) / (float)count;

        for (unsigned i = 0; i < count; i++) {
            to[i] += from[i] * (first + step * (float)(i + 1));
        }
    }
}

/* ---- groups ---- */

static void group_leave(struct mixer_channel *channel)
{
    if (channel->group != NULL) {
        channel->group->members--;
        channel->group = NULL;
    }
}

static void group_open(struct mixer_group *group, const float hears[MIX_BUSES])
{
    memcpy(group->hears, hears, sizeof(group->hears));
    group->gain = group->gain_before = 1;
    group->tick = 0;
    for (unsigned i = 0; i < MIXER_ENCODINGS; i++) {
        group->encodings[i].codec = NULL;
    }
}

static void group_join(struct mixer *mixer, struct mixer_channel *channel)
{
    struct mixer_group *empty = NULL;

    group_leave(channel);
    for (unsigned i = 0; i < MIXER_GROUPS; i++) {
        struct mixer_group *group = &mixer->groups[i];

        if (group->members == 0) {
            empty = empty != NULL ? empty : group;
        } else if (memcmp(group->hears, channel->hears.target, sizeof(group->hears)) == 0) {
            channel->group = group;
            group->members++;
            return;
        }
    }
    if (empty != NULL) {
        group_open(empty, channel->hears.target);
        empty->members = 1;
        channel->group = empty;
    }
}

/* ---- channels ---- */

void mixer_init(struct mixer *mixer, unsigned rate)
{
    mixer->rate = rate;
    mixer->frame = rate / 1000 * FRAME_MS;
}

void mixer_channel_init(struct mixer_channel *channel)
{
    memset(channel, 0, sizeof(*channel));
    channel->gain = 1;
    channel->alone = true;
}

void mixer_channel_route(struct mixer *mixer, struct mixer_channel *channel,
                         const struct mixer_route *route)
{
    bool same = memcmp(channel->hears.target, route->hears, sizeof(route->hears)) == 0;

    if (!same && !channel->alone && channel->group != NULL) {
        channel->alone = true;
        channel->gain = channel->group->gain;
    }
    gains_aim(&channel->speaks, route->speaks);
    gains_aim(&channel->hears, route->hears);
    if (!same || channel->group == NULL) {
        group_join(mixer, channel);
    }
}

void mixer_channel_feed(struct mixer_channel *channel, unsigned bus, float gain)
{
    float speaks[MIX_BUSES] = {0};

    speaks[bus] = gain;
    gains_aim(&channel->speaks, speaks);
}

void mixer_channel_leave(struct mixer_channel *channel)
{
    group_leave(channel);
}

void mixer_settle(struct mixer_channel *channel)
{
    gains_arrive(&channel->speaks);
    gains_arrive(&channel->hears);
}

/* ---- in ---- */

void mixer_begin(struct mixer *mixer)
{
    mixer->tick++;
    mixer->used = 0;
}

/* Copies the frame through the gate, which fades within the first FADE_MS when it moves. */
static void gate_pass(const struct mixer *mixer, float *own, const float *samples, float from,
                      float to)
{
    unsigned fade = from == to ? 0 : mixer->rate / 1000 * FADE_MS;
    float step = (to - from) / (float)(fade > 0 ? fade : 1);

    for (unsigned i = 0; i < fade; i++) {
        own[i] = samples[i] * (from + step * (float)(i + 1));
    }
    for (unsigned i = fade; i < mixer->frame; i++) {
        own[i] = samples[i] * to;
    }
}

static void bus_add(struct mixer *mixer, unsigned bus, const struct mixer_channel *channel)
{
    float *sum = mixer->buses[bus];

    if ((mixer->used & (1u << bus)) == 0) {
        mixer->used |= (uint8_t)(1u << bus);
        memset(sum, 0, mixer->frame * sizeof(*sum));
    }
    add_scaled(sum, channel->own, mixer->frame, channel->speaks.now[bus],
               channel->speaks.target[bus]);
}

void mixer_take(struct mixer *mixer, struct mixer_channel *channel, const float *samples,
                float power, bool blocked)
{
    float from = channel->gate, to;

    if (samples != NULL && !blocked && power > GATE_POWER) {
        channel->hangover = HANGOVER_FRAMES;
    } else if (blocked) {
        channel->hangover = 0;
    } else if (channel->hangover > 0) {
        channel->hangover--;
    }
    to = channel->hangover > 0 ? 1 : 0;
    channel->gate = to;
    channel->contributes = samples != NULL && channel->speaks.buses != 0 && (from != 0 || to != 0);
    if (!channel->contributes) {
        return;
    }
    gate_pass(mixer, channel->own, samples, from, to);
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        if (channel->speaks.buses & (1u << bus)) {
            bus_add(mixer, bus, channel);
        }
    }
}

/* ---- out ---- */

/* The buses that are heard, each minus what the channel itself has put there. */
static void mix_alone(struct mixer *mixer, const struct mixer_channel *channel)
{
    const struct mixer_gains *hears = &channel->hears, *speaks = &channel->speaks;
    uint8_t heard = hears->buses & mixer->used;
    unsigned count = mixer->frame;

    memset(mixer->alone, 0, count * sizeof(float));
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        const float *sum = mixer->buses[bus];

        if ((heard & (1u << bus)) == 0) {
            continue;
        }
        if (channel->contributes && (speaks->buses & (1u << bus))) {
            memcpy(mixer->scratch, sum, count * sizeof(float));
            add_scaled(mixer->scratch, channel->own, count, -speaks->now[bus],
                       -speaks->target[bus]);
            sum = mixer->scratch;
        }
        add_scaled(mixer->alone, sum, count, hears->now[bus], hears->target[bus]);
    }
    mixer->mixes++;
}

static void mix_group(struct mixer *mixer, struct mixer_group *group)
{
    group->tick = mixer->tick;
    group->gain_before = group->gain;
    group->silent = true;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        if ((mixer->used & (1u << bus)) == 0 || group->hears[bus] == 0) {
            continue;
        }
        if (group->silent) {
            memset(group->frame, 0, mixer->frame * sizeof(float));
            group->silent = false;
        }
        add_scaled(group->frame, mixer->buses[bus], mixer->frame, group->hears[bus],
                   group->hears[bus]);
    }
    if (group->silent) {
        memset(group->frame, 0, mixer->frame * sizeof(float));
    }
    limiter_run(&group->gain, group->frame, mixer->frame);
    mixer->mixes++;
}

/* Whether the channel can have its group's mix in this tick: nothing of its own voice is in it,
 * and its gains and its limiter are where the group's are. */
static bool shares(const struct mixer *mixer, struct mixer_channel *channel)
{
    struct mixer_group *group = channel->group;
    float gain;

    if (group == NULL || channel->hears.moving ||
        (channel->contributes && (channel->speaks.buses & channel->hears.buses) != 0)) {
        return false;
    }
    if (!channel->alone) {
        return true;
    }
    if (group->tick + 1 < mixer->tick) { /* nobody has listened to it: it begins with ours */
        group->gain = channel->gain;
    }
    gain = group->tick == mixer->tick ? group->gain_before : group->gain;
    return fabsf(gain - channel->gain) <= GAIN_NEAR;
}

static size_t encode(struct mixer *mixer, const struct codec *codec, void *encoder,
                     const float *samples, uint8_t *payload)
{
    int size = codec->encode(encoder, samples, mixer->frame, payload, PAYLOAD_MAX);

    mixer->encodes++;
    return size > 0 ? (size_t)size : 0;
}

static void encode_group(struct mixer *mixer, struct mixer_group *group, const struct codec *codec,
                         struct mixer_payload *payload)
{
    for (unsigned i = 0; i < MIXER_ENCODINGS; i++) {
        struct mixer_encoding *encoding = &group->encodings[i];

        if (encoding->codec == NULL) {
            *encoding = (struct mixer_encoding){.codec = codec};
        } else if (encoding->codec != codec) {
            continue;
        }
        if (encoding->tick != mixer->tick && !(encoding->silent && group->silent)) {
            encoding->size = encode(mixer, codec, NULL, group->frame, encoding->data);
            encoding->silent = group->silent;
        }
        encoding->tick = mixer->tick;
        *payload = (struct mixer_payload){encoding->data, encoding->size};
        return;
    }
    payload->data = mixer->payload;
    payload->size = encode(mixer, codec, NULL, group->frame, mixer->payload);
}

void mixer_give(struct mixer *mixer, struct mixer_channel *channel, const struct codec *codec,
                void *encoder, struct mixer_payload *payload)
{
    struct mixer_group *group;

    if (channel->group == NULL) {
        group_join(mixer, channel);
    }
    group = channel->group;
    if (shares(mixer, channel)) {
        channel->alone = false;
        if (group->tick != mixer->tick) {
            mix_group(mixer, group);
        }
        if (codec->stateless) {
            encode_group(mixer, group, codec, payload);
        } else {
            payload->data = mixer->payload;
            payload->size = encode(mixer, codec, encoder, group->frame, mixer->payload);
        }
        return;
    }
    if (!channel->alone) {
        channel->alone = true;
        channel->gain = group->tick == mixer->tick ? group->gain_before : group->gain;
    }
    mix_alone(mixer, channel);
    limiter_run(&channel->gain, mixer->alone, mixer->frame);
    payload->data = mixer->payload;
    payload->size = encode(mixer, codec, encoder, mixer->alone, mixer->payload);
}
