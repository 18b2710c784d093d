/* Somebody whom one request wanted to have called, and who could not even be called. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/wishes.h"

#include "core/id.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts of a URI as call_info has them; each of them at most as long as the buffer. */
struct named {
    char uri[600], user[CONFERENCE_NAME_MAX + 1], host[256];
};

static void split(const char *uri, struct named *named)
{
    const char *at = strchr(uri, '@'), *colon = strchr(uri, ':');
    const char *host = at ? at + 1 : colon ? colon + 1 : uri;
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":;?");
    size_t whole = (size_t)(host - uri) + strcspn(host, ";?");

    (void)snprintf(named->uri, sizeof named->uri, "%.*s", (int)whole, uri);
    (void)snprintf(named->host, sizeof named->host, "%.*s", (int)length, host);
    (void)snprintf(named->user, sizeof named->user, "%.*s",
                   at && colon && colon < at ? (int)(at - colon - 1) : 0, colon ? colon + 1 : uri);
}

void participant_tell_uncalled(struct conference *conference, const struct invitation *invitation,
                               const struct decision *decision)
{
    struct participant *participant = calloc(1, sizeof *participant);
    struct named named = {.uri = ""};
    const struct call_info info = {
        .id = "-",
        .requested_user = conference->name,
        .requested_host = "",
        .caller = {.uri = named.uri,
                   .user = named.user,
                   .host = named.host,
                   .display_name = invitation->name ? invitation->name : "",
                   .user_agent = "",
                   .peer = ""},
        .dialog = {.call_id = "", .local_tag = "", .remote_tag = ""},
        .contact = named.uri,
        .referred_by = invitation->referrer ? invitation->referrer : "",
        .is_outgoing = true,
    };
    struct conference_event event = {
        .kind = EVENT_FAILED, .conference = conference->id, .code = decision->code};

    split(invitation->uri, &named);
    if (!participant || participant_describe(participant, &info)) {
        free(participant);
        return;
    }
    event.participant = participant->id = id_next();
    participant->conference = conference;
    participant->made_at = loop_time(conference->focus->loop);
    participant->left = true;
    participant->hidden = decision->params.hidden;
    if (decision->params.anonymous)
        participant->anonymous = ++conference->anonymous_count;
    participant->departure =
        (struct departure){.method = FAILED, .code = decision->code, .when = participant->made_at};
    (void)snprintf(participant->departure.reason, sizeof participant->departure.reason, "%s",
                   decision->reason);
    (void)snprintf(event.reason, sizeof event.reason, "%s", decision->reason);
    (void)snprintf(participant->role, sizeof participant->role, "%s", decision->params.role);
    HASH_ADD(hh, conference->focus->participants, id, sizeof participant->id, participant);
    events_post_left(participant, &event);
}
