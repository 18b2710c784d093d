/* How loud a mix is, and who is heard in it, for those who want to know. */
#include "media/level.h"
#include "media/levels.h"
#include "media/mixer_parts.h"

void mixer_add_voice(struct mixer *mixer, const struct mixer_voice *voice)
{
    struct mixer_voice *place = &mixer->voices[0];

    if (mixer->voice_count < MIXER_SPEAKERS) {
        mixer->voices[mixer->voice_count++] = *voice;
        return;
    }
    for (unsigned i = 1; i < MIXER_SPEAKERS; i++) {
        place = mixer->voices[i].power < place->power ? &mixer->voices[i] : place;
    }
    if (place->power < voice->power) {
        *place = *voice;
    }
}

void voice_add(struct mixer *mixer, const struct mixer_channel *channel, float power)
{
    struct mixer_voice voice = {.channel = channel, .source = channel->source, .power = power};

    for (uint64_t left = channel->speaks.buses; left != 0; left &= left - 1) {
        unsigned bus = bus_first(left);
        float gain = channel->speaks.of[bus].target;

        if (gain != 0 && voice.bus_count < MIX_SPEAKS) {
            voice.speaks[voice.bus_count].bus = bus;
            voice.speaks[voice.bus_count++].gain = gain;
        }
    }
    mixer_add_voice(mixer, &voice);
}

/* What of it the channel hears. */
static float power_heard(const struct mixer_voice *voice, const struct mixer_channel *channel)
{
    float gain = 0;

    for (unsigned i = 0; i < voice->bus_count; i++) {
        gain += voice->speaks[i].gain * channel->hears.of[voice->speaks[i].bus].target;
    }
    return voice->power * gain * gain;
}

static void tell_each(const struct mixer *mixer, const struct mixer_channel *channel,
                      struct mixer_payload *payload)
{
    payload->speaker_count = 0;
    for (unsigned i = 0; i < mixer->voice_count; i++) {
        const struct mixer_voice *voice = &mixer->voices[i];
        float power = voice->channel != channel ? power_heard(voice, channel) : 0;

        if (power > 0) {
            payload->speakers[payload->speaker_count++] =
                (struct mixer_speaker){voice->source, level_code(power)};
        }
    }
}

void levels_tell(const struct mixer *mixer, const struct mixer_channel *channel,
                 struct mixer_group *group, const float *frame, struct mixer_payload *payload)
{
    unsigned count = channel->plane->frame;

    if (channel->wants_each) {
        tell_each(mixer, channel, payload);
    }
    if (!channel->wants_level) {
        return;
    }
    if (group == NULL) {
        payload->level = level_code(level_power(frame, count));
        return;
    }
    if (group->measured != mixer->tick) {
        group->measured = mixer->tick;
        group->level = level_code(group->silent ? 0 : level_power(frame, count));
    }
    payload->level = group->level;
}
