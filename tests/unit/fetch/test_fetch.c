/* The web client: what it asks, what it takes, and what it does not. */
#include "fetch/fetch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/fetch/web_server.h"

enum { CONNECTIONS = 8 };

static struct {
    struct loop *loop;
    struct fetcher *fetcher;
    struct loop_timer *timer;
    char allowed[64];
    unsigned answers, wanted;
    /* The last answer, or why it could not be begun. */
    char problem[500], headers[2000], body[100000];
    unsigned status;
    size_t body_size;
} world;

static void too_long(void *arg)
{
    (void)arg;
    fail_msg("an answer does not come");
}

static int set_up(void **state)
{
    const char *allow[1] = {world.allowed};
    const struct fetcher_config config = {
        .allow = allow, .allow_count = 1, .connections = CONNECTIONS};
    struct fetcher_config complete = config;

    (void)state;
    memset(&world, 0, sizeof world);
    (void)snprintf(world.allowed, sizeof world.allowed, "127.0.0.1:%u", web.port);
    assert_int_equal(loop_create(&world.loop), 0);
    complete.loop = world.loop;
    assert_int_equal(fetcher_create(&complete, &world.fetcher), 0);
    return loop_timer_start(world.loop, &world.timer, 30000, too_long, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    fetcher_destroy(world.fetcher);
    loop_timer_stop(&world.timer);
    loop_destroy(world.loop);
    return 0;
}

static void on_answer(const struct fetch_answer *answer, void *arg)
{
    size_t length = 0;

    assert_ptr_equal(arg, &world);
    (void)snprintf(world.problem, sizeof world.problem, "%s",
                   answer->problem ? answer->problem : "");
    world.status = answer->status;
    world.body_size = answer->body_size;
    assert_true(answer->body_size < sizeof world.body);
    if (answer->body_size > 0)
        memcpy(world.body, answer->body, answer->body_size);
    world.body[answer->body_size] = '\0';
    world.headers[0] = '\0';
    for (unsigned i = 0; i < answer->header_count; i++)
        length += (size_t)snprintf(world.headers + length, sizeof world.headers - length, "%s=%s\n",
                                   answer->headers[i].name, answer->headers[i].value);
    if (++world.answers == world.wanted)
        loop_stop(world.loop, 0);
}

static int begin(const struct fetch_request *request, struct fetch **fetchp)
{
    const struct fetching *fetching = fetcher_fetching(world.fetcher);
    int error = fetching->begin(fetching->ctx, request, on_answer, &world, fetchp, world.problem,
                                sizeof world.problem);

    world.wanted += error == 0;
    return error;
}

static void wait_for_all(void)
{
    while (world.answers < world.wanted)
        (void)loop_run(world.loop);
}

static struct fetch_request request_of(const char *method, const char *path)
{
    static char url[1200];

    (void)snprintf(url, sizeof url, "http://%s%s", world.allowed, path);
    return (struct fetch_request){.method = method, .url = url, .timeout = 10000, .limit = 10000};
}

static void ask(const struct fetch_request *request)
{
    struct fetch *fetch;

    assert_int_equal(begin(request, &fetch), 0);
    wait_for_all();
}

static void get(const char *path)
{
    const struct fetch_request request = request_of("GET", path);

    ask(&request);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strcasestr(text, part))
        fail_msg("\"%s\" is in \"%s\"", part, text);
}

static void assert_body(unsigned status, const char *body)
{
    assert_string_equal(world.problem, "");
    assert_int_equal(world.status, status);
    assert_string_equal(world.body, body);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void an_answer_has_status_headers_and_body(void **state)
{
    (void)state;
    get("/hello");
    assert_body(200, "hello");
    assert_string_equal(world.headers,
                        "content-type=text/plain\nx-twice=1\nx-twice=2\ncontent-length=5\n");
    assert_contains(web_request(), "GET /hello HTTP/1.1\r\n");
    assert_contains(web_request(), "User-Agent: Parley/");
    get("/chunked");
    assert_body(200, "foursix");
    get("/nothing");
    assert_body(204, "");
    get("/missing");
    assert_body(404, "gone"); /* an answer like any other */
}

static void methods_headers_and_bodies_are_sent(void **state)
{
    const struct fetch_header headers[] = {{"X-Key", "4711"}, {"X-Empty", ""}};
    struct fetch_request request = request_of("POST", "/echo");

    (void)state;
    request.headers = headers;
    request.header_count = 2;
    request.body = "ping";
    request.body_size = 4;
    ask(&request);
    assert_body(200, "ping");
    assert_contains(web_request(), "POST /echo");
    assert_contains(web_request(), "X-Key: 4711\r\n");
    assert_contains(web_request(), "X-Empty:\r\n");
    request = request_of("DELETE", "/nothing");
    ask(&request);
    assert_contains(web_request(), "DELETE /nothing");
    assert_lacks(web_request(), "Content-Length");
    request = request_of("POST", "/echo");
    ask(&request);
    assert_contains(web_request(), "Content-Length: 0\r\n");
    request = request_of("HEAD", "/missing");
    ask(&request);
    assert_body(404, "");
}

static void many_at_once_wait_for_a_connection(void **state)
{
    struct fetch *fetch;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        const struct fetch_request request = request_of("GET", "/hello");

        assert_int_equal(begin(&request, &fetch), 0);
    }
    wait_for_all();
    assert_body(200, "hello");
    assert_int_equal(world.answers, 100);
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

static void who_does_not_answer_is_given_up(void **state)
{
    struct fetch_request request = request_of("GET", "/slow");

    (void)state;
    request.timeout = 200;
    ask(&request);
    assert_string_equal(world.problem, "no answer within 0.2 s");
    assert_int_equal(world.status, 0);
}

static void who_gets_no_connection_in_time_is_told_so(void **state)
{
    struct fetch_request request = request_of("GET", "/slow");
    struct fetch *fetch;

    (void)state;
    request.timeout = 5000;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        assert_int_equal(begin(&request, &fetch), 0);
    request.timeout = 200;
    assert_int_equal(begin(&request, &fetch), 0);
    world.wanted = 1;
    wait_for_all();
    assert_string_equal(world.problem,
                        "not asked within 0.2 s: all 8 connections (http.connections) were taken");
}

static void what_is_too_long_is_not_taken(void **state)
{
    struct fetch_request request = request_of("GET", "/hello");

    (void)state;
    request.limit = 5;
    ask(&request);
    assert_body(200, "hello");
    request.limit = 4;
    ask(&request);
    assert_string_equal(world.problem, "the answer is longer than 4 bytes");
    get("/huge");
    assert_string_equal(world.problem, "the answer is longer than 10000 bytes");
}

static void what_breaks_off_or_is_no_http_is_told(void **state)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    const char *allow[1] = {world.allowed};

    (void)state;
    get("/cut");
    assert_contains(world.problem, "transfer closed");
    get("/other");
    assert_contains(world.problem, "HTTP/0.9");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0); /* and nobody listens */
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(world.allowed, sizeof world.allowed, "127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(fetcher_allow(world.fetcher, allow, 1), 0);
    get("/hello");
    assert_contains(world.problem, "Failed to connect");
    (void)close(listener);
}

static void more_than_can_wait_is_refused(void **state)
{
    struct fetch *fetches[1000], *more;
    const struct fetch_request request = request_of("GET", "/slow");
    unsigned count = 0;

    (void)state;
    while (count < 1000 && begin(&request, &fetches[count]) == 0)
        count++;
    assert_int_equal(count, 1000);
    assert_int_equal(begin(&request, &more), EAGAIN);
    assert_contains(world.problem, "1000 requests");
    for (unsigned i = 0; i < count; i++)
        fetcher_fetching(world.fetcher)->cancel(fetches[i]);
}

/* ---- who may be asked ----------------------------------------------------------------------- */

static int begin_url(const char *url)
{
    struct fetch *fetch;
    const struct fetch_request request = {
        .method = "GET", .url = url, .timeout = 10000, .limit = 10000};

    return begin(&request, &fetch);
}

static void only_who_is_named_is_asked(void **state)
{
    static const char *const others[] = {
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.0.0.2/",
        "https://api.invalid:8443/",
        "http://example.com/",
        "http://api.invalid.evil.example/",
        "http://api.invalid@evil.example/",
    };
    const char *allow[] = {"api.invalid", "127.0.0.1:8080", "[::1]:8080"};

    (void)state;
    assert_int_equal(fetcher_allow(world.fetcher, allow, 3), 0);
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(begin_url(others[i]), EACCES);
    assert_int_equal(begin_url("http://127.0.0.2:81/x"), EACCES);
    assert_string_equal(world.problem,
                        "http.allow does not name 127.0.0.2:81; the config says who may be "
                        "asked: http = { allow = { \"127.0.0.2:81\" } }");
    assert_int_equal(begin_url("ftp://api.invalid/"), EINVAL);
    assert_int_equal(begin_url("file:///etc/passwd"), EINVAL);
    assert_int_equal(begin_url("no URL at all"), EINVAL);
    assert_int_equal(begin_url("http://API.invalid:80/"), 0);
    assert_int_equal(begin_url("https://api.invalid/"), 0);
    assert_int_equal(begin_url("http://[::1]:8080/"), 0);
}

/* ---- redirections --------------------------------------------------------------------------- */

static void redirections_are_followed(void **state)
{
    char path[200];

    (void)state;
    get("/302//hello"); /* relative */
    assert_body(200, "hello");
    (void)snprintf(path, sizeof path, "/308/http://%s/301//hello", world.allowed);
    get(path);
    assert_body(200, "hello");
    assert_string_equal(strchr(world.headers, '\n') + 1,
                        "x-twice=1\nx-twice=2\ncontent-length=5\n"); /* of the last one only */
    get("/304//hello");
    assert_body(304, "");
}

static void a_post_is_repeated_or_becomes_a_get(void **state)
{
    const struct fetch_header header = {"Content-Type", "text/plain"};
    struct fetch_request request = request_of("POST", "/307//echo");

    (void)state;
    request.headers = &header;
    request.header_count = 1;
    request.body = "ping";
    request.body_size = 4;
    ask(&request);
    assert_body(200, "ping");
    assert_contains(web_request(), "Content-Type: text/plain");
    for (unsigned i = 301; i <= 303; i++) {
        char path[20];

        (void)snprintf(path, sizeof path, "/%u//echo", i);
        request.url = request_of("POST", path).url;
        ask(&request);
        assert_body(200, "");
        assert_contains(web_request(), "GET /echo");
        assert_lacks(web_request(), "Content-");
    }
}

static void nobody_is_sent_where_it_may_not_go(void **state)
{
    unsigned before;

    (void)state;
    get("/302/http://127.0.0.1:1/");
    assert_contains(world.problem, "redirected: http.allow does not name 127.0.0.1:1");
    get("/302/file:///etc/passwd");
    assert_contains(world.problem, "redirected: the URL is neither http: nor https:");
    before = web_count(&web.requests);
    get("/302//302//302//302//302//hello");
    assert_body(200, "hello");
    get("/302//302//302//302//302//302//hello");
    assert_string_equal(world.problem, "redirected more than 5 times");
    assert_int_equal(web_count(&web.requests), before + 12);
}

static void secrets_stay_with_whom_they_are_for(void **state)
{
    const struct fetch_header headers[] = {{"authorization", "Bearer x"}, {"X-Other", "y"}};
    char path[100], both[64];
    const char *allow[] = {world.allowed, both};
    struct fetch_request request;

    (void)state;
    (void)snprintf(both, sizeof both, "localhost:%u", web.port);
    assert_int_equal(fetcher_allow(world.fetcher, allow, 2), 0);
    (void)snprintf(path, sizeof path, "/302/http://%s/hello", both);
    request = request_of("GET", path);
    request.headers = headers;
    request.header_count = 2;
    ask(&request);
    assert_body(200, "hello");
    assert_lacks(web_request(), "Bearer");
    assert_contains(web_request(), "X-Other: y");
    request.url = request_of("GET", "/302//hello").url;
    ask(&request);
    assert_contains(web_request(), "Bearer x");
}

/* ---- giving up ------------------------------------------------------------------------------ */

static void what_is_given_up_ends_at_once_and_tells_nobody(void **state)
{
    const struct fetch_request request = request_of("GET", "/slow");
    unsigned requests = web_count(&web.requests), gone = web_count(&web.gone);
    struct timespec pause = {.tv_nsec = 1000000};
    struct fetch *fetch;

    (void)state;
    assert_int_equal(begin(&request, &fetch), 0);
    while (web_count(&web.requests) == requests)
        (void)nanosleep(&pause, NULL);
    fetcher_fetching(world.fetcher)->cancel(fetch);
    while (web_count(&web.gone) == gone)
        (void)nanosleep(&pause, NULL);
    world.wanted = 0;
    get("/hello");
    assert_int_equal(world.answers, 1);
}

static void the_end_does_not_wait_for_answers(void **state)
{
    const struct fetch_request request = request_of("GET", "/slow");
    struct fetch *fetch;

    (void)state;
    assert_int_equal(begin(&request, &fetch), 0);
    fetcher_destroy(world.fetcher);
    world.fetcher = NULL;
    assert_int_equal(world.answers, 1);
    assert_string_equal(world.problem, "given up");
}

#define FETCH_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCH_TEST(an_answer_has_status_headers_and_body),
        FETCH_TEST(methods_headers_and_bodies_are_sent),
        FETCH_TEST(many_at_once_wait_for_a_connection),
        FETCH_TEST(who_does_not_answer_is_given_up),
        FETCH_TEST(who_gets_no_connection_in_time_is_told_so),
        FETCH_TEST(what_is_too_long_is_not_taken),
        FETCH_TEST(what_breaks_off_or_is_no_http_is_told),
        FETCH_TEST(more_than_can_wait_is_refused),
        FETCH_TEST(only_who_is_named_is_asked),
        FETCH_TEST(redirections_are_followed),
        FETCH_TEST(a_post_is_repeated_or_becomes_a_get),
        FETCH_TEST(nobody_is_sent_where_it_may_not_go),
        FETCH_TEST(secrets_stay_with_whom_they_are_for),
        FETCH_TEST(what_is_given_up_ends_at_once_and_tells_nobody),
        FETCH_TEST(the_end_does_not_wait_for_answers),
    };

    return cmocka_run_group_tests(tests, web_begin, web_end);
}
