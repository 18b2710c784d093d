/* Errors of a generation: how many, where, and who has brought them about. */
#include "lua/failures.h"
#include "lua/conversation.h"
#include "lua/generation.h"
#include "lua/hook.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { PARTIES_LEAST = 3 }; /* whose errors it takes, unless fewer errors than that do */

/* ---- who ------------------------------------------------------------------------------------ */

/* The address of "192.0.2.1:5060;udp". Of IPv6 its first half: the rest is for every host to choose
 * as it likes (RFC 8981). */
static void address_of(const char *peer, char *address)
{
    const char *end = strrchr(peer, ':');
    struct in6_addr host;

    (void)snprintf(address, PARTY_TEXT, "%.*s", end ? (int)(end - peer) : 0, peer);
    if (*address != '[')
        return;
    address[strcspn(address, "]")] = '\0';
    if (inet_pton(AF_INET6, address + 1, &host) == 1) {
        memset(host.s6_addr + 8, 0, 8);
        (void)inet_ntop(AF_INET6, &host, address, PARTY_TEXT);
    }
}

/* Of one who has proven nothing, the URI is whatever he likes: uri is NULL. */
static void name_party(const char *uri, const char *peer, char *party)
{
    if (uri)
        (void)snprintf(party, PARTY_TEXT, "%s", uri);
    else
        address_of(peer ? peer : "", party);
}

void failures_party_of(const struct caller *caller, char *party)
{
    *party = '\0';
    if (caller)
        name_party(caller->authenticated ? caller->uri : NULL, caller->peer, party);
}

void failures_party(const struct hook_frame *frame, char *party)
{
    const struct participant *participant = NULL;

    *party = '\0';
    while (frame->outer)
        frame = frame->outer;
    if (frame->event)
        participant =
            focus_participant(frame->generation->engine->focus, frame->event->participant);
    if (frame->conversation)
        (void)snprintf(party, PARTY_TEXT, "%s", frame->conversation->party);
    else if (frame->request && frame->request->actor.kind == ACTOR_CALLER)
        name_party(frame->request->actor.authenticated ? frame->request->actor.uri : NULL,
                   frame->request->actor.peer, party);
    else if (participant)
        failures_party_of(&participant_call(participant)->caller, party);
    else if (frame->question)
        name_party(NULL, frame->question->peer, party);
    else if (frame->conference_name)
        (void)snprintf(party, PARTY_TEXT, "%s", frame->conference_name);
}

/* ---- how many ------------------------------------------------------------------------------- */

unsigned failures_share(const struct probation_config *config)
{
    return (config->errors + PARTIES_LEAST - 1) / PARTIES_LEAST;
}

static unsigned count_of(const struct failures *failures, const char *party, uint64_t since)
{
    unsigned kept = failures->count < PROBATION_ERRORS ? failures->count : PROBATION_ERRORS;
    unsigned count = 0;

    for (unsigned i = 0; i < kept; i++)
        count += failures->last[i].at >= since && strcmp(failures->last[i].party, party) == 0;
    return count;
}

static void place_count(struct failures *failures, const char *error)
{
    char position[POSITION_TEXT], text[SCRIPT_TEXT];
    unsigned i = 0;

    (void)snprintf(text, sizeof text, "%s", error);
    error_position(text, "a script", position, sizeof position);
    while (i < PLACES_MOST && failures->places[i].count > 0 &&
           strcmp(failures->places[i].position, position) != 0)
        i++;
    if (i == PLACES_MOST)
        return;
    (void)snprintf(failures->places[i].position, POSITION_TEXT, "%s", position);
    failures->places[i].count++;
}

bool failures_add(struct failures *failures, const struct probation_config *config, uint64_t now,
                  const char *error, const char *party)
{
    uint64_t since = now > config->within ? now - config->within : 0;
    struct failure *failure = &failures->last[failures->count % PROBATION_ERRORS];

    if (config->errors > 0 && count_of(failures, party, since) >= failures_share(config)) {
        failures->left_out++;
        return false;
    }
    failure->at = now;
    (void)snprintf(failure->party, sizeof failure->party, "%s", party);
    failures->count++;
    place_count(failures, error);
    return true;
}

bool failures_are_too_many(const struct failures *failures, const struct probation_config *config,
                           uint64_t now)
{
    if (config->errors == 0 || failures->count < config->errors)
        return false;
    return now - failures->last[(failures->count - config->errors) % PROBATION_ERRORS].at <=
           config->within;
}

const struct failing_place *failures_worst(const struct failures *failures)
{
    const struct failing_place *worst = failures->places;

    for (unsigned i = 1; i < PLACES_MOST; i++) {
        if (failures->places[i].count > worst->count)
            worst = &failures->places[i];
    }
    return worst;
}
