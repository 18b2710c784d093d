/* Lines on their way from the focus to a file: chunks of memory, written by the worker. */
#include "journal/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 64 << 10,          /* bytes */
    CHUNKS_MOST = 32,          /* on their way to one file: 2 MiB */
    CHUNK_TIME = 200,          /* ms that lines wait for others */
    TELLING_EVERY = 60 * 1000, /* ms */
};

struct output {
    struct loop *loop;
    struct worker *worker;
    struct chunk *filling;    /* NULL: none was begun */
    struct loop_timer *timer; /* runs while lines wait for others */
    unsigned on_the_way;
    struct bounds bounds;
    uint64_t bytes;       /* of all lines */
    uint64_t told_at;     /* ms: when it was logged that lines are lost; 0: never */
    uint64_t lost;        /* lines, which the thread does not know of yet */
    bool is_closed;       /* is freed when nothing is on the way */
    struct ledger ledger; /* the thread's */
};

struct chunk {
    struct job job; /* first */
    struct output *output;
    struct bounds bounds;
    size_t length;
    unsigned count; /* lines */
    uint64_t lost;  /* lines before these */
    char bytes[];
};

/* ---- the thread ----------------------------------------------------------------------------- */

void output_work(struct worker *worker, void *arg)
{
    struct job *jobs;

    (void)arg;
    while ((jobs = worker_wait(worker))) {
        while (jobs) {
            struct chunk *chunk = (struct chunk *)jobs;

            jobs = job_next(jobs);
            ledger_write(&chunk->output->ledger, &chunk->bounds, chunk->bytes, chunk->length,
                         chunk->count, chunk->lost);
            worker_return(worker, &chunk->job);
        }
    }
}

/* ---- focus thread --------------------------------------------------------------------------- */

static void output_free(struct output *output)
{
    ledger_close(&output->ledger);
    free(output->filling);
    free(output);
}

void output_done(struct job *job, void *arg)
{
    struct output *output = ((struct chunk *)job)->output;

    (void)arg;
    free(job);
    output->on_the_way--;
    if (output->is_closed && output->on_the_way == 0)
        output_free(output);
}

int output_create(struct loop *loop, struct worker *worker, const char *path,
                  const struct bounds *bounds, struct output **outputp)
{
    struct output *output = calloc(1, sizeof *output);
    int error;

    if (!output)
        return ENOMEM;
    output->loop = loop;
    output->worker = worker;
    output->bounds = *bounds;
    (void)snprintf(output->ledger.path, sizeof output->ledger.path, "%s", path);
    error = ledger_open(&output->ledger, bounds->files == 0);
    if (error)
        free(output);
    else
        *outputp = output;
    return error;
}

const char *output_path(const struct output *output)
{
    return output->ledger.path;
}

void output_bound(struct output *output, const struct bounds *bounds)
{
    output->bounds = *bounds;
}

uint64_t output_bytes(const struct output *output)
{
    return output->bytes;
}

static void send_off(struct output *output)
{
    struct chunk *chunk = output->filling;

    loop_timer_stop(&output->timer);
    if (!chunk)
        return;
    output->filling = NULL;
    chunk->lost = output->lost;
    chunk->bounds = output->bounds;
    if (worker_post(output->worker, &chunk->job) != 0) {
        output->lost += chunk->count;
        free(chunk);
        return;
    }
    output->lost = 0;
    output->on_the_way++;
}

static void on_time(void *arg)
{
    send_off(arg);
}

/* NULL: there are too many on the way, or it is out of memory. */
static struct chunk *make_chunk(struct output *output, size_t size)
{
    struct chunk *chunk = output->on_the_way < CHUNKS_MOST ? malloc(sizeof *chunk + size) : NULL;

    if (!chunk)
        return NULL;
    chunk->output = output;
    chunk->length = 0;
    chunk->count = 0;
    return chunk;
}

static struct chunk *begin_chunk(struct output *output)
{
    struct chunk *chunk = make_chunk(output, CHUNK);

    if (!chunk)
        return NULL;
    /* Without memory for the timer they go with those that come later. */
    (void)loop_timer_start(output->loop, &output->timer, CHUNK_TIME, on_time, output);
    return chunk;
}

static void lose(struct output *output)
{
    uint64_t now = loop_now(output->loop);

    output->lost++;
    if (output->told_at && now - output->told_at < TELLING_EVERY)
        return;
    output->told_at = now;
    log_error("journal %s: the disk does not keep up; lines are lost", output->ledger.path);
}

bool output_begin(struct output *output, struct line *line)
{
    if (output->filling && CHUNK - output->filling->length < LINE_MOST)
        send_off(output);
    if (!output->filling)
        output->filling = begin_chunk(output);
    if (!output->filling) {
        lose(output);
        return false;
    }
    line_begin(line, output->filling->bytes + output->filling->length, LINE_MOST);
    return true;
}

void output_end(struct output *output, struct line *line)
{
    size_t length = line_end(line);

    output->filling->length += length;
    output->bytes += length;
    if (length > 0)
        output->filling->count++;
    else
        output->lost++;
}

int output_text(struct output *output, const char *text)
{
    size_t length = strlen(text);

    send_off(output);
    output->filling = make_chunk(output, length + 1);
    if (!output->filling)
        return ENOMEM;
    memcpy(output->filling->bytes, text, length);
    output->filling->bytes[length] = '\n';
    output->filling->length = length + 1;
    output->filling->count = 1;
    output->bytes += length + 1;
    send_off(output);
    return 0;
}

void output_close(struct output *output)
{
    if (!output)
        return;
    send_off(output);
    output->is_closed = true;
    if (output->on_the_way == 0)
        output_free(output);
}
