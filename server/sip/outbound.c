/* What the operator has set for calls of ours: proxy, credentials, redirections. */
#include "sip/agent.h"
#include "sip/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void credentials_free(struct sip_credential *credentials, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free((char *)credentials[i].realm);
        free((char *)credentials[i].user);
        free((char *)credentials[i].password);
    }
    free(credentials);
}

static int credentials_copy(const struct sip_outbound *outbound, struct sip_credential **copyp)
{
    struct sip_credential *copy = calloc(outbound->credential_count + 1, sizeof *copy);
    if (!copy) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < outbound->credential_count; i++) {
        const struct sip_credential *given = &outbound->credentials[i];
        copy[i].realm = strdup(given->realm);
        copy[i].user = strdup(given->user);
        copy[i].password = strdup(given->password);
        if (!copy[i].realm || !copy[i].user || !copy[i].password) {
            credentials_free(copy, i + 1);
            return ENOMEM;
        }
    }
    *copyp = copy;
    return 0;
}

/* A loose route to the proxy (RFC 3261 §8.1.2). */
static int make_proxy(struct sip_agent *agent, const char *text, sip_route_t **proxyp)
{
    *proxyp = NULL;
    if (!text || !*text) {
        return 0;
    }
    url_t *url = target_parse(agent->home, text);
    if (!url) {
        return EINVAL;
    }
    *proxyp =
        url_param_add(agent->home, url, "lr") < 0 ? NULL : sip_route_create(agent->home, url, NULL);
    su_free(agent->home, url);
    return *proxyp ? 0 : ENOMEM;
}

int sip_agent_set_outbound(struct sip_agent *agent, const struct sip_outbound *outbound)
{
    sip_route_t *proxy = NULL;
    struct sip_credential *credentials = NULL;
    int error = make_proxy(agent, outbound->proxy, &proxy);
    if (!error) {
        error = credentials_copy(outbound, &credentials);
    }
    if (error) {
        su_free(agent->home, proxy);
        return error;
    }
    outbound_free(agent);
    agent->proxy = proxy;
    agent->credentials = credentials;
    agent->credential_count = outbound->credential_count;
    agent->redirects = outbound->redirects;
    return 0;
}

void outbound_free(struct sip_agent *agent)
{
    su_free(agent->home, agent->proxy);
    credentials_free(agent->credentials, agent->credential_count);
    agent->proxy = NULL;
    agent->credentials = NULL;
    agent->credential_count = 0;
}
