#include "state/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CONFERENCE_END "</conference-info>\n"
#define DIALOGS_END "</dialog-info>\n"
#define POLICY_END "</conference-policy>\n"

static bool is_policy(const struct edition *edition)
{
    return edition->kind == EDITION_POLICY || edition->kind == EDITION_POLICY_MODERATOR;
}

/* It shows users, and is told as what changes. */
static bool is_roster(const struct edition *edition)
{
    return edition->kind == EDITION_PLAIN || edition->kind == EDITION_MODERATOR;
}

/* ---- what changes are collected in ---------------------------------------------------------- */

static void append(xmlBufferPtr buffer, const char *text)
{
    (void)xmlBufferAdd(buffer, BAD_CAST text, -1);
}

static struct body *take_body(xmlBufferPtr buffer)
{
    size_t size = (size_t)xmlBufferLength(buffer);
    struct body *body = body_create(size);

    if (body)
        memcpy(body->data, xmlBufferContent(buffer), size);
    return body;
}

/* Keeps `text` in *keptp when it is another one; true: it was. */
static bool replace(char **keptp, char *text)
{
    if (*keptp && strcmp(*keptp, text) == 0) {
        free(text);
        return false;
    }
    free(*keptp);
    *keptp = text;
    return true;
}

/* ---- publishing ----------------------------------------------------------------------------- */

/* Without memory a user stays as it was shown, until it changes the next time. */
static void take_user(struct edition *edition, struct user *user, xmlBufferPtr changes)
{
    char **shown = &user->shown[edition->kind];
    bool is_shown;
    char *text = conference_write_user(edition->watched, user, edition->kind, &is_shown);

    if (text && replace(shown, text))
        append(changes, *shown);
    if (!is_shown && *shown) {
        text = conference_write_gone_user(user);
        append(changes, text ? text : "");
        free(text);
        free(*shown);
        *shown = NULL;
    }
}

static void take_users(struct edition *edition, xmlBufferPtr changes)
{
    for (struct user *user = edition->watched->users; user; user = user->hh.next) {
        if (user->is_dirty || !edition->version)
            take_user(edition, user, changes);
    }
}

/* What of <conference-description> can change; the rest is the entity's. */
static bool take_description(struct edition *edition)
{
    char *text = is_roster(edition) ? conference_write_description(edition->watched, "")
                                    : policy_write(edition->watched, edition->kind);

    return text && replace(&edition->description, text);
}

static bool take_state(struct edition *edition)
{
    char *text = conference_write_state(edition->watched, edition->kind);

    return text && replace(&edition->state, text);
}

/* Dialogs that are over are told once more and are not there any longer (RFC 4235 §4.3). Those of
 * the hidden are for moderators, whose view of the conference has them. */
static void take_dialog(const struct watched *watched, struct endpoint *endpoint,
                        xmlBufferPtr changes)
{
    const struct participant *participant;
    char *text;

    if (endpoint->is_hidden)
        return;
    if (endpoint->is_gone) {
        if (endpoint->dialog)
            append(changes, endpoint->last_dialog ? endpoint->last_dialog : "");
        free(endpoint->dialog);
        endpoint->dialog = NULL;
        return;
    }
    participant = focus_participant(watched->state->focus, endpoint->participant);
    text = participant ? dialog_write(participant, NULL) : NULL;
    if (text && replace(&endpoint->dialog, text))
        append(changes, endpoint->dialog);
}

static void take_dialogs(struct edition *edition, xmlBufferPtr changes)
{
    for (struct user *user = edition->watched->users; user; user = user->hh.next) {
        for (struct endpoint *e = user->endpoints; e; e = e->next) {
            if (user->is_dirty || !edition->version)
                take_dialog(edition->watched, e, changes);
        }
    }
}

static void append_within(xmlBufferPtr changes, const char *open, xmlBufferPtr elements,
                          const char *close)
{
    if (xmlBufferLength(elements) == 0)
        return;
    append(changes, open);
    append(changes, (const char *)xmlBufferContent(elements));
    append(changes, close);
    xmlBufferEmpty(elements);
}

/* An empty list of references is not valid: that there is none any more, a full document tells. */
static bool take_references(struct edition *edition, xmlBufferPtr changes)
{
    char *text = sidebars_write_references(edition->watched, edition->kind);
    bool had = edition->references && *edition->references;

    if (!text || !replace(&edition->references, text))
        return false;
    append(changes, edition->references);
    return had && !*edition->references;
}

static void take_values(struct edition *edition, xmlBufferPtr entries, xmlBufferPtr changes)
{
    bool had = edition->values != NULL;

    sidebars_take_values(edition, entries);
    if (had && !edition->values)
        append(changes, "<sidebars-by-val state=\"deleted\"/>");
    else
        append_within(changes, "<sidebars-by-val state=\"partial\">", entries,
                      "</sidebars-by-val>");
}

/* The elements of the next partial document; *is_wholep: only a full one can tell it. */
static void take_changes(struct edition *edition, xmlBufferPtr changes, bool *is_wholep)
{
    xmlBufferPtr elements = xmlBufferCreate();

    *is_wholep = !elements;
    if (!elements)
        return;
    if (edition->kind == EDITION_DIALOGS) {
        take_dialogs(edition, changes);
    } else if (is_policy(edition)) {
        *is_wholep = take_description(edition);
    } else {
        take_users(edition, elements);
        *is_wholep = take_description(edition);
        if (take_state(edition))
            append(changes, edition->state);
        append_within(changes, "<users state=\"partial\">", elements, "</users>");
        *is_wholep |= take_references(edition, changes);
        take_values(edition, elements, changes);
    }
    xmlBufferFree(elements);
}

bool edition_publish(struct edition *edition)
{
    const struct notifying *notifying = edition->watched->state->notifying;
    xmlBufferPtr changes = xmlBufferCreate();
    struct body **slot;
    bool is_whole;

    if (!changes)
        return false;
    take_changes(edition, changes, &is_whole);
    if (!is_whole && xmlBufferLength(changes) == 0 && edition->version) {
        xmlBufferFree(changes);
        return false;
    }
    edition->version++;
    slot = &edition->changes[edition->version % HISTORY];
    body_unref(*slot);
    *slot = is_whole ? NULL : take_body(changes);
    xmlBufferFree(changes);
    for (struct face *face = edition->faces; face; face = face->next) {
        for (struct watcher *w = face->watchers; w; w = w->next)
            notifying->changed(w->subscription);
    }
    return true;
}

/* ---- bodies --------------------------------------------------------------------------------- */

static char *write_head(const struct face *face, const char *state, unsigned version)
{
    switch (face->edition->kind) {
    case EDITION_DIALOGS:
        return dialog_write_head(face->entity, state, version);
    case EDITION_POLICY:
    case EDITION_POLICY_MODERATOR:
        return policy_write_head(face->entity, state, version);
    default:
        return conference_write_head(face->entity, state, version);
    }
}

static void append_users(xmlBufferPtr buffer, const struct edition *edition)
{
    append(buffer, edition->state ? edition->state : "");
    append(buffer, "<users state=\"full\">");
    for (const struct user *user = edition->watched->users; user; user = user->hh.next)
        append(buffer, user->shown[edition->kind] ? user->shown[edition->kind] : "");
    append(buffer, "</users>");
    append(buffer, edition->references ? edition->references : "");
    if (!edition->values)
        return;
    append(buffer, "<sidebars-by-val>");
    for (const struct value *value = edition->values; value; value = value->next)
        append(buffer, value->text);
    append(buffer, "</sidebars-by-val>");
}

static void append_dialogs(xmlBufferPtr buffer, const struct watched *watched)
{
    for (const struct user *user = watched->users; user; user = user->hh.next) {
        for (const struct endpoint *e = user->endpoints; e; e = e->next)
            append(buffer, e->dialog ? e->dialog : "");
    }
}

static void append_all(xmlBufferPtr buffer, const struct face *face)
{
    const struct edition *edition = face->edition;
    xmlBufferPtr users;
    char *description;

    if (edition->kind == EDITION_DIALOGS) {
        append_dialogs(buffer, edition->watched);
        return;
    }
    if (is_policy(edition)) {
        append(buffer, edition->description ? edition->description : "");
        return;
    }
    description = conference_write_description(edition->watched, face->entity);
    append(buffer, description ? description : "");
    free(description);
    users = xmlBufferCreate();
    if (!users)
        return;
    append_users(users, edition);
    sidebars_spell(buffer, (const char *)xmlBufferContent(users), face->entity);
    xmlBufferFree(users);
}

/* `changes` NULL: all there is. */
static struct body *write_document(const struct face *face, const char *state, unsigned version,
                                   const struct body *changes)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    char *head = write_head(face, state, version);
    struct body *body = NULL;

    if (buffer && head) {
        append(buffer, head);
        if (changes)
            sidebars_spell(buffer, changes->data, face->entity);
        else if (strcmp(state, "deleted") != 0 && !face->edition->watched->is_over)
            append_all(buffer, face);
        append(buffer, face->edition->kind == EDITION_DIALOGS ? DIALOGS_END
                       : is_policy(face->edition)             ? POLICY_END
                                                              : CONFERENCE_END);
        body = take_body(buffer);
    }
    free(head);
    if (buffer)
        xmlBufferFree(buffer);
    return body;
}

/* The same body for everybody who needs it now. */
static struct body *share(struct body **keptp, unsigned *versionp, const struct face *face,
                          const char *state, unsigned version, const struct body *changes)
{
    if (!*keptp || *versionp != version) {
        body_unref(*keptp);
        *keptp = write_document(face, state, version, changes);
        *versionp = version;
    }
    return *keptp ? body_ref(*keptp) : NULL;
}

static struct body *full_body(struct watcher *watcher)
{
    struct face *face = watcher->face;
    const struct edition *edition = face->edition;
    const char *state = edition->watched->is_over ? "deleted" : "full";
    /* Gone, and not told of yet. */
    bool is_gone = !edition->watched->is_over && !watched_conference(edition->watched);

    parts_drop(watcher);
    watcher->version = edition->version;
    if (edition->kind == EDITION_DIALOGS)
        return write_document(face, "full", watcher->documents++, NULL);
    if (is_policy(edition))
        return write_document(face, is_gone || watcher->is_over ? "deleted" : state,
                              edition->version, NULL);
    if (is_gone || (watcher->is_over && !edition->watched->is_over)) { /* for this watcher alone */
        watcher->version++;
        return parts_first(watcher, write_document(face, "deleted", watcher->version, NULL),
                           "deleted");
    }
    return parts_first(watcher,
                       share(&face->full, &face->full_version, face, state, edition->version, NULL),
                       state);
}

static struct body *partial_body(struct watcher *watcher)
{
    struct face *face = watcher->face;
    const struct edition *edition = face->edition;
    unsigned version = ++watcher->version;
    const struct body *changes = edition->changes[version % HISTORY];

    if (version < edition->version)
        watcher->state->notifying->changed(watcher->subscription);
    if (edition->kind == EDITION_DIALOGS)
        return write_document(face, "partial", watcher->documents++, changes);
    return parts_first(
        watcher, share(&face->partial, &face->partial_version, face, "partial", version, changes),
        "partial");
}

struct body *edition_body(struct watcher *watcher, bool is_full)
{
    const struct edition *edition = watcher->face->edition;
    unsigned missed = edition->version - watcher->version;

    if (is_full || edition->watched->is_over || watcher->is_over)
        return full_body(watcher);
    if (watcher->rest)
        return parts_next(watcher);
    if (missed == 0)
        return NULL;
    for (unsigned i = 0; i < missed; i++) {
        if (missed > HISTORY || !edition->changes[(edition->version - i) % HISTORY])
            return full_body(watcher);
    }
    return partial_body(watcher);
}

/* ---- faces ---------------------------------------------------------------------------------- */

static void close_edition(struct edition *edition)
{
    struct user *user;

    for (unsigned i = 0; i < HISTORY; i++) {
        body_unref(edition->changes[i]);
        edition->changes[i] = NULL;
    }
    free(edition->state);
    free(edition->description);
    free(edition->references);
    sidebars_close(edition);
    edition->state = edition->description = edition->references = NULL;
    edition->version = 0;
    for (user = edition->watched->users; user; user = user->hh.next) {
        if (is_roster(edition)) {
            free(user->shown[edition->kind]);
            user->shown[edition->kind] = NULL;
            continue;
        }
        for (struct endpoint *e = user->endpoints; e; e = e->next) {
            free(e->dialog);
            e->dialog = NULL;
        }
    }
}

/* Of many spellings the last ones share the first one's documents: a subscriber cannot make us keep
 * any number of them. */
static struct face *find_spelling(const struct edition *edition, const char *entity)
{
    unsigned count = 0;

    for (struct face *face = edition->faces; face; face = face->next) {
        if (strcmp(face->entity, entity) == 0)
            return face;
        count++;
    }
    return count < FACES_MAX ? NULL : edition->faces;
}

struct face *face_find(struct edition *edition, const char *entity)
{
    struct face *face = find_spelling(edition, entity);

    if (face)
        return face;
    face = calloc(1, sizeof *face);
    if (!face)
        return NULL;
    face->edition = edition;
    face->entity = strdup(entity);
    if (!face->entity || (!edition->version && !edition_publish(edition))) {
        free(face->entity);
        free(face);
        return NULL;
    }
    LL_PREPEND(edition->faces, face);
    return face;
}

void face_release(struct face *face)
{
    struct edition *edition = face->edition;

    if (face->watchers)
        return;
    LL_DELETE(edition->faces, face);
    body_unref(face->full);
    body_unref(face->partial);
    free(face->entity);
    free(face);
    if (!edition->faces)
        close_edition(edition);
}
