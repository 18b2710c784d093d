/* Whom to ask: the hosts that the operator has named, and no others. */
#include "fetch/private.h"

#include "core/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

int fetcher_allow(struct fetcher *fetcher, const char *const *allow, unsigned count)
{
    struct web_host *hosts = calloc(count + 1, sizeof *hosts);
    char error[160];

    if (!hosts)
        return ENOMEM;
    for (unsigned i = 0; i < count; i++)
        (void)web_host_parse(allow[i], &hosts[i], error, sizeof error);
    free(fetcher->allow);
    fetcher->allow = hosts;
    fetcher->allow_count = count;
    return 0;
}

static unsigned number(const char *text)
{
    return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

/* Without a port, that of the scheme is meant, so that not whatever else listens there is asked. */
static bool is_named(const struct fetcher *fetcher, const char *host, const char *port,
                     const char *scheme)
{
    unsigned usual = strcasecmp(scheme, "https") == 0 ? 443 : 80;

    for (unsigned i = 0; i < fetcher->allow_count; i++) {
        const struct web_host *allowed = &fetcher->allow[i];

        if (strcasecmp(allowed->name, host) == 0 &&
            number(port) == (allowed->port ? allowed->port : usual))
            return true;
    }
    return false;
}

static int refuse(const char *host, const char *port, const char *scheme, char *error, size_t size)
{
    bool is_usual = number(port) == (strcasecmp(scheme, "https") == 0 ? 443u : 80u);
    char name[260];

    (void)snprintf(name, sizeof name, "%.200s%s%.8s", host, is_usual ? "" : ":",
                   is_usual ? "" : port);
    (void)snprintf(error, size,
                   "http.allow does not name %.220s; the config says who may be asked: http = { "
                   "allow = { \"%.100s\" } }",
                   name, name);
    return EACCES;
}

static bool is_web(const char *scheme)
{
    return strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0;
}

/* EINVAL, EACCES, ENOMEM. */
static int check_url(const struct fetcher *fetcher, CURLU *url, char *error, size_t size)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    int result = ENOMEM;

    (void)curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    (void)curl_url_get(url, CURLUPART_HOST, &host, 0);
    (void)curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (scheme && !is_web(scheme)) {
        (void)snprintf(error, size, "the URL is neither http: nor https:");
        result = EINVAL;
    } else if (scheme && host && port) {
        result =
            is_named(fetcher, host, port, scheme) ? 0 : refuse(host, port, scheme, error, size);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return result;
}

int url_set(const struct fetcher *fetcher, CURLU *url, const char *text, char *error, size_t size)
{
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);

    if (code == CURLUE_OUT_OF_MEMORY)
        return ENOMEM;
    if (code != CURLUE_OK) {
        (void)snprintf(error, size, "\"%.100s\" is no URL", text);
        return EINVAL;
    }
    return check_url(fetcher, url, error, size);
}

char *url_origin(CURLU *url)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *text = NULL;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        asprintf(&text, "%s://%s:%s", scheme, host, port) < 0)
        text = NULL;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return text;
}
