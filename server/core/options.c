#include "core/options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 24 * 3600,
    TEXT_MAX = 1024,
    LIST_MAX = 32,
};

static int check_domain(const char *text, char *error, size_t error_size)
{
    size_t valid = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
                                ":[]");
    if (text[valid] || valid > 255) {
        snprintf(error, error_size, "must be a host name or an IP address, not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

static int check_listen(const char *text, char *error, size_t error_size)
{
    struct listen_address address;
    return listen_address_parse(text, &address, error, error_size);
}

static int check_ip(const char *text, char *error, size_t error_size)
{
    struct sockaddr_storage address;
    if (!ip_parse(text, &address)) {
        snprintf(error, error_size, "must be an IPv4 or IPv6 address, not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

static int check_not_empty(const char *text, char *error, size_t error_size)
{
    if (!*text) {
        snprintf(error, error_size, "must not be empty");
        return EINVAL;
    }
    return 0;
}

#define IN_SETTINGS(field) offsetof(struct settings, field)
#define IN_CONFERENCE(field) offsetof(struct conference_settings, field)

/* clang-format off */
static const struct option options[] = {
    {.key = "domain", .flag = "--domain", .value = "NAME", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(domain), .standard = "", .shown = "any", .check = check_domain,
     .help = "The host part of the conferences' SIP URIs, as phones find this server by it. Calls "
             "to other host names get 404; empty: every host part is ours."},
    {.key = "listen", .flag = "--listen", .value = "URI", .type = OPTION_LIST,
     .offset = IN_SETTINGS(listen), .check = check_listen,
     .standard = "sip:127.0.0.1:5060;transport=udp sip:127.0.0.1:5060;transport=tcp",
     .help = "Addresses that take SIP calls: sip:ADDRESS:PORT;transport=udp or tcp; without a "
             "transport, both. IPv6 in brackets. Several: a list, or the option repeated."},
    {.key = "rtp.address", .flag = "--rtp-address", .value = "ADDRESS", .type = OPTION_LIST,
     .offset = IN_SETTINGS(rtp_addresses), .standard = "", .shown = "as in listen",
     .check = check_ip,
     .help = "The address that phones send their audio to, at most one of IPv4 and one of IPv6. "
             "Needed when listen is 0.0.0.0 or [::]."},
    {.key = "rtp.ports", .flag = "--rtp-ports", .value = "LOW-HIGH", .type = OPTION_PORTS,
     .offset = IN_SETTINGS(rtp_port_low), .standard = "20000-29999",
     .help = "UDP ports for audio; a call takes two."},
    {.key = "rtp.timeout", .flag = "--rtp-timeout", .value = "TIME", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(rtp_timeout), .standard = "5m", .most = DAY_S * 1000,
     .help = "How long a phone may send nothing at all before the policy is asked whether to "
             "remove it; 0: for ever."},
    {.key = "threads", .flag = "--threads", .value = "N", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(media_threads), .standard = "0", .shown = "one a core", .most = 256,
     .help = "Threads that mix audio; 0: one a core."},
    {.key = "max_calls", .flag = "--max-calls", .value = "N", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(max_calls), .standard = "0", .shown = "no limit", .most = 1000000,
     .help = "Calls at the same time; more are turned away with 503 and Retry-After. 0: no "
             "limit."},
    {.key = "session.expires", .flag = "--session-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(session_expires), .standard = "1800",
     .most = DAY_S,
     .help = "Session timer (RFC 4028): a call whose phone has vanished ends after this time; 0: "
             "no session timers."},
    {.key = "session.min_se", .flag = "--session-min-se", .value = "TIME", .type = OPTION_SECONDS,
     .offset = IN_SETTINGS(session_min_se), .standard = "90", .lowest = 1, .most = DAY_S,
     .help = "The shortest session timer that a phone may ask for; RFC 4028 demands 90 s or "
             "more."},
    {.key = "notify.interval", .flag = "--notify-interval", .value = "TIME",
     .type = OPTION_MILLISECONDS, .offset = IN_SETTINGS(notify_interval), .standard = "200ms",
     .most = 60 * 1000,
     .help = "Who subscribes to a conference is told its changes at most this often; what "
             "happens between is told together."},
    {.key = "notify.min_expires", .flag = "--notify-min-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(notify_min_expires), .standard = "60",
     .lowest = 1, .most = 3600,
     .help = "The shortest subscription; who asks for less gets 423 (RFC 6665)."},
    {.key = "notify.max_expires", .flag = "--notify-max-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(notify_max_expires), .standard = "3600",
     .lowest = 1, .most = DAY_S,
     .help = "The longest subscription; who asks for more gets this."},
    {.key = "stop_timeout", .flag = "--stop-timeout", .value = "TIME", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(stop_timeout), .standard = "5s", .most = 3600 * 1000,
     .help = "How long a stopping server waits for the phones to answer its BYEs."},
    {.key = "data", .flag = "--data", .value = "DIR", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(data), .standard = "",
     .shown = "/var/lib/parley for root, else ~/.local/state/parley",
     .help = "Directory of the control socket and the lock; each running server has its own."},
    {.key = "policy", .flag = "--policy", .value = "FILE", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(policy), .standard = "standard", .check = check_not_empty,
     .live = true,
     .help = "The site's policy: a name (standard, open) or a Lua file. It is asked first, "
             "and the conference's own policy about what it leaves open."},
    {.key = "log_level", .flag = "--log-level", .value = "LEVEL", .type = OPTION_LOG_LEVEL,
     .offset = IN_SETTINGS(log_level), .standard = "info", .live = true,
     .help = "What is logged on stderr: error, warn, info or debug."},
    {.key = "conferences.*.title", .type = OPTION_TEXT, .offset = IN_CONFERENCE(title),
     .standard = "", .live = true, .help = "What phones may show as the conference's name."},
    {.key = "conferences.*.policy", .type = OPTION_TEXT, .offset = IN_CONFERENCE(policy),
     .standard = "", .live = true,
     .help = "The conference's own policy, a name or a Lua file; empty: the site's alone."},
    {.key = "conferences.*.capacity", .type = OPTION_NUMBER, .offset = IN_CONFERENCE(capacity),
     .standard = "0", .most = 100000, .live = true, .help = "Participants; 0: no limit."},
    {.key = "conferences.*.options", .type = OPTION_DATA, .offset = IN_CONFERENCE(options),
     .standard = "", .live = true,
     .help = "Plain data for the policy, which reads it as conference.options."},
};
/* clang-format on */

enum { OPTION_COUNT = sizeof options / sizeof *options };

static const char conference_prefix[] = "conferences.*.";

const struct option *option_at(unsigned index)
{
    return index < OPTION_COUNT ? &options[index] : NULL;
}

const struct option *option_by_key(const char *key)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].key, key) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const struct option *option_by_flag(const char *flag)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].flag && strcmp(options[i].flag, flag) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

bool option_is_group(const char *key)
{
    size_t length = strlen(key);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strncmp(options[i].key, key, length) == 0 && options[i].key[length] == '.') {
            return true;
        }
    }
    return false;
}

bool option_is_of_conference(const struct option *option)
{
    return strncmp(option->key, conference_prefix, sizeof conference_prefix - 1) == 0;
}

/* ---- did you mean --------------------------------------------------------------------------- */

/* Levenshtein's distance of two short names; large when one is long. */
static unsigned edit_distance(const char *a, const char *b)
{
    enum { NAME_MAX_BYTES = 32 };
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > NAME_MAX_BYTES || b_length > NAME_MAX_BYTES) {
        return NAME_MAX_BYTES;
    }
    unsigned row[NAME_MAX_BYTES + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = diagonal + 1 < best ? diagonal + 1 : best;
        }
    }
    return row[b_length];
}

/* Keeps in *bestp the candidate nearest to `name`, when it is near enough to be meant. */
static void suggest(const char *name, const char *candidate, const char **bestp, unsigned *leastp)
{
    unsigned distance = edit_distance(name, candidate);
    if (distance < *leastp && (size_t)distance * 3 <= strlen(candidate) + 1) {
        *leastp = distance;
        *bestp = candidate;
    }
}

const char *option_suggest_key(const char *prefix, const char *name)
{
    static const char *const groups[] = {"rtp", "session", "notify", "conferences"};
    const char *best = NULL;
    unsigned least = 4;
    size_t length = strlen(prefix);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strncmp(options[i].key, prefix, length) == 0 && !strchr(options[i].key + length, '.')) {
            suggest(name, options[i].key + length, &best, &least);
        }
    }
    for (unsigned i = 0; !*prefix && i < sizeof groups / sizeof *groups; i++) {
        suggest(name, groups[i], &best, &least);
    }
    return best;
}

const char *option_suggest_flag(const char *flag)
{
    const char *best = NULL;
    unsigned least = 4;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].flag) {
            suggest(flag, options[i].flag, &best, &least);
        }
    }
    return best;
}

/* ---- setting -------------------------------------------------------------------------------- */

static void *field_of(const struct option *option, void *target)
{
    return (char *)target + option->offset;
}

void option_expects(const struct option *option, char *buffer, size_t size)
{
    switch (option->type) {
    case OPTION_TEXT:
        snprintf(buffer, size, "a string");
        break;
    case OPTION_LIST:
        snprintf(buffer, size, "a string or a list of strings");
        break;
    case OPTION_NUMBER:
        snprintf(buffer, size, "a whole number from %u to %u", option->lowest, option->most);
        break;
    case OPTION_SECONDS:
        snprintf(buffer, size, "a time from %u to %u s, as in 90, \"90s\" or \"5m\"",
                 option->lowest, option->most);
        break;
    case OPTION_MILLISECONDS:
        snprintf(buffer, size, "a time from %g to %g s, as in 90, \"90s\", \"5m\" or \"250ms\"",
                 option->lowest / 1000.0, option->most / 1000.0);
        break;
    case OPTION_PORTS:
        snprintf(buffer, size, "two ports from 1024 to 65535, as in \"20000-29999\"");
        break;
    case OPTION_LOG_LEVEL:
        snprintf(buffer, size, "\"error\", \"warn\", \"info\" or \"debug\"");
        break;
    case OPTION_DATA:
        snprintf(buffer, size, "a table of plain data");
        break;
    }
}

static int refuse(const struct option *option, const char *text, char *error, size_t error_size)
{
    char expected[160];
    option_expects(option, expected, sizeof expected);
    snprintf(error, error_size, "must be %s, not \"%.80s\"", expected, text);
    return EINVAL;
}

int option_set_number(const struct option *option, void *target, double number, char *error,
                      size_t error_size)
{
    double scaled = number;
    if (option->type == OPTION_MILLISECONDS) {
        /* Times are finer than a millisecond only by rounding errors. */
        scaled = number >= 0 && number <= 1e9 ? (double)(long long)(number * 1000 + 0.5) : -1;
    } else if (option->type != OPTION_NUMBER && option->type != OPTION_SECONDS) {
        scaled = NAN;
    }
    /* The comparison is false for NaN. */
    if (!(scaled >= option->lowest && scaled <= option->most) ||
        scaled != (double)(unsigned)scaled) {
        char expected[160];
        option_expects(option, expected, sizeof expected);
        snprintf(error, error_size, "must be %s, not %.14g", expected, number);
        return EINVAL;
    }
    *(unsigned *)field_of(option, target) = (unsigned)scaled;
    return 0;
}

static int set_number_text(const struct option *option, void *target, const char *text, char *error,
                           size_t error_size)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
    char *rest;
    double number = strtod(text, &rest);
    /* strtod knows blanks, signs, hexadecimal, inf and nan; we do not. */
    if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") != (size_t)(rest - text)) {
        return refuse(option, text, error, error_size);
    }
    if (option->type == OPTION_NUMBER) {
        return *rest ? refuse(option, text, error, error_size)
                     : option_set_number(option, target, number, error, error_size);
    }
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(rest, units[i].name) == 0) {
            if (option_set_number(option, target, number * units[i].seconds, error, error_size)) {
                return refuse(option, text, error, error_size);
            }
            return 0;
        }
    }
    return refuse(option, text, error, error_size);
}

static int set_ports(const struct option *option, void *target, const char *text, char *error,
                     size_t error_size)
{
    unsigned low;
    unsigned high;
    int end = 0;
    if (strspn(text, "0123456789-") != strlen(text) ||
        sscanf(text, "%5u-%5u%n", &low, &high, &end) != 2 || text[end] || low < 1024 ||
        high > 65535) {
        return refuse(option, text, error, error_size);
    }
    /* RTP takes the even port of a pair (RFC 3550 §11): there must be one whole pair. */
    if ((low + 1) / 2 * 2 + 1 > high) {
        snprintf(error, error_size,
                 "must hold an even port and the odd one after it; \"%s\" "
                 "holds none",
                 text);
        return EINVAL;
    }
    uint16_t *ports = field_of(option, target);
    ports[0] = (uint16_t)low;
    ports[1] = (uint16_t)high;
    return 0;
}

_Static_assert(offsetof(struct settings, rtp_port_high) ==
                   offsetof(struct settings, rtp_port_low) + sizeof(uint16_t),
               "set_ports writes both");

static int set_string(char **field, const char *text, char *error, size_t error_size)
{
    char *copy = strdup(text);
    if (!copy) {
        snprintf(error, error_size, "cannot be set: out of memory");
        return ENOMEM;
    }
    free(*field);
    *field = copy;
    return 0;
}

static int add_string(struct string_list *list, const char *text, char *error, size_t error_size)
{
    if (list->count >= LIST_MAX) {
        snprintf(error, error_size, "must have at most %d entries", LIST_MAX);
        return EINVAL;
    }
    if (string_list_add(list, text)) {
        snprintf(error, error_size, "cannot be set: out of memory");
        return ENOMEM;
    }
    return 0;
}

/* What may go into a log line, a URI and a path. */
static int check_text(const char *text, char *error, size_t error_size)
{
    size_t length = strlen(text);
    if (length > TEXT_MAX) {
        snprintf(error, error_size, "must be at most %d bytes long, not %zu", TEXT_MAX, length);
        return EINVAL;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            snprintf(error, error_size, "must not have control characters");
            return EINVAL;
        }
    }
    return 0;
}

int option_set_text(const struct option *option, void *target, const char *text, char *error,
                    size_t error_size)
{
    int status = check_text(text, error, error_size);
    if (!status && option->check) {
        status = option->check(text, error, error_size);
    }
    if (status) {
        return status;
    }
    void *field = field_of(option, target);
    switch (option->type) {
    case OPTION_TEXT:
        return set_string(field, text, error, error_size);
    case OPTION_LIST:
        return add_string(field, text, error, error_size);
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS:
        return set_number_text(option, target, text, error, error_size);
    case OPTION_PORTS:
        return set_ports(option, target, text, error, error_size);
    case OPTION_LOG_LEVEL:
        return log_level_parse(text, field) ? 0 : refuse(option, text, error, error_size);
    case OPTION_DATA:
        break;
    }
    return refuse(option, text, error, error_size);
}

void option_set_data(const struct option *option, void *target, json_t *data)
{
    json_t **field = field_of(option, target);
    json_decref(*field);
    *field = data;
}

void option_clear_list(const struct option *option, void *target)
{
    string_list_clear(field_of(option, target));
}

static int set_standard(const struct option *option, void *target)
{
    char error[160];
    if (option->type == OPTION_DATA) {
        return 0;
    }
    if (option->type != OPTION_LIST) {
        /* An empty default need not pass the check. */
        return *option->standard
                   ? option_set_text(option, target, option->standard, error, sizeof error)
                   : set_string(field_of(option, target), "", error, sizeof error);
    }
    for (const char *item = option->standard; *item;) {
        char text[TEXT_MAX];
        size_t length = strcspn(item, " ");
        snprintf(text, sizeof text, "%.*s", (int)length, item);
        int status = option_set_text(option, target, text, error, sizeof error);
        if (status) {
            return status;
        }
        item += length + strspn(item + length, " ");
    }
    return 0;
}

int options_set_standard(void *target, bool of_conference)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (option_is_of_conference(&options[i]) == of_conference) {
            int status = set_standard(&options[i], target);
            if (status) {
                return status;
            }
        }
    }
    return 0;
}

void options_free(void *target, bool of_conference)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (option_is_of_conference(&options[i]) != of_conference) {
            continue;
        }
        void *field = field_of(&options[i], target);
        if (options[i].type == OPTION_TEXT) {
            free(*(char **)field);
            *(char **)field = NULL;
        } else if (options[i].type == OPTION_LIST) {
            string_list_clear(field);
        } else if (options[i].type == OPTION_DATA) {
            json_decref(*(json_t **)field);
            *(json_t **)field = NULL;
        }
    }
}
