/* A conference in the words of RFC 4575 §5. */
#include "state/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Until a conference mixes more than one stream: its medium (§5.3.4), and so the label of every
 * participant's stream, which has to be that of the medium (§5.8.3). */
#define MEDIUM "audio"

/* ---- endpoints ------------------------------------------------------------------------------ */

/* §5.7.5 and §5.7.7; `by` and `reason` "": not known. */
static void write_execution(struct xml *xml, const char *name, time_t when, const char *reason,
                            const char *by)
{
    xml_open(xml, name);
    xml_time_element(xml, "when", when);
    if (*reason)
        xml_element(xml, "reason", reason);
    if (*by)
        xml_uri_element(xml, "by", by);
    xml_close(xml);
}

static void write_departure(struct xml *xml, const struct departure *departure, const char *by)
{
    static const char *const methods[] = {
        [DEPARTED] = "departed", [BOOTED] = "booted",     [FAILED] = "failed",
        [BUSY] = "busy",         [REPLACED] = "departed",
    };
    char reason[160];

    xml_element(xml, "disconnection-method", methods[departure->method]);
    if (departure->code)
        (void)snprintf(reason, sizeof reason, "Reason: SIP;cause=%d;text=\"%s\"", departure->code,
                       departure->reason);
    else
        (void)snprintf(reason, sizeof reason, "%s", "");
    write_execution(xml, "disconnection-info", departure->when, reason, by);
}

/* From the participant's point of view (§5.8.5): what is not mixed, it does not send. */
static const char *media_status(const struct participant *participant)
{
    enum stream_direction direction = participant_direction(participant);
    const struct participant *aside = participant_aside(participant);

    if (participant_is_muted(participant) || !participant_may_speak(participant))
        direction &= STREAM_SENDONLY;
    /* §5.9: who is in a sidebar is not heard here, and hears it in the background at best. */
    if (aside && participant_has_joined(aside))
        direction &= participant_background(aside) > GAIN_OFF ? STREAM_SENDONLY : STREAM_INACTIVE;
    return stream_direction_name(stream_reversed(direction));
}

static void write_media(struct xml *xml, const struct participant *participant)
{
    struct leg_stats stats;
    char source[16];

    participant_stats(participant, &stats);
    xml_open(xml, "media");
    xml_attribute(xml, "id", "1");
    xml_element(xml, "type", "audio");
    xml_element(xml, "label", MEDIUM);
    if (stats.source) {
        (void)snprintf(source, sizeof source, "%u", stats.source);
        xml_element(xml, "src-id", source);
    }
    xml_element(xml, "status", media_status(participant));
    xml_close(xml);
}

/* §5.7.9: what calls can be taken over by is shown to moderators only. Phones write their address
 * into Call-IDs, so that of who is anonymous is shown to nobody (RFC 3323 §4.1). */
static void write_call_info(struct xml *xml, const struct participant *participant)
{
    const struct call_info *call = participant_call(participant);
    const struct dialog_id *dialog = &call->dialog;

    /* Before the first answer there is no dialog. */
    if (participant_anonymous(participant) || (call->is_outgoing && !*dialog->remote_tag))
        return;
    xml_open(xml, "call-info");
    xml_open(xml, "sip");
    xml_element(xml, "call-id", dialog->call_id);
    xml_element(xml, "from-tag", call->is_outgoing ? dialog->local_tag : dialog->remote_tag);
    xml_element(xml, "to-tag", call->is_outgoing ? dialog->remote_tag : dialog->local_tag);
    xml_close(xml);
    xml_close(xml);
}

char *conference_write_endpoint(const struct participant *participant, const char *entity,
                                enum edition_kind kind, const struct departure *departure)
{
    const struct call_info *call = participant_call(participant);
    time_t joined_at = participant_joined_at(participant);
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "endpoint");
    xml_uri_attribute(&xml, "entity", entity);
    xml_attribute(&xml, "state", "full");
    if (*call->referred_by)
        write_execution(&xml, "referred", participant_made_at(participant), "", call->referred_by);
    xml_element(&xml, "status", participant_status(participant));
    xml_element(&xml, "joining-method", call->is_outgoing ? "dialed-out" : "dialed-in");
    if (joined_at)
        write_execution(&xml, "joining-info", joined_at, "", participant_brought_by(participant));
    if (departure)
        write_departure(&xml, departure, participant_removed_by(participant));
    else if (joined_at)
        write_media(&xml, participant);
    if (kind == EDITION_MODERATOR)
        write_call_info(&xml, participant);
    xml_close(&xml);
    return xml_finish(&xml);
}

/* §5.7.3: it is anticipated that it will come in. */
/* Of who waits. */
static char *conference_write_waiting(const struct pending *pending, const char *entity)
{
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "endpoint");
    xml_uri_attribute(&xml, "entity", entity);
    xml_attribute(&xml, "state", "full");
    xml_element(&xml, "status", "pending");
    xml_element(&xml, "joining-method",
                pending_request(pending)->invitation ? "dialed-out" : "dialed-in");
    xml_close(&xml);
    return xml_finish(&xml);
}

/* ---- users ---------------------------------------------------------------------------------- */

static bool is_visible(const struct endpoint *endpoint, enum edition_kind kind)
{
    return kind == EDITION_MODERATOR || !endpoint->is_hidden;
}

static void write_endpoint(struct xml *xml, const struct watched *watched,
                           const struct endpoint *endpoint, enum edition_kind kind)
{
    struct participant *participant =
        focus_participant(watched->state->focus, endpoint->participant);
    const struct pending *pending = focus_pending(watched->state->focus, endpoint->pending);
    char *text = NULL;

    if (endpoint->is_gone) {
        if (endpoint->last[kind])
            xml_raw(xml, endpoint->last[kind]);
        return;
    }
    if (participant)
        text = conference_write_endpoint(participant, endpoint->entity, kind, NULL);
    else if (pending)
        text = conference_write_waiting(pending, endpoint->entity);
    if (text)
        xml_raw(xml, text);
    else
        xml->has_failed = true;
    free(text);
}

/* The role of each device that has one of its own. */
static void write_roles(struct xml *xml, const struct watched *watched, const struct user *user,
                        enum edition_kind kind)
{
    const char *before = NULL;

    for (const struct endpoint *e = user->endpoints; e; e = e->next) {
        struct participant *participant = focus_participant(watched->state->focus, e->participant);
        if (!participant || e->is_gone || !is_visible(e, kind) ||
            (before && strcmp(before, participant_role(participant)) == 0))
            continue;
        if (!before)
            xml_open(xml, "roles");
        before = participant_role(participant);
        xml_element(xml, "entry", before);
    }
    if (before)
        xml_close(xml);
}

/* RFC 4575 §5.6.5: a user who is a conference in itself, linked with this one. */
static void write_cascade(struct xml *xml, const struct watched *watched, const struct user *user,
                          enum edition_kind kind)
{
    for (const struct endpoint *e = user->endpoints; e; e = e->next) {
        struct participant *participant = focus_participant(watched->state->focus, e->participant);
        if (!participant || e->is_gone || !is_visible(e, kind) ||
            participant_anonymous(participant) || !participant_call(participant)->is_focus)
            continue;
        xml_uri_element(xml, "cascaded-focus", participant_call(participant)->contact);
        return;
    }
}

char *conference_write_user(const struct watched *watched, const struct user *user,
                            enum edition_kind kind, bool *is_shownp)
{
    struct xml xml;

    *is_shownp = false;
    for (const struct endpoint *e = user->endpoints; e; e = e->next)
        *is_shownp |= is_visible(e, kind);
    if (!*is_shownp)
        return NULL;
    xml_start(&xml);
    xml_open(&xml, "user");
    xml_uri_attribute(&xml, "entity", user->entity);
    xml_attribute(&xml, "state", "full");
    if (*user->display_name)
        xml_element(&xml, "display-text", user->display_name);
    write_roles(&xml, watched, user, kind);
    write_cascade(&xml, watched, user, kind);
    for (const struct endpoint *e = user->endpoints; e; e = e->next) {
        if (is_visible(e, kind))
            write_endpoint(&xml, watched, e, kind);
    }
    xml_close(&xml);
    return xml_finish(&xml);
}

char *conference_write_gone_user(const struct user *user)
{
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "user");
    xml_uri_attribute(&xml, "entity", user->entity);
    xml_attribute(&xml, "state", "deleted");
    xml_close(&xml);
    return xml_finish(&xml);
}

/* ---- the conference ------------------------------------------------------------------------- */

static void write_number(struct xml *xml, const char *name, unsigned number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", number);
    xml_element(xml, name, text);
}

static bool is_in(const struct watched *watched, const struct endpoint *endpoint)
{
    const struct participant *participant =
        focus_participant(watched->state->focus, endpoint->participant);

    return participant && participant_has_joined(participant);
}

/* §5.5.1: those who are still being called are no participants yet. */
static unsigned count_users(const struct watched *watched, enum edition_kind kind)
{
    unsigned count = 0;

    for (const struct user *user = watched->users; user; user = user->hh.next) {
        const struct endpoint *e = user->endpoints;
        while (e && (e->is_gone || !is_in(watched, e) || !is_visible(e, kind)))
            e = e->next;
        count += e != NULL;
    }
    return count;
}

char *conference_write_state(const struct watched *watched, enum edition_kind kind)
{
    bool is_locked = conference_is_locked(watched_conference(watched));
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "conference-state");
    write_number(&xml, "user-count", count_users(watched, kind));
    xml_element(&xml, "active", "true"); /* §5.5.2: whoever may call gets in */
    xml_element(&xml, "locked", is_locked ? "true" : "false");
    xml_close(&xml);
    return xml_finish(&xml);
}

/* §5.3.1, §5.3.2 */
static void write_entry(struct xml *xml, const char *uri, const char *purpose)
{
    xml_open(xml, "entry");
    xml_uri_element(xml, "uri", uri);
    if (purpose)
        xml_element(xml, "purpose", purpose);
    xml_close(xml);
}

/* A global number as a URI (RFC 3966 §3); one that is not means nothing elsewhere. */
static void write_phone(struct xml *xml, const char *phone)
{
    char uri[256] = "tel:";
    size_t length = strlen(uri);

    if (*phone != '+')
        return;
    for (; *phone && length + 1 < sizeof uri; phone++) {
        if (*phone != ' ')
            uri[length++] = *phone;
    }
    uri[length] = '\0';
    write_entry(xml, uri, "participation");
}

/* The ways in, and what else there is. */
static void write_uris(struct xml *xml, const char *entity, const struct session_about *about)
{
    xml_open(xml, "conf-uris");
    write_entry(xml, entity, "participation");
    write_phone(xml, about->phone);
    xml_close(xml);
    xml_open(xml, "service-uris");
    if (*about->web)
        write_entry(xml, about->web, "web-page");
    write_entry(xml, entity, "event");
    xml_close(xml);
}

/* As far as the conference lets its participants (§5.3.4). */
static void write_available_media(struct xml *xml, const struct conference *conference)
{
    enum stream_direction direction = stream_reversed(conference_direction(conference));

    xml_open(xml, "available-media");
    xml_open(xml, "entry");
    xml_attribute(xml, "label", MEDIUM);
    xml_element(xml, "type", "audio");
    xml_element(xml, "status", stream_direction_name(direction));
    xml_close(xml);
    xml_close(xml);
}

/* The host that was called is who hosts it. */
static void write_host(struct xml *xml, const char *entity, const char *email)
{
    const char *host = strrchr(entity, '@');
    char uri[ENTITY_SIZE];

    (void)snprintf(uri, sizeof uri, "sip:%s", host ? host + 1 : "");
    uri[strcspn(uri, ";")] = '\0';
    xml_open(xml, "host-info");
    xml_open(xml, "uris");
    write_entry(xml, uri, NULL);
    if (*email) {
        (void)snprintf(uri, sizeof uri, "mailto:%s", email);
        write_entry(xml, uri, NULL);
    }
    xml_close(xml);
    xml_close(xml);
}

char *conference_write_description(const struct watched *watched, const char *entity)
{
    const struct conference *conference = watched_conference(watched);
    const struct session_about *about = conference_about(conference);
    const char *title = conference_title(conference);
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "conference-description");
    xml_element(&xml, "display-text", *title ? title : conference_name(conference));
    if (*title)
        xml_element(&xml, "subject", title);
    if (*about->description)
        xml_element(&xml, "free-text", about->description);
    if (*about->keywords)
        xml_element(&xml, "keywords", about->keywords);
    write_uris(&xml, entity, about);
    if (conference_capacity(conference))
        write_number(&xml, "maximum-user-count", conference_capacity(conference));
    write_available_media(&xml, conference);
    xml_close(&xml);
    write_host(&xml, entity, about->email);
    return xml_finish(&xml);
}

char *conference_write_head(const char *entity, const char *state, unsigned version)
{
    struct xml xml;

    xml_start(&xml);
    xml_raw(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml_open(&xml, "conference-info");
    xml_attribute(&xml, "xmlns", "urn:ietf:params:xml:ns:conference-info");
    xml_uri_attribute(&xml, "entity", entity);
    xml_attribute(&xml, "state", state);
    xml_number(&xml, "version", version);
    xml_text(&xml, "");
    return xml_finish(&xml);
}
