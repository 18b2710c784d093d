/* What was found, as text or JSON on stdout, and whether it is good enough. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "load.h"

/* Either of `floor` and `server` may be NULL. True when nothing failed. */
bool report_load(const struct options *options, const struct load_result *floor,
                 const struct load_result *server);
bool report_calls(const struct options *options, const struct calls_result *result);

#endif
