/*
 * Whom one request wants to have called, or done something about: the list in its body (RFC 5363,
 * RFC 4826, RFC 5364), or in a header (Confer-To).
 *
 * It is read where it comes in, and carried to the focus. Plain data, owned by whoever holds the
 * struct; any thread.
 */
#ifndef CORE_RECIPIENTS_H
#define CORE_RECIPIENTS_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 5364 §4, by precedence. What says nothing is not shown to the others either. */
enum copy_control { COPY_UNSAID, COPY_BCC, COPY_CC, COPY_TO };

/* What is to be done about somebody (draft-ranjit-sipping-conference-01 §4.3 and §6.4). */
#define RECIPIENT_ACTIONS(X)                                                                       \
    X(ACTION_ADD, "add")                                                                           \
    X(ACTION_HOLD, "hold")                                                                         \
    X(ACTION_RESUME, "resume")                                                                     \
    X(ACTION_REMOVE, "remove")

enum recipient_action {
#define X(name, text) name,
    RECIPIENT_ACTIONS(X)
#undef X
        ACTION_COUNT
};

struct recipient {
    char *uri;  /* as it was given: "sip:bob@example.com;transport=tcp" */
    char *key;  /* the same for every spelling of the same URI (RFC 3261 §19.1.4) */
    char *name; /* the display name that goes with it; "" for none */
    enum copy_control copy;
    bool is_anonymous; /* its URI is to be shown to nobody */
    enum recipient_action action;
};

struct recipients {
    struct recipient *items;
    unsigned count;
};

/* Copies; of a URI that is there already the higher precedence counts (RFC 5364 §4), and the last
 * action. `name` NULL: none. ENOMEM. */
int recipients_add(struct recipients *list, const struct recipient *recipient);
void recipients_clear(struct recipients *list);

/* Adds what is in an application/resource-lists+xml document; lists within lists count as one. At
 * most `limit` then. EBADMSG: it is none; ENOTSUP: it names entries that are elsewhere (<external>,
 * <entry-ref>); E2BIG: more than `limit`; ENOMEM. Some may have been added all the same. */
int recipients_read_xml(struct recipients *list, const char *data, size_t size, unsigned limit);

/* "HOLD" is one, too. False: `text` names none. */
bool recipient_action_read(const char *text, size_t length, enum recipient_action *actionp);

#endif
