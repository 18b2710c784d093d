#include "media/uring.h"

#include <errno.h>
#include <liburing.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SOCKETS_MAX = 16384, /* more legs than one thread carries */
    NONE = UINT16_MAX,
};

struct outgoing {
    _Atomic uint64_t *failed;
    unsigned number;
    size_t size;
    uint8_t data[URING_DATAGRAM];
};

struct uring {
    struct io_uring ring;
    uint16_t free; /* first free number */
    uint16_t next[SOCKETS_MAX];
    unsigned asked, put; /* waiting for fetch, for flush */
    int got[URING_BATCH];
    uint8_t in[URING_BATCH][URING_DATAGRAM];
    struct outgoing out[URING_BATCH];
};

/* The kernel keeps no more than the process may open. */
static unsigned sockets_most(void)
{
    struct rlimit limit = {.rlim_cur = 0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur < SOCKETS_MAX ? (unsigned)limit.rlim_cur : SOCKETS_MAX;
}

int uring_create(struct uring **ringp)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED,
    };
    struct uring *ring = calloc(1, sizeof *ring);
    unsigned most = sockets_most();
    int err;

    if (ring == NULL) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < most; i++) {
        ring->next[i] = (uint16_t)(i + 1 < most ? i + 1 : NONE);
    }
    err = -io_uring_queue_init_params(URING_BATCH, &ring->ring, &params);
    if (err != 0) {
        free(ring);
        return err;
    }
    err = -io_uring_register_files_sparse(&ring->ring, most);
    if (err != 0) {
        uring_destroy(ring);
        return err;
    }
    *ringp = ring;
    return 0;
}

void uring_begin(struct uring *ring)
{
    /* Debian 12's liburing declares io_uring_enable_rings, and lacks it. */
    (void)syscall(SYS_io_uring_register, ring->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

void uring_destroy(struct uring *ring)
{
    if (ring != NULL) {
        io_uring_queue_exit(&ring->ring);
        free(ring);
    }
}

int uring_add(struct uring *ring, int fd, unsigned *numberp)
{
    unsigned number = ring->free;
    int updated;

    if (number == NONE) {
        return ENOSPC;
    }
    updated = io_uring_register_files_update(&ring->ring, number, &fd, 1);
    if (updated != 1) {
        return updated < 0 ? -updated : EIO;
    }
    ring->free = ring->next[number];
    *numberp = number;
    return 0;
}

void uring_remove(struct uring *ring, unsigned number)
{
    int none = -1;

    uring_flush(ring);
    (void)io_uring_register_files_update(&ring->ring, number, &none, 1);
    ring->next[number] = ring->free;
    ring->free = (uint16_t)number;
}

/* Submits, and hands every result to its place. */
static void complete(struct uring *ring, unsigned count,
                     void (*take)(struct uring *, unsigned, int))
{
    while (count > 0) {
        struct io_uring_cqe *result;
        int err = io_uring_submit_and_wait(&ring->ring, 1);

        if (err < 0 && err != -EINTR && err != -EAGAIN && err != -EBUSY) {
            return; /* it never should; what is missing stays as uring_ask and put have left it */
        }
        while (io_uring_peek_cqe(&ring->ring, &result) == 0) {
            take(ring, (unsigned)result->user_data, result->res);
            io_uring_cqe_seen(&ring->ring, result);
            count--;
        }
    }
}

/* ---- in ---- */

int uring_ask(struct uring *ring, unsigned number)
{
    struct io_uring_sqe *entry;

    if (ring->asked == URING_BATCH) {
        return -1;
    }
    entry = io_uring_get_sqe(&ring->ring);
    if (entry == NULL) {
        return -1;
    }
    io_uring_prep_recv(entry, (int)number, ring->in[ring->asked], URING_DATAGRAM,
                       MSG_DONTWAIT | MSG_TRUNC);
    entry->flags |= IOSQE_FIXED_FILE;
    entry->user_data = ring->asked;
    ring->got[ring->asked] = -EAGAIN;
    return (int)ring->asked++;
}

static void take_in(struct uring *ring, unsigned place, int result)
{
    ring->got[place] = result;
}

void uring_fetch(struct uring *ring)
{
    complete(ring, ring->asked, take_in);
    ring->asked = 0;
}

int uring_got(const struct uring *ring, int place, const uint8_t **datap)
{
    *datap = ring->in[place];
    return ring->got[place];
}

/* ---- out ---- */

uint8_t *uring_packet(struct uring *ring)
{
    if (ring->put == URING_BATCH) {
        uring_flush(ring);
    }
    return ring->out[ring->put].data;
}

void uring_put(struct uring *ring, unsigned number, size_t size, _Atomic uint64_t *failedp)
{
    struct outgoing *packet = &ring->out[ring->put++];

    packet->number = number;
    packet->size = size;
    packet->failed = failedp;
}

/* An error that an earlier packet has brought from the far end: this one has not been tried. */
static bool is_of_another(int result)
{
    return result == -ECONNREFUSED;
}

static void take_out(struct uring *ring, unsigned place, int result)
{
    if (result < 0 && !is_of_another(result)) {
        (void)atomic_fetch_add_explicit(ring->out[place].failed, 1, memory_order_relaxed);
    }
    ring->out[place].size = is_of_another(result) ? ring->out[place].size : 0;
}

static unsigned submit_out(struct uring *ring)
{
    unsigned count = 0;

    for (unsigned place = 0; place < ring->put; place++) {
        struct outgoing *packet = &ring->out[place];
        struct io_uring_sqe *entry = packet->size > 0 ? io_uring_get_sqe(&ring->ring) : NULL;

        if (entry == NULL) {
            continue;
        }
        io_uring_prep_send(entry, (int)packet->number, packet->data, packet->size,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        entry->flags |= IOSQE_FIXED_FILE;
        entry->user_data = place;
        count++;
    }
    return count;
}

void uring_flush(struct uring *ring)
{
    /* Once more for those whose socket had an older error to tell. */
    for (unsigned tries = 0; tries < 2 && ring->put > 0; tries++) {
        complete(ring, submit_out(ring), take_out);
    }
    ring->put = 0;
}
