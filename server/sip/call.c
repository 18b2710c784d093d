/* The life of a call, from the table to its end (call.h has the states). */
#include "sip/call.h"
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/cascade.h"
#include "sip/dialog.h"
#include "sip/instant.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/refer.h"
#include "sip/target.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct call *call_make(struct sip_agent *agent)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call) {
        return NULL;
    }
    call->agent = agent;
    agent->call_count++;
    su_home_init(call->home);
    log_id_make(agent, call->id);
    call->info.id = call->id;
    call->info.cascade = "";
    call->local.session_id = id_next() + ((uint64_t)agent->log_id_salt << 16);
    call->local.version = 1;
    call->local.direction = STREAM_SENDRECV;
    call->local.may_do_without = true;
    call->local.codecs = agent->codecs;
    call->local.codec_count = agent->codec_count;
    return call;
}

static int read_invite(struct call *call, const struct incoming *in)
{
    int error = call_info_read(&call->info, call->home, in);
    if (!error) {
        error = dialog_create(in, call->info.requested_user, &call->dialog);
    }
    if (!error) {
        call->dialog->call = call;
        call->info.dialog = (struct dialog_id){
            .call_id = call->dialog->call_id->i_id,
            .local_tag = call->dialog->local->a_tag,
            .remote_tag = call->dialog->remote->a_tag ? call->dialog->remote->a_tag : "",
        };
        instant_learn(call, in->sip);
        (void)cascade_learn(call, in->sip);
        error = invite_take(call, in);
    }
    return error;
}

struct call *call_create(struct incoming *in)
{
    struct call *call = call_make(in->agent);
    if (call && read_invite(call, in)) {
        call_free(call);
        return NULL;
    }
    return call;
}

/* A call to somebody (signalling.call). */
static int call_create_outgoing(struct sip_agent *agent, const struct outgoing_call *outgoing,
                                struct call **callp)
{
    struct call *call = call_make(agent);
    if (!call) {
        return ENOMEM;
    }
    call->state = CALL_CALLING;
    int error = invite_prepare(call, outgoing);
    if (error) {
        call_free(call);
        return error;
    }
    *callp = call;
    return 0;
}

/* Nothing may come back to the call from here on. */
static void silence(struct call *call)
{
    invite_done(call);
    session_timer_stop(call);
    reinvite_stop(call);
    reinvite_forget(call);
    loop_timer_stop(&call->unheard);
    nta_outgoing_destroy(call->calling);
    call->calling = NULL;
    nta_outgoing_destroy(call->bye);
    call->bye = NULL;
    transfer_forget(call);
    instant_forget(call);
}

void call_free(struct call *call)
{
    silence(call);
    call->agent->call_count--;
    if (call->dialog) {
        dialog_ended(call);
        call->dialog->call = NULL;
        dialog_release(call->dialog);
    }
    terms_free(call->terms);
    sdp_free(call->offer);
    recipients_clear(&call->recipients);
    free(call->sent_sdp);
    free(call->peer_sdp);
    free(call->numbers);
    free(call->session);
    su_home_deinit(call->home);
    free(call);
}

/* ---- telling the focus ---------------------------------------------------------------------- */

void call_emit_session(struct call *call)
{
    if (call->session_changed) {
        call->session_changed = false;
        struct session session;
        offer_agreed(call, &session);
        session.peer = call->dialog->peer;
        call->agent->events->on_session(call, &session, call->agent->events_arg);
    }
}

static void tell(struct call *call)
{
    const struct sip_agent *agent = call->agent;
    if (call->state != CALL_ENDED) {
        call_emit_session(call);
    }
    /* The focus may have rejected or ended it just now. */
    if (call->state == CALL_ENDED && !call->is_later) {
        call_log(call, "ended: %d %s", call->end_code, call->end_reason);
        agent->events->on_ended(call, call->end_code, call->end_reason, agent->events_arg);
        call_free(call);
    }
}

static void on_later(void *arg)
{
    struct sip_agent *agent = arg;
    struct call *call = agent->later;
    agent->later = NULL;
    agent->later_tail = &agent->later;
    while (call) {
        struct call *next = call->next_later;
        call->is_later = false;
        call->next_later = NULL;
        tell(call);
        call = next;
    }
}

void call_later(struct call *call)
{
    struct sip_agent *agent = call->agent;
    if (!call->is_later) {
        call->is_later = true;
        *agent->later_tail = call;
        agent->later_tail = &call->next_later;
    }
    if (!agent->later_timer &&
        loop_timer_start(agent->loop, &agent->later_timer, 0, on_later, agent)) {
        log_error("out of memory: the end of call %s is told with the next one's", call->id);
    }
}

void call_finish(struct call *call, int code, const char *reason)
{
    if (call->state == CALL_ENDED) {
        return;
    }
    /* Of several reasons the first is told: that for which our own BYE went out. */
    if (call->state != CALL_ENDING && !call->end_wanted) {
        call->end_code = code;
        text_clean(call->end_reason, sizeof call->end_reason, reason ? reason : "", false);
    }
    call->state = CALL_ENDED;
    silence(call);
    call_later(call);
}

/* ---- what the focus asks -------------------------------------------------------------------- */

static int begin(void *ctx, const struct outgoing_call *outgoing, struct call **callp)
{
    return outgoing && outgoing->target && callp ? call_create_outgoing(ctx, outgoing, callp)
                                                 : EINVAL;
}

static int invite(struct call *call, const struct answer *offer)
{
    return offer && call->state == CALL_CALLING && !call->calling ? invite_call(call, offer)
                                                                  : EINVAL;
}

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
    if (call->state == CALL_INCOMING && code > 100 && code < 200) {
        invite_provisional(call, code, phrase_of(code, reason));
    }
}

static int early(struct call *call, const struct answer *how)
{
    return how && call->state == CALL_INCOMING ? invite_early(call, how) : EINVAL;
}

static int answer(struct call *call, const struct answer *how)
{
    if (!how || call->state != CALL_INCOMING) {
        return EINVAL;
    }
    return invite_answer(call, how);
}

static void reject(struct call *call, int code, const char *reason, unsigned retry_after)
{
    if (call->state != CALL_INCOMING) {
        return;
    }
    if (code < 300 || code > 699) {
        code = 500;
    }
    const char *phrase = phrase_of(code, reason);
    if (retry_after) {
        sip_retry_after_t after[1];
        sip_retry_after_init(after)->af_delta = retry_after;
        invite_refuse(call, code, phrase, SIPTAG_RETRY_AFTER(after), TAG_END());
    } else {
        invite_refuse(call, code, phrase, TAG_END());
    }
    call_finish(call, code, phrase);
}

/* A user part has no colon that is not escaped, a URI has one. */
static const sip_contact_t *contact_of(struct call *call, const char *target, bool is_focus)
{
    if (!strchr(target, ':')) {
        return contact_make(call->agent, call->home, target, is_focus, call->invite.tport,
                            sip_object(call->invite.request)->sip_request->rq_url);
    }
    const url_t *uri = target_parse(call->home, target);
    return uri ? sip_contact_create(call->home, (const url_string_t *)uri,
                                    is_focus ? "isfocus" : NULL, NULL)
               : NULL;
}

static int redirect(struct call *call, const char *target, bool is_focus)
{
    if (call->state != CALL_INCOMING) {
        return EINVAL;
    }
    const sip_contact_t *contact = contact_of(call, target, is_focus);
    if (!contact) {
        return EINVAL;
    }
    invite_refuse(call, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT(contact), TAG_END());
    call_finish(call, 302, sip_302_Moved_temporarily);
    return 0;
}

void call_want_end(struct call *call, int code, const char *phrase)
{
    if (!call->end_wanted) {
        call->end_wanted = true;
        call->end_code = code;
        text_clean(call->end_reason, sizeof call->end_reason, phrase, false);
    }
}

static void end(struct call *call, int code, const char *reason)
{
    const char *phrase = phrase_of(code, reason);
    char header[2 * REASON_SIZE + 64];

    switch (call->state) {
    case CALL_INCOMING:
        reason_write(header, sizeof header, code, phrase);
        invite_refuse(call, SIP_480_TEMPORARILY_UNAVAILABLE, SIPTAG_REASON_STR(header), TAG_END());
        call_finish(call, code, phrase);
        break;
    case CALL_CALLING:
        call_want_end(call, code, phrase);
        invite_cancel(call);
        break;
    case CALL_ANSWERED:
        /* RFC 3261 §15: the callee must not send a BYE before the ACK. */
        call_want_end(call, code, phrase);
        break;
    case CALL_ESTABLISHED:
        call_bye(call, code, phrase, true);
        break;
    case CALL_CANCELLING:
    case CALL_ENDING:
    case CALL_ENDED:
        break;
    }
}

const struct signalling *sip_agent_signalling(const struct sip_agent *agent)
{
    return &agent->signalling;
}

void signalling_create(struct sip_agent *agent)
{
    agent->signalling = (struct signalling){
        .ctx = agent,
        .call = begin,
        .invite = invite,
        .info = info,
        .set_user = set_user,
        .user = user,
        .progress = progress,
        .early = early,
        .answer = answer,
        .update = reinvite_update,
        .transfer = transfer_begin,
        .reject = reject,
        .redirect = redirect,
        .end = end,
        .refer = errand_begin,
        .report = referral_report,
        .message = instant_send,
        .reply = page_send,
    };
}
