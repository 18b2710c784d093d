/* Mass invitation (RFC 4353 §2): all whom one request wants to have called. */
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>

struct invitations {
    struct conference *conference;
    unsigned count;
    struct one {
        struct invitation invitation;
        struct request request;
        struct decision decision;
    } each[];
};

static void fill_in(struct one *one, struct conference *conference, const struct actor *actor,
                    const char *call, const struct recipient *recipient)
{
    one->invitation = (struct invitation){.uri = recipient->uri, .name = recipient->name};
    one->request = (struct request){
        .verb = VERB_INVITE,
        .actor = *actor,
        .conference = conference,
        .conference_name = conference->name,
        .invitation = &one->invitation,
        .call = call,
        /* Who must not be shown to the others as a recipient (RFC 5364 §4) is not shown to them as
         * a participant; when nothing is said about it, there is nothing to hide. */
        .params = {.role = "participant",
                   .anonymous = recipient->is_anonymous || recipient->copy == COPY_BCC},
    };
    conference_wish_sound(conference, &one->request.params);
}

int invitations_decide(struct conference *conference, const struct actor *actor, const char *call,
                       const struct recipients *list, struct invitations **invitationsp,
                       struct decision *decision)
{
    struct invitations *invitations =
        calloc(1, sizeof *invitations + list->count * sizeof invitations->each[0]);

    if (!invitations)
        return ENOMEM;
    invitations->conference = conference;
    for (; invitations->count < list->count; invitations->count++) {
        struct one *one = &invitations->each[invitations->count];
        fill_in(one, conference, actor, call, &list->items[invitations->count]);
        decide(conference->focus, &one->request, &one->decision);
        if (one->decision.verdict != DECISION_ACCEPT) {
            log_write(LOG_LEVEL_INFO, conference->name, call,
                      "%s may not be invited: %d %s (by %s)", one->invitation.uri,
                      one->decision.code, one->decision.reason, one->decision.by);
            *decision = one->decision;
            free(invitations);
            return EPERM;
        }
    }
    *invitationsp = invitations;
    return 0;
}

void invitations_carry_out(struct invitations *invitations)
{
    for (unsigned i = 0; i < invitations->count; i++) {
        struct one *one = &invitations->each[i];
        /* Why one is not called is in the log. */
        (void)invite(invitations->conference, &one->request, &one->decision);
    }
    free(invitations);
}

void invitations_free(struct invitations *invitations)
{
    free(invitations);
}
