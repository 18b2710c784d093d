/* A subscription to the conference package, followed. */
#include "doctor/picture.h"

#include <stdlib.h>
#include <string.h>

struct watch *watch_follow(struct doctor *doctor, struct line *line)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch) {
        watch->line = line;
        watch->next = doctor->watches;
        doctor->watches = watch;
    }
    return watch;
}

enum verdict watch_begin(struct doctor *doctor, struct line *line, struct watch **watchp)
{
    struct watch *watch = watch_follow(doctor, line);
    if (!watch) {
        return skipped(doctor, "out of memory");
    }
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

const char *watch_problem(const struct watch *watch, const char *missing)
{
    return watch->picture.wrong[0] ? watch->picture.wrong : missing;
}

const char *watch_compare(struct watch *watch)
{
    struct doctor *doctor = watch->line->phone->doctor;
    struct watch *fresh;
    if (watch_begin(doctor, line_create(watch->line->phone, doctor->conference), &fresh) !=
        PASSED) {
        return doctor->seen;
    }
    /* Both are told what happens from now on, and not at the same moment. */
    uint64_t deadline = doctor_deadline(doctor);
    do {
        watch_update(watch);
        watch_update(fresh);
        if (picture_is_equal(&watch->picture, &fresh->picture)) {
            return NULL;
        }
    } while (!watch->picture.wrong[0] && doctor_step(doctor, deadline));
    return watch_problem(watch, "the updates do not come to what a new subscriber is told");
}
