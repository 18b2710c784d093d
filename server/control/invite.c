/* "invite CONFERENCE URI": the operator has somebody called; "run APPLICATION": what a script does.
 */
#include "control/private.h"

#include <errno.h>
#include <string.h>

int control_invite(struct focus *focus, const char *words, char *told, size_t told_size)
{
    char name[CONFERENCE_NAME_MAX + 1];
    size_t length = strcspn(words, " ");
    const char *uri = words + length + strspn(words + length, " ");
    struct invitation invitation = {.uri = uri, .name = ""};
    struct request request = {
        .verb = VERB_INVITE,
        .invitation = &invitation,
        .params = {.role = "participant"},
    };
    struct decision decision;

    if (length == 0 || length >= sizeof name || !*uri) {
        snprintf(told, told_size, "invite needs a conference and a SIP URI");
        return EINVAL;
    }
    snprintf(name, sizeof name, "%.*s", (int)length, words);
    request.conference = focus_conference_by_name(focus, name);
    request.conference_name = name;
    if (request.conference) {
        conference_wish_entry(request.conference, &request.params);
    }
    actor_of_operator(&request.actor);
    int error = request.conference ? focus_submit(focus, &request, &decision) : ENOENT;
    if (error == ENOENT) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
    } else if (error == EINPROGRESS) {
        snprintf(told, told_size, "%s is called when that is approved: parley approve %llu", uri,
                 (unsigned long long)decision.pending);
        error = 0;
    } else if (error) {
        snprintf(told, told_size, "%s is not called: %d %s", uri, decision.code, decision.reason);
    } else {
        snprintf(told, told_size, "%s is being called", uri);
    }
    return error;
}

int control_run(struct focus *focus, const char *name, char *told, size_t told_size)
{
    int error = focus_run_application(focus, name);

    if (error == ENOENT)
        snprintf(told, told_size, "there is no application \"%s\"", name);
    else if (error == EAGAIN)
        snprintf(told, told_size, "too many applications run without a caller already");
    else
        snprintf(told, told_size, "%s", error ? strerror(error) : "it runs");
    return error;
}
