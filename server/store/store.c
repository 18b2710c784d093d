#include "store/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAITING_MOST = 5000 }; /* errands: as many calls as there may well be */

struct store {
    struct worker *worker;
    struct file *file; /* the thread's */
    struct storing storing;
    unsigned waiting;
    struct job look; /* at the file as it is found */
};

struct store_errand *errand_next(const struct store_errand *errand)
{
    return (struct store_errand *)job_next(&errand->job);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void return_all(struct worker *worker, struct job *job)
{
    while (job) {
        struct job *next = job_next(job);

        worker_return(worker, job);
        job = next;
    }
}

static void run(struct worker *worker, void *arg)
{
    struct store *store = arg;
    struct job *jobs;

    while ((jobs = worker_wait(worker))) {
        struct job *errands = jobs;

        if (jobs == &store->look) {
            file_look(store->file);
            errands = job_next(jobs);
        }
        if (errands)
            file_run(store->file, (struct store_errand *)errands);
        return_all(worker, jobs);
    }
}

/* ---- focus thread --------------------------------------------------------------------------- */

static void errand_free(struct store_errand *errand)
{
    free(errand->bytes);
    free(errand);
}

static void on_done(struct job *job, void *arg)
{
    struct store *store = arg;
    struct store_errand *errand = (struct store_errand *)job;

    if (job == &store->look)
        return;
    store->waiting--;
    if (errand->handler)
        errand->handler(&errand->answer, errand->arg);
    errand_free(errand);
}

/* A copy of the request with all that it points to. */
static struct store_errand *errand_make(const struct store_request *request)
{
    size_t name = strlen(request->store) + 1, key = strlen(request->key) + 1;
    size_t size = request->value.kind == STORE_BYTES ? request->value.size : 0;
    struct store_errand *errand = calloc(1, sizeof *errand + name + key + size);
    char *text;

    if (!errand)
        return NULL;
    text = (char *)(errand + 1);
    errand->request = *request;
    errand->request.store = memcpy(text, request->store, name);
    errand->request.key = memcpy(text + name, request->key, key);
    errand->request.value.bytes = NULL;
    if (size > 0)
        errand->request.value.bytes = memcpy(text + name + key, request->value.bytes, size);
    return errand;
}

static int ask(void *ctx, const struct store_request *request,
               void (*handler)(const struct store_answer *answer, void *arg), void *arg,
               struct store_errand **errandp)
{
    struct store *store = ctx;
    struct store_errand *errand;
    int error;

    if (store->waiting >= WAITING_MOST)
        return EAGAIN;
    errand = errand_make(request);
    if (!errand)
        return ENOMEM;
    errand->store = store;
    errand->handler = handler;
    errand->arg = arg;
    error = worker_post(store->worker, &errand->job);
    if (error) {
        errand_free(errand);
        return error;
    }
    store->waiting++;
    *errandp = handler ? errand : NULL;
    return 0;
}

static void forget(struct store_errand *errand)
{
    errand->handler = NULL;
}

int store_create(const struct store_config *config, struct store **storep)
{
    struct store *store = calloc(1, sizeof *store);
    int error;

    if (!store)
        return ENOMEM;
    store->storing = (struct storing){.ctx = store, .ask = ask, .forget = forget};
    error = file_create(config->file, config->most, &store->file);
    if (!error)
        error = worker_create(
            &(struct worker_config){
                .loop = config->loop, .name = "store", .run = run, .done = on_done, .arg = store},
            &store->worker);
    if (!error && access(config->file, F_OK) == 0)
        error = worker_post(store->worker, &store->look);
    if (error) {
        store_destroy(store);
        return error;
    }
    *storep = store;
    return 0;
}

void store_destroy(struct store *store)
{
    if (!store)
        return;
    worker_destroy(store->worker);
    file_close(store->file);
    free(store);
}

const struct storing *store_storing(struct store *store)
{
    return &store->storing;
}
