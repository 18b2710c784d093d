#include "media/mixer_parts.h"

#include <string.h>

const unsigned mixer_rates[MIXER_PLANES] = {8000, 16000, 48000};

static const float silence[FRAME_MAX];

unsigned plane_index(unsigned rate)
{
    return rate <= 8000 ? 0 : rate <= 16000 ? 1 : 2;
}

/* A bus begins each tick with silence. */
static float *bus_open(struct mixer *mixer, const struct mixer_plane *plane, unsigned index)
{
    struct mixer_bus *bus = plane->buses[index];

    if (bus == NULL) {
        return NULL;
    }
    if (bus->said != mixer->tick) {
        bus->said = mixer->tick;
        mixer->audible |= UINT64_C(1) << index;
        memset(bus->own, 0, plane->frame * sizeof(float));
    }
    return bus->own;
}

void plane_add(struct mixer *mixer, const struct mixer_plane *plane,
               const struct mixer_channel *channel, const float *own)
{
    const struct mixer_gains *speaks = &channel->speaks;

    for (uint64_t left = speaks->buses; left != 0; left &= left - 1) {
        unsigned bus = bus_first(left);
        float *said = bus_open(mixer, plane, bus);

        if (said != NULL) {
            add_scaled(said, own, plane->frame, speaks->of[bus].now, gains_next(speaks, bus));
        }
    }
}

bool mixer_channel_said(const struct mixer_channel *channel, unsigned bus, float *samples)
{
    const struct mixer_gains *speaks = &channel->speaks;
    const struct mixer_plane *plane = channel->plane;

    if (!channel->contributes || (speaks->buses & UINT64_C(1) << bus) == 0) {
        return false;
    }
    memset(samples, 0, plane->frame * sizeof *samples);
    add_scaled(samples, channel->own != NULL ? channel->own->samples : plane->scratch, plane->frame,
               speaks->of[bus].now, gains_next(speaks, bus));
    return true;
}

const float *mixer_said(const struct mixer *mixer, unsigned plane, unsigned bus, unsigned *countp)
{
    const struct mixer_plane *at = mixer->planes[plane];
    const struct mixer_bus *here = at != NULL ? at->buses[bus] : NULL;

    if (here == NULL || here->said != mixer->tick) {
        return NULL;
    }
    *countp = at->frame;
    return here->own;
}

void mixer_add(struct mixer *mixer, unsigned plane, unsigned bus, const float *samples)
{
    const struct mixer_plane *at = mixer->planes[plane];
    float *said = at != NULL ? bus_open(mixer, at, bus) : NULL;

    if (said != NULL) {
        add_scaled(said, samples, at->frame, 1, 1);
    }
}

/* Runs the link when it sounds, and one frame further: that is longer than any filter rings.
 * Returns whether `result` has been written. */
static bool link_run(struct mixer *mixer, struct mixer_link *link, const struct mixer_plane *from,
                     unsigned bus, float *result)
{
    bool sounds = from->buses[bus] != NULL && from->buses[bus]->said == mixer->tick;

    if (link->ringing && link->tick + 1 != mixer->tick) {
        resampler_reset(link->resampler); /* nobody has listened since: what rings is long past */
        link->ringing = false;
    }
    if (!sounds && !link->ringing) {
        return false;
    }
    resampler_run(link->resampler, sounds ? from->buses[bus]->own : silence, from->frame, result);
    link->tick = mixer->tick;
    link->ringing = sounds;
    mixer->ringing |= sounds ? UINT64_C(1) << bus : 0;
    mixer->resamples++;
    return true;
}

const float *plane_hear(struct mixer *mixer, struct mixer_plane *plane, unsigned bus)
{
    struct mixer_bus *here = plane->buses[bus];

    if (here == NULL || here->summed == mixer->tick) {
        return here != NULL ? here->heard : NULL;
    }
    here->summed = mixer->tick;
    here->heard = here->said == mixer->tick ? here->own : NULL;
    for (unsigned i = 0; i < MIXER_PLANES; i++) {
        struct mixer_link *link = &here->links[i];
        const float *before = here->heard;
        float *result = before == NULL ? here->sum : plane->scratch;

        if (link->resampler == NULL || !link_run(mixer, link, mixer->planes[i], bus, result)) {
            continue;
        }
        here->heard = here->sum;
        if (before != NULL && before != here->sum) {
            memcpy(here->sum, before, plane->frame * sizeof(float));
        }
        if (before != NULL) {
            add_scaled(here->sum, plane->scratch, plane->frame, 1, 1);
        }
    }
    return here->heard;
}
