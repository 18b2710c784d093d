/* The table of options and the settings that it fills. */
#include "tests/unit/settings_world.h"

#include "core/text.h"

static int set(const char *key, const char *text)
{
    error[0] = '\0';
    return option_set_text(option_by_key(key), &settings, text, error, sizeof error);
}

static void listen_on(const char *uri)
{
    option_clear_list(option_by_key("listen"), &settings);
    assert_int_equal(set("listen", uri), 0);
}

static void the_defaults_serve_loopback_with_a_demo_conference(void **state)
{
    (void)state;
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
    assert_int_equal(settings.listen.count, 2);
    assert_string_equal(settings.listen.items[0], "sip:127.0.0.1:5060;transport=udp");
    assert_string_equal(settings.listen.items[1], "sip:127.0.0.1:5060;transport=tcp");
    assert_int_equal(settings.rtp_addresses.count, 1);
    assert_string_equal(settings.rtp_addresses.items[0], "127.0.0.1");
    assert_int_equal(settings.rtp_port_low, 20000);
    assert_int_equal(settings.rtp_port_high, 29999);
    assert_int_equal(settings.rtp_timeout, 300000);
    assert_int_equal(settings.session_expires, 1800);
    assert_int_equal(settings.session_min_se, 90);
    assert_int_equal(settings.stop_timeout, 5000);
    assert_int_equal(settings.log_level, LOG_LEVEL_INFO);
    assert_string_equal(settings.policy, "standard");
    assert_true(settings.data[0] == '/');
    assert_int_equal(settings.conference_count, 1);
    assert_string_equal(settings.conferences[0].name, "demo");
}

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        unsigned ms;
    } good[] = {{"250ms", 250}, {"90s", 90000}, {"5m", 300000}, {"2h", 7200000},
                {"0", 0},       {"7", 7000},    {"1.5", 1500}};
    static const char *const bad[] = {"",    "s",   "5 m", "-1",  "0x10",
                                      "1e3", "inf", "nan", "25h", "5min"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(set("rtp.timeout", good[i].text), 0);
        assert_int_equal(settings.rtp_timeout, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(set("rtp.timeout", bad[i]), EINVAL);
        assert_non_null(strstr(error, "must be a time from 0 to 86400 s"));
    }
    assert_int_equal(set("session.expires", "1.5"), EINVAL);
    assert_int_equal(set("session.expires", "30m"), 0);
    assert_int_equal(settings.session_expires, 1800);
}

static void numbers_keep_to_their_range(void **state)
{
    const struct option *threads = option_by_key("threads");
    (void)state;
    assert_int_equal(option_set_number(threads, &settings, 256, error, sizeof error), 0);
    assert_int_equal(settings.media_threads, 256);
    assert_int_equal(option_set_number(threads, &settings, 257, error, sizeof error), EINVAL);
    assert_string_equal(error, "must be a whole number from 0 to 256, not 257");
    assert_int_equal(option_set_number(threads, &settings, -1, error, sizeof error), EINVAL);
    assert_int_equal(option_set_number(threads, &settings, 1.5, error, sizeof error), EINVAL);
    assert_int_equal(option_set_number(threads, &settings, 0.0 / 0.0, error, sizeof error), EINVAL);
    assert_int_equal(set("threads", "99999999999999999999"), EINVAL);
    assert_int_equal(set("threads", "4s"), EINVAL);
    assert_int_equal(settings.media_threads, 256);
}

static void ports_are_a_range_with_room_for_a_pair(void **state)
{
    static const char *const bad[] = {
        "",      "20000",       "20000-",       "20001-20002", "30000-20000",
        "80-90", "20000-65536", "20000-29999 ", "20000--1",    "020000-30000"};
    (void)state;
    assert_int_equal(set("rtp.ports", "30000-30001"), 0);
    assert_int_equal(settings.rtp_port_low, 30000);
    assert_int_equal(settings.rtp_port_high, 30001);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(set("rtp.ports", bad[i]), EINVAL);
        assert_true(error[0]);
    }
    assert_int_equal(settings.rtp_port_low, 30000);
}

static void a_listen_uri_is_an_address_with_port_and_transport(void **state)
{
    static const char *const bad[] = {"127.0.0.1",       "sip:localhost",
                                      "sip:127.0.0.1:0", "sip:127.0.0.1:65536",
                                      "sip:127.0.0.1:",  "sip:127.0.0.1;transport=sctp",
                                      "sip:::1",         "sip:[::1",
                                      "sip:[127.0.0.1]", "sip:127.0.0.1;transport=udp;x",
                                      "sips:127.0.0.1"};
    struct listen_address address;
    (void)state;
    assert_int_equal(
        listen_address_parse("sip:[0:0::1]:5070;transport=TCP", &address, error, sizeof error), 0);
    assert_int_equal(address.family, AF_INET6);
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 5070);
    assert_int_equal(address.transport, LISTEN_TCP);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(set("listen", bad[i]), EINVAL);
        assert_non_null(strstr(error, bad[i]));
    }
}

static void a_listen_uri_without_transport_means_both(void **state)
{
    (void)state;
    listen_on("sip:[::1]:5080");
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
    assert_int_equal(settings.listen.count, 2);
    assert_string_equal(settings.listen.items[0], "sip:[::1]:5080;transport=udp");
    assert_string_equal(settings.listen.items[1], "sip:[::1]:5080;transport=tcp");
    assert_string_equal(settings.rtp_addresses.items[0], "::1");
}

static void an_address_given_twice_is_an_error(void **state)
{
    (void)state;
    listen_on("sip:127.0.0.1");
    assert_int_equal(set("listen", "sip:127.0.0.1:5060;transport=tcp"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), EINVAL);
    assert_non_null(strstr(error, "given twice"));
}

static void a_wildcard_needs_an_address_for_audio(void **state)
{
    (void)state;
    listen_on("sip:0.0.0.0:5060");
    assert_int_equal(settings_finish(&settings, error, sizeof error), EINVAL);
    assert_non_null(strstr(error, "set rtp.address"));
    assert_int_equal(set("rtp.address", "192.0.2.1"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
}

static void audio_has_one_address_a_family(void **state)
{
    (void)state;
    assert_int_equal(set("rtp.address", "127.0.0.1"), 0);
    assert_int_equal(set("rtp.address", "::1"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
    option_clear_list(option_by_key("rtp.address"), &settings);
    assert_int_equal(set("rtp.address", "127.0.0.1"), 0);
    assert_int_equal(set("rtp.address", "127.0.0.2"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), EINVAL);
    assert_non_null(strstr(error, "second IPv4 address"));
    assert_int_equal(set("rtp.address", "example.com"), EINVAL);
    option_clear_list(option_by_key("rtp.address"), &settings);
    assert_int_equal(set("rtp.address", "::"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), EINVAL);
}

static void a_session_timer_is_no_shorter_than_its_minimum(void **state)
{
    (void)state;
    assert_int_equal(set("session.expires", "60"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), EINVAL);
    assert_non_null(strstr(error, "session.min_se"));
    assert_int_equal(set("session.expires", "0"), 0);
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
}

static void conference_names_fit_into_a_uri_and_are_unique(void **state)
{
    struct conference_settings *conference;
    static const char *const bad[] = {
        "", "a b", "a@b", "a\nb",
        "0123456789012345678901234567890123456789012345678901234567890123"
        "01234567890123456789012345678901234567890123456789012345678901234"};
    (void)state;
    assert_int_equal(settings_add_conference(&settings, "demo", &conference, error, sizeof error),
                     EINVAL);
    assert_non_null(strstr(error, "there already"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool is_too_long = strlen(bad[i]) > CONFERENCE_NAME_MAX;
        assert_true(i < 4 || is_too_long);
        assert_int_equal(
            settings_add_conference(&settings, bad[i], &conference, error, sizeof error), EINVAL);
    }
    assert_int_equal(settings_add_conference(&settings, "9000", &conference, error, sizeof error),
                     0);
    assert_string_equal(conference->title, "");
    assert_ptr_equal(settings_conference(&settings, "9000"), conference);
    assert_null(settings_conference(&settings, "900"));
}

static void texts_have_no_control_characters(void **state)
{
    (void)state;
    assert_int_equal(set("policy", "a\nb"), EINVAL);
    assert_int_equal(set("policy", ""), EINVAL);
    assert_int_equal(set("domain", "a b"), EINVAL);
    assert_int_equal(set("domain", "conf.example.com"), 0);
}

/* NULL: none is. The buffer is the next call's. */
static const char *meant_by(const char *prefix, const char *name)
{
    static char meant[OPTION_NAME_SIZE];
    return option_suggest_key(prefix, name, meant) ? meant : NULL;
}

static void a_misspelt_name_brings_a_suggestion(void **state)
{
    (void)state;
    assert_string_equal(meant_by("", "lisen"), "listen");
    assert_string_equal(meant_by("", "conference"), "conferences");
    assert_string_equal(meant_by("", "sesion"), "session");
    assert_string_equal(meant_by("rtp.", "port"), "ports");
    assert_string_equal(meant_by("conferences.*.", "titel"), "title");
    assert_string_equal(option_suggest_flag("--rtp-adress"), "--rtp-address");
    assert_null(meant_by("", "x"));
    assert_null(meant_by("", "helicopter"));
}

static void every_option_prints_its_default_as_it_was_set(void **state)
{
    static const struct {
        const char *key, *text;
    } expected[] = {
        {"rtp.ports", "\"20000-29999\""}, {"rtp.timeout", "\"5m\""}, {"session.min_se", "90"},
        {"log_level", "\"info\""},        {"rtp.address", "{}"},     {"stop_timeout", "\"5s\""}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char *text = option_print(option_by_key(expected[i].key), &settings);
        assert_string_equal(text, expected[i].text);
        free(text);
    }
}

static void the_help_names_every_flag(void **state)
{
    char *text = NULL;
    size_t size = 0;
    const struct option *option;
    (void)state;
    FILE *file = open_memstream(&text, &size);
    options_print_help(file);
    fclose(file);
    for (unsigned i = 0; (option = option_at(i)); i++) {
        assert_true(!option->flag || strstr(text, option->flag));
    }
    assert_lines_fit(text, 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(the_defaults_serve_loopback_with_a_demo_conference),
        SETTINGS_TEST(times_have_units),
        SETTINGS_TEST(numbers_keep_to_their_range),
        SETTINGS_TEST(ports_are_a_range_with_room_for_a_pair),
        SETTINGS_TEST(a_listen_uri_is_an_address_with_port_and_transport),
        SETTINGS_TEST(a_listen_uri_without_transport_means_both),
        SETTINGS_TEST(an_address_given_twice_is_an_error),
        SETTINGS_TEST(a_wildcard_needs_an_address_for_audio),
        SETTINGS_TEST(audio_has_one_address_a_family),
        SETTINGS_TEST(a_session_timer_is_no_shorter_than_its_minimum),
        SETTINGS_TEST(conference_names_fit_into_a_uri_and_are_unique),
        SETTINGS_TEST(texts_have_no_control_characters),
        SETTINGS_TEST(a_misspelt_name_brings_a_suggestion),
        SETTINGS_TEST(every_option_prints_its_default_as_it_was_set),
        SETTINGS_TEST(the_help_names_every_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
