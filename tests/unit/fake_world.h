/*
 * A world without network for tests of the focus and of what sits on it: calls and legs that
 * only remember what they were told. One world a test program, on one thread.
 */
#ifndef UNIT_FAKE_WORLD_H
#define UNIT_FAKE_WORLD_H

#include "focus/focus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    struct call_info info;
    char id[16], uri[80];
    void *user;
    int progress;         /* last 1xx */
    bool answered, ended; /* by the focus: ended with end_code */
    bool invited;         /* by the focus, with `answer` as its offer */
    unsigned updates;     /* by the focus, the last to be as `answer` says */
    struct answer answer;
    char target[80], name[40];
    char referred_by[80], replaces[80], referrer[80];
    int reject_code, end_code;
    unsigned retry_after;
    char reason[96], redirected[64];
};

/* Whoever wants to know how something goes. */
struct referral {
    int code; /* the last */
    char reason[96];
    unsigned reports;
};

struct mix {
    char unused;
};

struct player {
    char file[64];
    void *user;
    unsigned bus;
    float gain;
    bool loop, stopped;
    struct player *next;
};

struct recorder {
    char file[RECORD_FILE];
    struct record_config config;
    bool stopped;
    struct recorder *next;
};

struct leg {
    void *user;
    struct leg_voice voice;
    struct leg_route route;
    struct session session;
    struct leg *next;
};

static struct {
    int leg_error, mix_error; /* errno that the next creation fails with */
    int route_error;          /* and the next routes */
    int answer_error;         /* and the next answers */
    unsigned legs, mixes;     /* alive */
    unsigned calls;           /* made so far */
    bool overloaded, mix_overloaded;
    struct leg *first_leg;
    struct player *first_player; /* the newest */
    struct recorder *first_recorder;
    int record_error; /* errno that recording fails with */
    int play_error;   /* errno that playing fails with */
    unsigned plays;   /* begun so far */
    int call_error;   /* errno that the next outgoing call fails with */
    int update_error; /* errno that changes of a call fail with */
    struct call *first_outgoing, *last_outgoing;
    struct outgoing_refer refer; /* the last; its strings are gone, but for these */
    char refer_target[80], refer_by[80];
    unsigned refers;
} world;

/* The leg whose events go to `user`; NULL: none. */
__attribute__((unused)) static const struct leg *world_leg_of(const void *user)
{
    for (const struct leg *leg = world.first_leg; leg; leg = leg->next)
        if (leg->user == user)
            return leg;
    return NULL;
}

static const struct call_info *world_info(const struct call *call)
{
    return &call->info;
}

static void world_set_user(struct call *call, void *user)
{
    call->user = user;
}

static void *world_user(const struct call *call)
{
    return call->user;
}

static void world_progress(struct call *call, int code, const char *reason)
{
    (void)reason;
    call->progress = code;
}

static int world_answer(struct call *call, const struct answer *answer)
{
    if (world.answer_error)
        return world.answer_error;
    call->answered = true;
    call->answer = *answer;
    return 0;
}

static int world_transfer(struct call *call, const char *target, unsigned timeout)
{
    (void)timeout;
    if (strncmp(target, "sip:", 4) != 0)
        return EINVAL;
    (void)snprintf(call->redirected, sizeof call->redirected, "%s", target);
    return 0;
}

static int world_early(struct call *call, const struct answer *answer)
{
    if (!call->info.has_offer)
        return EINVAL;
    call->progress = 183;
    call->answer = *answer;
    return 0;
}

static int world_update(struct call *call, const struct answer *how)
{
    if (world.update_error)
        return world.update_error;
    call->updates++;
    call->answer = *how;
    return 0;
}

static void world_reject(struct call *call, int code, const char *reason, unsigned retry_after)
{
    call->reject_code = code;
    call->retry_after = retry_after;
    (void)snprintf(call->reason, sizeof call->reason, "%s", reason ? reason : "");
}

static int world_redirect(struct call *call, const char *target, bool is_focus)
{
    call->reject_code = 302;
    (void)snprintf(call->redirected, sizeof call->redirected, "%s%s", target,
                   is_focus ? ";isfocus" : "");
    return 0;
}

static void world_end(struct call *call, int code, const char *reason)
{
    call->ended = true;
    call->end_code = code;
    (void)snprintf(call->reason, sizeof call->reason, "%s", reason ? reason : "");
}

/* Of "sip:USER@HOST". */
static int world_call(void *ctx, const struct outgoing_call *outgoing, struct call **callp)
{
    struct call *call;
    char *at;

    if (ctx != &world)
        abort();
    if (world.call_error)
        return world.call_error;
    call = calloc(1, sizeof *call);
    if (!call)
        abort();
    (void)snprintf(call->id, sizeof call->id, "call%u", ++world.calls);
    (void)snprintf(call->uri, sizeof call->uri, "%s", outgoing->target);
    (void)snprintf(call->target, sizeof call->target, "%s", outgoing->target + 4);
    (void)snprintf(call->name, sizeof call->name, "%s", outgoing->name);
    (void)snprintf(call->referred_by, sizeof call->referred_by, "%s",
                   outgoing->referred_by ? outgoing->referred_by : "");
    (void)snprintf(call->referrer, sizeof call->referrer, "%s",
                   outgoing->referrer ? outgoing->referrer : "");
    (void)snprintf(call->replaces, sizeof call->replaces, "%s",
                   outgoing->replaces ? outgoing->replaces : "");
    at = strchr(call->target, '@');
    *at = '\0';
    call->info = (struct call_info){
        .id = call->id,
        .requested_user = "",
        .requested_host = "",
        .caller = {.uri = call->uri,
                   .user = call->target,
                   .host = at + 1,
                   .display_name = call->name,
                   .user_agent = "",
                   .peer = ""},
        .dialog = {.call_id = call->id, .local_tag = "ours", .remote_tag = ""},
        .contact = call->uri,
        .referred_by = call->referrer,
        .family = AF_INET,
        .is_outgoing = true,
    };
    *callp = world.last_outgoing = call;
    if (!world.first_outgoing)
        world.first_outgoing = call;
    return 0;
}

static int world_invite(struct call *call, const struct answer *offer)
{
    call->invited = true;
    call->answer = *offer;
    return 0;
}

static int world_refer(void *ctx, const struct outgoing_refer *refer)
{
    (void)ctx;
    if (world.call_error)
        return world.call_error;
    world.refers++;
    world.refer = *refer;
    (void)snprintf(world.refer_target, sizeof world.refer_target, "%s", refer->call.target);
    (void)snprintf(world.refer_by, sizeof world.refer_by, "%s",
                   refer->call.referred_by ? refer->call.referred_by : "");
    return 0;
}

static void world_report(struct referral *referral, int code, const char *reason)
{
    if (referral->code >= 200)
        abort(); /* that was the last word */
    referral->code = code;
    referral->reports++;
    (void)snprintf(referral->reason, sizeof referral->reason, "%s", reason ? reason : "");
}

static const struct signalling world_signalling = {
    .ctx = &world,
    .call = world_call,
    .invite = world_invite,
    .info = world_info,
    .set_user = world_set_user,
    .user = world_user,
    .progress = world_progress,
    .early = world_early,
    .answer = world_answer,
    .update = world_update,
    .transfer = world_transfer,
    .reject = world_reject,
    .redirect = world_redirect,
    .end = world_end,
    .refer = world_refer,
    .report = world_report,
};

static int world_mix_create(void *ctx, struct mix **mixp)
{
    (void)ctx;
    if (world.mix_error)
        return world.mix_error;
    *mixp = calloc(1, sizeof **mixp);
    world.mixes++;
    return *mixp ? 0 : ENOMEM;
}

static void world_mix_destroy(struct mix *mix)
{
    world.mixes--;
    while (world.first_player) {
        struct player *player = world.first_player;

        world.first_player = player->next;
        free(player);
    }
    free(mix);
}

static int world_leg_create(struct mix *mix, const struct leg_config *config, struct leg **legp)
{
    (void)mix;
    if (world.leg_error)
        return world.leg_error;
    *legp = calloc(1, sizeof **legp);
    if (!*legp)
        return ENOMEM;
    (*legp)->user = config->user;
    (*legp)->next = world.first_leg;
    world.first_leg = *legp;
    world.legs++;
    return 0;
}

static void world_leg_address(const struct leg *leg, struct media_address *address)
{
    (void)leg;
    memset(address, 0, sizeof *address);
}

static void world_leg_session(struct leg *leg, const struct session *session)
{
    leg->session = *session;
}

static const struct codec_format *world_codecs(void *ctx, unsigned *countp)
{
    (void)ctx;
    *countp = 0;
    return NULL;
}

static int world_leg_route(struct leg *leg, const struct leg_route *route)
{
    if (!world.route_error)
        leg->route = *route;
    return world.route_error;
}

static void world_leg_voice(struct leg *leg, const struct leg_voice *voice)
{
    leg->voice = *voice;
}

static int world_leg_move(struct leg *leg, struct mix *mix, void *user)
{
    (void)mix;
    if (world.leg_error)
        return world.leg_error;
    leg->user = user;
    return 0;
}

static int world_play(struct mix *mix, const struct play_config *config, struct player **playerp)
{
    struct player *player;

    (void)mix;
    if (world.play_error)
        return world.play_error;
    world.plays++;
    player = calloc(1, sizeof *player);
    if (!player)
        return ENOMEM;
    (void)snprintf(player->file, sizeof player->file, "%s", config->file);
    player->user = config->user;
    player->bus = config->bus;
    player->gain = config->gain;
    player->loop = config->loop;
    player->next = world.first_player;
    world.first_player = *playerp = player;
    return 0;
}

static void world_play_stop(struct player *player)
{
    player->stopped = true;
}

/* The player is over. */
__attribute__((unused)) static void world_played(struct focus *focus, struct player *player,
                                                 const char *problem)
{
    struct player **at = &world.first_player;
    void *user = player->user;

    while (*at != player)
        at = &(*at)->next;
    *at = player->next;
    free(player);
    focus_mixing_events()->on_played(user, problem, focus);
}

static int world_record(struct mix *mix, const struct record_config *config,
                        struct recorder **recorderp)
{
    struct recorder *recorder;

    (void)mix;
    if (world.record_error)
        return world.record_error;
    recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return ENOMEM;
    recorder->config = *config;
    (void)snprintf(recorder->file, sizeof recorder->file, "%s", config->file);
    recorder->next = world.first_recorder;
    world.first_recorder = *recorderp = recorder;
    return 0;
}

static void world_record_stop(struct recorder *recorder)
{
    recorder->stopped = true;
}

/* The newest is over. */
__attribute__((unused)) static void world_recorded(struct focus *focus, unsigned duration,
                                                   const char *problem)
{
    struct recorder *recorder = world.first_recorder;
    struct recorded recorded = {.duration = duration, .problem = problem};
    void *user = recorder->config.user;

    world.first_recorder = recorder->next;
    free(recorder);
    focus_mixing_events()->on_recorded(user, &recorded, focus);
}

static void world_leg_close(struct leg *leg)
{
    struct leg **at = &world.first_leg;

    while (*at != leg)
        at = &(*at)->next;
    *at = leg->next;
    world.legs--;
    free(leg);
}

static void world_leg_stats(const struct leg *leg, struct leg_stats *stats)
{
    (void)leg;
    memset(stats, 0, sizeof *stats);
    stats->received = 7;
}

static bool world_is_overloaded(void *ctx, const struct mix *mix)
{
    (void)ctx;
    return mix ? world.mix_overloaded : world.overloaded;
}

static unsigned world_thread_count(void *ctx)
{
    (void)ctx;
    return 0;
}

static void world_thread_stats(void *ctx, unsigned thread, struct mixing_thread_stats *stats)
{
    (void)ctx;
    (void)thread;
    memset(stats, 0, sizeof *stats);
}

static const struct mixing world_mixing = {
    .mix_create = world_mix_create,
    .mix_destroy = world_mix_destroy,
    .leg_create = world_leg_create,
    .leg_address = world_leg_address,
    .leg_session = world_leg_session,
    .codecs = world_codecs,
    .leg_route = world_leg_route,
    .leg_voice = world_leg_voice,
    .leg_move = world_leg_move,
    .play = world_play,
    .play_stop = world_play_stop,
    .record = world_record,
    .record_stop = world_record_stop,
    .leg_close = world_leg_close,
    .leg_stats = world_leg_stats,
    .is_overloaded = world_is_overloaded,
    .thread_count = world_thread_count,
    .thread_stats = world_thread_stats,
};

/* An INVITE from sip:USER@example.com to sip:CONFERENCE@HOST, not told yet. Freed by world_hang_up.
 */
__attribute__((unused)) static struct call *
world_call_from(const char *user, const char *conference, const char *host)
{
    struct call *call = calloc(1, sizeof *call);

    if (!call)
        abort();
    (void)snprintf(call->id, sizeof call->id, "call%u", ++world.calls);
    (void)snprintf(call->uri, sizeof call->uri, "sip:%s@example.com", user);
    call->info = (struct call_info){
        .id = call->id,
        .requested_user = conference,
        .requested_host = host,
        .caller = {.uri = call->uri,
                   .user = user,
                   .host = "example.com",
                   .display_name = "",
                   .user_agent = "fake",
                   .peer = "127.0.0.1:5060;udp"},
        .dialog = {.call_id = call->id, .local_tag = "ours", .remote_tag = "theirs"},
        .contact = call->uri,
        .referred_by = "",
        .family = AF_INET,
        .has_offer = true,
    };
    return call;
}

__attribute__((unused)) static struct call *world_dial_at(struct focus *focus, const char *user,
                                                          const char *conference, const char *host)
{
    struct call *call = world_call_from(user, conference, host);

    focus_signalling_events()->on_incoming(call, focus);
    return call;
}

__attribute__((unused)) static struct call *world_dial(struct focus *focus, const char *user,
                                                       const char *conference)
{
    return world_dial_at(focus, user, conference, "127.0.0.1");
}

/* Offer/answer with this direction as seen from Parley. */
__attribute__((unused)) static void world_session(struct focus *focus, struct call *call,
                                                  enum stream_direction direction, bool held)
{
    struct session session = {
        .direction = direction,
        .held = held,
        .format_count = 1,
        .codec = {.name = "PCMU", .clock_rate = 8000, .channels = 1},
    };

    focus_signalling_events()->on_session(call, &session, focus);
}

/* Dial, offer/answer, ACK. */
__attribute__((unused)) static struct call *world_join(struct focus *focus, const char *user,
                                                       const char *conference)
{
    struct call *call = world_dial(focus, user, conference);

    if (!call->answered)
        return call;
    world_session(focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, focus);
    return call;
}

/* The call's dialog is over: a BYE from the phone (code 0), or what the focus asked for. */
__attribute__((unused)) static void world_hang_up(struct focus *focus, struct call *call)
{
    focus_signalling_events()->on_ended(call, call->ended ? call->end_code : call->reject_code, "",
                                        focus);
    free(call);
}

/* Lets the loop work off what is due now. */
__attribute__((unused)) static void world_turn(struct loop *loop)
{
    (void)event_base_loop(loop_base(loop), EVLOOP_NONBLOCK);
    (void)event_base_loop(loop_base(loop), EVLOOP_NONBLOCK);
}

#endif
