/*
 * The floor: a SIP server that answers any INVITE and sends each RTP packet back. One thread, a
 * socket a leg; every 20 ms one recvfrom and one sendto a leg, and nothing else.
 */
#ifndef BENCH_REFLECT_H
#define BENCH_REFLECT_H

#include <sys/socket.h>
#include <sys/types.h>

/* Serves at `address` until SIGTERM or SIGINT; prints "reflector ready …". 0 or an errno, with a
 * complaint on stderr. */
int reflect_serve(const struct sockaddr_storage *address);

/* The same in a child process at a free port of `local`, told in `targetp`; it ends with us. */
int reflect_start(const struct sockaddr_storage *local, struct sockaddr_storage *targetp,
                  pid_t *pidp);
void reflect_stop(pid_t pid);

#endif
