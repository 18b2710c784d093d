/* Between serve.c, which puts the server together, and reload.c. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

#include "control/control.h"
#include "fetch/fetch.h"
#include "journal/journal.h"
#include "lua/lua_engine.h"
#include "main/commands.h"
#include "media/media.h"
#include "sip/sip.h"
#include "state/state.h"
#include "store/store.h"

#include <limits.h>

/* The running server, on the focus thread. */
struct server {
    const struct arguments *arguments;
    struct settings settings; /* as they are in effect */
    struct loop *loop;
    struct focus *focus;
    struct control *control;
    struct lua_engine *engine;
    struct fetcher *fetcher;
    struct store *store;
    struct journal *journal;
    struct accounts accounts;
    struct media *media;
    struct state *state;
    struct sip_agent *agent;
    int signals; /* signalfd */
    struct loop_watch *signal_watch;
    struct loop_timer *trim_timer;
    struct worker *cleaner;
    struct {
        char path[PATH_MAX]; /* "": none was taken */
        char name[9];        /* its last part */
        int lock;            /* -1: it could not be locked */
    } temporary;             /* where recordings are that nobody keeps */
    int changes;             /* inotify; -1: nothing is watched */
    struct {
        struct loop_watch *readable;
        struct loop_timer *timer;
        json_t *links;   /* names of those on the way to what is watched, as keys */
        bool is_missing; /* a directory was, when they were looked for last … */
        bool is_waiting; /* … and will be looked for again, which has been told */
    } watch;
    struct selftest *selftest; /* NULL: none runs */
    struct {
        bool is_under_way;
        bool is_wanted_again; /* when this one is over */
        char *only;           /* name of the one conference that it is of; NULL: all. Owned. */
        struct settings wanted;
        struct settings before; /* what was for the scripts that may come back; else empty */
        uint64_t began;         /* us */
        void (*done)(void *arg, int error, const char *told);
        void *arg;
    } reload;
    bool is_stopping;
};

/* sound.c: how a conference sounds whose own settings are `own`; the settings' strings. For the
 * server itself, its own. */
struct sound_config server_sound(const struct settings *settings, const struct sound_settings *own);
/* Where sound files and prompts are, by these settings. */
struct sound_directories {
    char config[PATH_MAX], own[2 * PATH_MAX], shipped[2 * PATH_MAX], recordings[2 * PATH_MAX];
    struct sound_places places; /* points to these, and into the settings */
};

/* A file of the config's: beside it, unless it is a whole path. */
void settings_place(const struct settings *settings, const char *path, char *placed, size_t size);
void server_directories(const struct settings *settings, struct sound_directories *directories);
/* Looks into the sound files. EINVAL: `error` says what is wrong with one. */
int server_check_sound(const struct settings *settings, char *error, size_t error_size);

/* apply.c: what of the settings can change under running calls, changes; the scripts have changed
 * already. What was is in `wanted` then. */
void server_apply(struct server *server, struct settings *wanted);
/* What is for scripts, taken out of there. */
struct settings server_script_part(struct settings *from);
/* The scripts before have come back, `arg` being the server: so does what was for them. */
void server_take_back(void *arg);
struct conference_config server_conference(const struct conference_settings *conference);

/* Makes the conferences of the settings exist in the focus. */
int server_reserve(struct focus *focus, const struct settings *settings);

/* When new scripts are taken back. */
struct probation_config server_probation(const struct settings *settings);

/* Gives the agent what the settings say of calls that we begin; logs what goes wrong. */
int server_set_outbound(struct server *server, const struct settings *settings);

/* Loads the scripts as a server with these settings would, and lets go of all again: an errno, and
 * one line in `error`. On success *scriptsp has the paths of those with self-tests, new reference,
 * and prompts that nobody has were told. */
int server_check(struct settings *settings, json_t **scriptsp, char *error, size_t error_size);

/* Tells on stderr, file and line first, which prompts the script at `path` names that are in no
 * language. */
void prompts_tell_missing(const struct settings *settings, const char *path);

/* Runs the self-tests of scripts, by their paths; what fails is told on stderr. */
bool self_tests_pass(const struct settings *settings, const json_t *scripts);

/* Reads config and scripts anew, of the conference `only` just its scripts, and has the self-tests
 * run that there are; then, or at once, calls `done`, which may be NULL: with 0, and a line for
 * each option that changed and needs a restart; or with an errno, and one line, and everything
 * stays as it was. */
void server_reload(struct server *server, const char *only,
                   void (*done)(void *arg, int error, const char *told), void *arg);
/* The one that is under way is none any more. */
void server_reload_cancel(struct server *server);

/* Gives one conference other scripts than all others, or the same again. On failure it stays where
 * it was: an errno, and one line in `error`. */
int server_place(struct server *server, enum placing placing, struct conference *conference,
                 char *error, size_t error_size);

/* Has the self-tests of these scripts run. An errno: they are not; otherwise `done` is called, the
 * problem being one line, or NULL. */
int server_test_scripts(struct server *server, const json_t *scripts,
                        void (*done)(struct server *server, const char *problem));
/* `done` is not called. */
void server_test_cancel(struct server *server);

/* Watches what is in use now, if the settings say so; server_unwatch ends it. */
void server_watch(struct server *server);
void server_unwatch(struct server *server);

/* From now on, memory goes back to the system when the last call has ended. Errors as
 * focus_listen. */
int server_trim_when_idle(struct server *server);
/* Takes a folder for the recordings below temporary/, and deletes them when their conferences are
 * over; now those of servers that are no more. An errno. */
int server_clean_recordings(struct server *server);
/* Nothing is recorded any more. */
void server_leave_recordings(struct server *server);

/* As struct control_server has it. */
int server_record(struct server *server, const char *words, char *told, size_t told_size);

/* Begins the journal; an exit code. */
int server_start_journal(struct server *server);
/* Takes the file that the settings want; an errno, and one line in `error`. Then either it goes on
 * there, and what was in effect is `wanted`'s, or journal_abandon. */
int server_prepare_journal(struct server *server, const struct settings *wanted, char *error,
                           size_t error_size);
void server_swap_journal(struct server *server, struct settings *wanted);

/* Makes fetcher and store; an exit code. */
int server_start_helpers(struct server *server);

/* "parley ready: …" on stdout. */
void server_announce(const struct server *server);

#endif
