/* `parley serve`: puts the rooms together, runs the loop, takes them apart. Nothing else. */
#include "main/serve.h"

#include "core/log.h"
#include "core/worker.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ERROR_MAX = 1024 };

/* ---- stopping ------------------------------------------------------------------------------- */

static void on_calls_ended(void *arg)
{
    struct server *server = arg;
    log_info("stopped");
    loop_stop(server->loop, EXIT_CLEAN);
}

static void stop(void *arg)
{
    struct server *server = arg;
    if (!server->is_stopping) {
        server->is_stopping = true;
        log_info("stopping: ending %u calls", focus_call_count(server->focus));
        state_stop(server->state);
        focus_shutdown(server->focus, server->settings.stop_timeout, on_calls_ended, server);
    }
}

static void on_signal(int fd, void *arg)
{
    struct server *server = arg;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            /* Success and failure are logged there. */
            server_reload(server, NULL, NULL, NULL);
        } else if (server->is_stopping && info.ssi_signo == SIGINT) {
            log_warn("stopped at once, without waiting for the calls to end");
            loop_stop(server->loop, EXIT_RUN_TIME);
        } else {
            stop(server);
        }
    }
}

/* Blocked here, before there are other threads, which inherit that; read from a descriptor. */
static int take_signals(struct server *server)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log that has grown too long is a write that fails */
    int status = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (status) {
        return status;
    }
    server->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    return server->signals < 0 ? errno
                               : loop_watch(server->loop, server->signals, on_signal, server,
                                            &server->signal_watch);
}

/* ---- what control asks for ------------------------------------------------------------------ */

static unsigned generation(void *arg, const struct conference *conference)
{
    struct server *server = arg;
    return lua_engine_generation_of(server->engine, conference);
}

static json_t *scripts(void *arg)
{
    struct server *server = arg;
    return lua_engine_status(server->engine);
}

static json_t *registrations(void *arg)
{
    struct server *server = arg;
    return server->agent ? sip_agent_registrations(server->agent) : NULL;
}

static json_t *signalling(void *arg)
{
    const struct server *server = arg;
    struct sip_stats stats = {0};
    if (server->agent) {
        sip_agent_stats(server->agent, &stats);
    }
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "calls", (json_int_t)stats.calls,
                     "subscriptions", (json_int_t)stats.subscriptions, "dialogs",
                     (json_int_t)stats.dialogs, "transactions", (json_int_t)stats.transactions,
                     "errands", (json_int_t)stats.errands, "notifies", (json_int_t)stats.notifies,
                     "received", (json_int_t)stats.received, "sent", (json_int_t)stats.sent, "bad",
                     (json_int_t)stats.bad, "retransmitted", (json_int_t)stats.retransmitted);
}

static unsigned thread_count(void *arg)
{
    struct server *server = arg;
    const struct mixing *mixing = media_mixing(server->media);
    return mixing->thread_count(mixing->ctx);
}

static void thread_stats(void *arg, unsigned thread, struct mixing_thread_stats *stats)
{
    struct server *server = arg;
    const struct mixing *mixing = media_mixing(server->media);
    mixing->thread_stats(mixing->ctx, thread, stats);
}

static void reload(void *arg, const char *only,
                   void (*done)(void *arg, int error, const char *told), void *done_arg)
{
    server_reload(arg, only, done, done_arg);
}

static int place(void *arg, enum placing placing, struct conference *conference, char *told,
                 size_t told_size)
{
    return server_place(arg, placing, conference, told, told_size);
}

static int shadow(void *arg, const struct shadow_wish *wish, char *told, size_t told_size)
{
    const struct server *server = arg;
    if (!wish) {
        return lua_engine_shadow_stop(server->engine);
    }
    struct shadow_config config = {.file = wish->file,
                                   .stands_for = wish->stands_for,
                                   .conference = wish->conference,
                                   .lasts = wish->seconds * 1000};
    return lua_engine_shadow(server->engine, &config, told, told_size);
}

static int fact(void *arg, const char *name, const char *value, char *told, size_t told_size)
{
    const struct server *server = arg;
    return lua_engine_fact(server->engine, name, value, told, told_size);
}

static json_t *recordings(void *arg)
{
    const struct server *server = arg;
    return journal_recordings(server->journal);
}

static int record(void *arg, const char *words, char *told, size_t told_size)
{
    return server_record(arg, words, told, told_size);
}

/* ---- what signalling asks for --------------------------------------------------------------- */

/* The config's accounts first; the site's policy may have more. */
static int find_account(void *ctx, const char *user, const char *realm, const char *peer,
                        struct account *account)
{
    struct server *server = ctx;
    int status = settings_find_account(&server->settings, user, account);
    return status == ENOENT ? lua_engine_account(server->engine, user, realm, peer, account)
                            : status;
}

/* Its phones are called by that name. */
static bool is_taken(void *arg, const char *name)
{
    const struct server *server = arg;
    struct account account = {.password = ""};
    bool is = find_account(arg, name, server->settings.domain, NULL, &account) != ENOENT;
    account_wipe(&account);
    return is || json_object_get(server->settings.applications, name);
}

/* ---- putting it together -------------------------------------------------------------------- */

/* Each call holds two descriptors for its audio. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit)) {
            log_warn("cannot raise the limit of open files: %s", strerror(errno));
        }
    }
}

/* An address that is not ours would fail each call later on. */
static bool is_own_address(const char *text, const struct sockaddr_storage *address)
{
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_own = fd >= 0 && !bind(fd, (const struct sockaddr *)address, sizeof *address);
    if (!is_own) {
        complain("rtp.address: %s: %s; give an address of this machine", text, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_own;
}

static int start_media(struct server *server)
{
    const struct settings *settings = &server->settings;
    struct sound_directories directories;
    char error[ERROR_MAX];
    struct media_config config = {
        .loop = server->loop,
        .port_low = settings->rtp_port_low,
        .port_high = settings->rtp_port_high,
        .threads = settings->media_threads,
        .io_uring = settings->io_uring == SWITCH_ON,
        .overload_late = settings->overload_late,
        .overload_load = settings->overload_load,
        .events = focus_mixing_events(),
        .events_arg = server->focus,
    };
    server_directories(settings, &directories);
    config.places = directories.places;
    config.places.temporary = server->temporary.name;
    if (server_check_sound(settings, error, sizeof error)) {
        log_error("%s; there will be silence instead", error);
    }
    for (unsigned i = 0; i < settings->rtp_addresses.count; i++) {
        struct sockaddr_storage *address = &config.addresses[config.address_count++];
        ip_parse(settings->rtp_addresses.items[i], address);
        if (!is_own_address(settings->rtp_addresses.items[i], address)) {
            return EXIT_RUN_TIME;
        }
    }
    int status = media_create(&config, &server->media);
    if (status) {
        complain("the media threads cannot be started: %s; see threads and rtp in the config",
                 strerror(status));
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

static int start_control(struct server *server)
{
    char error[ERROR_MAX];
    struct control_config config = {
        .loop = server->loop,
        .focus = server->focus,
        .data = server->settings.data,
        .server = {.arg = server,
                   .generation = generation,
                   .scripts = scripts,
                   .registrations = registrations,
                   .signalling = signalling,
                   .thread_count = thread_count,
                   .thread_stats = thread_stats,
                   .reload = reload,
                   .place = place,
                   .shadow = shadow,
                   .fact = fact,
                   .recordings = recordings,
                   .record = record,
                   .stop = stop},
    };
    if (control_create(&config, &server->control, error, sizeof error)) {
        complain("%s", error);
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

static int start_cleaning(struct server *server)
{
    int status = server_clean_recordings(server);
    if (status) {
        complain("the thread that deletes recordings cannot be started: %s", strerror(status));
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

static int start_focus(struct server *server)
{
    struct focus_config config = {
        .loop = server->loop,
        .domain = server->settings.domain,
        .max_calls = server->settings.max_calls,
        .media_timeout = server->settings.rtp_timeout,
        .answer_timeout = server->settings.outbound_timeout,
        .is_taken = is_taken,
        .is_taken_arg = server,
    };
    int status = focus_create(&config, &server->focus);
    if (!status) {
        status = server_trim_when_idle(server);
    }
    if (status) {
        complain("the focus cannot be made: %s", strerror(status));
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

/* The conferences are there first: their policies must load, and their options must suit. */
static int load_scripts(struct server *server, char *error, size_t error_size)
{
    struct lua_engine_config config = {
        .loop = server->loop,
        .focus = server->focus,
        .site_policy = server->settings.policy,
        .config_file = server->settings.file,
        .applications = server->settings.applications,
        .fetching = server->fetcher ? fetcher_fetching(server->fetcher) : NULL,
        .storing = server->store ? store_storing(server->store) : NULL,
        .language = server->settings.prompts_language,
        .probation = server_probation(&server->settings),
        .fact_set = server->journal ? journal_fact : NULL,
        .fact_set_arg = server->journal,
        .returned = server_take_back,
        .returned_arg = server,
    };
    int status = server_reserve(server->focus, &server->settings);
    if (status) {
        snprintf(error, error_size, "the conferences cannot be made: %s", strerror(status));
        return status;
    }
    return lua_engine_create(&config, &server->engine, error, error_size);
}

static int start_scripts(struct server *server)
{
    char error[ERROR_MAX];
    int status = load_scripts(server, error, sizeof error);
    if (status) {
        complain("%s", error);
    }
    return status == 0 ? EXIT_CLEAN : status == EINVAL ? EXIT_WRONG : EXIT_RUN_TIME;
}

static void tell_missing(const char *path, void *arg)
{
    prompts_tell_missing(arg, path);
}

int server_check(struct settings *settings, json_t **scriptsp, char *error, size_t error_size)
{
    struct server server = {.settings = *settings, .signals = -1};
    int status = loop_create(&server.loop);
    if (!status) {
        status = start_focus(&server);
    }
    if (status) {
        snprintf(error, error_size, "out of memory");
        status = ENOMEM;
    } else {
        status = load_scripts(&server, error, error_size);
    }
    if (!status) {
        status = server_check_sound(settings, error, error_size);
    }
    if (!status) {
        *scriptsp = json_copy((json_t *)lua_engine_selftests(server.engine));
        lua_engine_files(server.engine, tell_missing, settings);
    }
    focus_destroy(server.focus);
    lua_engine_destroy(server.engine);
    loop_destroy(server.loop);
    return status;
}

static int start_state(struct server *server)
{
    struct state_config config = {
        .loop = server->loop,
        .focus = server->focus,
        .notifying = sip_notifying(),
        .interval = server->settings.notify_interval,
    };
    int status = state_create(&config, &server->state);
    if (status) {
        complain("the event packages cannot be made: %s", strerror(status));
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

static int start_sip(struct server *server)
{
    const struct settings *settings = &server->settings;
    const struct mixing *mixing = media_mixing(server->media);
    char error[ERROR_MAX];
    struct sip_config config = {
        .loop = server->loop,
        .listen = (const char *const *)settings->listen.items,
        .listen_count = settings->listen.count,
        .domain = settings->domain,
        .session_expires = settings->session_expires,
        .min_se = settings->session_min_se,
        .t1 = settings->sip_t1,
        .min_expires = settings->notify_min_expires,
        .max_expires = settings->notify_max_expires,
        .accounts = &server->accounts,
        .digest_algorithms = (const char *const *)settings->digest_algorithms.items,
        .digest_algorithm_count = settings->digest_algorithms.count,
        .nonce_expires = settings->nonce_expires,
        .trusted_peers = (const char *const *)settings->trusted_peers.items,
        .trusted_peer_count = settings->trusted_peers.count,
        .registrar = settings->registrar == SWITCH_ON,
        .recipients = settings->outbound_recipients,
        .initiate = settings->initiate == SWITCH_ON,
        .registration_min = settings->registration_min,
        .registration_max = settings->registration_max,
        .events = focus_signalling_events(),
        .events_arg = server->focus,
    };
    server->accounts = (struct accounts){.ctx = server, .find = find_account};
    config.codecs = mixing->codecs(mixing->ctx, &config.codec_count);
    config.packages = state_packages(server->state, &config.package_count);
    if (sip_agent_create(&config, &server->agent, error, sizeof error)) {
        complain("%s", error);
        return EXIT_RUN_TIME;
    }
    return server_set_outbound(server, settings) ? EXIT_RUN_TIME : EXIT_CLEAN;
}

/* Returns an exit code; what has been started is in *server either way. */
static int start(struct server *server)
{
    int status = loop_create(&server->loop);
    if (!status) {
        status = take_signals(server);
    }
    if (status) {
        complain("the event loop cannot be made: %s", strerror(status));
        return EXIT_RUN_TIME;
    }
    if (!loop_is_nested(server->loop)) {
        log_warn("libsofia-sip does not use this program's epoll_create: the loop polls it");
    }
    int code = start_focus(server);
    /* Before the ports are taken: a second server is told about the first one. */
    code = code ? code : start_control(server);
    code = code ? code : start_cleaning(server);
    code = code ? code : server_start_journal(server);
    code = code ? code : server_start_helpers(server);
    code = code ? code : start_scripts(server);
    code = code ? code : start_media(server);
    code = code ? code : start_state(server);
    if (code) {
        return code;
    }
    code = start_sip(server);
    if (!code) {
        focus_connect(server->focus, sip_agent_signalling(server->agent),
                      media_mixing(server->media), lua_engine_policy(server->engine));
        focus_connect_applications(server->focus, lua_engine_application(server->engine));
        server_watch(server);
    }
    return code;
}

/* The tables and what is behind them outlive the focus; who waits for our end is told last. */
static void take_apart(struct server *server)
{
    server_unwatch(server);
    server_reload_cancel(server);
    focus_destroy(server->focus);
    journal_destroy(server->journal);
    loop_timer_stop(&server->trim_timer);
    worker_destroy(server->cleaner);
    sip_agent_destroy(server->agent);
    state_destroy(server->state);
    lua_engine_destroy(server->engine);
    fetcher_destroy(server->fetcher);
    store_destroy(server->store);
    media_destroy(server->media);
    server_leave_recordings(server);
    loop_unwatch(&server->signal_watch);
    control_destroy(server->control);
    loop_destroy(server->loop);
    if (server->signals >= 0) {
        close(server->signals);
    }
    settings_free(&server->settings);
}

int command_serve(const struct arguments *arguments)
{
    struct server server = {.arguments = arguments, .signals = -1, .changes = -1};
    char error[ERROR_MAX];
    if (settings_load(arguments, arguments->config, &server.settings, NULL, error, sizeof error)) {
        complain("%s", error);
        return EXIT_WRONG;
    }
    log_set_level(server.settings.log_level);
    raise_descriptor_limit();
    int code = start(&server);
    if (!code) {
        server_announce(&server);
        log_info("parley " PARLEY_VERSION " is ready");
        code = loop_run(server.loop);
    }
    take_apart(&server);
    return code;
}
