#include "core/descriptors.h"

#include <sys/resource.h>

enum { RESERVE = 16 };

bool descriptor_is_reserve(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > RESERVE &&
           (rlim_t)fd >= limit.rlim_cur - RESERVE;
}
