#include "io.h"

#include <liburing.h>

enum { BATCH = 512 };

/* What is on its way between two submissions. */
static struct {
    struct io_uring uring;
    int sizes[BATCH]; /* received, by place in the batch; below 0: nothing was there */
    char data[BATCH][IO_BUFFER];
    struct sockaddr_in from[BATCH];
    struct iovec parts[BATCH];
    struct msghdr heads[BATCH];
} ring;

int io_ring_open(const struct io_legs *legs)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    };
    int err = -io_uring_queue_init_params(BATCH, &ring.uring, &params);

    if (err != 0)
        return err;
    err = -io_uring_register_files(&ring.uring, legs->fds, legs->count);
    if (err != 0)
        io_ring_close();
    return err;
}

void io_ring_close(void)
{
    io_uring_queue_exit(&ring.uring);
}

/* The ring has a place for each of a batch, so that there always is an entry. `fd` is one of the
 * registered files. */
static void entry_finish(struct io_uring_sqe *entry, unsigned place)
{
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, place);
}

/* Submits all and waits for all; each result goes to its place in `sizes`. */
static void batch_submit(unsigned count)
{
    while (count > 0) {
        struct io_uring_cqe *done;
        unsigned head, seen = 0;

        (void)io_uring_submit_and_wait(&ring.uring, count);
        io_uring_for_each_cqe(&ring.uring, head, done)
        {
            ring.sizes[done->user_data] = done->res;
            seen++;
        }
        io_uring_cq_advance(&ring.uring, seen);
        count -= seen;
    }
}

static void batch_receive(unsigned first, unsigned count, bool connected)
{
    for (unsigned i = 0; i < count; i++) {
        struct io_uring_sqe *entry = io_uring_get_sqe(&ring.uring);
        int file = (int)(first + i);

        if (connected) {
            io_uring_prep_recv(entry, file, ring.data[i], IO_BUFFER, MSG_DONTWAIT);
        } else {
            ring.parts[i] = (struct iovec){ring.data[i], IO_BUFFER};
            ring.heads[i] =
                (struct msghdr){&ring.from[i], sizeof(ring.from[i]), &ring.parts[i], 1, NULL, 0, 0};
            io_uring_prep_recvmsg(entry, file, &ring.heads[i], MSG_DONTWAIT);
        }
        entry_finish(entry, i);
    }
    batch_submit(count);
}

static void batch_send(struct io_legs *legs, unsigned first, unsigned count, bool connected)
{
    unsigned sends = 0;

    for (unsigned i = 0; i < count; i++) {
        struct io_uring_sqe *entry;

        if (ring.sizes[i] <= 0)
            continue;
        entry = io_uring_get_sqe(&ring.uring);
        io_uring_prep_send(entry, (int)(first + i), ring.data[i], (size_t)ring.sizes[i],
                           MSG_DONTWAIT);
        if (!connected)
            io_uring_prep_send_set_addr(entry, (const struct sockaddr *)&ring.from[i],
                                        sizeof(ring.from[i]));
        entry_finish(entry, i);
        sends++;
    }
    batch_submit(sends);
    for (unsigned i = 0; i < count; i++)
        legs->packets += ring.sizes[i] > 0;
}

static void legs_tick(struct io_legs *legs, bool connected)
{
    for (unsigned first = 0; first < legs->count; first += BATCH) {
        unsigned left = legs->count - first;
        unsigned count = left < BATCH ? left : BATCH;

        batch_receive(first, count, connected);
        batch_send(legs, first, count, connected);
    }
}

void io_ring_tick(struct io_legs *legs)
{
    legs_tick(legs, false);
}

void io_ring_tick_connected(struct io_legs *legs)
{
    legs_tick(legs, true);
}
