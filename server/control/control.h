/*
 * The command line's way into the running server: a Unix socket in the data directory.
 *
 * One request a connection, one line: "status", "status --json", "reload", "reload --only
 * CONFERENCE", "reload --back CONFERENCE", "pin CONFERENCE", "unpin CONFERENCE", "shadow", "shadow
 * stop", "shadow start [--for POLICY] [--conference NAME] [--seconds N] FILE", "stop", "invite
 * CONFERENCE URI", "run APPLICATION", "create [FACTORY]", "end CONFERENCE [REASON]", "recheck
 * CONFERENCE", "remove CONFERENCE NAME[,NAME…] [REASON]", "remove-all CONFERENCE
 * NAME[,NAME…] [REASON]", "fact NAME [VALUE]", "explain [--json] CONFERENCE [LISTENER [TALKER]]",
 * "pending [CONFERENCE]", "approve ID", "refuse ID [REASON]", "record [--with-secrets] [--size MIB]
 * CONFERENCE PATH", "record --stop CONFERENCE". The answer's first line is "ok" or "error TEXT";
 * after an ok the body follows until the end of the stream. Used by main. The server side runs on
 * the focus thread; the client side blocks.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "focus/focus.h"

#include <stdio.h>

struct control;

/* Where a conference is to be among the generations of the scripts. */
enum placing {
    PLACE_BACK,     /* it has been reloaded alone, and goes with all others again */
    PLACE_PINNED,   /* it stays with what decides about it … */
    PLACE_UNPINNED, /* … and no longer */
};

/* A policy that is to be asked beside those that decide. */
struct shadow_wish {
    const char *file;       /* its path */
    const char *stands_for; /* the policy in whose place it would be; NULL: by its name */
    const char *conference; /* NULL: all */
    unsigned seconds;       /* 0: until it is stopped */
};

/* What control asks of the rest of the server. `arg` comes with every call. */
struct control_server {
    void *arg;
    /* That decides about the conference; NULL: about new ones. */
    unsigned (*generation)(void *arg, const struct conference *conference);
    json_t *(*scripts)(void *arg);       /* new reference */
    json_t *(*registrations)(void *arg); /* a list of { account, contact, … }; new reference */
    json_t *(*signalling)(void *arg);    /* SIP in figures; new reference */
    json_t *(*recordings)(void *arg);    /* as journal_recordings has it; new reference */
    unsigned (*thread_count)(void *arg);
    void (*thread_stats)(void *arg, unsigned thread, struct mixing_thread_stats *stats);
    /* Of this conference alone, by its name; NULL: of all. Calls `done`, at once or later, unless
     * the server ends: with 0, and lines about what needs a restart; or with an errno and one line.
     */
    void (*reload)(void *arg, const char *only,
                   void (*done)(void *arg, int error, const char *told), void *done_arg);
    /* An errno, and one line in `told`, when it cannot be. */
    int (*place)(void *arg, enum placing placing, struct conference *conference, char *told,
                 size_t told_size);
    /* Asks a policy beside those that decide, or, of NULL, no longer. An errno, and one line in
     * `told`, when that cannot be. */
    int (*shadow)(void *arg, const struct shadow_wish *wish, char *told, size_t told_size);
    /* Sets a fact for scripts, unless `value` is NULL; what it is, or why not, goes to `told`. An
     * errno. */
    int (*fact)(void *arg, const char *name, const char *value, char *told, size_t told_size);
    /* What is asked and happens in a conference is recorded, by "[--with-secrets] [--size MIB]
     * CONFERENCE PATH", or no longer, by "--stop CONFERENCE". An errno; one line in `told` either
     * way. */
    int (*record)(void *arg, const char *words, char *told, size_t told_size);
    void (*stop)(void *arg); /* begins to stop; returns at once */
};

struct control_config {
    struct loop *loop;
    struct focus *focus;
    const char *data; /* directory; made when it is missing */
    struct control_server server;
};

/* Takes the data directory for this process and listens. EBUSY when another server has it, or an
 * errno; `error` gets one line. Clients are served from the loop's next turn on. */
int control_create(const struct control_config *config, struct control **controlp, char *error,
                   size_t error_size);
/* Closes all connections, which tells those who asked to stop that it is done. */
void control_destroy(struct control *control);

/* Sends `request` to the server of that data directory and writes the answer's body to `out`;
 * for "stop", returns when the server has gone. ECONNREFUSED: no server runs; EREMOTEIO: the
 * server said no; ETIMEDOUT; `error` gets one line. */
int control_request(const char *data, const char *request, FILE *out, char *error,
                    size_t error_size);

#endif
