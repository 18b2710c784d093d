/* By which way a message goes: NAT, proxies, TCP connections that come and go. */
#include "tests/unit/sip/phone.h"

/* An address of the phone's at another port than that which it sends from. */
struct place {
    int fd;
    uint16_t port;
};

static struct place place_open(int type)
{
    struct place place = {.fd = socket(AF_INET, type, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    inet_pton(AF_INET, PHONE_HOST, &address.sin_addr);
    assert_true(place.fd >= 0);
    assert_int_equal(bind(place.fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(place.fd, (struct sockaddr *)&address, &size), 0);
    place.port = ntohs(address.sin_port);
    return place;
}

static struct place elsewhere;

/* Waits for a message at the other place; it is in bench.message then. */
static bool arrives_elsewhere(void)
{
    ssize_t length = recv(elsewhere.fd, bench.message, sizeof bench.message - 1, MSG_DONTWAIT);
    if (length > 0) {
        bench.message[length] = '\0';
    }
    return length > 0;
}

static void answer_bye_from_elsewhere(void)
{
    int fd = bench.fd;
    bench.fd = elsewhere.fd;
    phone_reply(200, "", "");
    bench.fd = fd;
    bench_run_until(bench_is_empty);
    close(elsewhere.fd);
}

static void behind_a_proxy_the_route_set_leads(void **state)
{
    (void)state;
    char headers[256], route[64];
    elsewhere = place_open(SOCK_DGRAM);
    phone_new_call();
    snprintf(route, sizeof route, "<sip:" PHONE_HOST ":%u;lr>", elsewhere.port);
    snprintf(headers, sizeof headers, CONTACT "Record-Route: %s\r\n", route);
    unsigned cseq = phone_request("INVITE", headers, OFFER);
    phone_expect(200, "INVITE");
    assert_string_equal(phone_header("Record-Route"), route);
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
    bench.signalling->end(bench.call, 200, NULL);
    bench_run_until(arrives_elsewhere);
    assert_true(phone_has("BYE sip:alice@" CONTACT_HOST " SIP/2.0\r\n"));
    assert_string_equal(phone_header("Route"), route);
    answer_bye_from_elsewhere();
}

static void a_strict_router_gets_itself_as_request_uri(void **state)
{
    (void)state;
    char headers[256], begin[96];
    elsewhere = place_open(SOCK_DGRAM);
    phone_new_call();
    snprintf(headers, sizeof headers, CONTACT "Record-Route: <sip:" PHONE_HOST ":%u>\r\n",
             elsewhere.port);
    unsigned cseq = phone_request("INVITE", headers, OFFER);
    phone_expect(200, "INVITE");
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
    bench.signalling->end(bench.call, 200, NULL);
    bench_run_until(arrives_elsewhere);
    snprintf(begin, sizeof begin, "BYE sip:" PHONE_HOST ":%u SIP/2.0\r\n", elsewhere.port);
    assert_true(phone_has(begin));
    assert_string_equal(phone_header("Route"), "<sip:alice@" CONTACT_HOST ">");
    answer_bye_from_elsewhere();
}

static void behind_a_proxy_that_is_not_in_the_route_the_contact_leads(void **state)
{
    (void)state;
    char headers[256];
    elsewhere = place_open(SOCK_DGRAM);
    phone_new_call();
    snprintf(headers, sizeof headers,
             "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKfar\r\n"
             "Contact: <sip:alice@" PHONE_HOST ":%u>\r\n",
             elsewhere.port);
    unsigned cseq = phone_request("INVITE", headers, OFFER);
    phone_expect(200, "INVITE");
    phone_send("ACK", SERVER_URI, cseq, ++bench.branch,
               "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnear\r\n", "");
    bench_run_until(bench_is_established);
    bench.signalling->end(bench.call, 200, NULL);
    bench_run_until(arrives_elsewhere);
    assert_true(phone_has("BYE sip:alice@"));
    answer_bye_from_elsewhere();
}

/* ---- TCP ------------------------------------------------------------------------------------ */

static int tcp_connect(void)
{
    struct place place = place_open(SOCK_STREAM);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
    inet_pton(AF_INET, bench.host, &server.sin_addr);
    assert_int_equal(connect(place.fd, (struct sockaddr *)&server, sizeof server), 0);
    return place.fd;
}

/* The tests are slow enough, and the messages small enough, for one read to be one message. */
static void tcp_write(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static int tcp_call(uint16_t contact_port, const char *contact_transport)
{
    char text[2048];
    int fd = tcp_connect();
    phone_new_call();
    snprintf(text, sizeof text,
             "INVITE " SERVER_URI " SIP/2.0\r\nVia: SIP/2.0/TCP " PHONE_HOST
             ";branch=z9hG4bK-tcp\r\nFrom: <sip:t@h>;tag=phone\r\nTo: <" SERVER_URI
             ">\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@" PHONE_HOST ":%u%s>\r\n"
             "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n" OFFER,
             bench.call_id, contact_port, contact_transport, strlen(OFFER));
    tcp_write(fd, text);
    elsewhere.fd = fd;
    do {
        bench_run_until(arrives_elsewhere);
    } while (!phone_has("SIP/2.0 200"));
    const char *ok = strstr(bench.message, "SIP/2.0 200");
    memmove(bench.message, ok, strlen(ok) + 1);
    phone_expect_contact(";transport=tcp", ";isfocus");
    learn_tag();
    snprintf(text, sizeof text,
             "\r\n\r\nACK " SERVER_URI " SIP/2.0\r\nVia: SIP/2.0/TCP " PHONE_HOST
             ";branch=z9hG4bK-tcp-ack\r\nFrom: <sip:t@h>;tag=phone\r\nTo: <" SERVER_URI
             ">;tag=%s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
             bench.to_tag, bench.call_id);
    tcp_write(fd, text);
    bench_run_until(bench_is_established);
    assert_non_null(strstr(bench.info.caller.peer, ";tcp"));
    return fd;
}

static void over_tcp_our_requests_come_by_the_phones_own_connection(void **state)
{
    (void)state;
    int fd = tcp_call(9, ";transport=tcp");
    bench.signalling->end(bench.call, 200, NULL);
    do { /* the answer to the keepalive may come first */
        bench_run_until(arrives_elsewhere);
    } while (!phone_has("BYE sip:alice@"));
    close(fd);
    bench_run_until(bench_is_empty);
}

static void when_the_connection_is_gone_the_contact_leads(void **state)
{
    (void)state;
    struct place contact = place_open(SOCK_DGRAM);
    int fd = tcp_call(contact.port, ";transport=udp");
    close(fd);
    bench_run_ms(5 * TEST_T1); /* the agent sees that it is closed */
    elsewhere = contact;
    bench.signalling->end(bench.call, 200, NULL);
    bench_run_until(arrives_elsewhere);
    assert_true(phone_has("BYE sip:alice@"));
    answer_bye_from_elsewhere();
}

static void too_long_a_message_is_413_and_the_connection_is_closed(void **state)
{
    (void)state;
    int fd = tcp_connect();
    elsewhere.fd = fd;
    tcp_write(fd, "INVITE " SERVER_URI " SIP/2.0\r\nVia: SIP/2.0/TCP " PHONE_HOST
                  ";branch=z9hG4bK-huge\r\nFrom: <sip:t@h>;tag=phone\r\nTo: <" SERVER_URI
                  ">\r\nCall-ID: huge\r\nCSeq: 1 INVITE\r\n" CONTACT
                  "Content-Type: application/sdp\r\nContent-Length: 100000000\r\n\r\nv=0\r\n");
    bench_run_until(arrives_elsewhere);
    assert_true(phone_has("SIP/2.0 413"));
    close(fd);
    phone_call("");
    bench_run_until(bench_is_established);
    phone_hang_up();
}

/* A Contact of 0.0.0.0 could not be reached, nor may an answer come from another address. */
static void on_all_addresses_there_is_a_listener_for_each(void **state)
{
    (void)state;
    /* All addresses are everybody's: the port is this process's own. */
    unsigned port = 20000 + (unsigned)getpid() % 10000;
    char uri[64], contact[64];
    const char *const listen[] = {uri};
    const struct sip_config config = {
        .loop = bench.loop,
        .listen = listen,
        .listen_count = 1,
        .codecs = bench_codecs,
        .codec_count = 2,
        .events = &bench_events,
    };
    const char text[] = "OPTIONS sip:demo@h SIP/2.0\r\nVia: SIP/2.0/UDP " PHONE_HOST
                        ";rport;branch=z9hG4bK-any\r\nFrom: <sip:t@h>;tag=phone\r\n"
                        "To: <sip:demo@h>\r\nCall-ID: any\r\nCSeq: 1 OPTIONS\r\n"
                        "Content-Length: 0\r\n\r\n";
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sip_agent *agent = NULL;
    char error[256] = "";

    snprintf(uri, sizeof uri, "sip:0.0.0.0:%u;transport=udp", port);
    snprintf(contact, sizeof contact, "<sip:demo@127.0.0.1:%u>;isfocus;audio;automata", port);

    assert_int_equal(sip_agent_create(&config, &agent, error, sizeof error), 0);
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    assert_int_equal(
        sendto(bench.fd, text, sizeof text - 1, 0, (struct sockaddr *)&server, sizeof server),
        sizeof text - 1);
    phone_expect(200, "OPTIONS");
    assert_string_equal(phone_header("Contact"), contact);
    sip_agent_destroy(agent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(behind_a_proxy_the_route_set_leads),
        bench_test(a_strict_router_gets_itself_as_request_uri),
        bench_test(behind_a_proxy_that_is_not_in_the_route_the_contact_leads),
        bench_test(over_tcp_our_requests_come_by_the_phones_own_connection),
        bench_test(when_the_connection_is_gone_the_contact_leads),
        bench_test(on_all_addresses_there_is_a_listener_for_each),
        bench_test(too_long_a_message_is_413_and_the_connection_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
