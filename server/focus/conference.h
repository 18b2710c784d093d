/*
 * Inside the focus: a conference, how it comes to be and how it ends, and who had it made. Focus
 * thread.
 */
#ifndef FOCUS_CONFERENCE_H
#define FOCUS_CONFERENCE_H

#include "focus/arrangement.h"
#include "focus/cause.h"
#include "focus/events.h"
#include "focus/focus.h"
#include "focus/ration.h"
#include "focus/sound.h"

#include <uthash.h>

/* Who had a conference made, to be known again on coming in. */
struct maker {
    char *uri;     /* NULL or "": nobody in particular */
    char *peer;    /* where the call came from that asked for it; "": a script did */
    char *call_id; /* of that call's dialog; "": it was none */
    bool authenticated;
};

struct conference {
    struct focus *focus;
    uint64_t id;
    char *name, *title, *policy;
    unsigned capacity;
    json_t *options, *places;
    struct session_about about; /* its own strings */
    enum factory factory;
    struct maker maker;
    char cascade_id[CASCADE_ID + 1]; /* "": nobody has been told one yet */
    char cascade[CASCADE_TEXT];      /* room for what cascade_tell says */
    bool is_owned; /* only who made it may change it, as far as the policy leaves that open */
    bool reserved, is_generated, hides_focus;
    bool active;       /* somebody is in or on the way in; there is a mix */
    bool ended;        /* no longer to be called; waits to be freed */
    bool ending;       /* all its calls are being ended */
    char farewell[96]; /* why, once what is played now is over; "": it does not end so */
    bool is_settling;  /* what waits comes to its end: the conference does not by itself */
    bool locked;
    struct cause made_cause;              /* `at` 0: by the config */
    struct cause lock_cause, media_cause; /* of what is locked or open, and of `withheld` */
    struct loop_timer *recheck_timer;     /* runs while somebody is_doubted */
    uint64_t rechecked_at;                /* ms, when that begins or began; 0: never yet */
    struct cause recheck_cause;           /* who asked for it */
    struct incidents *incidents;          /* NULL: there were none yet */
    time_t created_at;
    struct conference_life life;
    struct loop_timer *empty_timer; /* runs while nobody is in it and it waits for somebody */
    struct loop_timer *end_timer;   /* until the warning, then until the end */
    unsigned warning;               /* ms before its end when that is told; 0: it is not */
    time_t ends_at;                 /* 0: its time is not limited, or it does not run */
    uint64_t creator;               /* id of who made it; 0: nobody, or not in (any more) */
    bool creator_has_left;          /* just now, which is still to be considered */
    struct mix *mix;
    struct bus_set buses;
    struct arrangement arrangement;
    bool has_announced;     /* so that all hear that bus */
    bool has_sound;         /* of its own */
    bool is_hold_music_bad; /* it could not be played, and is not tried again */
    struct sound sound;
    struct music music;             /* that a policy gave it */
    char attendant[64];             /* application; "": the server's; "none": none */
    char language[LANGUAGE_SIZE];   /* of prompts; "": the settings' */
    struct playback *playbacks;     /* list */
    struct take *take;              /* what is recorded of it; NULL: nothing */
    bool is_tapped;                 /* all speak to MIX_RECORD, too */
    enum stream_direction withheld; /* from the streams of all, see struct answer */
    char codecs[REQUEST_CODECS];    /* those offered, "": all */
    struct loop_timer *media_timer; /* runs while somebody is_outdated */
    struct conference *parent;      /* whose sidebar it is; NULL: it is none */
    struct conference *sidebars;    /* list */
    struct conference *prev_sidebar, *next_sidebar;
    unsigned bus;             /* of a sidebar: where its members speak, in the parent's mix */
    float background;         /* the same: dB */
    enum sidebar_shown shown; /* the same */
    struct queued_event end;  /* its place in the queue once it ended */
    struct participant
        *members; /* list; on the way in, too; those who have joined last come last */
    unsigned member_count, called_count;   /* all of them; those who are still being called */
    struct pending *pending;               /* list, in the order of asking */
    unsigned pending_count, waiting_count; /* all of them; those who are calls that want in */
    unsigned anonymous_count;              /* of all that ever came */
    struct ration answers;                 /* of hooks, see submit.c */
    struct ration account_messages;  /* of those who are not in, and have proven who they are */
    struct ration stranger_messages; /* of all others who are not in */
    UT_hash_handle hh_id, hh_name;
};

/* conference.c */
int conference_make(struct focus *focus, const struct conference_config *config,
                    struct conference **conferencep);
/* Gives it a mix and tells that it is there. ENOMEM. */
int conference_activate(struct conference *conference);
void conference_free(struct conference *conference);

/* ending.c */
/* It has begun: its time runs. */
void conference_start_clock(struct conference *conference);
/* It has so much time from now on. */
void conference_limit(struct conference *conference, const struct conference_life *life);
/* Nobody is in it yet: it goes when nobody has come in after `ms`. */
void conference_await(struct conference *conference, unsigned ms);
/* Ends all its calls; a conference that is not reserved is over. `code` for the Reason header. */
void conference_end(struct conference *conference, int code, const char *reason);
/* The same once all have heard the files, which are played at once; nobody comes in meanwhile. ""
 * for none, or while that is so already: at once. */
void conference_end_after(struct conference *conference, const char *files, const char *reason);
/* They have been heard. */
void conference_end_farewell(struct conference *conference);
/* After somebody has gone, or did not come in: when nobody is left in it, or the creator with whom
 * it ends has left. */
void conference_end_if_over(struct conference *conference);
/* With whom it ends, if it does so with its creator; 0: who has left, or does not come. */
void conference_set_creator(struct conference *conference, uint64_t participant);

/* gone.c */
/* Remembers a generated name whose conference is over. */
void gone_add(struct focus *focus, const char *name);
void gone_forget(struct focus *focus);
/* Why no conference has that name: 410 when one had, 404 when none ever had, and in words. */
int gone_code(struct focus *focus, const char *name, const char **reasonp);

/* about.c */
/* Copies; an ENOMEM leaves it as it is. */
int about_set(struct session_about *about, const struct session_about *source);
void about_free(struct session_about *about);

/* create.c */
enum { MADE_NAME_SIZE = 24 + 1 }; /* hexadecimal digits, 96 bits; and a NUL */
/* A name that nobody can guess, or a number of so many digits, that nobody has. False: there are
 * too many conferences. */
bool name_make(struct focus *focus, unsigned digits, char name[MADE_NAME_SIZE]);
/* Notes whose call had it made, or whose it is; NULL for either. ENOMEM. */
int maker_note(struct conference *conference, const struct call_info *from, const char *uri);
/* Whether it is who had it made that asks. */
bool maker_asks(const struct conference *conference, const struct actor *actor);
/* Whoever comes in is the creator, if it is the one that had the conference made. */
void maker_arrives(struct participant *participant);
void maker_free(struct maker *maker);

#endif
