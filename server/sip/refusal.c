/*
 * An INVITE that is refused: the server transaction of RFC 3261 §17.2.1 from its 3xx–6xx on.
 *
 * nta's own would do, but for an assertion: when a response of its cannot be sent (an ICMP error
 * of another peer is enough) and the ACK comes all the same, it aborts the process.
 */
#include "sip/agent.h"
#include "sip/message.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>

enum {
    REFUSALS_MAX = 20000, /* at a time; beyond it a refusal is sent just once */
};

struct refusal {
    struct sip_agent *agent;
    struct refusal *next; /* in its bucket */
    msg_t *request, *response;
    tport_t *tport;
    bool has_ack;
    unsigned interval; /* ms until the response goes out again */
    uint64_t give_up;  /* on loop_now's clock */
    struct loop_timer *timer;
};

static struct refusal **bucket_of(struct sip_agent *agent, const sip_t *sip)
{
    return &agent->refusals[sip->sip_call_id->i_hash & (DIALOG_BUCKETS - 1)];
}

static void refusal_free(struct refusal *refusal)
{
    struct refusal **slot = bucket_of(refusal->agent, sip_object(refusal->request));
    while (*slot != refusal) {
        slot = &(*slot)->next;
    }
    *slot = refusal->next;
    refusal->agent->refusal_count--;
    loop_timer_stop(&refusal->timer);
    msg_destroy(refusal->request);
    msg_destroy(refusal->response);
    tport_unref(refusal->tport);
    free(refusal);
}

void refusals_close(struct sip_agent *agent)
{
    for (unsigned i = 0; i < DIALOG_BUCKETS; i++) {
        while (agent->refusals[i]) {
            refusal_free(agent->refusals[i]);
        }
    }
}

static void send_response(const struct refusal *refusal)
{
    msg_t *copy = msg_dup(refusal->response);
    if (copy) {
        int status = sip_object(copy)->sip_status->st_status;
        nta_msg_mreply(refusal->agent->nta, copy, sip_object(copy), status, NULL,
                       msg_ref(refusal->request), NTATAG_TPORT(refusal->tport), TAG_END());
    }
}

static void on_timer(void *arg)
{
    struct refusal *refusal = arg;
    const struct sip_agent *agent = refusal->agent;
    unsigned longest = SIP_T2 / SIP_T1 * agent->t1;

    if (refusal->has_ack || loop_now(agent->loop) >= refusal->give_up) {
        refusal_free(refusal);
        return;
    }
    refusal->agent->resent++;
    send_response(refusal);
    refusal->interval = 2 * refusal->interval < longest ? 2 * refusal->interval : longest;
    if (loop_timer_start(agent->loop, &refusal->timer, refusal->interval, on_timer, refusal)) {
        refusal_free(refusal);
    }
}

/* The response, whole but for what nta completes from the request. */
static msg_t *write_response(struct incoming *in, const char *to_tag, int status,
                             const char *phrase, tagi_t const *tags)
{
    msg_t *msg = nta_msg_create(in->agent->nta, 0);
    if (!msg) {
        return NULL;
    }
    su_home_t *home = msg_home(msg);
    sip_t *sip = sip_object(msg);
    /* It is repeated when the caller's phrase has long gone. */
    sip->sip_status = sip_status_create(home, (unsigned)status, su_strdup(home, phrase), NULL);
    sip->sip_to = sip_to_dup(home, in->sip->sip_to);
    if (sip->sip_to && !sip->sip_to->a_tag) {
        sip_to_tag(home, sip->sip_to,
                   to_tag ? to_tag : nta_agent_newtag(home, NULL, in->agent->nta));
    }
    if (!sip->sip_status || !sip->sip_to ||
        sip_add_tl(msg, sip, SIPTAG_SERVER(in->agent->server), TAG_NEXT(tags)) < 0) {
        msg_destroy(msg);
        return NULL;
    }
    return msg;
}

void respond_once(struct incoming *in, const char *to_tag, int status, const char *phrase,
                  tagi_t const *tags)
{
    msg_t *response = write_response(in, to_tag, status, phrase, tags);

    if (response) {
        nta_msg_mreply(in->agent->nta, response, sip_object(response), status, phrase,
                       msg_ref(in->msg), NTATAG_TPORT(in->tport), TAG_END());
    }
}

void refusal_create(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tagi_t const *tags)
{
    struct sip_agent *agent = in->agent;
    msg_t *response = write_response(in, to_tag, status, phrase, tags);
    struct refusal *refusal =
        agent->refusal_count < REFUSALS_MAX ? calloc(1, sizeof *refusal) : NULL;

    if (!response || !refusal) {
        free(refusal);
        if (response) {
            nta_msg_mreply(agent->nta, response, sip_object(response), status, phrase,
                           msg_ref(in->msg), NTATAG_TPORT(in->tport), TAG_END());
        }
        return;
    }
    refusal->agent = agent;
    refusal->request = msg_ref(in->msg);
    refusal->response = response;
    refusal->tport = tport_ref(in->tport);
    refusal->give_up = loop_now(agent->loop) + (uint64_t)T1_MULTIPLE * agent->t1;
    /* Only what may get lost is repeated. */
    refusal->interval = tport_is_reliable(in->tport) ? T1_MULTIPLE * agent->t1 : agent->t1;
    struct refusal **bucket = bucket_of(agent, in->sip);
    refusal->next = *bucket;
    *bucket = refusal;
    agent->refusal_count++;
    send_response(refusal);
    if (loop_timer_start(agent->loop, &refusal->timer, refusal->interval, on_timer, refusal)) {
        refusal_free(refusal);
    }
}

static void acknowledge(struct refusal *refusal)
{
    if (!refusal->has_ack) {
        refusal->has_ack = true;
        /* Were there no memory for it, the old timer would do. */
        (void)loop_timer_start(refusal->agent->loop, &refusal->timer,
                               SIP_T4 / SIP_T1 * refusal->agent->t1, on_timer, refusal);
    }
}

/* RFC 3261 §17.2.3; and for an INVITE that came by two ways, §8.2.2.2. A proxy that itself follows
 * a redirection of ours (§16.7) sends the same one again, to another URI. */
static struct refusal *find(struct sip_agent *agent, const sip_t *sip, bool *is_mergedp)
{
    struct refusal *merged = NULL;
    for (struct refusal *refusal = *bucket_of(agent, sip); refusal; refusal = refusal->next) {
        const sip_t *invite = sip_object(refusal->request);
        if (invite->sip_cseq->cs_seq != sip->sip_cseq->cs_seq ||
            strcmp(invite->sip_call_id->i_id, sip->sip_call_id->i_id) != 0 ||
            su_strcasecmp(invite->sip_from->a_tag, sip->sip_from->a_tag) != 0) {
            continue;
        }
        if (su_casematch(invite->sip_via->v_branch, sip->sip_via->v_branch)) {
            *is_mergedp = false;
            return refusal;
        }
        if (sip->sip_request->rq_method == sip_method_invite && !sip->sip_to->a_tag &&
            !invite->sip_to->a_tag &&
            url_cmp(sip->sip_request->rq_url, invite->sip_request->rq_url) == 0) {
            merged = refusal;
        }
    }
    *is_mergedp = true;
    return merged;
}

bool refusal_receive(struct incoming *in)
{
    bool is_merged = false;
    struct refusal *refusal = find(in->agent, in->sip, &is_merged);
    if (!refusal) {
        return false;
    }
    switch (in->sip->sip_request->rq_method) {
    case sip_method_invite:
        if (is_merged) {
            respond(in, 482, "Request Merged", TAG_END());
        } else if (!refusal->has_ack) {
            in->agent->resent++;
            send_response(refusal);
        }
        return true;
    case sip_method_ack:
        acknowledge(refusal);
        return true;
    case sip_method_cancel: /* too late, which is no error (§9.2) */
        respond_tagged(in, sip_object(refusal->response)->sip_to->a_tag, SIP_200_OK, TAG_END());
        return true;
    default:
        return false;
    }
}
