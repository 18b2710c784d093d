#include "fetch/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MOST = 1000 }; /* fetches under way, or waiting for a connection */

/* ---- life ----------------------------------------------------------------------------------- */

void fetch_clear(struct fetch *fetch)
{
    buffer_free(&fetch->answer_head);
    buffer_free(&fetch->answer_body);
    free(fetch->location);
    fetch->location = NULL;
    fetch->header_count = 0;
    fetch->status = 0;
}

static void fetch_free(struct fetch *fetch)
{
    fetch_clear(fetch);
    buffer_free(&fetch->body);
    curl_slist_free_all(fetch->headers);
    curl_url_cleanup(fetch->url);
    free(fetch->method);
    free(fetch);
}

static bool add_header(struct fetch *fetch, const struct fetch_header *header)
{
    struct curl_slist *longer;
    char *line;

    /* libcurl takes "Name;" for a header without a value, and "Name:" for one to be left out. */
    if (asprintf(&line, "%s%s%s", header->name, *header->value ? ": " : ";", header->value) < 0)
        return false;
    longer = curl_slist_append(fetch->headers, line);
    free(line);
    if (longer)
        fetch->headers = longer;
    return longer != NULL;
}

static bool fill(struct fetch *fetch, const struct fetch_request *request)
{
    fetch->method = strdup(request->method);
    fetch->url = curl_url();
    fetch->has_body = request->body || strcmp(request->method, "POST") == 0;
    fetch->timeout = request->timeout;
    fetch->limit = request->limit;
    for (unsigned i = 0; i < request->header_count; i++) {
        if (!add_header(fetch, &request->headers[i]))
            return false;
    }
    return fetch->method && fetch->url &&
           (!request->body || buffer_add(&fetch->body, request->body, request->body_size));
}

int fetch_post(struct fetch *fetch)
{
    uint64_t now = loop_now(fetch->fetcher->loop);

    fetch->left = fetch->deadline > now ? (unsigned)(fetch->deadline - now) : 1;
    return worker_post(fetch->fetcher->worker, &fetch->job);
}

static int begin(void *ctx, const struct fetch_request *request,
                 void (*handler)(const struct fetch_answer *answer, void *arg), void *arg,
                 struct fetch **fetchp, char *error, size_t error_size)
{
    struct fetcher *fetcher = ctx;
    struct fetch *fetch;
    int result;

    if (fetcher->waiting >= WAITING_MOST) {
        (void)snprintf(error, error_size, "%d requests are under way already", WAITING_MOST);
        return EAGAIN;
    }
    fetch = calloc(1, sizeof *fetch);
    if (!fetch)
        return ENOMEM;
    fetch->fetcher = fetcher;
    fetch->handler = handler;
    fetch->arg = arg;
    fetch->deadline = loop_now(fetcher->loop) + request->timeout;
    result = fill(fetch, request) ? url_set(fetcher, fetch->url, request->url, error, error_size)
                                  : ENOMEM;
    if (!result)
        result = fetch_post(fetch);
    if (result) {
        fetch_free(fetch);
        return result;
    }
    fetcher->waiting++;
    *fetchp = fetch;
    return 0;
}

static void cancel(struct fetch *fetch)
{
    fetch->handler = NULL;
    atomic_store(&fetch->is_cancelled, true);
    atomic_store(&fetch->fetcher->has_cancelled, true);
    worker_wake(fetch->fetcher->worker);
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void tell(struct fetch *fetch)
{
    struct fetch_header *headers = calloc(fetch->header_count + 1, sizeof *headers);
    struct fetch_answer answer = {
        .problem = *fetch->problem      ? fetch->problem
                   : fetch->status == 0 ? "given up"
                                        : NULL,
        .status = (unsigned)fetch->status,
        .headers = headers,
        .header_count = fetch->header_count,
        .body = fetch->answer_body.bytes,
        .body_size = fetch->answer_body.size,
    };
    const char *text = fetch->answer_head.bytes;

    if (!headers)
        answer = (struct fetch_answer){.problem = "out of memory"};
    for (unsigned i = 0; i < answer.header_count; i++) {
        headers[i].name = text;
        headers[i].value = text + strlen(text) + 1;
        text = headers[i].value + strlen(headers[i].value) + 1;
    }
    fetch->handler(&answer, fetch->arg);
    free(headers);
}

static void on_done(struct job *job, void *arg)
{
    struct fetcher *fetcher = arg;
    struct fetch *fetch = (struct fetch *)job;

    if (fetch->handler && fetch_is_redirected(fetch) && fetch_follow(fetch))
        return;
    fetcher->waiting--;
    if (fetch->handler)
        tell(fetch);
    fetch_free(fetch);
}

/* ---- the client ----------------------------------------------------------------------------- */

int fetcher_create(const struct fetcher_config *config, struct fetcher **fetcherp)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);
    int error;

    if (!fetcher)
        return ENOMEM;
    fetcher->loop = config->loop;
    fetcher->connections = config->connections;
    fetcher->fetching = (struct fetching){.ctx = fetcher, .begin = begin, .cancel = cancel};
    error = fetcher_allow(fetcher, config->allow, config->allow_count);
    if (!error)
        error = worker_create(&(struct worker_config){.loop = config->loop,
                                                      .name = "fetch",
                                                      .run = transfer_run,
                                                      .done = on_done,
                                                      .arg = fetcher},
                              &fetcher->worker);
    if (error) {
        fetcher_destroy(fetcher);
        return error;
    }
    *fetcherp = fetcher;
    return 0;
}

void fetcher_destroy(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    worker_destroy(fetcher->worker);
    free(fetcher->allow);
    free(fetcher);
}

const struct fetching *fetcher_fetching(struct fetcher *fetcher)
{
    return &fetcher->fetching;
}
