/* A subscription to the conference package, followed. */
#include "doctor/picture.h"

#include <stdlib.h>
#include <string.h>

enum { SETTLE_MS = 1000 /* what was put together at the focus is told by then */ };

enum verdict watch_begin(struct doctor *doctor, struct line *line, struct watch **watchp)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return skipped(doctor, "out of memory");
    }
    watch->line = line;
    watch->next = doctor->watches;
    doctor->watches = watch;
    *watchp = watch;
    const sip_t *reply = line_subscribe(line, "conference", SUBSCRIBED_FOR);
    if (!is_success(reply)) {
        return refused(doctor, reply, "SUBSCRIBE");
    }
    const sip_t *notify = line_await_notify(line, "conference", NULL);
    if (!notify) {
        return failed(doctor, "SUBSCRIBE: %s, and then no NOTIFY", reply_text(doctor, reply));
    }
    if (!picture_take(&watch->picture, notify)) {
        return failed(doctor, "%s", watch->picture.wrong);
    }
    return watch->picture.doc ? PASSED : failed(doctor, "the first NOTIFY has no document");
}

void watches_free(struct doctor *doctor)
{
    while (doctor->watches) {
        struct watch *watch = doctor->watches;
        doctor->watches = watch->next;
        picture_free(&watch->picture);
        free(watch);
    }
}

/* False: nothing more has come, or nothing that can be read. */
static bool take_next(struct watch *watch)
{
    const sip_t *notify = line_seen_notify(watch->line, "conference", NULL);
    return notify && picture_take(&watch->picture, notify);
}

void watch_update(struct watch *watch)
{
    while (take_next(watch)) {
    }
}

static bool has_status(const struct watch *watch, const char *uri, const char *status)
{
    const xmlNode *endpoint = picture_endpoint(&watch->picture, uri);
    const char *given = endpoint ? picture_text(endpoint, "status") : NULL;
    if (!*status) {
        return !endpoint || (given && strcmp(given, "disconnected") == 0);
    }
    return given && strcmp(given, status) == 0;
}

bool watch_await(struct watch *watch, const char *uri, const char *status)
{
    struct doctor *doctor = watch->line->phone->doctor;
    uint64_t deadline = doctor_deadline(doctor);
    do {
        watch_update(watch);
        if (has_status(watch, uri, status)) {
            return true;
        }
    } while (!watch->picture.wrong[0] && doctor_step(doctor, deadline));
    return false;
}

const char *watch_compare(struct watch *watch)
{
    struct doctor *doctor = watch->line->phone->doctor;
    struct watch *fresh;
    doctor_rest(doctor, SETTLE_MS);
    watch_update(watch);
    if (watch->picture.wrong[0]) {
        return watch->picture.wrong;
    }
    if (watch_begin(doctor, line_create(watch->line->phone, doctor->conference), &fresh) !=
        PASSED) {
        return doctor->seen;
    }
    return picture_is_equal(&watch->picture, &fresh->picture)
               ? NULL
               : "the updates do not come to what a new subscriber is told";
}
