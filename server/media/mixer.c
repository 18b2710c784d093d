#include "media/mixer_parts.h"

#include "media/limiter.h"

#include <math.h>
#include <string.h>

enum {
    FADE_MS = 5, /* in which the gate opens and closes */
    HANGOVER_FRAMES = 500 / FRAME_MS,
};

static const float TURN_MS = 0.6f;       /* in which what has broken off turns back */
static const float GATE_POWER = 3.2e-7f; /* −65 dBov */
/* How far the limiters of a shared mix and an own one may be apart for changing over unheard. */
static const float GAIN_NEAR = 0.01f;

/* ---- groups ---- */

static void group_leave(struct mixer_channel *channel)
{
    if (channel->group != NULL) {
        channel->group->members--;
        channel->group = NULL;
    }
}

static void group_open(struct mixer_group *group, const struct mixer_gains *hears)
{
    group->hears = *hears;
    group->heard = 0;
    group->gain = group->gain_before = 1;
    group->tick = 0;
    group->silent = false;
    for (unsigned i = 0; i < MIXER_ENCODINGS; i++) {
        group->encodings[i].codec = NULL;
    }
}

static void group_join(struct mixer_channel *channel)
{
    struct mixer_group *empty = NULL;

    group_leave(channel);
    for (unsigned i = 0; channel->plane != NULL && i < MIXER_GROUPS; i++) {
        struct mixer_group *group = &channel->plane->groups[i];

        if (group->members == 0) {
            empty = empty != NULL ? empty : group;
        } else if (gains_have_one_aim(&group->hears, &channel->hears)) {
            channel->group = group;
            group->members++;
            return;
        }
    }
    if (empty != NULL) {
        group_open(empty, &channel->hears);
        empty->members = 1;
        channel->group = empty;
    }
}

/* ---- channels ---- */

static void own_take(struct mixer_channel *channel)
{
    struct mixer_plane *plane = channel->plane;
    struct mixer_room *room = plane->rooms;

    while (room != NULL && room->taken == room->places) {
        room = room->next;
    }
    if (plane->places != NULL) {
        channel->own = plane->places;
        plane->places = channel->own->next;
    } else if (room != NULL) {
        channel->own = (union mixer_place *)(room->samples + (size_t)room->taken * plane->frame);
        room->taken++;
    }
}

static void own_drop(struct mixer_channel *channel)
{
    channel->contributes = false;
    if (channel->own != NULL && channel->plane != NULL) {
        channel->own->next = channel->plane->places;
        channel->plane->places = channel->own;
        channel->own = NULL;
    }
}

void mixer_channel_init(struct mixer_channel *channel)
{
    memset(channel, 0, sizeof *channel);
    channel->gain = 1;
    channel->alone = true;
}

/* It has a mix of its own until its limiter is where that of its next group is. */
static void group_change(struct mixer_channel *channel, struct mixer_plane *plane)
{
    if (!channel->alone && channel->group != NULL) {
        channel->alone = true;
        channel->gain = channel->group->gain;
    }
    group_leave(channel);
    channel->plane = plane;
    group_join(channel);
}

void mixer_channel_tune(struct mixer *mixer, struct mixer_channel *channel,
                        const struct codec *codec, uint32_t tuning)
{
    struct mixer_plane *plane = NULL;

    if (codec != NULL) {
        plane = mixer->planes[plane_index(codec->sample_rate)];
    }
    if (codec != channel->codec || tuning != channel->tuning) {
        channel->encoder = NULL;
    }
    channel->codec = codec;
    channel->tuning = tuning;
    if (plane != channel->plane) {
        mixer_channel_break(channel);
        channel->gate = 0;
        if (channel->broken != NULL) {
            /* The end of its own voice is not its own any more: it hears it faint, behind a gain
             * that rises within the tick. */
            gains_restart(&channel->hears);
        }
        own_drop(channel);
        group_change(channel, plane);
    }
}

void mixer_channel_break(struct mixer_channel *channel)
{
    if (channel->broken == NULL && (channel->last != 0 || channel->slope != 0)) {
        channel->broken = channel->plane;
    }
}

void mixer_channel_route(struct mixer_channel *channel, const struct mixer_route *route)
{
    gains_aim_speaker(&channel->speaks, route->speaks, route->ticks);
    gains_aim_beside(&channel->hears, route->hears, route->ticks);
    gains_except(&channel->hears, route->at_once, route->at_last);
    if (channel->group == NULL || !gains_have_one_aim(&channel->group->hears, &channel->hears)) {
        group_change(channel, channel->plane);
    }
}

void mixer_channel_feed(struct mixer *mixer, struct mixer_channel *channel, unsigned plane,
                        unsigned bus, float gain, unsigned ticks)
{
    float speaks[MIX_BUSES] = {0};

    speaks[bus] = gain;
    gains_aim(&channel->speaks, speaks, ticks);
    channel->plane = mixer->planes[plane];
}

void mixer_channel_leave(struct mixer_channel *channel)
{
    own_drop(channel);
    group_leave(channel);
}

float mixer_channel_unheard(const struct mixer_channel *channel)
{
    if (channel->plane == NULL || channel->speaks.buses == 0) {
        return INFINITY;
    }
    return channel->gate > 0 ? 0 : GATE_POWER;
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
    mixer->audible = mixer->ringing;
    mixer->ringing = 0;
    mixer->voice_count = 0;
}

/* Copies the frame through the gate, which fades within the first FADE_MS when it moves. */
static void gate_pass(const struct mixer_plane *plane, float *own, const float *samples, float from,
                      float to)
{
    unsigned fade = from == to ? 0 : plane->rate / 1000 * FADE_MS;
    float step = (to - from) / (float)(fade > 0 ? fade : 1);

    for (unsigned i = 0; i < fade; i++) {
        own[i] = samples[i] * (from + step * (float)(i + 1));
    }
    for (unsigned i = fade; i < plane->frame; i++) {
        own[i] = samples[i] * to;
    }
}

/* From the last sample before the break, within FADE_MS, to silence. It goes on in the direction
 * that it had for a little while: a kink is heard, too. */
static void mend(struct mixer_channel *channel, float *samples)
{
    unsigned rate = channel->broken->rate, fade = rate / 1000 * FADE_MS;
    float turn = (float)M_PI / (float)fade, swing = TURN_MS / 1000 * (float)rate;

    for (unsigned i = 0; i < fade; i++) {
        float time = (float)(i + 1), onward = channel->slope * time * expf(-time / swing);

        samples[i] += (channel->last + onward) * (0.5F + 0.5F * cosf(turn * time));
    }
    channel->broken = NULL;
}

/* The same where it no longer speaks. */
static void mend_there(struct mixer *mixer, struct mixer_channel *channel)
{
    const struct mixer_plane *plane = channel->broken;

    memset(plane->scratch, 0, plane->frame * sizeof(float));
    mend(channel, plane->scratch);
    plane_add(mixer, plane, channel, plane->scratch);
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
    channel->contributes = samples != NULL && channel->plane != NULL &&
                           channel->speaks.buses != 0 && (from != 0 || to != 0);
    if (channel->broken != NULL && (channel->broken != channel->plane || !channel->contributes)) {
        mend_there(mixer, channel);
    }
    if (channel->contributes) {
        float *own;

        if (channel->own == NULL && channel->hears.buses != 0) {
            own_take(channel);
        }
        own = channel->own != NULL ? channel->own->samples : channel->plane->scratch;
        gate_pass(channel->plane, own, samples, from, to);
        if (channel->broken != NULL) {
            mend(channel, own);
        }
        plane_add(mixer, channel->plane, channel, own);
        voice_add(mixer, channel, power);
        channel->last = own[channel->plane->frame - 1];
        channel->slope = channel->last - own[channel->plane->frame - 2];
    } else {
        channel->last = channel->slope = 0;
        own_drop(channel);
    }
}

/* ---- out ---- */

/* The buses that are heard, each minus what the channel itself has put there. */
static void mix_alone(struct mixer *mixer, const struct mixer_channel *channel)
{
    const struct mixer_gains *hears = &channel->hears, *speaks = &channel->speaks;
    struct mixer_plane *plane = channel->plane;

    memset(plane->alone, 0, plane->frame * sizeof(float));
    for (uint64_t left = hears->buses & mixer->audible; left != 0; left &= left - 1) {
        unsigned bus = bus_first(left);
        const float *sum = plane_hear(mixer, plane, bus);

        if (sum == NULL) {
            continue;
        }
        if (channel->own != NULL && (speaks->buses & (UINT64_C(1) << bus)) != 0) {
            memcpy(plane->scratch, sum, plane->frame * sizeof(float));
            add_scaled(plane->scratch, channel->own->samples, plane->frame, -speaks->of[bus].now,
                       -gains_next(speaks, bus));
            sum = plane->scratch;
        }
        add_scaled(plane->alone, sum, plane->frame, hears->of[bus].now, gains_next(hears, bus));
    }
    mixer->mixes++;
}

static void mix_group(struct mixer *mixer, struct mixer_plane *plane, struct mixer_group *group)
{
    uint64_t audible = group->hears.buses & mixer->audible;

    group->tick = mixer->tick;
    group->gain_before = group->gain;
    if (audible == 0 && group->silent && group->gain >= 1) {
        return; /* the frame is silence already */
    }
    group->silent = true;
    memset(group->frame, 0, plane->frame * sizeof(float));
    for (uint64_t left = audible; left != 0; left &= left - 1) {
        unsigned bus = bus_first(left);
        const float *sum = plane_hear(mixer, plane, bus);

        if (sum != NULL) {
            group->silent = false;
            add_scaled(group->frame, sum, plane->frame, group->hears.of[bus].now,
                       gains_next(&group->hears, bus));
        }
    }
    limiter_run(&group->gain, group->frame, plane->frame);
    mixer->mixes++;
}

/* The group's gains go on with the ticks, whether somebody has listened to it or not. The first who
 * looks at a new group brings the gains with which it begins. */
static void group_follow(const struct mixer *mixer, struct mixer_group *group,
                         const struct mixer_gains *hears)
{
    if (group->heard == 0) {
        group->hears = *hears;
        group->heard = mixer->tick;
    }
    for (; group->heard != mixer->tick && group->hears.moving != 0; group->heard++) {
        gains_arrive(&group->hears);
    }
    group->heard = mixer->tick;
}

/* Whether the channel can have its group's mix in this tick: nothing of its own voice is in it,
 * and its gains and its limiter are where the group's are. */
static bool shares(const struct mixer *mixer, struct mixer_channel *channel)
{
    struct mixer_group *group = channel->group;
    float gain;

    if (group == NULL) {
        return false;
    }
    group_follow(mixer, group, &channel->hears);
    if (!gains_are_equal(&group->hears, &channel->hears) ||
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

static size_t encode(struct mixer *mixer, const struct codec *codec, const float *samples,
                     unsigned count, uint8_t *payload, size_t size)
{
    int written = codec->encode(NULL, samples, count, payload, size);

    mixer->encodes++;
    return written > 0 ? (size_t)written : 0;
}

static void encode_group(struct mixer *mixer, const struct mixer_channel *channel,
                         struct mixer_payload *payload)
{
    const struct mixer_plane *plane = channel->plane;
    struct mixer_group *group = channel->group;

    for (unsigned i = 0; i < MIXER_ENCODINGS; i++) {
        struct mixer_encoding *encoding = &group->encodings[i];

        if (encoding->codec == NULL) {
            *encoding = (struct mixer_encoding){.codec = channel->codec, .data = encoding->data};
        } else if (encoding->codec != channel->codec) {
            continue;
        }
        if (encoding->tick != mixer->tick && !(encoding->silent && group->silent)) {
            encoding->size = encode(mixer, channel->codec, group->frame, plane->frame,
                                    encoding->data, plane->payload_max);
            encoding->silent = group->silent;
        }
        encoding->tick = mixer->tick;
        payload->data = encoding->data;
        payload->size = encoding->size;
        return;
    }
    payload->data = mixer->payload;
    payload->size =
        encode(mixer, channel->codec, group->frame, plane->frame, mixer->payload, PAYLOAD_MAX);
}

static void give_shared(struct mixer *mixer, struct mixer_channel *channel,
                        struct mixer_payload *payload)
{
    struct mixer_group *group = channel->group;

    channel->alone = false;
    if (group->tick != mixer->tick) {
        mix_group(mixer, channel->plane, group);
    }
    if (channel->codec->stateless) {
        encode_group(mixer, channel, payload);
    } else {
        encoder_give(mixer, channel, group, &group->asked, group->frame, payload);
    }
    levels_tell(mixer, channel, group, group->frame, payload);
}

static void give_alone(struct mixer *mixer, struct mixer_channel *channel,
                       struct mixer_payload *payload)
{
    const struct mixer_group *group = channel->group;
    const struct mixer_plane *plane = channel->plane;

    if (!channel->alone) {
        channel->alone = true;
        channel->gain = group->tick == mixer->tick ? group->gain_before : group->gain;
    }
    mix_alone(mixer, channel);
    limiter_run(&channel->gain, plane->alone, plane->frame);
    if (channel->codec->stateless) {
        payload->data = mixer->payload;
        payload->size =
            encode(mixer, channel->codec, plane->alone, plane->frame, mixer->payload, PAYLOAD_MAX);
    } else {
        encoder_give(mixer, channel, channel, &channel->asked, plane->alone, payload);
    }
    levels_tell(mixer, channel, NULL, plane->alone, payload);
}

void mixer_give(struct mixer *mixer, struct mixer_channel *channel, struct mixer_payload *payload)
{
    if (channel->plane == NULL) {
        payload->data = mixer->payload;
        payload->size = 0;
        return;
    }
    if (channel->group == NULL) {
        group_join(channel);
    }
    if (shares(mixer, channel)) {
        give_shared(mixer, channel, payload);
    } else {
        give_alone(mixer, channel, payload);
    }
}
