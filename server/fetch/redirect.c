/* Redirections (RFC 9110 §15.4): each is a request of its own, to a host that must be named, too.
 */
#include "fetch/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REDIRECTIONS_MOST = 5 };

bool fetch_is_redirected(const struct fetch *fetch)
{
    return !*fetch->problem && fetch->location &&
           (fetch->status == 301 || fetch->status == 302 || fetch->status == 303 ||
            fetch->status == 307 || fetch->status == 308);
}

static bool begins_with(const char *line, const char *name)
{
    return strncasecmp(line, name, strlen(name)) == 0;
}

/* Keeps the headers that do not begin with one of the names. */
static bool drop_headers(struct fetch *fetch, const char *const *names, unsigned count)
{
    struct curl_slist *kept = NULL, *longer;

    for (const struct curl_slist *line = fetch->headers; line; line = line->next) {
        bool is_kept = true;

        for (unsigned i = 0; i < count; i++)
            is_kept = is_kept && !begins_with(line->data, names[i]);
        if (!is_kept)
            continue;
        longer = curl_slist_append(kept, line->data);
        if (!longer) {
            curl_slist_free_all(kept);
            return false;
        }
        kept = longer;
    }
    curl_slist_free_all(fetch->headers);
    fetch->headers = kept;
    return true;
}

/* RFC 9110 §15.4: where 303 leads is only to be looked at, and a POST becomes a GET on its way, as
 * all clients have it. */
static bool turn_into_get(struct fetch *fetch)
{
    static const char *const of_body[] = {"Content-"};
    char *method;

    if (fetch->status != 303 && !(fetch->status < 303 && strcmp(fetch->method, "POST") == 0))
        return true;
    method = strdup(strcmp(fetch->method, "HEAD") == 0 ? "HEAD" : "GET");
    if (!method)
        return false;
    free(fetch->method);
    fetch->method = method;
    fetch->has_body = false;
    buffer_free(&fetch->body);
    return drop_headers(fetch, of_body, 1);
}

/* What the script gave for one server is not for another. */
static bool drop_secrets(struct fetch *fetch, const char *before)
{
    static const char *const secrets[] = {"Authorization:", "Cookie:"};
    char *after = url_origin(fetch->url);
    bool is_done =
        before && after && (strcasecmp(before, after) == 0 || drop_headers(fetch, secrets, 2));

    free(after);
    return is_done;
}

bool fetch_follow(struct fetch *fetch)
{
    char *before = url_origin(fetch->url), error[PROBLEM_SIZE / 2];
    int result;

    if (fetch->redirections++ == REDIRECTIONS_MOST) {
        free(before);
        (void)snprintf(fetch->problem, sizeof fetch->problem, "redirected more than %d times",
                       REDIRECTIONS_MOST);
        return false;
    }
    result = url_set(fetch->fetcher, fetch->url, fetch->location, error, sizeof error);
    if (!result && (!turn_into_get(fetch) || !drop_secrets(fetch, before)))
        result = ENOMEM;
    free(before);
    fetch_clear(fetch);
    if (!result)
        result = fetch_post(fetch);
    if (result)
        (void)snprintf(fetch->problem, sizeof fetch->problem, "redirected: %s",
                       result == EINVAL || result == EACCES ? error : strerror(result));
    return !result;
}
