/*
 * What a subscriber to the conference package knows (RFC 4575): it checks each document, applies it
 * as §4.6 says, and answers who is in.
 */
#ifndef DOCTOR_PICTURE_H
#define DOCTOR_PICTURE_H

#include "doctor/private.h"

#include <libxml/tree.h>

struct picture {
    xmlDoc *doc; /* NULL: nothing is known yet */
    uint32_t version;
    unsigned documents;    /* taken */
    bool is_partial;       /* the latest one is */
    bool is_deleted;       /* the conference has ceased to exist */
    char wrong[SEEN_SIZE]; /* what is not as it must be; "" */
};

/* Takes the NOTIFY's document, if it has one. False: `wrong` says what is the matter. */
bool picture_take(struct picture *picture, const sip_t *notify);
void picture_free(struct picture *picture);

/* Whether both know the same, versions aside: they are scoped within a subscription (§5.2). */
bool picture_is_equal(const struct picture *one, const struct picture *other);

/* The <user> whose entity is this URI, or one of whose endpoints is; NULL: it is not there. */
xmlNode *picture_user(const struct picture *picture, const char *uri);
/* Its endpoint that the subscriber would look at: one that has not disconnected, if there is one.
 */
xmlNode *picture_endpoint(const struct picture *picture, const char *uri);
unsigned picture_endpoints(const struct picture *picture, const char *uri);
/* The text at "joining-info/when" below the element. NULL: it is not there. Valid as long as the
 * roster is not changed. */
const char *picture_text(const xmlNode *element, const char *path);
const char *picture_entity(const struct picture *picture);

/* document.c: whether the element and all below is as the data model says (§5, §6). */
bool document_check(const xmlNode *root, char *wrong, size_t size);
/* Of the package's namespace, with this name. */
bool element_is(const xmlNode *node, const char *name);
xmlNode *element_first(const xmlNode *parent);
xmlNode *element_next(const xmlNode *element);
/* The attribute that tells it from its siblings (§4.5); NULL: there is none. */
const char *element_key(const xmlNode *element);
/* An attribute's text; NULL: it has none. */
const char *element_attribute(const xmlNode *element, const char *name);

/* watch.c: a subscription and what it has told. Lasts until the check ends. */
struct watch {
    struct watch *next;
    struct line *line;
    struct picture picture;
};

/* Of a subscription that is there. NULL: out of memory. */
struct watch *watch_follow(struct doctor *doctor, struct line *line);
/* Subscribes on the line, and takes the first document. */
enum verdict watch_begin(struct doctor *doctor, struct line *line, struct watch **watchp);
/* Takes what has been told meanwhile. */
void watch_update(struct watch *watch);
/* Waits until the user's endpoint has this status; "": until it is not connected any more. */
bool watch_await(struct watch *watch, const char *uri, const char *status);
/* What is wrong with what it was told, or else `missing`. */
const char *watch_problem(const struct watch *watch, const char *missing);
/* Whether all that it was told comes to what a new subscriber is told. NULL, or what differs. */
const char *watch_compare(struct watch *watch);

/* Subscribes, or ends the check. */
#define MUST_WATCH(line, watchp)                                                                   \
    do {                                                                                           \
        enum verdict begun = watch_begin(doctor, line, watchp);                                    \
        if (begun != PASSED) {                                                                     \
            return begun;                                                                          \
        }                                                                                          \
    } while (0)
#define NEEDS_PACKAGE                                                                              \
    NEEDS(offers(doctor->focus.events, "conference") || offers(doctor->focus.allow, "SUBSCRIBE"),  \
          "no conference in Allow-Events, no SUBSCRIBE in Allow")

#endif
