/* Files that play and are written: no sound, but the time that it takes. */
#include "simulate/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { FILE_LASTS = 1000 }; /* ms, when nobody knows better */

/* ---- playing -------------------------------------------------------------------------------- */

static void player_free(struct player *player)
{
    LL_DELETE(player->mix->world->first_player, player);
    loop_timer_stop(&player->timer);
    free(player->problem);
    free(player->file);
    free(player);
}

void player_over(struct player *player, const char *problem)
{
    struct focus *focus = player->mix->world->focus;
    void *user = player->user;
    char *copy = problem ? strdup(problem) : NULL;

    player_free(player);
    focus_mixing_events()->on_played(user, problem && !copy ? "out of memory" : copy, focus);
    free(copy);
}

static void on_player_timer(void *arg)
{
    struct player *player = arg;

    player_over(player, player->problem);
}

/* ms of all its files; of one that cannot be played, the problem is noted. */
static unsigned duration_of(struct player *player)
{
    const struct simulated_sounds *sounds = player->mix->world->sounds;
    char *files = strdup(player->file), *rest = files, *file, error[256];
    unsigned sum = 0, ms;

    while ((file = strsep(&rest, "\n"))) {
        ms = FILE_LASTS;
        if (sounds && sounds->look(sounds->ctx, file, &ms, error, sizeof error)) {
            player->problem = strdup(error);
            break;
        }
        sum += ms;
    }
    free(files);
    return sum;
}

/* Each file of its list by itself, once. */
static void hear(struct call *call, const struct player *player)
{
    char *files, *rest, *file;
    const struct text *text;

    DL_FOREACH(call->heard, text)
    {
        if (text->player == player->id)
            return;
    }
    files = rest = strdup(player->file);
    while ((file = strsep(&rest, "\n"))) {
        if (text_add(&call->heard, file))
            call->heard->prev->player = player->id;
    }
    free(files);
}

static void notice(const struct world *world, const struct player *player)
{
    const struct leg *leg;
    struct call *call;

    LL_FOREACH(world->first_leg, leg)
    {
        if (leg_hears_file(leg, player) <= GAIN_OFF)
            continue;
        DL_SEARCH_SCALAR(world->phones, call, user, leg->user);
        if (call)
            hear(call, player);
    }
}

void files_notice(const struct mix *mix)
{
    const struct world *world = mix->world;
    struct player *player;

    if (!world->loop)
        return;
    LL_FOREACH(world->first_player, player)
    {
        if (player->mix == mix && !player->stopped && !player->problem)
            notice(world, player);
    }
}

static void begin(struct player *player)
{
    struct loop *loop = player->mix->world->loop;
    unsigned ms;

    if (!loop)
        return;
    ms = duration_of(player);
    files_notice(player->mix);
    if (!player->loop || player->problem) /* ENOMEM: it never ends */
        (void)loop_timer_start(loop, &player->timer, player->problem ? 0 : ms, on_player_timer,
                               player);
}

static int play(struct mix *mix, const struct play_config *config, struct player **playerp)
{
    struct world *world = mix->world;
    struct player *player;

    if (world->play_error)
        return world->play_error;
    player = calloc(1, sizeof *player);
    if (!player)
        return ENOMEM;
    player->file = strdup(config->file);
    if (!player->file) {
        free(player);
        return ENOMEM;
    }
    (void)snprintf(player->language, sizeof player->language, "%s",
                   config->language ? config->language : "");
    player->id = ++world->plays;
    player->mix = mix;
    player->user = config->user;
    player->bus = config->bus;
    player->shuffle = config->shuffle;
    player->gain = config->gain;
    player->loop = config->loop;
    LL_PREPEND(world->first_player, player);
    *playerp = player;
    begin(player);
    return 0;
}

static void play_stop(struct player *player)
{
    struct loop *loop = player->mix->world->loop;

    player->stopped = true;
    if (loop)
        (void)loop_timer_start(loop, &player->timer, 0, on_player_timer, player);
}

static void play_gain(struct player *player, float gain)
{
    player->gain = gain;
}

/* ---- recording ------------------------------------------------------------------------------ */

static void recorder_free(struct recorder *recorder)
{
    LL_DELETE(recorder->world->first_recorder, recorder);
    loop_timer_stop(&recorder->timer);
    free(recorder);
}

void recorder_over(struct recorder *recorder, const struct recorded *recorded)
{
    struct focus *focus = recorder->world->focus;
    void *user = recorder->config.user;

    recorder_free(recorder);
    focus_mixing_events()->on_recorded(user, recorded, focus);
}

static void on_recorder_timer(void *arg)
{
    struct recorder *recorder = arg;
    uint64_t now = loop_now(recorder->world->loop);
    uint64_t end = recorder->is_paused ? recorder->paused_at : now;

    recorder_over(recorder, &(struct recorded){
                                .duration = (unsigned)(end - recorder->began - recorder->paused)});
}

static uint64_t record_clock(void *ctx)
{
    const struct world *world = ctx;

    return world->loop ? loop_now(world->loop) : 0;
}

static int record_turn(struct recorder *recorder, uint64_t when)
{
    if (recorder->world->turn_error)
        return recorder->world->turn_error;
    if (recorder->is_paused)
        recorder->paused += when - recorder->paused_at;
    recorder->is_paused = !recorder->is_paused;
    recorder->paused_at = when;
    return 0;
}

static int record_note(void *ctx, const char *file, const char *text)
{
    struct world *world = ctx;

    (void)snprintf(world->note_file, sizeof world->note_file, "%s", file);
    free(world->note);
    world->note = strdup(text);
    return world->note ? 0 : ENOMEM;
}

static void record_stop(struct recorder *recorder)
{
    struct loop *loop = recorder->world->loop;

    recorder->stopped = true;
    if (loop)
        (void)loop_timer_start(loop, &recorder->timer, 0, on_recorder_timer, recorder);
}

/* When it ends by itself: at its most, or by silence; ms from now, 0: never. */
static unsigned end_of(const struct recorder *recorder)
{
    const struct record_config *config = &recorder->config;
    uint64_t passed = loop_now(recorder->world->loop) - recorder->began;
    unsigned left = config->most > passed ? config->most - (unsigned)passed : 1;
    bool is_silent = config->leg && config->silence > 0 && !config->leg->is_speaking;

    if (config->most == 0)
        return is_silent ? config->silence : 0;
    return is_silent && config->silence < left ? config->silence : left;
}

static void set_end(struct recorder *recorder)
{
    unsigned ms = end_of(recorder);

    loop_timer_stop(&recorder->timer);
    if (ms > 0)
        (void)loop_timer_start(recorder->world->loop, &recorder->timer, ms, on_recorder_timer,
                               recorder);
}

void recorders_lose(const struct leg *leg)
{
    struct recorder *recorder;

    LL_FOREACH(leg->mix->world->first_recorder, recorder)
    {
        if (recorder->config.leg == leg) {
            recorder->config.leg = NULL;
            record_stop(recorder);
        }
    }
}

void recorders_hear(const struct leg *leg)
{
    struct recorder *recorder;

    LL_FOREACH(leg->mix->world->first_recorder, recorder)
    {
        if (recorder->config.leg == leg && !recorder->stopped)
            set_end(recorder);
    }
}

static int record(struct mix *mix, const struct record_config *config, struct recorder **recorderp)
{
    struct world *world = mix->world;
    struct recorder *recorder;

    if (world->record_error)
        return world->record_error;
    recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return ENOMEM;
    recorder->world = world;
    recorder->mix = mix;
    recorder->config = *config;
    (void)snprintf(recorder->file, sizeof recorder->file, "%s", config->file);
    LL_PREPEND(world->first_recorder, recorder);
    *recorderp = recorder;
    if (world->loop) {
        recorder->began = loop_now(world->loop);
        set_end(recorder);
    }
    return 0;
}

/* ---- all of them ---------------------------------------------------------------------------- */

void files_drop(struct world *world, const struct mix *mix)
{
    struct player *player, *next_player;
    struct recorder *recorder, *next_recorder;

    if (!mix) {
        free(world->note);
        world->note = NULL;
    }
    LL_FOREACH_SAFE(world->first_player, player, next_player)
    {
        if (!mix || player->mix == mix)
            player_free(player);
    }
    LL_FOREACH_SAFE(world->first_recorder, recorder, next_recorder)
    {
        if (!mix)
            recorder_free(recorder);
        else if (recorder->mix == mix)
            record_stop(recorder); /* which is told when the mix is gone */
    }
}

void files_open(struct mixing *mixing)
{
    mixing->play = play;
    mixing->play_stop = play_stop;
    mixing->play_gain = play_gain;
    mixing->record = record;
    mixing->record_stop = record_stop;
    mixing->record_clock = record_clock;
    mixing->record_turn = record_turn;
    mixing->record_note = record_note;
}
