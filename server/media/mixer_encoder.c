#include "media/mixer_parts.h"

#include <string.h>

/* Whether it has encoded in the last tick or this one: then somebody follows its stream. */
static bool is_busy(const struct mixer *mixer, const struct mixer_encoder *encoder)
{
    return encoder->user != NULL && encoder->tick + 1 >= mixer->tick;
}

static struct mixer_encoder *find_running(const struct mixer *mixer,
                                          const struct mixer_channel *channel, const void *user)
{
    for (struct mixer_encoder *encoder = mixer->encoders; encoder != NULL;
         encoder = encoder->next) {
        if (encoder->user == user && encoder->codec == channel->codec &&
            encoder->tuning == channel->tuning && is_busy(mixer, encoder)) {
            return encoder;
        }
    }
    return NULL;
}

/* One that nobody follows. A talker says so when it is the last of them, or there is none; all
 * others can share one in the next tick. */
static struct mixer_encoder *find_idle(const struct mixer *mixer, struct mixer_channel *channel)
{
    struct mixer_encoder *found = NULL;
    unsigned idle = 0;

    for (struct mixer_encoder *encoder = mixer->encoders; encoder != NULL;
         encoder = encoder->next) {
        if (encoder->codec == channel->codec && !is_busy(mixer, encoder)) {
            found = encoder;
            idle++;
        }
    }
    channel->lacks_encoder = idle < 2 && channel->contributes;
    return found;
}

static void encoder_run(struct mixer *mixer, struct mixer_encoder *encoder, const float *frame,
                        unsigned count)
{
    int size = encoder->codec->encode(encoder->state, frame, count, encoder->data, PAYLOAD_MAX);

    mixer->encodes++;
    encoder->size = size > 0 ? (size_t)size : 0;
    encoder->newest ^= 1;
    memcpy(encoder->frames[encoder->newest], frame, count * sizeof(*frame));
}

/* What the channel got in the last tick: the decoder at the other end ends there. */
static const float *last_frame(const struct mixer *mixer, const struct mixer_encoder *last)
{
    if (last->tick + 1 == mixer->tick) {
        return last->frames[last->newest];
    }
    return last->went_on ? last->frames[last->newest ^ 1] : NULL;
}

static void encoder_begin(struct mixer *mixer, struct mixer_encoder *encoder,
                          const struct mixer_channel *channel, const void *user,
                          const struct mixer_encoder *last)
{
    const float *before = last != NULL ? last_frame(mixer, last) : NULL;

    encoder->user = user;
    encoder->tuning = channel->tuning;
    encoder->codec->encoder_begin(encoder->state, channel->tuning);
    if (before != NULL) {
        encoder_run(mixer, encoder, before, channel->plane->frame);
    }
}

/* The encoder that goes on for `user`, or begins to; NULL: all are busy. */
static struct mixer_encoder *choose(struct mixer *mixer, struct mixer_channel *channel,
                                    const void *user)
{
    struct mixer_encoder *last = channel->encoder, *encoder;

    last = last != NULL && is_busy(mixer, last) ? last : NULL;
    if (last != NULL && last->user == user) {
        return last;
    }
    encoder = find_running(mixer, channel, user);
    if (encoder != NULL) {
        return encoder;
    }
    if (last != NULL && last->tick != mixer->tick && last->served == 1) {
        last->user = user; /* nobody but this channel follows it */
        return last;
    }
    encoder = find_idle(mixer, channel);
    if (encoder != NULL) {
        encoder_begin(mixer, encoder, channel, user, last);
    }
    return encoder;
}

void encoder_give(struct mixer *mixer, struct mixer_channel *channel, const void *user,
                  const float *frame, struct mixer_payload *payload)
{
    struct mixer_encoder *encoder = choose(mixer, channel, user);

    channel->encoder = encoder;
    if (encoder == NULL) {
        *payload = (struct mixer_payload){mixer->payload, 0};
        return;
    }
    if (encoder->tick != mixer->tick) {
        encoder->went_on = encoder->tick + 1 == mixer->tick;
        encoder->tick = mixer->tick;
        encoder->served = 0;
        encoder_run(mixer, encoder, frame, channel->plane->frame);
    }
    encoder->served++;
    *payload = (struct mixer_payload){encoder->data, encoder->size};
}
