/* Whom a URI names (RFC 4575 §5.6, §5.7): a user's names all its endpoints, an endpoint's only that
 * one. And who of those who are in sends a request. */
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending.h"
#include "focus/pending_parts.h"
#include "focus/private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Host and scheme without case, the user part with it (RFC 3261 §19.1.4). */
static bool is_uri(const char *uri, size_t length, const char *other, size_t other_length)
{
    size_t user = strcspn(other, "@");

    return other_length == length && strncasecmp(uri, other, length) == 0 &&
           strncmp(uri, other, user < length ? user : 0) == 0;
}

/* Of what is before the parameters. */
static size_t length_of(const char *uri)
{
    const char *at = strchr(uri, '@');

    return (size_t)((at ? at : uri) - uri) + strcspn(at ? at : uri, ";");
}

/* `length` of the URI without its parameters. */
static bool is_device(const char *uri, size_t length, const char *contact)
{
    static const char gruu[] = ";gr=";
    const char *asked = strstr(uri + length, gruu);
    const char *given = strstr(contact, gruu);

    if (!asked)
        return is_uri(uri, length, contact, given ? (size_t)(given - contact) : strlen(contact));
    return given && strncmp(asked, given, strlen(given)) == 0 &&
           strchr(";", asked[strlen(given)]) &&
           is_uri(uri, length, contact, (size_t)(given - contact));
}

/* `nobody`: the URI of one who has no name; NULL: it has one. */
static bool is_call_named(const struct call_info *info, const char *nobody, const char *uri)
{
    static const char leg[] = ";leg=";
    size_t length = length_of(uri);
    const char *id = strstr(uri + length, leg);

    if (id && strcmp(id + strlen(leg), info->id) != 0)
        return false;
    if (nobody)
        return is_uri(uri, length, nobody, strlen(nobody));
    return is_device(uri, length, info->contact) ||
           (!strstr(uri + length, ";gr=") &&
            is_uri(uri, length, info->caller.uri, strlen(info->caller.uri)));
}

bool participant_is_named(const struct participant *participant, const char *uri)
{
    char entity[64];

    (void)snprintf(entity, sizeof entity, "sip:anonymous%u@anonymous.invalid",
                   participant->anonymous);
    return is_call_named(&participant->info, participant->anonymous ? entity : NULL, uri);
}

bool pending_is_named(const struct pending *pending, const char *uri)
{
    const struct call_info *call = pending_call(pending);
    const struct invitation *invitation = pending->request.invitation;
    bool is_anonymous = pending->decision.params.anonymous;

    if (call)
        return is_call_named(call, is_anonymous ? WAITS_ANONYMOUSLY : NULL, uri);
    return invitation && !is_anonymous &&
           is_uri(uri, length_of(uri), invitation->uri, length_of(invitation->uri));
}

/* "192.0.2.1:5060;udp": as long as the address itself. */
static size_t address_length(const char *peer)
{
    const char *port = strrchr(peer, ':');
    return port ? (size_t)(port - peer) : strlen(peer);
}

bool is_same_host(const char *peer, const char *other)
{
    size_t length = address_length(peer);

    return length == address_length(other) && strncmp(other, peer, length) == 0;
}

/* Who asks outside of a call is a participant when the name and the address are those of a
 * call in the conference: phones use another Call-ID for it, but nothing else that could tell. A
 * name that was proven for the call must be proven again, since all behind a proxy have one
 * address.
 */
static bool is_same(const struct participant *participant, const struct caller *caller)
{
    const struct caller *other = &participant->info.caller;

    return strcasecmp(other->uri, caller->uri) == 0 &&
           (caller->authenticated || !other->authenticated) &&
           is_same_host(other->peer, caller->peer);
}

struct participant *conference_find_caller(const struct conference *conference,
                                           const struct call *call, const struct caller *caller)
{
    struct focus *focus = conference->focus;
    struct participant *participant;

    if (call) {
        participant = participant_of(focus->signalling->user(call));
        if (participant && participant->conference != conference)
            participant = participant->aside;
        return participant && participant->conference == conference ? participant : NULL;
    }
    for (participant = conference->members; participant; participant = participant->next) {
        /* Who is asked into a sidebar has joined its parent. */
        if ((participant->joined || participant->main) && is_same(participant, caller))
            return participant;
    }
    return NULL;
}
