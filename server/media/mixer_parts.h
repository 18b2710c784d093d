/* The parts of the mixer: used by mixer*.c only; media threads. */
#ifndef MEDIA_MIXER_PARTS_H
#define MEDIA_MIXER_PARTS_H

#include "media/mixer.h"

/* ---- mixer_gains.c ---- */

/* The first bus of a mask that is not 0; the others: mask &= mask - 1. */
static inline unsigned bus_first(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask);
}

/* The gain at the end of this tick. */
static inline float gains_next(const struct mixer_gains *gains, unsigned bus)
{
    const struct mixer_gain *gain = &gains->of[bus];
    uint64_t bit = UINT64_C(1) << bus;
    unsigned moving = gains->early & bit ? gains->early_moving : gains->moving;

    if (moving <= 1) {
        return gain->target;
    }
    if (gains->late & bit) {
        return gain->now;
    }
    return gain->now + (gain->target - gain->now) / (float)moving;
}

/* On the way to the same already, they go on as they do. */
void gains_aim(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks);
/* So do those on a way that nothing of this is news to: what a listener hears besides, as an
 * announcement, does not end a slow ramp. Those that it is news to go on from where they are, and
 * take the time that is left: a volume that is set meanwhile does not end it either. What falls
 * silent does so in its own time. */
void gains_aim_beside(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks);
/* The same for who speaks, but a mute is at once, whatever fades. */
void gains_aim_speaker(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks);
/* They begin at 0 again. */
void gains_restart(struct mixer_gains *gains);
/* These buses are at their target at once, and those stay as they are until the last tick. */
void gains_except(struct mixer_gains *gains, uint64_t at_once, uint64_t at_last);
/* Whether both are on their way to the same. */
bool gains_have_one_aim(const struct mixer_gains *one, const struct mixer_gains *other);
/* And are at the same place on it. */
bool gains_are_equal(const struct mixer_gains *one, const struct mixer_gains *other);
/* The tick is over. */
void gains_arrive(struct mixer_gains *gains);
/* to += from × a gain that goes straight from `first` to `last` over the frame. */
void add_scaled(float *restrict to, const float *restrict from, unsigned count, float first,
                float last);

/* ---- mixer_plane.c ---- */

/* The index of a rate in mixer->planes. It is one of the three. */
unsigned plane_index(unsigned rate);
/* What the channel says there goes to the buses that it speaks to. */
void plane_add(struct mixer *mixer, const struct mixer_plane *plane,
               const struct mixer_channel *channel, const float *own);
/* All that is said on the bus in this tick, at any rate; NULL: nothing. Once all have spoken. */
const float *plane_hear(struct mixer *mixer, struct mixer_plane *plane, unsigned bus);

/* ---- mixer_levels.c ---- */

/* The channel contributes, with this power. */
void voice_add(struct mixer *mixer, const struct mixer_channel *channel, float power);
/* Fills in what the channel wants to know of the frame that it hears. `group` NULL: its own. */
void levels_tell(const struct mixer *mixer, const struct mixer_channel *channel,
                 struct mixer_group *group, const float *frame, struct mixer_payload *payload);

/* ---- mixer_encoder.c ---- */

/* The frame, which `user` (a group or the channel itself) hears in this tick, encoded with a state
 * for the channel. All channels of a user get the same frame in a tick. `asked`: the user's. */
void encoder_give(struct mixer *mixer, struct mixer_channel *channel, const void *user,
                  uint64_t *asked, const float *frame, struct mixer_payload *payload);

/* ---- mixer_supply.c ---- */

struct mixer_supply {
    struct mixer_plane *planes[MIXER_PLANES];
    struct mixer_bus *buses[MIXER_PLANES][MIX_BUSES];
    struct resampler *links[MIXER_PLANES][MIXER_PLANES][MIX_BUSES]; /* to, from */
    struct mixer_room *rooms[MIXER_PLANES];
    struct mixer_encoder *encoders;
};

#endif
