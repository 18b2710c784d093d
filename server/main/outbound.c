/* From the settings of outgoing calls to what the SIP agent wants of them. */
#include "core/log.h"
#include "main/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int server_set_outbound(struct server *server, const struct settings *settings)
{
    struct sip_outbound outbound = {.proxy = settings->outbound_proxy,
                                    .redirects = settings->outbound_redirects};
    size_t count = json_object_size(settings->outbound_credentials);
    struct sip_credential *credentials = calloc(count + 1, sizeof *credentials);
    const char *realm;
    json_t *entry;
    int error = credentials ? 0 : ENOMEM;

    if (!error) {
        /* settings_finish has seen to it that they are texts. */
        json_object_foreach(settings->outbound_credentials, realm, entry)
        {
            credentials[outbound.credential_count++] = (struct sip_credential){
                .realm = realm,
                .user = json_string_value(json_object_get(entry, "user")),
                .password = json_string_value(json_object_get(entry, "password")),
            };
        }
        outbound.credentials = credentials;
        error = sip_agent_set_outbound(server->agent, &outbound);
    }
    if (error) {
        log_error("outbound: %s", strerror(error));
    }
    free(credentials);
    return error;
}
