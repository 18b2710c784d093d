/*
 * MESSAGEs of ours (RFC 3428 §4, §8), in the dialog of a call, where they go the way that its other
 * requests go, whatever NATs and proxies lie there. One at a time, as §8 wants it.
 *
 * From is the conference, which is the dialog's; so who says it stands in the text, or in the From
 * of message/cpim where the phone takes that.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/instant.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MOST = 100 }; /* messages for one phone */

/* One that is to be sent, or is out. */
struct instant {
    struct instant *next;
    const char *type;
    char *body; /* malloc'ed */
};

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

/* ---- what the phone takes ------------------------------------------------------------------- */

static bool accepts_cpim(const sip_t *sip)
{
    for (const sip_accept_t *accept = sip->sip_accept; accept; accept = accept->ac_next) {
        if (accept->ac_type && su_casematch(accept->ac_type, CPIM_TYPE)) {
            return true;
        }
    }
    return false;
}

void instant_learn(struct call *call, const sip_t *sip)
{
    call->info.takes_messages |=
        sip->sip_allow && sip_is_allowed(sip->sip_allow, SIP_METHOD_MESSAGE);
    call->instants.takes_cpim |= accepts_cpim(sip);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void drop(struct instants *instants, struct instant **slot)
{
    struct instant *instant = *slot;

    *slot = instant->next;
    instants->count--;
    free(instant->body);
    free(instant);
}

void instant_forget(struct call *call)
{
    struct instants *instants = &call->instants;

    nta_outgoing_destroy(instants->request);
    instants->request = NULL;
    while (instants->first) {
        drop(instants, &instants->first);
    }
}

/* Sends the first, which stays until it is answered. */
static int send_first(struct call *call)
{
    struct instants *instants = &call->instants;
    const struct instant *first = instants->first;

    if (++instants->tries > TRIES_MAX) {
        return ELOOP;
    }
    instants->request = dialog_request(call->dialog, on_response, call, SIP_METHOD_MESSAGE, 0,
                                       SIPTAG_CONTENT_TYPE_STR(first->type),
                                       SIPTAG_PAYLOAD_STR(first->body), TAG_END());
    return instants->request ? 0 : EHOSTUNREACH;
}

/* The first is answered, or cannot be sent: it is over. */
static void go_on(struct call *call)
{
    struct instants *instants = &call->instants;

    do {
        drop(instants, &instants->first);
        instants->tries = 0;
    } while (instants->first && send_first(call));
}

/* A phone that has said it does, and does not after all, is sent no more. */
static void learn_refusal(struct call *call, int status)
{
    struct instants *instants = &call->instants;

    call_log(call, "a message was not taken: %d", status);
    if (status != 405 && status != 415 && status != 501) {
        return;
    }
    call->info.takes_messages = false;
    while (instants->count > 1) { /* the first goes as any that is answered */
        drop(instants, &instants->first->next);
    }
}

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    call->instants.request = NULL;
    bool is_challenged = (status == 401 || status == 407) && sip &&
                         digest_challenged(call->dialog, sip) && send_first(call) == 0;
    if (!is_challenged) {
        if (status >= 300) {
            learn_refusal(call, status);
        }
        go_on(call);
    }
    nta_outgoing_destroy(request);
    return 0;
}

/* ---- what is to be said --------------------------------------------------------------------- */

/* Further lines are set in, or one of them could say "Bob: …" and be taken for what Bob says. */
static char *write_plain(const struct outgoing_message *message)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file) {
        return NULL;
    }
    (void)fprintf(file, "%s%s", message->name, *message->name ? ": " : "");
    for (const char *at = message->text; *at; at++) {
        (void)fputc(*at, file);
        if (*at == '\n' && *message->name) {
            (void)fputs("  ", file);
        }
    }
    if (fclose(file)) {
        free(text);
        return NULL;
    }
    return text;
}

static char *write_body(const struct call *call, const struct outgoing_message *message)
{
    char to[2 * USER_SIZE + 64];

    if (!call->instants.takes_cpim) {
        return write_plain(message);
    }
    (void)snprintf(to, sizeof to, URL_PRINT_FORMAT, URL_PRINT_ARGS(call->dialog->local->a_url));
    return cpim_write(message, to);
}

int instant_send(struct call *call, const struct outgoing_message *message)
{
    struct instants *instants = &call->instants;
    struct instant *instant, **last = &instants->first;

    if (call->state != CALL_ESTABLISHED || !call->info.takes_messages) {
        return ENOPROTOOPT;
    }
    if (instants->count == WAITING_MOST) {
        return EAGAIN;
    }
    instant = calloc(1, sizeof *instant);
    if (!instant) {
        return ENOMEM;
    }
    instant->type = instants->takes_cpim ? CPIM_TYPE : "text/plain;charset=utf-8";
    instant->body = write_body(call, message);
    if (!instant->body) {
        free(instant);
        return ENOMEM;
    }
    while (*last) {
        last = &(*last)->next;
    }
    *last = instant;
    instants->count++;
    if (!instants->request && send_first(call)) {
        go_on(call);
    }
    return 0;
}
