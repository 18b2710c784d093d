/* The mixer's legs, which only remember. */
#include "simulate/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct leg *leg_of(const struct world *world, const void *user)
{
    struct leg *leg = world->first_leg;

    while (leg && leg->user != user)
        leg = leg->next;
    return leg;
}

static const struct codec_format *codecs(void *ctx, unsigned *countp)
{
    (void)ctx;
    *countp = 0;
    return NULL;
}

static int mix_create(void *ctx, struct mix **mixp)
{
    struct world *world = ctx;

    if (world->mix_error)
        return world->mix_error;
    *mixp = calloc(1, sizeof **mixp);
    if (!*mixp)
        return ENOMEM;
    (*mixp)->world = world;
    world->mixes++;
    return 0;
}

static void mix_destroy(struct mix *mix)
{
    files_drop(mix->world, mix);
    mix->world->mixes--;
    free(mix);
}

static int leg_create(struct mix *mix, const struct leg_config *config, struct leg **legp)
{
    struct world *world = mix->world;
    struct leg *leg;

    if (world->leg_error)
        return world->leg_error;
    leg = calloc(1, sizeof *leg);
    if (!leg)
        return ENOMEM;
    leg->mix = mix;
    leg->user = config->user;
    leg->level = -127;
    LL_PREPEND(world->first_leg, leg);
    world->legs++;
    *legp = leg;
    return 0;
}

static void leg_address(const struct leg *leg, struct media_address *address)
{
    (void)leg;
    memset(address, 0, sizeof *address);
}

static void leg_session(struct leg *leg, const struct session *session)
{
    leg->session = *session;
    files_notice(leg->mix);
}

static int leg_route(struct leg *leg, const struct leg_route *route)
{
    if (leg->mix->world->route_error)
        return leg->mix->world->route_error;
    leg->has_route = true;
    leg->route = *route;
    files_notice(leg->mix);
    return 0;
}

static void leg_voice(struct leg *leg, const struct leg_voice *voice)
{
    leg->voice = *voice;
}

static int leg_move(struct leg *leg, struct mix *mix, void *user)
{
    if (mix->world->leg_error)
        return mix->world->leg_error;
    leg->mix = mix;
    leg->user = user;
    leg->has_route = false; /* silent and deaf until then */
    return 0;
}

static void leg_close(struct leg *leg)
{
    struct world *world = leg->mix->world;

    recorders_lose(leg);
    LL_DELETE(world->first_leg, leg);
    world->legs--;
    free(leg);
}

static void leg_stats(const struct leg *leg, struct leg_stats *stats)
{
    *stats = (struct leg_stats){
        .received = 7,
        .level = leg->is_speaking ? leg->level : -127,
        .speech = -127,
        .speaking = leg->is_speaking,
    };
    if (leg->mix->world->loop)
        memcpy(stats->codec, leg->session.codec.name, sizeof stats->codec);
}

static bool is_overloaded(void *ctx, const struct mix *mix)
{
    const struct world *world = ctx;

    return mix ? world->mix_overloaded : world->overloaded;
}

static unsigned thread_count(void *ctx)
{
    (void)ctx;
    return 0;
}

static void thread_stats(void *ctx, unsigned thread, struct mixing_thread_stats *stats)
{
    (void)ctx;
    (void)thread;
    memset(stats, 0, sizeof *stats);
}

void legs_open(struct mixing *mixing)
{
    mixing->codecs = codecs;
    mixing->mix_create = mix_create;
    mixing->mix_destroy = mix_destroy;
    mixing->leg_create = leg_create;
    mixing->leg_address = leg_address;
    mixing->leg_session = leg_session;
    mixing->leg_route = leg_route;
    mixing->leg_voice = leg_voice;
    mixing->leg_move = leg_move;
    mixing->leg_close = leg_close;
    mixing->leg_stats = leg_stats;
    mixing->is_overloaded = is_overloaded;
    mixing->thread_count = thread_count;
    mixing->thread_stats = thread_stats;
}
