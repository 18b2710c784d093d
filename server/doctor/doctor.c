/* The examination: from the arguments to phones, check after check, to the table. */
#include "core/address.h"
#include "doctor/report.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_MS = 50,
    TIDY_MS = 2000, /* for what is hung up after somebody wanted to stop */
    SIP_PORT = 5060,
};

/* Defined by the library, declared in none of its headers. */
extern su_log_t nta_log[], tport_log[], sresolv_log[];

static const struct check *const tables[] = {
    checks_options,    checks_call, checks_package, checks_roster,   checks_refer,
    checks_refer_more, checks_join, checks_create,  checks_initiate, NULL,
};

/* ---- time ----------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_signal;
static bool is_tidying;

static void on_signal(int number)
{
    stop_signal = number;
}

bool doctor_is_stopped(void)
{
    return stop_signal != 0;
}

uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

uint64_t doctor_deadline(const struct doctor *doctor)
{
    unsigned timeout = doctor->config->timeout;
    return now_ms() + (doctor_is_stopped() && timeout > TIDY_MS ? TIDY_MS : timeout);
}

bool doctor_step(struct doctor *doctor, uint64_t deadline)
{
    uint64_t now = now_ms();
    if (now >= deadline || (doctor_is_stopped() && !is_tidying)) {
        return false;
    }
    uint64_t left = deadline - now;
    su_root_step(doctor->root, (su_duration_t)(left < STEP_MS ? left : STEP_MS));
    return true;
}

void doctor_rest(struct doctor *doctor, unsigned ms)
{
    uint64_t deadline = now_ms() + ms;
    while (doctor_step(doctor, deadline)) {
    }
}

/* ---- before --------------------------------------------------------------------------------- */

static int say(char *error, size_t size, const char *text, const char *about)
{
    snprintf(error, size, text, about);
    return EINVAL;
}

static const url_t *read_uri(struct doctor *doctor, const char *text)
{
    url_t *url = url_hdup(doctor->home, (const url_t *)text);
    bool is_sip = url && (url->url_type == url_sip || url->url_type == url_sips);
    return is_sip && url->url_host && *url->url_host && !url->url_headers ? url : NULL;
}

static int read_config(struct doctor *doctor, char *error, size_t size)
{
    const struct doctor_config *config = doctor->config;
    doctor->conference = read_uri(doctor, config->conference);
    if (!doctor->conference || !doctor->conference->url_user) {
        return say(error, size, "\"%s\" is not a conference's SIP URI, as in sip:demo@192.0.2.7",
                   config->conference);
    }
    doctor->factory = config->factory ? read_uri(doctor, config->factory) : NULL;
    if (config->factory && !doctor->factory) {
        return say(error, size, "--factory: \"%s\" is not a SIP URI", config->factory);
    }
    if (config->auth) {
        const char *colon = strchr(config->auth, ':');
        if (!colon || colon == config->auth) {
            return say(error, size, "--auth must be USER:PASSWORD%s", "");
        }
        doctor->user = su_strndup(doctor->home, config->auth, colon - config->auth);
        doctor->password = colon + 1;
    }
    return 0;
}

/* The address by which packets leave for a host; one that is not known is far away. */
static int find_own_address(const char *far, char host[NI_MAXHOST])
{
    char name[NI_MAXHOST];
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found = NULL;
    struct sockaddr_storage address, own = {0};
    socklen_t size = sizeof own;

    /* A URI has IPv6 in brackets. */
    snprintf(name, sizeof name, "%.*s", (int)strcspn(far + (*far == '['), "]"),
             far + (*far == '['));
    (void)ip_parse("192.0.2.1", &address);
    if (getaddrinfo(name, NULL, &hints, &found) == 0) {
        memcpy(&address, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
    }
    address_set_port(&address, SIP_PORT);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, address_size(&address)) ||
        getsockname(fd, (struct sockaddr *)&own, &size)) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return error;
    }
    close(fd);
    if (getnameinfo((const struct sockaddr *)&own, size, name, sizeof name, NULL, 0,
                    NI_NUMERICHOST)) {
        return EADDRNOTAVAIL;
    }
    snprintf(host, NI_MAXHOST, own.ss_family == AF_INET6 ? "[%s]" : "%s", name);
    return 0;
}

static int begin(struct doctor *doctor, char *error, size_t size)
{
    char host[NI_MAXHOST];
    int status = read_config(doctor, error, size);
    if (status) {
        return status;
    }
    status = find_own_address(doctor->conference->url_host, host);
    if (status) {
        snprintf(error, size, "there is no way to %s: %s", doctor->conference->url_host,
                 strerror(status));
        return status;
    }
    su_root_threading(doctor->root, 0);
    status = phone_create(doctor, "doctor-alice", host, doctor->user, &doctor->alice);
    status = status ? status
                    : phone_create(doctor, "doctor-tablet", host, doctor->user, &doctor->tablet);
    status = status ? status : phone_create(doctor, "doctor-bob", host, NULL, &doctor->bob);
    status = status ? status : phone_create(doctor, "doctor-carol", host, NULL, &doctor->carol);
    if (status) {
        snprintf(error, size, "no phone could be set up at %s: %s", host, strerror(status));
    }
    return status;
}

/* Asks conference and factory what they offer. */
static int ask(struct doctor *doctor, char *error, size_t size)
{
    const sip_t *reply =
        phone_ask(doctor->alice, doctor->conference, SIP_METHOD_OPTIONS, TAG_END());
    if (!reply && !doctor_is_stopped()) {
        snprintf(error, size, "%s does not answer OPTIONS", doctor->config->conference);
        return ETIMEDOUT;
    }
    if (doctor->user && (status_of(reply) == 401 || status_of(reply) == 407)) {
        snprintf(error, size, "--auth: %s is not let in with this password: %s", doctor->user,
                 reply_text(doctor, reply));
        return EACCES;
    }
    if (is_success(reply)) {
        offering_learn(doctor, &doctor->focus, reply);
    }
    if (doctor->factory) {
        reply = phone_ask(doctor->alice, doctor->factory, SIP_METHOD_OPTIONS, TAG_END());
        if (is_success(reply)) {
            offering_learn(doctor, &doctor->maker, reply);
        }
    }
    return 0;
}

/* ---- the examination ------------------------------------------------------------------------ */

static void tidy(struct doctor *doctor)
{
    struct phone *phones[] = {doctor->alice, doctor->tablet, doctor->bob, doctor->carol, NULL};
    is_tidying = true;
    for (struct phone **phone = phones; *phone; phone++) {
        phone_tidy(*phone);
    }
    is_tidying = false;
    watches_free(doctor);
}

static void examine(struct doctor *doctor, struct report *report)
{
    for (const struct check *const *table = tables; *table; table++) {
        for (const struct check *check = *table; check->id && !doctor_is_stopped(); check++) {
            doctor->seen[0] = '\0';
            enum verdict verdict = check->run(doctor);
            tidy(doctor);
            if (!doctor_is_stopped()) {
                report_add(report, check, verdict, doctor->seen);
            }
        }
    }
}

static void end(struct doctor *doctor)
{
    phone_destroy(doctor->alice);
    phone_destroy(doctor->tablet);
    phone_destroy(doctor->bob);
    phone_destroy(doctor->carol);
    if (doctor->root) {
        su_root_destroy(doctor->root);
    }
    su_home_deinit(doctor->home);
}

static void silence_library(void)
{
    su_log_t *logs[] = {nta_log, tport_log, sresolv_log, su_log_default, NULL};
    for (su_log_t **log = logs; *log; log++) {
        su_log_set_level(*log, 0);
    }
}

static enum doctor_result report_on(struct doctor *doctor, char *error, size_t size)
{
    struct report report;
    if (report_begin(&report, doctor)) {
        snprintf(error, size, "out of memory");
        return DOCTOR_NOT_IN;
    }
    examine(doctor, &report);
    if (!report_end(&report, doctor)) {
        snprintf(error, size, "the table cannot be written");
        return DOCTOR_NOT_IN;
    }
    if (doctor_is_stopped()) {
        snprintf(error, size, "stopped; all calls are ended");
        return DOCTOR_NOT_IN;
    }
    return report.counts[FAILED] ? DOCTOR_ILL : DOCTOR_HEALTHY;
}

enum doctor_result doctor_run(const struct doctor_config *config, char *error, size_t error_size)
{
    struct doctor doctor = {.config = config};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    enum doctor_result result = DOCTOR_NOT_IN;

    silence_library();
    su_home_init(doctor.home);
    doctor.root = su_root_create(NULL);
    if (!doctor.root) {
        snprintf(error, error_size, "out of memory");
    } else if (begin(&doctor, error, error_size) == 0) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        int status = ask(&doctor, error, error_size);
        tidy(&doctor);
        result = status ? DOCTOR_NOT_IN : report_on(&doctor, error, error_size);
    }
    end(&doctor);
    return result;
}
