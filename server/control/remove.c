/* "remove CONFERENCE NAME[,NAME…] [REASON]" and "remove-all CONFERENCE NAME[,NAME…] [REASON]": the
 * operator puts out these, or all but these. */
#include "control/private.h"

#include "focus/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SIZE = 600 };

struct removal {
    struct conference *conference;
    char text[NAMES_SIZE]; /* "bob", "carol", with ends between them */
    const char *names[NAMES_SIZE / 2];
    unsigned count;
    bool spares; /* these; false: it is about these */
};

/* Of "bob,carol". */
static void take_names(struct removal *removal, const char *names, size_t length)
{
    char *save = NULL;

    snprintf(removal->text, sizeof removal->text, "%.*s", (int)length, names);
    for (char *name = strtok_r(removal->text, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        removal->names[removal->count++] = name;
    }
}

static bool is_named(const struct removal *removal, const struct participant *participant)
{
    for (unsigned i = 0; i < removal->count; i++) {
        if (participant_is_meant(participant, removal->names[i])) {
            return true;
        }
    }
    return false;
}

/* False: nobody is called as `told` says. */
static bool are_there(const struct removal *removal, char *told, size_t told_size)
{
    for (unsigned i = 0; i < removal->count; i++) {
        const struct participant *participant = NULL;
        do {
            participant = conference_next_participant(removal->conference, participant);
        } while (participant && !participant_is_meant(participant, removal->names[i]));
        if (!participant) {
            snprintf(told, told_size, "nobody in %s is called \"%s\": nobody is put out",
                     conference_name(removal->conference), removal->names[i]);
            return false;
        }
    }
    return true;
}

/* Whom it is about. The hooks that are told of the first may put out others, so that nothing but
 * ids is good for long. NULL: out of memory. */
static uint64_t *list_targets(const struct removal *removal, size_t *countp)
{
    const struct participant *participant = NULL;
    size_t most = 0;

    while ((participant = conference_next_participant(removal->conference, participant))) {
        most++;
    }
    uint64_t *ids = calloc(most + 1, sizeof *ids);
    *countp = 0;
    while (ids && (participant = conference_next_participant(removal->conference, participant))) {
        if (is_named(removal, participant) != removal->spares) {
            ids[(*countp)++] = participant_id(participant);
        }
    }
    return ids;
}

/* How many of them are out; *why: what was decided of the last one who is not. */
static unsigned remove_each(struct focus *focus, uint64_t conference, const uint64_t *ids,
                            size_t count, const char *reason, struct decision *why)
{
    struct request request = {.verb = VERB_REMOVE};
    struct decision decision;
    unsigned done = 0;

    snprintf(request.params.reason, sizeof request.params.reason, "%s", reason);
    actor_of_operator(&request.actor);
    for (size_t i = 0; i < count; i++) {
        request.conference = focus_conference(focus, conference);
        request.target = ids[i];
        /* Who has gone meanwhile is out as well. */
        if (!request.conference || !focus_participant(focus, ids[i])) {
            done++;
            continue;
        }
        request.conference_name = conference_name(request.conference);
        int error = focus_submit(focus, &request, &decision);
        if (!error || error == ENOENT) {
            done++;
        } else {
            *why = decision;
        }
    }
    return done;
}

static int carry_out(struct focus *focus, const struct removal *removal, const char *reason,
                     char *told, size_t told_size)
{
    struct decision why = {.verdict = DECISION_ACCEPT};
    size_t count;
    uint64_t *ids = list_targets(removal, &count);

    if (!ids) {
        snprintf(told, told_size, "out of memory");
        return ENOMEM;
    }
    unsigned done =
        remove_each(focus, conference_id(removal->conference), ids, count, reason, &why);
    free(ids);
    int length = snprintf(told, told_size, "%u %s put out", done, done == 1 ? "is" : "are");
    if (done == count) {
        return 0;
    }
    (void)snprintf(told + length, told_size - (size_t)length, ", %zu not: ", count - done);
    length = (int)strlen(told);
    if (why.verdict == DECISION_PENDING) {
        (void)snprintf(told + length, told_size - (size_t)length,
                       "that waits for a decision: parley pending %s",
                       conference_name(removal->conference));
        return EINPROGRESS;
    }
    (void)snprintf(told + length, told_size - (size_t)length, "%d %s", why.code, why.reason);
    return EPERM;
}

static int remove_some(struct focus *focus, const char *words, bool spares, char *told,
                       size_t told_size)
{
    struct removal removal = {.spares = spares};
    char name[CONFERENCE_NAME_MAX + 1];
    size_t length = strcspn(words, " ");
    const char *names = words + length + strspn(words + length, " ");
    size_t names_length = strcspn(names, " ");
    const char *reason = names + names_length + strspn(names + names_length, " ");

    if (length == 0 || length >= sizeof name || names_length == 0 ||
        names_length >= sizeof removal.text) {
        snprintf(told, told_size, "remove needs a conference and names");
        return EINVAL;
    }
    snprintf(name, sizeof name, "%.*s", (int)length, words);
    take_names(&removal, names, names_length);
    removal.conference = focus_conference_by_name(focus, name);
    if (!removal.conference) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
        return ENOENT;
    }
    if (!are_there(&removal, told, told_size)) {
        return ENOENT;
    }
    return carry_out(focus, &removal, reason, told, told_size);
}

int control_remove(struct focus *focus, const char *words, char *told, size_t told_size)
{
    return remove_some(focus, words, false, told, told_size);
}

int control_remove_all(struct focus *focus, const char *words, char *told, size_t told_size)
{
    return remove_some(focus, words, true, told, told_size);
}
