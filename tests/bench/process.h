/* What a process costs, from outside: CPU time and memory. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* User and system time of all its threads, ended ones too, in ns; 0 when there is no such
 * process. */
uint64_t process_cpu(pid_t pid);

struct process_memory {
    uint64_t private_kib; /* what would be freed if it ended */
    uint64_t pss_kib;     /* the same and its share of what is shared */
};

/* ESRCH when there is no such process, EACCES when its memory is not ours to see. */
int process_memory(pid_t pid, struct process_memory *memory);

#endif
