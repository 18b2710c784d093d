/* By which way a registered phone is reached: what a call to an account asks of the registrar. */
#include "tests/unit/sip/phone.h"

#include "sip/bindings.h"

/* A registrar that takes the word of the phone's address for who registers (RFC 3325). */
static int begin(void **state)
{
    char error[160];
    int status = bench_begin(state);
    if (status) {
        return status;
    }
    struct sip_agent *agent = bench.agent;
    agent->is_registrar = true;
    agent->registration_min = 1;
    agent->registration_max = 3600;
    agent->allow = sip_allow_make(agent->home, "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER");
    status = network_parse(PHONE_HOST, &agent->trusted[0], error, sizeof error);
    agent->trusted_count = 1;
    return status;
}

/* SERVER_URI's user registers. */
static void registers(const char *contacts)
{
    char headers[1024];
    phone_new_call();
    snprintf(headers, sizeof headers, "P-Asserted-Identity: <sip:demo@" SERVER_HOST ">\r\n%s",
             contacts);
    phone_request("REGISTER", headers, "");
    phone_expect(200, "REGISTER");
}

static bool has_connection(const struct binding *binding)
{
    return tport_is_secondary(binding->tport) && tport_is_clear_to_send(binding->tport);
}

static void behind_a_nat_the_phone_is_reached_where_it_sends_from(void **state)
{
    char source[64];
    (void)state;
    registers(CONTACT);
    snprintf(source, sizeof source, "sip:" PHONE_HOST ":%u;transport=udp", bench.port);
    assert_string_equal(bindings_find(bench.agent, "demo")->source, source);
}

static void behind_a_proxy_the_contact_leads(void **state)
{
    (void)state;
    registers("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKfar\r\n" CONTACT);
    assert_null(bindings_find(bench.agent, "demo")->source);
}

static void the_preferred_one_comes_first_and_then_the_latest(void **state)
{
    static const char *const expected[] = {"best", "later", "sooner", "last"};
    (void)state;
    registers("Contact: <sip:last@192.0.2.1>;q=0.1, <sip:sooner@192.0.2.1>;q=0.5\r\n");
    registers("Contact: <sip:best@192.0.2.1>, <sip:later@192.0.2.1>;q=0.5\r\n");
    const struct binding *binding = bindings_find(bench.agent, "demo");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_non_null(binding);
        assert_string_equal(binding->target->url_user, expected[i]);
        binding = binding->next;
    }
    assert_null(binding);
    assert_null(bindings_find(bench.agent, "nobody"));
}

static char tcp_text[4096];
static int tcp_fd;

static bool arrives_by_tcp(void)
{
    ssize_t length = recv(tcp_fd, tcp_text, sizeof tcp_text - 1, MSG_DONTWAIT);
    if (length > 0) {
        tcp_text[length] = '\0';
    }
    return length > 0;
}

static void by_tcp_the_connection_is_used_while_it_is_there(void **state)
{
    static const char text[] =
        "REGISTER " SERVER_URI " SIP/2.0\r\nVia: SIP/2.0/TCP " PHONE_HOST
        ";branch=z9hG4bK-tcp\r\nFrom: <sip:t@h>;tag=phone\r\nTo: <" SERVER_URI
        ">\r\nCall-ID: tcp\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@" CONTACT_HOST
        ";transport=tcp>\r\nP-Asserted-Identity: <sip:demo@" SERVER_HOST
        ">\r\nContent-Length: 0\r\n\r\n";
    struct sockaddr_in phone = {.sin_family = AF_INET};
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
    (void)state;
    inet_pton(AF_INET, PHONE_HOST, &phone.sin_addr);
    inet_pton(AF_INET, bench.host, &server.sin_addr);
    tcp_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(tcp_fd, (struct sockaddr *)&phone, sizeof phone), 0);
    assert_int_equal(connect(tcp_fd, (struct sockaddr *)&server, sizeof server), 0);
    assert_int_equal(send(tcp_fd, text, sizeof text - 1, 0), (ssize_t)sizeof text - 1);
    bench_run_until(arrives_by_tcp);
    assert_int_equal(strncmp(tcp_text, "SIP/2.0 200 ", 12), 0);
    const struct binding *binding = bindings_find(bench.agent, "demo");
    assert_true(has_connection(binding));
    close(tcp_fd);
    bench_run_ms(5 * TEST_T1); /* the agent sees that it is closed */
    assert_false(has_connection(binding));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, bench_end)
        TEST(behind_a_nat_the_phone_is_reached_where_it_sends_from),
        TEST(behind_a_proxy_the_contact_leads),
        TEST(the_preferred_one_comes_first_and_then_the_latest),
        TEST(by_tcp_the_connection_is_used_while_it_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
