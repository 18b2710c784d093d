/* What a leg would hear: the gains of the mixer's buses, summed as it sums them (ports/mixing.h).
 */
#include "simulate/world.h"

#include <math.h>

static float amplitude(float gain)
{
    return gain <= GAIN_OFF ? 0 : powf(10, gain / 20);
}

static float decibel(float amplitude)
{
    return amplitude > 0 ? 20 * log10f(amplitude) : GAIN_OFF;
}

static bool has_audio(const struct leg *leg, enum stream_direction direction)
{
    return leg->has_route && leg->session.format_count > 0 &&
           (leg->session.direction & direction) != 0;
}

/* Whoever speaks to several buses that one listener hears is heard by each of them. */
float leg_hears(const struct leg *listener, const struct leg *talker)
{
    float sum = 0;

    if (listener->mix != talker->mix || !has_audio(talker, STREAM_RECVONLY) ||
        !has_audio(listener, STREAM_SENDONLY))
        return GAIN_OFF;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++)
        sum += amplitude(talker->route.speaks[bus]) * amplitude(listener->route.hears[bus]);
    return decibel(sum);
}

float leg_hears_file(const struct leg *listener, const struct player *player)
{
    if (listener->mix != player->mix || !has_audio(listener, STREAM_SENDONLY))
        return GAIN_OFF;
    return decibel(amplitude(player->gain) * amplitude(listener->route.hears[player->bus]));
}
