/*
 * A moderator decides by REFER about who waits to come in: Refer-To with their URI lets them in,
 * with method=BYE sends them away (RFC 4579 §5.5, §5.11).
 */
#include "focus/participant.h"
#include "focus/pending.h"
#include "focus/pending_parts.h"
#include "focus/wishes.h"

#include <errno.h>
#include <stdio.h>

enum { DECIDED_AT_ONCE = 64 };

static unsigned find(const struct conference *conference, const char *uri, uint64_t *ids)
{
    const struct pending *pending = NULL;
    unsigned count = 0;

    while (count < DECIDED_AT_ONCE && (pending = conference_next_pending(conference, pending))) {
        if (pending_is_named(pending, uri))
            ids[count++] = pending->id;
    }
    return count;
}

/* Who was let in may still have to pick up, or to acknowledge. */
static void tell(struct focus *focus, struct reference *reference, int error,
                 const struct decision *decision)
{
    struct participant *participant = focus_participant(focus, decision->participant);

    if (!reference->referral)
        return;
    if (error && error != ENOENT)
        focus->signalling->report(reference->referral, decision->code, decision->reason);
    else if (participant && !participant->joined && !participant->left)
        referrer_add(participant, reference->referral);
    else
        focus->signalling->report(reference->referral, 200, NULL);
}

bool refer_waiting(struct focus *focus, struct reference *reference, const struct request *asked)
{
    struct request request = *asked;
    uint64_t ids[DECIDED_AT_ONCE];
    unsigned count = find(asked->conference, reference->uri, ids);
    struct decision decision = {.participant = 0};
    int error = EPERM;

    request.verb = VERB_DECIDE;
    request.params = (struct request_params){.approved = reference->method != REFERENCE_BYE};
    for (unsigned i = 0; i < count; i++) {
        request.target = ids[i];
        error = focus_submit(focus, &request, &decision);
        if (error == EPERM) /* to who may not decide, nobody waits */
            return false;
    }
    if (count > 0)
        tell(focus, reference, error, &decision);
    return count > 0;
}
