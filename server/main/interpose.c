/*
 * Three C library calls that sofia-sip makes, taken over by defining them in the program (it is
 * linked with -rdynamic, so that the library finds these first; a sanitizer's own versions are
 * reached through the calls made here).
 */
#include "core/descriptors.h"
#include "core/loop.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* sofia-sip alone calls epoll_create; libevent uses epoll_create1. */
__attribute__((visibility("default"))) int epoll_create(int size)
{
    (void)size;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    loop_adopt_epoll_fd(fd);
    return fd;
}

/* A Via with a host name makes sofia's transport resolve it, which would stop all calls for as
 * long as the name servers like (10 s a packet). On the focus thread only addresses resolve. */
__attribute__((visibility("default"))) int getaddrinfo(const char *restrict node,
                                                       const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict result)
{
    static int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        __atomic_load_n(&next, __ATOMIC_ACQUIRE);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        if (!real) {
            return EAI_SYSTEM;
        }
        __atomic_store_n(&next, real, __ATOMIC_RELEASE);
    }
    struct addrinfo numeric = {0};
    if (loop_is_focus_thread()) {
        if (hints) {
            numeric = *hints;
        }
        numeric.ai_flags |= AI_NUMERICHOST;
        hints = &numeric;
    }
    return real(node, service, hints, result);
}

/* sofia's listener stays readable as long as a connection waits that there is no descriptor for,
 * and the loop would spin. So the last descriptors are never given to connections: there is
 * always one to take the next, and to close it at once. */
__attribute__((visibility("default"))) int accept(int listener, struct sockaddr *restrict address,
                                                  socklen_t *restrict size)
{
    int fd = accept4(listener, address, size, SOCK_CLOEXEC);
    if (fd >= 0 && loop_is_focus_thread() && descriptor_is_reserve(fd)) {
        close(fd);
        errno = ECONNABORTED;
        return -1;
    }
    return fd;
}
