/* "create [FACTORY]", "recheck CONFERENCE" and "end CONFERENCE [REASON]": the operator has a
 * conference made, has its policy asked again about who is in, or ends it. */
#include "control/private.h"

#include <errno.h>
#include <string.h>

int control_make(struct focus *focus, const char *factory_name, char *told, size_t told_size)
{
    struct conference_config model;
    struct sound_config sound;
    struct creation creation = {.factory = *factory_name ? factory_name : NULL};
    struct conference *conference;
    struct decision decision;

    if (*factory_name) {
        conference = focus_conference_by_name(focus, factory_name);
        if (!conference || conference_factory(conference) == FACTORY_NONE) {
            snprintf(told, told_size, "there is no factory \"%s\"", factory_name);
            return ENOENT;
        }
        factory_model(conference, &model, &sound);
        creation.model = &model;
    }
    actor_of_operator(&creation.actor);
    int error = focus_make_conference(focus, &creation, &decision, &conference);
    if (error) {
        snprintf(told, told_size, "no conference is made: %d %s", decision.code,
                 error == EPERM ? decision.reason : strerror(error));
    } else {
        snprintf(told, told_size, "%s", conference_name(conference));
    }
    return error;
}

int control_recheck(struct focus *focus, const char *words, char *told, size_t told_size)
{
    struct conference *conference = focus_conference_by_name(focus, words);
    struct actor actor;

    if (!*words) {
        snprintf(told, told_size, "recheck needs a conference");
        return EINVAL;
    }
    actor_of_operator(&actor);
    int error = conference ? focus_recheck(conference, &actor) : ENOENT;
    if (error == ENOENT) {
        snprintf(told, told_size, "there is no conference \"%s\"", words);
    } else if (error) {
        snprintf(told, told_size, "out of memory");
    } else {
        snprintf(told, told_size, "the policy is asked again about all %u who are in",
                 conference_participant_count(conference));
    }
    return error;
}

int control_end(struct focus *focus, const char *words, char *told, size_t told_size)
{
    char name[CONFERENCE_NAME_MAX + 1];
    size_t length = strcspn(words, " ");
    struct request request = {.verb = VERB_END, .conference_name = name};
    struct decision decision;

    if (length == 0 || length >= sizeof name) {
        snprintf(told, told_size, "end needs a conference");
        return EINVAL;
    }
    snprintf(name, sizeof name, "%.*s", (int)length, words);
    snprintf(request.params.reason, sizeof request.params.reason, "%s",
             words + length + strspn(words + length, " "));
    request.conference = focus_conference_by_name(focus, name);
    actor_of_operator(&request.actor);
    int error = request.conference ? focus_submit(focus, &request, &decision) : ENOENT;
    if (error == ENOENT) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
    } else if (error == EINPROGRESS) {
        snprintf(told, told_size, "%s ends when that is approved: parley approve %llu", name,
                 (unsigned long long)decision.pending);
        error = 0;
    } else if (error) {
        snprintf(told, told_size, "%s does not end: %d %s", name, decision.code, decision.reason);
    } else {
        snprintf(told, told_size, "%s has ended", name);
    }
    return error;
}
