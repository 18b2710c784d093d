/* What phones ask of a conference besides a call: REFER, INITIATE. */
#include "simulate/private.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

bool phone_refer(struct call *call, enum reference_method method, const char *uri,
                 struct reference *reference)
{
    struct referral *referral;

    if (!call->is_up)
        return false;
    referral = calloc(1, sizeof *referral);
    if (!referral)
        return false;
    LL_PREPEND(call->referrals, referral);
    *reference = (struct reference){
        .from = call->info,
        .call = call,
        .method = method,
        .uri = uri,
        .name = "",
        .referred_by = "",
        .replaces = "",
        .refer_to = "",
        .referral = referral,
    };
    if (*call->contact) /* what the phone knows as where it is */
        reference->from.requested_user = call->contact;
    focus_signalling_events()->on_refer(reference, call->world->focus);
    if (reference->code != 202) {
        LL_DELETE(call->referrals, referral);
        free(referral);
    }
    return true;
}

/* The phone's call exists for its address only. */
int phone_initiate(struct simulation *simulation, const struct simulated_caller *caller,
                   struct initiation *initiation)
{
    const struct signalling_events *events = focus_signalling_events();
    struct focus *focus = simulation->focus;
    struct call *phone = phone_make(&simulation->world, caller);

    if (!phone)
        return ENOMEM;
    initiation->from = phone->info;
    initiation->call = NULL;
    initiation->device = phone->info.caller.uri;
    initiation->recipients = &phone->recipients;
    initiation->code = 404;
    events->on_initiate(initiation, focus);
    if (initiation->code == 202)
        events->on_initiated(initiation, true, focus);
    phone_free(phone);
    return 0;
}
