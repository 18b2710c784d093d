/* What applications have done for them: the web client, the store. */
#include "main/serve.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int start_fetcher(struct server *server)
{
    const struct settings *settings = &server->settings;
    struct fetcher_config config = {
        .loop = server->loop,
        .allow = (const char *const *)settings->http_allow.items,
        .allow_count = settings->http_allow.count,
        .connections = settings->http_connections,
    };
    return fetcher_create(&config, &server->fetcher);
}

static int start_store(struct server *server)
{
    const struct settings *settings = &server->settings;
    char file[PATH_MAX];
    struct store_config config = {
        .loop = server->loop,
        .file = *settings->store_file ? settings->store_file : file,
        .most = (uint64_t)settings->store_size << 20,
    };
    snprintf(file, sizeof file, "%s/store.db", settings->data);
    return store_create(&config, &server->store);
}

int server_start_helpers(struct server *server)
{
    int status = start_fetcher(server);
    if (!status) {
        status = start_store(server);
    }
    if (status) {
        complain("what applications need cannot be made: %s", strerror(status));
    }
    return status ? EXIT_RUN_TIME : EXIT_CLEAN;
}
