#include "media/mixer_parts.h"

#include <string.h>

enum { ASK_AGAIN = 100 / FRAME_MS }; /* ticks; the focus thread makes encoders within two */

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

/* One that nobody follows. `*idlep`: how many there are. */
static struct mixer_encoder *find_idle(const struct mixer *mixer,
                                       const struct mixer_channel *channel, unsigned *idlep)
{
    struct mixer_encoder *found = NULL;

    *idlep = 0;
    for (struct mixer_encoder *encoder = mixer->encoders; encoder != NULL;
         encoder = encoder->next) {
        if (encoder->codec == channel->codec && !is_busy(mixer, encoder)) {
            found = encoder;
            (*idlep)++;
        }
    }
    return found;
}

/* A talker asks for more when he takes the last one, a group when there is none; a newcomer, whose
 * gains are on their way, can share one in the next tick. `asked`: when the user last did so. */
static void ask(const struct mixer *mixer, struct mixer_channel *channel, const void *user,
                unsigned idle, uint64_t *asked)
{
    bool is_short = channel->contributes ? idle < 2 : idle == 0 && user != channel;

    if (is_short && (*asked == 0 || *asked + ASK_AGAIN < mixer->tick)) {
        *asked = mixer->tick;
        channel->lacks_encoder = true;
    }
}

static void encoder_run(struct mixer *mixer, struct mixer_encoder *encoder, const float *frame,
                        unsigned count)
{
    int size = encoder->codec->encode(encoder->state, frame, count, encoder->data, PAYLOAD_MAX);

    mixer->encodes++;
    encoder->size = size > 0 ? (size_t)size : 0;
    encoder->newest ^= 1;
    memcpy(encoder->frames[encoder->newest], frame, count * sizeof *frame);
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
                                    const void *user, uint64_t *asked)
{
    struct mixer_encoder *last = channel->encoder, *encoder;
    unsigned idle;

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
    encoder = find_idle(mixer, channel, &idle);
    ask(mixer, channel, user, idle, asked);
    if (encoder != NULL) {
        encoder_begin(mixer, encoder, channel, user, last);
    }
    return encoder;
}

void encoder_give(struct mixer *mixer, struct mixer_channel *channel, const void *user,
                  uint64_t *asked, const float *frame, struct mixer_payload *payload)
{
    struct mixer_encoder *encoder = choose(mixer, channel, user, asked);

    channel->encoder = encoder;
    if (encoder == NULL) {
        payload->data = mixer->payload;
        payload->size = 0;
        return;
    }
    if (encoder->tick != mixer->tick) {
        encoder->went_on = encoder->tick + 1 == mixer->tick;
        encoder->tick = mixer->tick;
        encoder->served = 0;
        encoder_run(mixer, encoder, frame, channel->plane->frame);
    }
    encoder->served++;
    payload->data = encoder->data;
    payload->size = encoder->size;
}
