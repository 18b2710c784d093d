/* A web of which somebody else says what it answers. */
#include "simulate/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { ANSWER_TAKES = 10 }; /* ms */

struct fetch {
    struct simulated_web *web;
    struct fetch_request request; /* with texts of its own */
    struct text *strings;
    struct fetch_header *headers;
    void (*handler)(const struct fetch_answer *answer, void *arg);
    void *arg;
    struct loop_timer *timer;
    struct fetch *prev, *next;
};

static void fetch_free(struct fetch *fetch)
{
    DL_DELETE(fetch->web->fetches, fetch);
    loop_timer_stop(&fetch->timer);
    texts_free(&fetch->strings);
    free(fetch->headers);
    free((void *)fetch->request.body);
    free(fetch);
}

static void on_answer(void *arg)
{
    struct fetch *fetch = arg;
    struct simulated_web *web = fetch->web;
    struct fetch_answer answer = {.problem = "nobody answers for the web in this simulation"};

    if (web->handler) {
        answer.problem = NULL;
        web->handler(&fetch->request, &answer, web->arg);
    }
    if (answer.body_size > fetch->request.limit)
        answer = (struct fetch_answer){.problem = "the answer is too long"};
    fetch->handler(&answer, fetch->arg);
    fetch_free(fetch);
}

static bool copy(struct fetch *fetch, const struct fetch_request *request)
{
    struct fetch_request *own = &fetch->request;

    *own = *request;
    own->method = text_add(&fetch->strings, request->method);
    own->url = text_add(&fetch->strings, request->url);
    own->body = NULL;
    own->headers = fetch->headers = calloc(request->header_count + 1, sizeof *fetch->headers);
    if (request->body && request->body_size > 0) {
        own->body = malloc(request->body_size);
        if (!own->body)
            return false;
        memcpy((void *)own->body, request->body, request->body_size);
    }
    for (unsigned i = 0; fetch->headers && i < request->header_count; i++) {
        fetch->headers[i].name = text_add(&fetch->strings, request->headers[i].name);
        fetch->headers[i].value = text_add(&fetch->strings, request->headers[i].value);
        if (!fetch->headers[i].name || !fetch->headers[i].value)
            return false;
    }
    return own->method && own->url && own->headers;
}

static int begin(void *ctx, const struct fetch_request *request,
                 void (*handler)(const struct fetch_answer *answer, void *arg), void *arg,
                 struct fetch **fetchp, char *error, size_t error_size)
{
    struct simulated_web *web = ctx;
    struct fetch *fetch = calloc(1, sizeof *fetch);

    if (!fetch)
        return ENOMEM;
    fetch->web = web;
    fetch->handler = handler;
    fetch->arg = arg;
    DL_APPEND(web->fetches, fetch);
    if (strncmp(request->url, "http://", 7) != 0 && strncmp(request->url, "https://", 8) != 0) {
        fetch_free(fetch);
        (void)snprintf(error, error_size, "that is no http or https URL");
        return EINVAL;
    }
    if (!copy(fetch, request) ||
        loop_timer_start(web->loop, &fetch->timer, ANSWER_TAKES, on_answer, fetch)) {
        fetch_free(fetch);
        return ENOMEM;
    }
    *fetchp = fetch;
    return 0;
}

const struct fetching *web_open(struct simulated_web *web, struct loop *loop)
{
    web->loop = loop;
    web->fetching = (struct fetching){.ctx = web, .begin = begin, .cancel = fetch_free};
    return &web->fetching;
}

void web_close(struct simulated_web *web)
{
    struct fetch *fetch, *next;

    DL_FOREACH_SAFE(web->fetches, fetch, next)
    {
        fetch_free(fetch);
    }
}
