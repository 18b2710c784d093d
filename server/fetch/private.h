/*
 * Inside the web client. Nobody outside this folder includes this.
 *
 *   fetch.c     what is asked for and what comes of it
 *   hosts.c     whom to ask
 *   redirect.c  going on elsewhere
 *   transfer.c  the thread with libcurl: one request, one answer
 */
#ifndef FETCH_PRIVATE_H
#define FETCH_PRIVATE_H

#include "core/worker.h"
#include "fetch/fetch.h"

#include <curl/curl.h>
#include <sys/queue.h>

enum {
    HEAD_MAX = 64 << 10, /* bytes of an answer's headers */
    PROBLEM_SIZE = 400,
};

struct buffer {
    char *bytes;
    size_t size, room;
};

/* From being asked to being answered. The thread's while it is posted. */
struct fetch {
    struct job job; /* first */
    struct fetcher *fetcher;
    void (*handler)(const struct fetch_answer *answer, void *arg); /* NULL: given up */
    void *arg;
    atomic_bool is_cancelled; /* the focus thread tells the other one */

    char *method;
    CURLU *url;
    struct curl_slist *headers;
    struct buffer body;
    bool has_body;
    unsigned redirections; /* that it has followed */
    uint64_t deadline;     /* loop_now() */
    unsigned timeout;      /* ms, all in all */
    unsigned left;         /* ms of it, for this transfer */
    size_t limit;          /* bytes of the answer's body */

    /* The answer: headers as name, NUL, value, NUL. */
    long status;
    struct buffer answer_head, answer_body;
    unsigned header_count;
    char *location; /* of a redirection, as it stands there; NULL: none */
    char problem[PROBLEM_SIZE];

    /* The thread's. */
    TAILQ_ENTRY(fetch) of_list;
    uint64_t expires; /* clock_us() */
    CURL *easy;
    char curl_error[CURL_ERROR_SIZE];
};

struct fetcher {
    struct loop *loop;
    struct worker *worker;
    struct fetching fetching;
    struct web_host *allow;
    unsigned allow_count, connections;
    unsigned waiting; /* fetches */
    atomic_bool has_cancelled;
};

/* False: out of memory. */
bool buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_free(struct buffer *buffer);

/* ---- fetch.c -------------------------------------------------------------------------------- */

/* Forgets what has been answered. */
void fetch_clear(struct fetch *fetch);
/* To the thread, for the rest of its time. Errors as worker_post. */
int fetch_post(struct fetch *fetch);

/* ---- hosts.c -------------------------------------------------------------------------------- */

/* Takes the text, which may be relative to what stood there, for the URL. EINVAL, EACCES: `error`
 * says why not; ENOMEM. */
int url_set(const struct fetcher *fetcher, CURLU *url, const char *text, char *error, size_t size);
/* "https://api.example.com:443"; to be freed. NULL: out of memory. */
char *url_origin(CURLU *url);

/* ---- redirect.c ----------------------------------------------------------------------------- */

bool fetch_is_redirected(const struct fetch *fetch);
/* Asks anew, where it has been sent. False: it has a problem now. */
bool fetch_follow(struct fetch *fetch);

/* ---- transfer.c ----------------------------------------------------------------------------- */

/* The thread. */
void transfer_run(struct worker *worker, void *fetcher);

#endif
