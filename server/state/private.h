/*
 * Inside the state room. Nobody outside this folder includes this. Focus thread.
 *
 *   state.c                which conferences are watched; the focus's events
 *   package.c              who watches: subscriptions come, ask for bodies, and go
 *   roster.c               who is in a watched conference, by user and endpoint
 *   edition.c              one kind of document: its versions, what changed, the bodies
 *   parts.c                documents that are too long for one NOTIFY
 *   conference_document.c  RFC 4575 in words
 *   sidebars.c             the conferences within it
 *   dialog_document.c      RFC 4235 in words
 *   policy_document.c      its policy, in our own
 *   xml.c                  writing XML
 *
 * A watched conference has up to five editions: the conference as everybody may see it, as
 * moderators do, its dialogs, and its policy for either. What an edition shows changes only when it
 * is published, at most once in an interval, so that a full document, whenever it is made, and the
 * partial ones that came before add up to the same (RFC 4575 §4.6).
 */
#ifndef STATE_PRIVATE_H
#define STATE_PRIVATE_H

#include "core/text.h"
#include "focus/pending.h"
#include "state/state.h"

#include <libxml/xmlwriter.h>
#include <uthash.h>

enum edition_kind {
    EDITION_PLAIN = VIEW_PLAIN,
    EDITION_MODERATOR = VIEW_MODERATOR,
    EDITION_DIALOGS,
    EDITION_POLICY,
    EDITION_POLICY_MODERATOR = EDITION_POLICY + VIEW_MODERATOR,
    EDITION_COUNT,
};

#define POLICY_NAMESPACE "urn:parley:params:xml:ns:conference-policy"

enum {
    HISTORY = 8,       /* changes that are kept for subscribers who are slow to answer */
    FACES_MAX = 8,     /* spellings of a conference's URI that are told apart */
    LINGER = 1000,     /* ms that somebody who left is shown as disconnected */
    PACKAGE_COUNT = 3, /* conference, dialog, parley-policy */
    ENTITY_SIZE = 800, /* bytes of a URI, escaped */
    COME_BACK = 30,    /* s, said to subscribers when the server stops */
};

/* ---- xml.c ---------------------------------------------------------------------------------- */

/* Writes elements into a growing text. Errors (out of memory) are remembered until xml_finish. */
struct xml {
    xmlTextWriterPtr writer;
    xmlBufferPtr buffer;
    bool has_failed;
};

void xml_start(struct xml *xml);
void xml_open(struct xml *xml, const char *name);
void xml_close(struct xml *xml);
void xml_attribute(struct xml *xml, const char *name, const char *value);
void xml_number(struct xml *xml, const char *name, unsigned value);
/* As a URI: what cannot stand in one is escaped. */
void xml_uri_attribute(struct xml *xml, const char *name, const char *uri);
void xml_text(struct xml *xml, const char *text);
/* As it is: elements that were written before. */
void xml_raw(struct xml *xml, const char *elements);
/* <name>text</name> */
void xml_element(struct xml *xml, const char *name, const char *text);
void xml_uri_element(struct xml *xml, const char *name, const char *uri);
/* Behind what is in the buffer. */
void xml_append_uri(xmlBufferPtr buffer, const char *uri);
/* xs:dateTime in UTC */
void xml_time_element(struct xml *xml, const char *name, time_t time);
/* What was written, with a NUL, to be freed; NULL: out of memory. */
char *xml_finish(struct xml *xml);

/* ---- roster.c ------------------------------------------------------------------------------- */

/* One device of a user: one participant. */
struct endpoint {
    uint64_t participant; /* id; 0: it is `pending`, the id of what keeps it waiting */
    uint64_t pending;     /* and not a participant, which only moderators see */
    char *entity;         /* key among the user's endpoints; the same for the whole stay */
    bool is_hidden;
    bool is_gone; /* still shown, as disconnected, until `gone_until` (ms) */
    uint64_t gone_until;
    char *last[2];     /* once gone: <endpoint> in EDITION_PLAIN, _MODERATOR */
    char *last_dialog; /* once gone: <dialog> */
    char *dialog;      /* <dialog> as published; NULL: none */
    bool is_published; /* as it is now */
    struct endpoint *next;
};

struct user {
    char *entity;               /* key; nobody's URI when it is anonymous */
    char *display_name;         /* "" for none */
    struct endpoint *endpoints; /* list, in order of joining or of being called */
    char *shown[2];             /* <user> as published in EDITION_PLAIN, _MODERATOR; NULL: none */
    bool is_dirty;              /* may have changed since it was published */
    UT_hash_handle hh;
};

struct watched;

/* Whoever has joined or is being called. ENOMEM. */
int roster_load(struct watched *watched);
/* Harmless for somebody who is in it already. */
int roster_add(struct watched *watched, struct participant *participant);
/* Who waits for a decision to come in, or to be called; harmless for others. ENOMEM. */
int roster_add_waiting(struct watched *watched, const struct pending *pending);
/* Whether it still waits. */
bool roster_waits(const struct watched *watched, const struct endpoint *endpoint);
/* Something has been decided: who does not wait any longer goes. */
void roster_drop_waiting(struct watched *watched);
void roster_leave(struct watched *watched, const struct participant *participant);
/* Something about the participant may have changed. */
void roster_touch(struct watched *watched, const struct participant *participant);
/* Forgets whose time of being shown is over, once they have been published; returns the ms until
 * the next one's is, 0 for none. */
uint64_t roster_forget(struct watched *watched);
void roster_free(struct watched *watched);

/* ---- edition.c ------------------------------------------------------------------------------ */

struct watcher;

/* The documents of an edition under one spelling of the conference's URI. */
struct face {
    struct edition *edition;
    char *entity;
    struct watcher *watchers; /* list */
    struct body *full, *partial;
    unsigned full_version, partial_version; /* of those bodies */
    struct face *next;
};

/* A sidebar as published by value. */
struct value {
    uint64_t sidebar; /* id */
    char name[CONFERENCE_NAME_MAX + 1];
    char *text; /* <entry> */
    struct value *next;
};

struct edition {
    struct watched *watched;
    enum edition_kind kind;
    struct face *faces;            /* list; NULL: nobody watches, nothing is kept up */
    unsigned version;              /* published last */
    struct body *changes[HISTORY]; /* by version; NULL: a full document tells it */
    char *state;                   /* <conference-state> as published */
    char *description;             /* what of the description can change, or the policy: as
                                      published */
    char *references;              /* <sidebars-by-ref> as published; NULL or "": none */
    struct value *values;          /* list */
};

/* The face for this URI, made when there is none. NULL: out of memory. */
struct face *face_find(struct edition *edition, const char *entity);
/* When its last watcher has gone. */
void face_release(struct face *face);
/* Takes up what has changed; true: it was told to the watchers. */
bool edition_publish(struct edition *edition);
/* The next body for a watcher; NULL: nothing is new. */
struct body *edition_body(struct watcher *watcher, bool is_full);

/* ---- parts.c -------------------------------------------------------------------------------- */

/* The document as the watcher can take it: itself, or its first part. Takes the reference. */
struct body *parts_first(struct watcher *watcher, struct body *document, const char *state);
/* The next part of what watcher->rest is. */
struct body *parts_next(struct watcher *watcher);
void parts_drop(struct watcher *watcher);

/* ---- conference_document.c ------------------------------------------------------------------ */

/* All of these: to be freed; NULL: out of memory. */
/* `departure` NULL: it is in. */
char *conference_write_endpoint(const struct participant *participant, const char *entity,
                                enum edition_kind kind, const struct departure *departure);
/* <user> as `kind` shows it; *is_shownp false: it does not. */
char *conference_write_user(const struct watched *watched, const struct user *user,
                            enum edition_kind kind, bool *is_shownp);
char *conference_write_gone_user(const struct user *user);
char *conference_write_state(const struct watched *watched, enum edition_kind kind);
/* <conference-description> and <host-info> under this entity. */
char *conference_write_description(const struct watched *watched, const char *entity);
/* Of the documents of a conference: what is around the elements. */
char *conference_write_head(const char *entity, const char *state, unsigned version);

/* ---- sidebars.c ----------------------------------------------------------------------------- */

/* <sidebars-by-ref>, "" when there are none; to be freed; NULL: out of memory. */
char *sidebars_write_references(const struct watched *watched, enum edition_kind kind);
/* Appends an <entry> of <sidebars-by-val> for each that has changed. */
void sidebars_take_values(struct edition *edition, xmlBufferPtr changes);
/* Nobody watches the edition any more. */
void sidebars_close(struct edition *edition);
/* Appends the text, with the URIs in it as they are for who knows the conference by this one. */
void sidebars_spell(xmlBufferPtr buffer, const char *text, const char *entity);

/* ---- dialog_document.c ---------------------------------------------------------------------- */

/* `departure` NULL: it is in. */
char *dialog_write(const struct participant *participant, const struct departure *departure);
char *dialog_write_head(const char *entity, const char *state, unsigned version);

/* ---- policy_document.c ---------------------------------------------------------------------- */

char *policy_write(const struct watched *watched, enum edition_kind kind);
char *policy_write_head(const char *entity, const char *state, unsigned version);

/* ---- package.c ------------------------------------------------------------------------------ */

struct watcher {
    struct state *state;
    struct face *face; /* NULL: it waits for a decision, or is not let in */
    struct subscription *subscription;
    const char *event;    /* of the package */
    uint64_t pending;     /* what it waits for; 0: nothing */
    char *entity;         /* while it waits: of the face that it is to have */
    uint64_t participant; /* who watches; 0: somebody from outside */
    unsigned version;     /* of the edition, told last */
    size_t limit;         /* bytes that its bodies may have; 0: any number */
    struct body *rest;    /* a document of which a part was told; NULL: none */
    size_t rest_at;       /* where the next part begins */
    unsigned ahead;       /* versions that its parts took beyond the edition's */
    bool is_over;         /* this conference is, for this participant; its name may begin anew */
    unsigned documents;   /* told so far: versions of the dialog package count by subscription */
    struct watcher *prev, *next; /* in the face, or in state.waiting */
};

void package_init(struct state *state, struct package packages[PACKAGE_COUNT]);

/* ---- state.c -------------------------------------------------------------------------------- */

/* A conference that somebody watches. */
struct watched {
    struct state *state;
    uint64_t id; /* of the conference */
    char *name;
    struct user *users; /* hash by entity */
    struct edition editions[EDITION_COUNT];
    unsigned watcher_count;
    bool is_over;          /* the conference is gone: what is left is to say so */
    bool is_due;           /* something may have changed */
    uint64_t published_at; /* ms */
    struct loop_timer *timer;
    UT_hash_handle hh;
};

struct state {
    struct loop *loop;
    struct focus *focus;
    const struct notifying *notifying;
    unsigned interval;
    struct watched *watched; /* hash by id */
    struct watcher *waiting; /* list: who waits for a decision */
    struct package packages[PACKAGE_COUNT];
};

/* NULL: out of memory. */
struct watched *watched_find(struct state *state, struct conference *conference);
/* When its last watcher has gone. */
void watched_release(struct watched *watched);
/* The conference; NULL once it is over. */
struct conference *watched_conference(const struct watched *watched);

#endif
