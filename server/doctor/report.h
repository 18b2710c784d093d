/* The table that the doctor writes, for people or for programs. */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include "doctor/private.h"

#include <jansson.h>

struct report {
    bool is_json;
    json_t *entries;
    unsigned counts[NOTED + 1];
};

/* ENOMEM. */
int report_begin(struct report *report, const struct doctor *doctor);
void report_add(struct report *report, const struct check *check, enum verdict verdict,
                const char *seen);
/* Writes what is left. False: it could not be written. */
bool report_end(struct report *report, const struct doctor *doctor);

#endif
