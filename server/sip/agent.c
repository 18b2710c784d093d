/* The agent: beginning and end, counters, the library's log. */
#include "sip/agent.h"
#include "sip/bindings.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/instant.h"
#include "sip/message.h"
#include "sip/refer.h"
#include "sip/subscription.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sresolv.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Defined by the library, declared in none of its headers. */
extern su_log_t nta_log[], tport_log[], sresolv_log[];

static void write_log(void *stream, const char *format, va_list arguments)
{
    (void)stream;
    char line[512];
    int length = vsnprintf(line, sizeof line, format, arguments);
    if (length > 0) {
        line[strcspn(line, "\n")] = '\0';
        log_debug("sofia: %s", line);
    }
}

static void redirect_logs(void)
{
    su_log_t *logs[] = {nta_log, tport_log, sresolv_log, su_log_default, NULL};
    for (su_log_t **log = logs; *log; log++) {
        su_log_redirect(*log, write_log, NULL);
        su_log_set_level(*log, log_enabled(LOG_LEVEL_DEBUG) ? 3 : 0);
    }
}

static int copy_config(struct sip_agent *agent, const struct sip_config *config)
{
    agent->loop = config->loop;
    agent->events = config->events;
    agent->events_arg = config->events_arg;
    agent->session_expires = config->session_expires;
    agent->min_se = config->min_se;
    agent->is_registrar = config->registrar;
    agent->registration_min = config->registration_min;
    agent->registration_max = config->registration_max;
    agent->packages = config->packages;
    agent->package_count = config->package_count;
    agent->min_expires = config->min_expires;
    agent->max_expires = config->max_expires;
    agent->recipients_max = config->recipients;
    agent->takes_initiate = config->initiate && config->recipients > 0;
    agent->t1 = config->t1 ? config->t1 : SIP_T1;
    agent->later_tail = &agent->later;
    agent->log_id_salt = (uint32_t)su_randint(0, INT32_MAX);
    signalling_create(agent);
    agent->domain = strdup(config->domain ? config->domain : "");
    agent->codecs = calloc(config->codec_count, sizeof *agent->codecs);
    if (!agent->domain || !agent->codecs) {
        return ENOMEM;
    }
    memcpy(agent->codecs, config->codecs, config->codec_count * sizeof *agent->codecs);
    agent->codec_count = config->codec_count;
    int result = sip_agent_set_outbound(agent, &config->outbound);
    if (!result) {
        result = auth_create(agent, config);
    }
    return result ? result : headers_create(agent);
}

int sip_agent_create(const struct sip_config *config, struct sip_agent **agentp, char *error,
                     size_t error_size)
{
    if (!config || !config->loop || !config->events || !agentp || config->listen_count == 0 ||
        config->codec_count == 0) {
        snprintf(error, error_size, "the SIP agent needs a loop, a listener and a codec");
        return EINVAL;
    }
    struct sip_agent *agent = calloc(1, sizeof *agent);
    if (!agent) {
        snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    su_home_init(agent->home);
    int result = copy_config(agent, config);
    if (result) {
        snprintf(error, error_size, "%s", strerror(result));
        goto out;
    }
    redirect_logs();
    agent->nta = nta_agent_create(
        loop_su_root(agent->loop), (const url_string_t *)SIP_NONE, receive_message, agent,
        NTATAG_UA(1), NTATAG_MERGE_482(1), NTATAG_SERVER_RPORT(2), NTATAG_CLIENT_RPORT(1),
        NTATAG_MAXSIZE(MESSAGE_SIZE), NTATAG_UDP_MTU(65535), NTATAG_SIP_T1(agent->t1),
        NTATAG_SIP_T1X64(64 * agent->t1), NTATAG_SIP_T2(SIP_T2 / SIP_T1 * agent->t1),
        NTATAG_SIP_T4(SIP_T4 / SIP_T1 * agent->t1),
        TAG_IF(config->resolv_conf, SRESTAG_RESOLV_CONF(config->resolv_conf)), TAG_END());
    if (!agent->nta) {
        snprintf(error, error_size, "out of memory");
        result = ENOMEM;
        goto out;
    }
    for (unsigned i = 0; i < config->listen_count; i++) {
        result = listen_on(agent, config->listen[i], error, error_size);
        if (result) {
            goto out;
        }
    }
    *agentp = agent;
out:
    if (result) {
        sip_agent_destroy(agent);
    }
    return result;
}

/* The dialog goes with its last one. */
static void free_usage(struct dialog *dialog)
{
    if (dialog->call) {
        call_free(dialog->call);
    } else if (dialog->errand) {
        errand_close(dialog->errand);
    } else if (dialog->page) {
        page_close(dialog->page);
    } else {
        subscription_close(dialog->subscriptions);
    }
}

void sip_agent_destroy(struct sip_agent *agent)
{
    if (!agent) {
        return;
    }
    loop_timer_stop(&agent->later_timer);
    for (unsigned i = 0; i < DIALOG_BUCKETS; i++) {
        while (agent->dialogs[i]) {
            free_usage(agent->dialogs[i]);
        }
    }
    loop_timer_stop(&agent->due_timer);
    refusals_close(agent);
    outbound_free(agent);
    bindings_close(agent);
    if (agent->nta) {
        nta_agent_destroy(agent->nta);
    }
    auth_destroy(agent);
    su_home_deinit(agent->home);
    free(agent->codecs);
    free(agent->domain);
    free(agent);
}

void sip_agent_stats(const struct sip_agent *agent, struct sip_stats *stats)
{
    usize_t received = 0, sent = 0, bad = 0, requests = 0, responses = 0;
    usize_t dialogs = 0, incoming = 0, outgoing = 0;
    nta_agent_get_stats(agent->nta, NTATAG_S_RECV_MSG_REF(received), NTATAG_S_SENT_MSG_REF(sent),
                        NTATAG_S_BAD_MESSAGE_REF(bad), NTATAG_S_RETRY_REQUEST_REF(requests),
                        NTATAG_S_RETRY_RESPONSE_REF(responses), NTATAG_S_LEG_HASH_USED_REF(dialogs),
                        NTATAG_S_IRQ_HASH_USED_REF(incoming), NTATAG_S_ORQ_HASH_USED_REF(outgoing),
                        TAG_END());
    *stats = (struct sip_stats){
        .calls = agent->call_count,
        .subscriptions = agent->subscription_count,
        .dialogs = (unsigned)dialogs,
        .transactions = (unsigned)(incoming + outgoing) + agent->refusal_count,
        .errands = agent->errand_count,
        .notifies = agent->notify_count,
        .received = received,
        .sent = sent,
        .bad = bad,
        .retransmitted = requests + responses + agent->resent,
    };
}
