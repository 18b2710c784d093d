/* Signalling without a network: what the focus says to phones is kept in their calls. */
#include "simulate/world.h"

#include "core/id.h"
#include "ports/messaging.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

const char *text_add(struct text **list, const char *bytes)
{
    size_t size = strlen(bytes) + 1;
    struct text *text = calloc(1, sizeof *text + size);

    if (!text)
        return NULL;
    memcpy(text->bytes, bytes, size);
    DL_APPEND(*list, text);
    return text->bytes;
}

void texts_free(struct text **list)
{
    struct text *text, *next;

    DL_FOREACH_SAFE(*list, text, next)
    {
        free(text);
    }
    *list = NULL;
}

/* ---- making calls --------------------------------------------------------------------------- */

void phone_free(struct call *call)
{
    struct referral *referral, *next;

    LL_FOREACH_SAFE(call->referrals, referral, next)
    {
        free(referral);
    }
    loop_timer_stop(&call->timer);
    DL_DELETE(call->world->phones, call);
    texts_free(&call->strings);
    recipients_clear(&call->recipients);
    texts_free(&call->heard);
    texts_free(&call->read);
    free(call);
}

/* The call's own copy; "" for NULL. Out of memory: *failedp, and "". */
static const char *keep(struct call *call, const char *text, bool *failedp)
{
    const char *kept = text_add(&call->strings, text ? text : "");

    *failedp |= !kept;
    return kept ? kept : "";
}

static struct call *make(struct world *world, const char *user, const char *host, bool *failedp)
{
    struct call *call = calloc(1, sizeof *call);
    char id[24], uri[300];

    if (!call)
        return NULL;
    call->number = id_next();
    call->world = world;
    DL_APPEND(world->phones, call);
    (void)snprintf(id, sizeof id, "call%u", ++world->calls);
    (void)snprintf(uri, sizeof uri, "sip:%s%s%s", user, *user ? "@" : "", host);
    call->id = keep(call, id, failedp);
    call->uri = keep(call, uri, failedp);
    call->info = (struct call_info){
        .id = call->id,
        .caller = {.uri = call->uri,
                   .user = keep(call, user, failedp),
                   .host = keep(call, host, failedp)},
        .dialog = {.call_id = call->id, .local_tag = "ours", .remote_tag = ""},
        .contact = call->uri,
        .takes_messages = true,
        .family = AF_INET,
    };
    return call;
}

/* Whom the conference is to call for it. */
static void take_recipients(struct call *call, const struct recipients *recipients, bool *failedp)
{
    for (unsigned i = 0; recipients && i < recipients->count; i++)
        *failedp |= recipients_add(&call->recipients, &recipients->items[i]) != 0;
    if (call->recipients.count > 0)
        call->info.recipients = &call->recipients;
}

struct call *phone_make(struct world *world, const struct simulated_caller *caller)
{
    bool failed = false;
    struct call *call = make(world, caller->user ? caller->user : "",
                             caller->host ? caller->host : "example.com", &failed);
    struct call_info *info = call ? &call->info : NULL;

    if (!call)
        return NULL;
    info->requested_user = keep(call, caller->to, &failed);
    info->requested_host = keep(call, caller->to_host ? caller->to_host : "127.0.0.1", &failed);
    info->caller.display_name = keep(call, caller->display_name, &failed);
    info->caller.user_agent = keep(call, caller->user_agent, &failed);
    info->caller.groups = keep(call, caller->groups, &failed);
    info->caller.peer = "127.0.0.1:5060;udp";
    info->caller.proof = caller->proof;
    info->caller.authenticated = caller->proof != PROOF_NONE;
    info->caller.anonymous = caller->anonymous;
    info->referred_by = keep(call, caller->referred_by, &failed);
    info->dialog.remote_tag = "theirs";
    info->has_offer = true;
    take_recipients(call, caller->recipients, &failed);
    if (failed) {
        phone_free(call);
        return NULL;
    }
    return call;
}

/* The user part and the host of "sip:bob@192.0.2.7;transport=tcp". */
static void split(const char *target, char *user, size_t user_size, char *host, size_t host_size)
{
    const char *colon = strchr(target, ':'), *begin = colon ? colon + 1 : target;
    const char *at = strchr(begin, '@');

    (void)snprintf(user, user_size, "%.*s", at ? (int)(at - begin) : 0, begin);
    begin = at ? at + 1 : begin;
    (void)snprintf(host, host_size, "%.*s", (int)strcspn(begin, ";?>"), begin);
}

/* A call that the focus makes. */
static int make_outgoing(void *ctx, const struct outgoing_call *outgoing, struct call **callp)
{
    struct world *world = ctx;
    char user[128], host[128];
    bool failed = false;
    struct call *call;

    if (world->call_error)
        return world->call_error;
    split(outgoing->target, user, sizeof user, host, sizeof host);
    call = make(world, user, host, &failed);
    if (!call)
        return ENOMEM;
    call->name = keep(call, outgoing->name, &failed);
    call->referrer = keep(call, outgoing->referrer, &failed);
    call->referred_by = keep(call, outgoing->referred_by, &failed);
    call->replaces = keep(call, outgoing->replaces, &failed);
    call->info.requested_user = keep(call, outgoing->conference, &failed);
    call->info.requested_host = call->info.caller.user_agent = call->info.caller.peer = "";
    call->info.caller.display_name = call->name;
    call->info.caller.groups = "";
    call->info.referred_by = call->referrer;
    call->info.is_outgoing = true;
    if (failed) {
        phone_free(call);
        return ENOMEM;
    }
    *callp = world->last_outgoing = call;
    if (!world->first_outgoing)
        world->first_outgoing = call;
    return 0;
}

/* ---- what the focus asks for ---------------------------------------------------------------- */

static const struct call_info *info(const struct call *call)
{
    return &call->info;
}

static void set_user(struct call *call, void *user)
{
    call->user = user;
}

static void *user(const struct call *call)
{
    return call->user;
}

static void progress(struct call *call, int code, const char *reason)
{
    (void)reason;
    call->progress = code;
}

static void take(struct call *call, const struct answer *answer)
{
    call->answer = *answer;
    (void)snprintf(call->contact, sizeof call->contact, "%s",
                   answer->contact_user ? answer->contact_user : "");
}

static int early(struct call *call, const struct answer *answer)
{
    if (!call->info.has_offer)
        return EINVAL;
    call->progress = 183;
    take(call, answer);
    phone_is_due(call, DUE_SESSION);
    return 0;
}

static int answer_call(struct call *call, const struct answer *answer)
{
    if (call->world->answer_error)
        return call->world->answer_error;
    call->answered = true;
    take(call, answer);
    phone_is_due(call, DUE_SESSION | DUE_UP);
    return 0;
}

static int invite(struct call *call, const struct answer *offer)
{
    call->invited = true;
    take(call, offer);
    phone_is_due(call, DUE_RING);
    return 0;
}

static int update(struct call *call, const struct answer *how)
{
    if (call->world->update_error)
        return call->world->update_error;
    call->updates++;
    take(call, how);
    phone_is_due(call, DUE_UPDATED);
    return 0;
}

static int transfer(struct call *call, const char *target, unsigned timeout)
{
    (void)timeout;
    if (strncmp(target, "sip:", 4) != 0)
        return EINVAL;
    if (call->world->transfer_error)
        return call->world->transfer_error;
    (void)snprintf(call->redirected, sizeof call->redirected, "%s", target);
    phone_is_due(call, DUE_TRANSFERRED);
    return 0;
}

static void reject(struct call *call, int code, const char *reason, unsigned retry_after)
{
    call->reject_code = code;
    call->retry_after = retry_after;
    (void)snprintf(call->reason, sizeof call->reason, "%s", reason ? reason : "");
    phone_is_due(call, DUE_END);
}

static int redirect(struct call *call, const char *target, bool is_focus)
{
    call->reject_code = 302;
    (void)snprintf(call->redirected, sizeof call->redirected, "%s%s", target,
                   is_focus ? ";isfocus" : "");
    phone_is_due(call, DUE_END);
    return 0;
}

static void end(struct call *call, int code, const char *reason)
{
    call->ended = true;
    call->end_code = code;
    (void)snprintf(call->reason, sizeof call->reason, "%s", reason ? reason : "");
    phone_is_due(call, DUE_END);
}

static int refer(void *ctx, const struct outgoing_refer *refer)
{
    struct world *world = ctx;

    if (world->call_error)
        return world->call_error;
    world->refers++;
    world->refer = *refer;
    (void)snprintf(world->refer_target, sizeof world->refer_target, "%s", refer->call.target);
    (void)snprintf(world->refer_by, sizeof world->refer_by, "%s",
                   refer->call.referred_by ? refer->call.referred_by : "");
    return 0;
}

static void report(struct referral *referral, int code, const char *reason)
{
    if (referral->code >= 200)
        abort(); /* that was the last word */
    referral->code = code;
    referral->reports++;
    (void)snprintf(referral->reason, sizeof referral->reason, "%s", reason ? reason : "");
}

/* As a phone shows it that is sent plain text. */
static int message(struct call *call, const struct outgoing_message *outgoing)
{
    char text[MESSAGE_TEXT_MOST + 256];

    if (!call->info.takes_messages || call->is_over)
        return ENOPROTOOPT;
    (void)snprintf(text, sizeof text, "%s%s%s", outgoing->name, *outgoing->name ? ": " : "",
                   outgoing->text);
    return text_add(&call->read, text) ? 0 : ENOMEM;
}

/* The newest phone of theirs shows it, in a call or not. */
static int reply(void *ctx, const struct message_reply *reply)
{
    struct world *world = ctx;
    struct call *call, *found = NULL;

    DL_FOREACH(world->phones, call)
    {
        if (strcmp(call->info.caller.uri, reply->uri) == 0)
            found = call;
    }
    if (!found)
        return EHOSTUNREACH;
    return text_add(&found->read, reply->text) ? 0 : ENOMEM;
}

const struct signalling *world_signals(struct world *world)
{
    world->signalling = (struct signalling){
        .ctx = world,
        .call = make_outgoing,
        .invite = invite,
        .info = info,
        .set_user = set_user,
        .user = user,
        .progress = progress,
        .early = early,
        .answer = answer_call,
        .update = update,
        .transfer = transfer,
        .reject = reject,
        .redirect = redirect,
        .end = end,
        .refer = refer,
        .report = report,
        .message = message,
        .reply = reply,
    };
    return &world->signalling;
}

const struct mixing *world_mixer(struct world *world)
{
    world->mixing = (struct mixing){.ctx = world};
    legs_open(&world->mixing);
    files_open(&world->mixing);
    return &world->mixing;
}

void world_close(struct world *world)
{
    struct call *call, *next;

    DL_FOREACH_SAFE(world->phones, call, next)
    {
        phone_free(call);
    }
    files_drop(world, NULL);
}
