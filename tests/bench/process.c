#include "process.h"

#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

uint64_t process_cpu(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;

    /* Exact to the ns, where utime and stime of /proc/PID/stat are to 10 ms. */
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return 0;
    return timespec_ns(&ts);
}

/* The KiB of a line "Key:   123 kB"; 0 when it is another key's. */
static uint64_t value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    return strncmp(line, key, length) == 0 ? strtoull(line + length, NULL, 10) : 0;
}

int process_memory(pid_t pid, struct process_memory *memory)
{
    char path[64], line[256];
    FILE *file;

    *memory = (struct process_memory){0};
    (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? ESRCH : EACCES;
    while (fgets(line, sizeof(line), file) != NULL) {
        memory->pss_kib += value_of(line, "Pss:");
        memory->private_kib += value_of(line, "Private_Clean:") + value_of(line, "Private_Dirty:");
    }
    (void)fclose(file);
    return memory->pss_kib != 0 ? 0 : EACCES;
}

void process_tune(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* wake at the ms, not 50 µs later */
}

void process_set_priority(int niceness)
{
    (void)setpriority(PRIO_PROCESS, 0, niceness);
}
