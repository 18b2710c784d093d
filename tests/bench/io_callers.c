#include "io.h"

#include "clock.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SLOTS = 10, /* of 2 ms in the 20 ms */
    BATCH = 64,
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    char data[BATCH][IO_BUFFER];
};

static void batch_prepare(struct batch *batch, size_t size)
{
    for (unsigned i = 0; i < BATCH; i++) {
        batch->parts[i] = (struct iovec){batch->data[i], size};
        batch->messages[i].msg_hdr.msg_iov = &batch->parts[i];
        batch->messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static void slot_send(const struct io_legs *legs, struct batch *batch, unsigned first, unsigned end)
{
    while (first < end) {
        unsigned caller = io_caller_of(legs, first), count = 0;

        while (count < BATCH && first < end && io_caller_of(legs, first) == caller) {
            batch->messages[count].msg_hdr.msg_name = &legs->addresses[first++];
            batch->messages[count++].msg_hdr.msg_namelen = sizeof(legs->addresses[0]);
        }
        (void)sendmmsg(legs->callers[caller], batch->messages, count, MSG_DONTWAIT);
    }
}

static _Noreturn void callers_run(const struct io_legs *legs)
{
    static struct batch sends, reads;
    uint64_t due = clock_now();

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    batch_prepare(&sends, IO_PACKET);
    batch_prepare(&reads, IO_BUFFER);
    for (unsigned slot = 0;; slot = (slot + 1) % SLOTS) {
        clock_sleep_until(due);
        due += 20 * NS_PER_MS / SLOTS;
        slot_send(legs, &sends, legs->count * slot / SLOTS, legs->count * (slot + 1) / SLOTS);
        for (unsigned i = 0; i < IO_CALLERS; i++) {
            while (recvmmsg(legs->callers[i], reads.messages, BATCH, MSG_DONTWAIT, NULL) == BATCH) {
            }
        }
    }
}

pid_t io_callers_start(const struct io_legs *legs)
{
    pid_t pid = fork();

    if (pid == 0)
        callers_run(legs);
    return pid;
}
