/* What a process costs, from outside: CPU time and memory; and what we do to be punctual. */
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

/* All the file descriptors that we may have, and timers to the µs. */
void process_tune(void);

/* Our thread's priority (nice), where the system allows it. */
void process_set_priority(int niceness);

#endif
