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

void gains_aim(struct mixer_gains *gains, const float target[MIX_BUSES])
{
    memcpy(gains->target, target, sizeof gains->target);
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

void gains_arrive(struct mixer_gains *gains)
{
    float target[MIX_BUSES];

    if (gains->moving) {
        memcpy(target, gains->target, sizeof target);
        memcpy(gains->now, target, sizeof target);
        gains_aim(gains, target);
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
