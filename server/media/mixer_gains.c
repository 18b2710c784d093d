#include "media/mixer_parts.h"
#include "media/vector.h"

#include <math.h>
#include <string.h>

static const float GAIN_MAX_DB = 24;

float mixer_linear(float db)
{
    if (isnan(db) || db <= GAIN_OFF) {
        return 0;
    }
    return powf(10, fminf(db, GAIN_MAX_DB) / 20);
}

static void gains_look(struct mixer_gains *gains)
{
    gains->buses = 0;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        if (gains->of[bus].now != 0 || gains->of[bus].target != 0) {
            gains->buses |= UINT64_C(1) << bus;
        }
    }
}

/* Those that are not yet where they should be. */
static uint64_t gains_under_way(const struct mixer_gains *gains)
{
    uint64_t buses = 0;

    for (uint64_t left = gains->moving != 0 ? gains->buses : 0; left != 0; left &= left - 1) {
        const struct mixer_gain *gain = &gains->of[bus_first(left)];
        buses |= gain->now != gain->target ? left & -left : 0;
    }
    return buses;
}

/* Those whose target is going to be another one. */
static uint64_t gains_news(const struct mixer_gains *gains, const float target[MIX_BUSES])
{
    uint64_t news = 0;

    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        news |= gains->of[bus].target != target[bus] ? UINT64_C(1) << bus : 0;
    }
    return news;
}

static void gains_set(struct mixer_gains *gains, const float target[MIX_BUSES])
{
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        gains->of[bus].target = target[bus];
    }
    gains_look(gains);
}

static bool falls_silent(const float target[MIX_BUSES], uint64_t news)
{
    for (; news != 0; news &= news - 1) {
        if (target[bus_first(news)] == 0) {
            return true;
        }
    }
    return false;
}

/* All at one time. */
static void gains_move(struct mixer_gains *gains, unsigned ticks)
{
    gains->moving = ticks;
    gains->late = gains->early = 0;
}

void gains_aim(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks)
{
    if (gains_news(gains, target) != 0) {
        gains_set(gains, target);
        gains_move(gains, ticks > 1 ? ticks : 1);
    }
}

void gains_aim_beside(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks)
{
    uint64_t under_way = gains_under_way(gains), news = gains_news(gains, target);

    if (news == 0) {
        return;
    }
    ticks = ticks > 1 ? ticks : 1;
    gains_set(gains, target);
    gains->late &= ~news;
    if (under_way == 0) {
        gains_move(gains, ticks);
    } else if ((under_way & news) != 0 || gains->early != 0) {
        bool is_new_time = ticks > gains->moving || falls_silent(target, news);

        gains_move(gains, is_new_time ? ticks : gains->moving);
    } else if (ticks < gains->moving) {
        gains->early = news;
        gains->early_moving = ticks;
    } else {
        gains->early = under_way;
        gains->early_moving = gains->moving;
        gains->moving = ticks;
    }
}

void gains_aim_speaker(struct mixer_gains *gains, const float target[MIX_BUSES], unsigned ticks)
{
    if (falls_silent(target, gains_news(gains, target))) {
        gains_aim(gains, target, ticks);
    } else {
        gains_aim_beside(gains, target, ticks);
    }
}

void gains_restart(struct mixer_gains *gains)
{
    for (uint64_t left = gains->buses; left != 0; left &= left - 1) {
        gains->of[bus_first(left)].now = 0;
    }
    gains->moving = gains->moving > 1 ? gains->moving : 1;
}

void gains_except(struct mixer_gains *gains, uint64_t at_once, uint64_t at_last)
{
    gains->late |= at_last;
    for (uint64_t left = gains->buses & at_once; left != 0; left &= left - 1) {
        gains->of[bus_first(left)].now = gains->of[bus_first(left)].target;
    }
}

bool gains_have_one_aim(const struct mixer_gains *one, const struct mixer_gains *other)
{
    for (uint64_t left = one->buses | other->buses; left != 0; left &= left - 1) {
        if (one->of[bus_first(left)].target != other->of[bus_first(left)].target) {
            return false;
        }
    }
    return true;
}

bool gains_are_equal(const struct mixer_gains *one, const struct mixer_gains *other)
{
    if (one->moving != other->moving || one->buses != other->buses ||
        (one->moving != 0 && (one->late != other->late || one->early != other->early)) ||
        (one->early != 0 && one->early_moving != other->early_moving)) {
        return false;
    }
    for (uint64_t left = one->moving != 0 ? one->buses : 0; left != 0; left &= left - 1) {
        if (one->of[bus_first(left)].now != other->of[bus_first(left)].now) {
            return false;
        }
    }
    return true;
}

void gains_arrive(struct mixer_gains *gains)
{
    if (gains->moving == 0) {
        return;
    }
    for (uint64_t left = gains->buses; left != 0; left &= left - 1) {
        gains->of[bus_first(left)].now = gains_next(gains, bus_first(left));
    }
    gains->moving--;
    gains->early_moving -= gains->early != 0;
    if (gains->early_moving == 0) {
        gains->early = 0;
    }
    if (gains->moving == 0) {
        gains_look(gains);
    }
}

VECTORISED void add_scaled(float *restrict to, const float *restrict from, unsigned count,
                           float first, float last)
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
