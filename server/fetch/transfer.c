/* The thread that talks HTTP: libcurl's multi interface, woken by new requests. */
#include "fetch/private.h"

#include "core/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CACHED_CONNECTIONS = 16, POLL_MS = 1000 };

TAILQ_HEAD(fetches, fetch);

struct transfers {
    struct worker *worker;
    struct fetcher *fetcher;
    CURLM *multi;
    struct fetches running;
    unsigned count;         /* of those */
    struct fetches waiting; /* for a connection: libcurl would let them wait beyond their time */
};

bool buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->room - buffer->size < size) {
        size_t room = buffer->room * 2 + size + 64;
        char *grown = realloc(buffer->bytes, room);

        if (!grown)
            return false;
        buffer->bytes = grown;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return true;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){.bytes = NULL};
}

/* ---- what comes in -------------------------------------------------------------------------- */

/* Returning less than it was given ends the transfer. */
static size_t stop_with(struct fetch *fetch, const char *problem)
{
    (void)snprintf(fetch->problem, sizeof fetch->problem, "%s", problem);
    return 0;
}

static size_t on_body(char *bytes, size_t unit, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    char problem[80];

    if (fetch->answer_body.size + unit * count > fetch->limit) {
        (void)snprintf(problem, sizeof problem, "the answer is longer than %zu bytes",
                       fetch->limit);
        return stop_with(fetch, problem);
    }
    if (!buffer_add(&fetch->answer_body, bytes, unit * count))
        return stop_with(fetch, "out of memory");
    return unit * count;
}

/* Another answer begins: what came before was 100 Continue or the like. */
static void head_begin(struct fetch *fetch)
{
    fetch->answer_head.size = 0;
    fetch->header_count = 0;
    free(fetch->location);
    fetch->location = NULL;
}

static size_t trim(const char **textp, size_t length)
{
    while (length > 0 && isspace((unsigned char)**textp)) {
        (*textp)++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)(*textp)[length - 1]))
        length--;
    return length;
}

/* "Name: value", with name_length bytes before the colon. */
static bool head_add(struct fetch *fetch, const char *line, size_t name_length, size_t length)
{
    const char *value = line + name_length + 1;
    size_t value_length = trim(&value, length - name_length - 1);
    struct buffer *head = &fetch->answer_head;
    size_t begin = head->size;

    if (!buffer_add(head, line, name_length) || !buffer_add(head, "", 1) ||
        !buffer_add(head, value, value_length) || !buffer_add(head, "", 1))
        return false;
    for (size_t i = begin; i < begin + name_length; i++)
        head->bytes[i] = (char)tolower((unsigned char)head->bytes[i]);
    fetch->header_count++;
    if (strcmp(head->bytes + begin, "location") == 0 && !fetch->location) {
        fetch->location = strndup(value, value_length);
        return fetch->location != NULL;
    }
    return true;
}

static size_t on_header(char *line, size_t unit, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    size_t length = unit * count;
    const char *colon = memchr(line, ':', length);

    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        head_begin(fetch);
        return length;
    }
    if (!colon || colon == line || memchr(line, '\0', length))
        return length; /* the empty line at the end, or what is none */
    if (fetch->answer_head.size + length > HEAD_MAX)
        return stop_with(fetch, "the answer's headers are longer than 64 KiB");
    if (!head_add(fetch, line, (size_t)(colon - line), length))
        return stop_with(fetch, "out of memory");
    return length;
}

/* ---- one transfer --------------------------------------------------------------------------- */

static void set_limits(CURL *easy, const struct fetch *fetch)
{
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)fetch->left);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->left);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* What the environment says is not what the operator has allowed. */
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    /* A name that is still being looked up is nobody's to wait for. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void set_body(CURL *easy, const struct fetch *fetch)
{
    if (strcmp(fetch->method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (fetch->has_body) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               fetch->body.bytes ? fetch->body.bytes : "");
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.size);
    }
    if (strcmp(fetch->method, "HEAD") != 0)
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, fetch->method);
}

static CURL *easy_make(struct fetch *fetch)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    set_limits(easy, fetch);
    set_body(easy, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_CURLU, fetch->url);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "Parley/" PARLEY_VERSION);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->curl_error);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    return easy;
}

static void transfer_begin(struct transfers *transfers, struct fetch *fetch)
{
    fetch->easy = atomic_load(&fetch->is_cancelled) ? NULL : easy_make(fetch);
    if (!fetch->easy || curl_multi_add_handle(transfers->multi, fetch->easy) != CURLM_OK) {
        curl_easy_cleanup(fetch->easy);
        fetch->easy = NULL;
        (void)stop_with(fetch, "out of memory");
        worker_return(transfers->worker, &fetch->job);
        return;
    }
    transfers->count++;
    TAILQ_INSERT_TAIL(&transfers->running, fetch, of_list);
}

static void transfer_end(struct transfers *transfers, struct fetch *fetch)
{
    TAILQ_REMOVE(&transfers->running, fetch, of_list);
    transfers->count--;
    (void)curl_multi_remove_handle(transfers->multi, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    fetch->easy = NULL;
    worker_return(transfers->worker, &fetch->job);
}

/* In words, unless one of the functions above has them. */
static void describe(struct fetch *fetch, CURLcode code)
{
    char problem[PROBLEM_SIZE];

    if (*fetch->problem)
        return;
    if (code == CURLE_OPERATION_TIMEDOUT)
        (void)snprintf(problem, sizeof problem, "no answer within %g s",
                       (double)fetch->timeout / 1000);
    else
        (void)snprintf(problem, sizeof problem, "%s",
                       *fetch->curl_error ? fetch->curl_error : curl_easy_strerror(code));
    (void)stop_with(fetch, problem);
}

static void take_done(struct transfers *transfers)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(transfers->multi, &left))) {
        CURLcode code = message->data.result;
        struct fetch *fetch = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &fetch->status);
        if (code != CURLE_OK)
            describe(fetch, code);
        transfer_end(transfers, fetch);
    }
}

/* ---- waiting for a connection --------------------------------------------------------------- */

static void waiting_add(struct transfers *transfers, struct fetch *fetch)
{
    fetch->expires = clock_us() + (uint64_t)fetch->left * 1000;
    TAILQ_INSERT_TAIL(&transfers->waiting, fetch, of_list);
}

/* With `problem`. */
static void waiting_end(struct transfers *transfers, struct fetch *fetch, const char *problem)
{
    TAILQ_REMOVE(&transfers->waiting, fetch, of_list);
    (void)stop_with(fetch, problem);
    worker_return(transfers->worker, &fetch->job);
}

/* Those for which there are connections. */
static void begin_waiting(struct transfers *transfers)
{
    struct fetch *fetch;

    while (transfers->count < transfers->fetcher->connections &&
           (fetch = TAILQ_FIRST(&transfers->waiting))) {
        uint64_t now = clock_us();

        TAILQ_REMOVE(&transfers->waiting, fetch, of_list);
        fetch->left = fetch->expires > now + 1000 ? (unsigned)((fetch->expires - now) / 1000) : 1;
        transfer_begin(transfers, fetch);
    }
}

/* Those whose time is over. Returns ms until there are more of them, at most POLL_MS. */
static int end_late(struct transfers *transfers)
{
    uint64_t now = clock_us(), next_at = now + (uint64_t)POLL_MS * 1000;
    struct fetch *fetch, *next;
    char problem[PROBLEM_SIZE];

    for (fetch = TAILQ_FIRST(&transfers->waiting); fetch; fetch = next) {
        next = TAILQ_NEXT(fetch, of_list);
        if (fetch->expires > now) {
            next_at = fetch->expires < next_at ? fetch->expires : next_at;
            continue;
        }
        (void)snprintf(problem, sizeof problem,
                       "not asked within %g s: all %u connections (http.connections) were taken",
                       (double)fetch->timeout / 1000, transfers->fetcher->connections);
        waiting_end(transfers, fetch, problem);
    }
    return (int)((next_at - now + 999) / 1000);
}

static void drop_cancelled(struct transfers *transfers)
{
    struct fetch *fetch, *next;

    if (!atomic_exchange(&transfers->fetcher->has_cancelled, false))
        return;
    for (fetch = TAILQ_FIRST(&transfers->running); fetch; fetch = next) {
        next = TAILQ_NEXT(fetch, of_list);
        if (atomic_load(&fetch->is_cancelled))
            transfer_end(transfers, fetch);
    }
    for (fetch = TAILQ_FIRST(&transfers->waiting); fetch; fetch = next) {
        next = TAILQ_NEXT(fetch, of_list);
        if (atomic_load(&fetch->is_cancelled))
            waiting_end(transfers, fetch, "");
    }
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void turn(struct transfers *transfers)
{
    struct curl_waitfd news = {.fd = worker_fd(transfers->worker), .events = CURL_WAIT_POLLIN};
    struct job *job = worker_take(transfers->worker);
    int running;

    while (job) {
        struct job *next = job_next(job);

        waiting_add(transfers, (struct fetch *)job);
        job = next;
    }
    drop_cancelled(transfers);
    (void)curl_multi_perform(transfers->multi, &running);
    take_done(transfers);
    begin_waiting(transfers);
    (void)curl_multi_poll(transfers->multi, &news, 1, end_late(transfers), NULL);
}

static void refuse_all(struct worker *worker)
{
    struct job *job;

    while ((job = worker_wait(worker))) {
        while (job) {
            struct job *next = job_next(job);

            (void)stop_with((struct fetch *)job, "libcurl cannot be used");
            worker_return(worker, job);
            job = next;
        }
    }
}

void transfer_run(struct worker *worker, void *arg)
{
    struct transfers transfers = {.worker = worker, .fetcher = arg};
    struct fetch *fetch;

    TAILQ_INIT(&transfers.running);
    TAILQ_INIT(&transfers.waiting);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        transfers.multi = curl_multi_init();
    if (!transfers.multi) {
        refuse_all(worker);
        return;
    }
    (void)curl_multi_setopt(transfers.multi, CURLMOPT_MAXCONNECTS, (long)CACHED_CONNECTIONS);
    while (!worker_is_ending(worker))
        turn(&transfers);
    while ((fetch = TAILQ_FIRST(&transfers.running)))
        transfer_end(&transfers, fetch);
    while ((fetch = TAILQ_FIRST(&transfers.waiting)))
        waiting_end(&transfers, fetch, "");
    (void)curl_multi_cleanup(transfers.multi);
    curl_global_cleanup();
}
