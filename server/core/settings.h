/*
 * What the operator has set: the config file, then the command line over it.
 *
 * One table of options (core/options.c) drives the config file, the command line, --help, the
 * commented default config (`parley config`) and the checks. Plain data after loading; the focus
 * thread owns it.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "core/account.h"
#include "core/address.h"
#include "core/log.h"

#include <jansson.h>
#include <stdint.h>

enum { CONFERENCE_SETTINGS_MAX = 5000, ACCOUNT_SETTINGS_MAX = 100000 };

struct string_list {
    char **items;
    unsigned count;
};

/* A switch that a conference may leave as the server has it. */
enum option_switch { SWITCH_UNSET, SWITCH_OFF, SWITCH_ON };

/* How conferences sound. */
struct sound_settings {
    enum option_switch agc, denoise, vad;
    char *dtmf;       /* a conference's may be "": as the server's */
    char *hold_music; /* the same; "none": silence */
    enum option_switch shuffle;
    unsigned softer; /* dB, the music; a conference's may be 0: as the server's */
};

/* When a conference ends by itself. Times in ms; 0: that is no limit. */
struct life_settings {
    unsigned empty_timeout, duration, warning;
};

/* One entry of conferences = { name = { … } }. */
struct conference_settings {
    char *name;
    char *title;                                        /* "" for none */
    char *description, *web, *email, *phone, *keywords; /* "" for none */
    char *policy;    /* names or paths of its own policies, with commas between; "" for none */
    char *attendant; /* as the server's; "": that; "none" */
    char *language;  /* of prompts; "": the server's */
    char *factory;   /* "": it is none; "answer", "redirect" */
    enum option_switch ends_with_creator; /* what a factory makes */
    enum option_switch hide_focus;
    unsigned capacity; /* participants; 0: no limit */
    struct sound_settings sound;
    struct life_settings life;
    json_t *options; /* for the policy; NULL for none */
    json_t *places;  /* where the file says so: see struct conference_config; NULL: none does */
};

/* One entry of accounts = { user = { … } }. */
struct account_settings {
    char *user;
    char *password;         /* "" for none */
    struct string_list ha1; /* of MD5 and SHA-256, in hexadecimal */
    char *name;             /* "" for none */
    struct string_list groups;
};

struct settings {
    char *file;                       /* config file that was read; "" for none */
    char *domain;                     /* "": any */
    struct string_list listen;        /* SIP URIs: "sip:127.0.0.1:5060;transport=udp" */
    struct string_list rtp_addresses; /* IP literals, at most one a family; empty: as listen */
    uint16_t rtp_port_low, rtp_port_high;
    unsigned rtp_timeout;        /* ms; 0: never */
    enum option_switch io_uring; /* where the kernel has it */
    unsigned media_threads;      /* 0: one a core */
    unsigned max_calls;          /* 0: no limit */
    unsigned overload_late;      /* percent; 0: off */
    unsigned overload_load;      /* percent; 0: off */
    unsigned sip_t1;             /* ms, RFC 3261 §17.1.1.1 */
    unsigned session_expires;    /* s, RFC 4028; 0: off */
    unsigned session_min_se;     /* s, RFC 4028 Min-SE, at least 90 but for tests */
    unsigned notify_interval; /* ms, at least, between two changes of a conference that are told */
    unsigned notify_min_expires, notify_max_expires; /* s, of a subscription */
    enum option_switch registrar;                    /* phones may register */
    unsigned registration_min, registration_max;     /* s */
    struct string_list digest_algorithms;            /* "SHA-256", "MD5", best first */
    unsigned nonce_expires;                          /* s */
    struct string_list trusted_peers;                /* "192.0.2.1", "10.0.0.0/8" */
    char *outbound_proxy;          /* SIP URI that our calls go to first; "" for none */
    json_t *outbound_credentials;  /* { realm: { user, password } }; NULL for none */
    unsigned outbound_redirects;   /* that one call follows */
    unsigned outbound_recipients;  /* that one request may have called */
    enum option_switch initiate;   /* INITIATE is taken */
    unsigned outbound_timeout;     /* ms that a phone may ring */
    unsigned stop_timeout;         /* ms that a stopping server waits for the answers to its BYEs */
    char *data;                    /* directory of the control socket and the lock */
    json_t *applications;          /* { user part: script }; NULL for none */
    char *prompts_path;            /* the operator's own, relative to the config */
    char *prompts_language;        /* "en" */
    char *recordings;              /* directory; "": in the data directory */
    struct string_list http_allow; /* "api.example.com", "127.0.0.1:8080" */
    unsigned http_connections;     /* at the same time */
    char *store_file;              /* "": store.db in data */
    unsigned store_size;           /* MiB */
    char *journal_path;            /* "": journal.jsonl in data */
    unsigned journal_size;         /* MiB of one file */
    unsigned journal_files;        /* 0: there is no journal */
    char *attendant;               /* name of an application; "" for none */
    char *policy;                  /* the site policy: a name ("standard") or a path */
    enum option_switch reload_watch; /* when a file has changed */
    unsigned reload_errors;          /* that take new scripts back; 0: never */
    unsigned reload_within;          /* ms, all of them */
    unsigned reload_probation;       /* ms after the reload */
    enum log_level log_level;
    struct sound_settings sound;
    struct life_settings created; /* of conferences that calls create */
    enum option_switch created_ends_with_creator;
    unsigned created_patience; /* ms that one with a name of its own waits for the first to come */
    unsigned created_gone; /* ms that the URI of one is remembered, when the server made it up */
    struct conference_settings *conferences;
    unsigned conference_count;
    struct account_settings *accounts; /* by user, once settings_finish has sorted them */
    unsigned account_count;
};

/* Fills in the defaults, with the one conference `demo`. ENOMEM. */
int settings_init(struct settings *settings);
/* Frees what the settings hold; harmless when they are all zero. */
void settings_free(struct settings *settings);

/* Works out what depends on more than one option (a listen URI without transport becomes udp and
 * tcp, rtp.address is taken from listen, data from the environment), and checks that the options
 * fit together. Call it once, after file and command line. EINVAL with one line in `error`. */
int settings_finish(struct settings *settings, char *error, size_t error_size);

/* The part of it that works out `data`, for those who need no more than that. EINVAL, ENOMEM. */
int settings_find_data(struct settings *settings, char *error, size_t error_size);

/* A new conference with default settings. EINVAL when the name is none or is taken (`error` says
 * which), ENOMEM. The pointer is good until the next one is added. */
int settings_add_conference(struct settings *settings, const char *name,
                            struct conference_settings **conferencep, char *error,
                            size_t error_size);
void settings_clear_conferences(struct settings *settings);
/* NULL when there is none of that name. */
const struct conference_settings *settings_conference(const struct settings *settings,
                                                      const char *name);

/* A new account with default settings. Errors as settings_add_conference; whether the name is taken
 * settings_finish finds out. */
int settings_add_account(struct settings *settings, const char *user,
                         struct account_settings **accountp, char *error, size_t error_size);
void settings_clear_accounts(struct settings *settings);
/* What signalling wants to know of an account. ENOENT. After settings_finish. */
int settings_find_account(const struct settings *settings, const char *user,
                          struct account *account);

int string_list_add(struct string_list *list, const char *text); /* copies; ENOMEM */
void string_list_clear(struct string_list *list);

#endif
