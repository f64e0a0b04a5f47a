/*
 * The table of settings: defaults, kinds with their limits and errors, copies, notices.
 */
#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct bytes shown(const struct settings *settings, const char *name, struct buffer *out)
{
    const struct setting *row = settings_find(bytes_of(name));

    cr_assert_not_null(row, "%s", name);
    buffer_clear(out);
    settings_get(settings, row, out);
    buffer_append_char(out, '\0');
    return bytes_make(out->data, out->len - 1);
}

/* Sets one value and checks what is shown then. */
static void expect_on(struct settings *settings, const char *name, const char *value,
                      const char *expected)
{
    struct bytes arg = bytes_of(value);
    char error[SETTINGS_ERROR_MAX] = "";
    struct buffer text = {0};

    cr_assert_eq(settings_set(settings, bytes_of(name), &arg, 1, error, sizeof(error)), 0,
                 "%s %s: %s", name, value, error);
    cr_assert_str_eq(shown(settings, name, &text).data, expected, "%s %s", name, value);
    buffer_deinit(&text);
}

static void expect(const char *name, const char *value, const char *expected)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, name, value, expected);
    settings_free(settings);
}

/* Checks the error, and that the value stays. */
static void expect_error(const char *name, const char *value, const char *expected)
{
    struct settings *settings = settings_new_default(), *before = settings_new_default();
    struct bytes arg = bytes_of(value);
    char error[SETTINGS_ERROR_MAX] = "";

    cr_assert_eq(settings_set(settings, bytes_of(name), &arg, 1, error, sizeof(error)), -1, "%s %s",
                 name, value);
    cr_assert_str_eq(error, expected, "%s %s", name, value);
    cr_assert_not(settings_differ(settings, before, settings_find(bytes_of(name))));
    settings_free(settings);
    settings_free(before);
}

Test(settings, every_row_has_a_valid_default_and_a_doc)
{
    struct settings *settings = settings_new_default();
    size_t count;
    const struct setting *rows = settings_rows(&count);
    char error[SETTINGS_ERROR_MAX];

    cr_assert_gt(count, 180);
    for (size_t i = 0; i < count; i++) {
        struct bytes value = bytes_of(rows[i].default_text ? rows[i].default_text : "");

        cr_assert_gt(strlen(rows[i].doc), 5, "%s", rows[i].name);
        if (!rows[i].default_text) continue;
        cr_assert_eq(
            settings_set(settings, bytes_of(rows[i].name), &value, 1, error, sizeof(error)), 0,
            "%s: %s", rows[i].name, error);
    }
    settings_free(settings);
}

Test(settings, names_and_aliases_are_unique)
{
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(settings_find(bytes_of(rows[i].name)), &rows[i], "%s", rows[i].name);
        if (!rows[i].alias) continue;
        cr_assert_eq(settings_find(bytes_of(rows[i].alias)), &rows[i], "%s", rows[i].alias);
    }
}

Test(settings, a_row_is_found_in_any_case_and_by_its_alias)
{
    cr_assert_eq(settings_find(bytes_of("PoRT")), settings_find(bytes_of("port")));
    cr_assert_eq(settings_find(bytes_of("slave-priority")),
                 settings_find(bytes_of("replica-priority")));
    cr_assert_eq(settings_find(bytes_of("Lua-Time-Limit")),
                 settings_find(bytes_of("busy-reply-threshold")));
    cr_assert_null(settings_find(bytes_of("por")));
    cr_assert_null(settings_find(bytes_of("")));
}

Test(settings, defaults_are_in_the_struct)
{
    struct settings *settings = settings_new_default();
    char directory[4096];

    cr_assert_eq(settings->port, 6379);
    cr_assert_eq(settings->threads, 0);
    cr_assert_eq(settings->io_backend, SETTING_IO_BACKEND_AUTO);
    cr_assert_eq(settings->pipeline_order, SETTING_PIPELINE_ORDER_SHARD);
    cr_assert_eq(settings->client_reply_pause, 16 << 20);
    cr_assert(settings->pin_threads);
    cr_assert_eq(settings->maxclients, 10000);
    cr_assert_eq(settings->bind.count, 2);
    cr_assert_str_eq(settings->bind.items[0], "*");
    cr_assert_str_eq(settings->bind.items[1], "-::*");
    cr_assert_eq(settings->save.count, 3);
    cr_assert_eq(settings->save.items[2].seconds, 60);
    cr_assert_eq(settings->save.items[2].changes, 10000);
    cr_assert_eq(settings->client_output_buffer_limit.of[SETTINGS_CLIENT_REPLICA].hard_bytes,
                 256 << 20);
    cr_assert_eq(settings->oom_score_adj_values.of[SETTINGS_OOM_SAVER], 800);
    cr_assert_null(settings->requirepass.text);
    cr_assert_str_eq(settings->logfile, "");
    cr_assert_null(settings->replicaof.host);
    cr_assert_str_eq(settings->dir, getcwd(directory, sizeof(directory)));
    settings_free(settings);
}

Test(settings, a_bool_is_yes_or_no_in_any_case)
{
    expect("appendonly", "yes", "yes");
    expect("appendonly", "YES", "yes");
    expect("protected-mode", "No", "no");
    expect_error("appendonly", "1", "argument must be 'yes' or 'no'");
    expect_error("appendonly", "", "argument must be 'yes' or 'no'");
}

Test(settings, an_integer_keeps_its_limits)
{
    expect("port", "0", "0");
    expect("port", "65535", "65535");
    expect("spin-us", "1000", "1000");
    expect("slowlog-log-slower-than", "-1", "-1");
    expect("cluster-node-timeout", "9223372036854775807", "9223372036854775807");
    expect_error("port", "65536", "argument must be between 0 and 65535 inclusive");
    expect_error("port", "-1", "argument must be between 0 and 65535 inclusive");
    expect_error("spin-us", "1001", "argument must be between 0 and 1000 inclusive");
    expect_error("databases", "65536", "argument must be between 1 and 65535 inclusive");
    expect_error("maxclients", "0", "argument must be between 1 and 4294967295 inclusive");
    expect_error("active-defrag-cycle-min", "0", "argument must be between 1 and 99 inclusive");
    expect_error("port", "07", "argument couldn't be parsed into an integer");
    expect_error("port", "7k", "argument couldn't be parsed into an integer");
    expect_error("port", "", "argument couldn't be parsed into an integer");
    expect_error("cluster-node-timeout", "9223372036854775808",
                 "argument couldn't be parsed into an integer");
}

Test(settings, memory_takes_units_and_is_shown_in_bytes)
{
    expect("maxmemory", "100mb", "104857600");
    expect("maxmemory", "100M", "100000000");
    expect("maxmemory", "0", "0");
    expect("maxmemory", "18446744073709551615", "18446744073709551615");
    expect("hash-max-listpack-value", "1kb", "1024");
    expect_error("maxmemory", "-1", "argument must be a memory value");
    expect_error("maxmemory", "1 mb", "argument must be a memory value");
    expect_error("maxmemory", "1tb", "argument must be a memory value");
    expect_error("proto-max-bulk-len", "1",
                 "argument must be between 1048576 and 9223372036854775807 inclusive");
}

Test(settings, a_share_is_bytes_or_a_percentage)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "maxmemory-clients", "5%", "5%");
    cr_assert_eq(settings->maxmemory_clients, -5);
    expect_on(settings, "maxmemory-clients", "1kb", "1024");
    expect_on(settings, "maxmemory-clients", "0%", "0");
    expect_on(settings, "maxmemory-clients", "100%", "100%");
    expect_error("maxmemory-clients", "101%", "percentage argument must be less or equal to 100");
    expect_error("maxmemory-clients", "18446744073709551615",
                 "percentage argument must be less or equal to 100");
    expect_error("maxmemory-clients", "-5%", "argument must be a memory or percent value");
    expect_error("maxmemory-clients", "%", "argument must be a memory or percent value");
    settings_free(settings);
}

Test(settings, permissions_are_octal)
{
    expect("unixsocketperm", "700", "700");
    expect("unixsocketperm", "0777", "777");
    expect_error("unixsocketperm", "1000", "argument must be between 0 and 777 inclusive");
    expect_error("unixsocketperm", "-1", "argument must be between 0 and 777 inclusive");
    expect_error("unixsocketperm", "8", "argument couldn't be parsed as an octal number");
}

Test(settings, a_word_is_one_of_its_table)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "loglevel", "WARNING", "warning");
    cr_assert_eq(settings->loglevel, SETTING_LOG_LEVEL_WARNING);
    expect_on(settings, "oom-score-adj", "relative", "yes");
    expect_on(settings, "maxmemory-policy", "allkeys-lfu", "allkeys-lfu");
    expect_on(settings, "io-backend", "epoll", "epoll");
    expect_error("loglevel", "loud",
                 "argument(s) must be one of the following: "
                 "debug, verbose, notice, warning, nothing");
    expect_error("io-backend", "", "argument(s) must be one of the following: auto, uring, epoll");
    settings_free(settings);
}

Test(settings, shutdown_words_combine)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "shutdown-on-sigterm", "force save", "save force");
    cr_assert_eq(settings->shutdown_on_sigterm, SETTING_SHUTDOWN_SAVE | SETTING_SHUTDOWN_FORCE);
    expect_on(settings, "shutdown-on-sigterm", "default", "default");
    expect_error("shutdown-on-sigterm", "save nosave",
                 "shutdown options SAVE and NOSAVE can't be used simultaneously");
    expect_error("shutdown-on-sigterm", "save later",
                 "argument(s) must be one of the following: default, save, nosave, now, force");
    settings_free(settings);
}

Test(settings, a_password_is_of_any_bytes)
{
    struct settings *settings = settings_new_default(), *copy;
    struct bytes secret = bytes_make("a\0b", 3);
    char error[SETTINGS_ERROR_MAX] = "";

    cr_assert_eq(settings_set(settings, bytes_of("requirepass"), &secret, 1, error, sizeof(error)),
                 0, "%s", error);
    copy = settings_copy(settings);
    settings_free(settings);
    cr_assert(bytes_equal(bytes_make(copy->requirepass.text, copy->requirepass.len), secret));
    settings_free(copy);
}

Test(settings, an_empty_text_is_null_unless_it_is_a_default)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "requirepass", "secret", "secret");
    expect_on(settings, "requirepass", "", "");
    cr_assert_null(settings->requirepass.text);
    expect_on(settings, "syslog-ident", "", "");
    cr_assert_str_eq(settings->syslog_ident, "");
    settings_free(settings);
}

Test(settings, a_text_with_a_nul_is_refused)
{
    struct settings *settings = settings_new_default();
    struct bytes arg = bytes_make("a\0b", 3);
    char error[SETTINGS_ERROR_MAX];

    cr_assert_eq(settings_set(settings, bytes_of("syslog-ident"), &arg, 1, error, sizeof(error)),
                 -1);
    cr_assert_str_eq(error, "argument must not contain a NUL byte");
    settings_free(settings);
}

Test(settings, some_texts_are_checked)
{
    expect("dbfilename", "other.rdb", "other.rdb");
    expect_error("dbfilename", "a/b", "dbfilename can't be a path, just a filename");
    expect_error("appendfilename", "", "appendfilename can't be empty");
    expect_error("appenddirname", "a\\b", "appenddirname can't be a path, just a dirname");
    expect("proc-title-template", "{{x} {port}", "{{x} {port}");
    expect_error("proc-title-template", "{title} ",
                 "template format is invalid or contains unknown variables");
    expect_error("proc-title-template", "x {nothing}",
                 "template format is invalid or contains unknown variables");
    expect_error("proc-title-template", "x {port",
                 "template format is invalid or contains unknown variables");
    expect("cluster-announce-hostname", "a-1.example", "a-1.example");
    expect_error("cluster-announce-hostname", "a_b",
                 "Hostnames may only contain alphanumeric characters, hyphens or dots");
    expect_error("cluster-announce-human-nodename", "a=b;c",
                 "Announced human node name contained invalid character");
}

Test(settings, addresses_are_a_list)
{
    struct settings *settings = settings_new_default();
    char error[SETTINGS_ERROR_MAX];
    struct bytes two[] = {{"127.0.0.1", 9}, {"::1", 3}}, many[17];

    cr_assert_eq(settings_set(settings, bytes_of("bind"), two, 2, error, sizeof(error)), 0);
    cr_assert_eq(settings->bind.count, 2);
    expect_on(settings, "bind", "10.0.0.1 10.0.0.2 -::1", "10.0.0.1 10.0.0.2 -::1");
    expect_on(settings, "bind", "", "");
    cr_assert_eq(settings->bind.count, 0);
    for (size_t i = 0; i < 17; i++)
        many[i] = bytes_of("10.0.0.1");
    cr_assert_eq(settings_set(settings, bytes_of("bind"), many, 17, error, sizeof(error)), -1);
    cr_assert_str_eq(error, "Too many bind addresses specified.");
    settings_free(settings);
}

Test(settings, save_points_are_replaced_or_added_to)
{
    struct settings *settings = settings_new_default();
    struct bytes args[] = {{"5", 1}, {"6", 1}};
    char error[SETTINGS_ERROR_MAX];
    struct buffer text = {0};

    expect_on(settings, "save", "60 1", "60 1");
    settings_add(settings, bytes_of("save"), args, 2, error, sizeof(error));
    cr_assert_str_eq(shown(settings, "save", &text).data, "60 1 5 6");
    expect_on(settings, "save", "", "");
    expect_error("save", "60", "Invalid save parameters");
    expect_error("save", "0 1", "Invalid save parameters");
    expect_error("save", "60 -1", "Invalid save parameters");
    expect_error("save", "60 x", "Invalid save parameters");
    buffer_deinit(&text);
    settings_free(settings);
}

Test(settings, output_limits_change_the_classes_they_name)
{
    expect("client-output-buffer-limit", "pubsub 1kb 2 3",
           "normal 0 0 0 slave 268435456 67108864 60 pubsub 1024 2 3");
    expect("client-output-buffer-limit", "replica 1 2 3 normal 4 5 6",
           "normal 4 5 6 slave 1 2 3 pubsub 33554432 8388608 60");
    expect_error("client-output-buffer-limit", "normal 1 2",
                 "Wrong number of arguments in buffer limit configuration.");
    expect_error("client-output-buffer-limit", "normal 1 2 3 master 1 2 3",
                 "Invalid client class specified in buffer limit configuration.");
    expect_error("client-output-buffer-limit", "normal 1 2 -3",
                 "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
}

Test(settings, scores_percentiles_and_primary_have_their_forms)
{
    expect("oom-score-adj-values", "-5 0 2000", "-5 0 2000");
    expect_error("oom-score-adj-values", "1 2", "wrong number of arguments");
    expect_error("oom-score-adj-values", "1 2 2001",
                 "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    expect("latency-tracking-info-percentiles", "50 99.90 0.001 100", "50 99.9 0.001 100");
    expect("latency-tracking-info-percentiles", "", "");
    expect_error("latency-tracking-info-percentiles", "50 101",
                 "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    expect_error("latency-tracking-info-percentiles", "x",
                 "Invalid latency-tracking-info-percentiles parameters");
    expect("slaveof", "db.example 6380", "db.example 6380");
    expect("replicaof", "NO one", "");
    expect_error("replicaof", "db.example", "wrong number of arguments");
    expect_error("replicaof", "db.example 65536", "Invalid master port");
}

Test(settings, events_are_letters)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "notify-keyspace-events", "KEgm$", "g$KEm");
    cr_assert_eq(settings->notify_keyspace_events,
                 SETTINGS_EVENT_KEYSPACE | SETTINGS_EVENT_KEYEVENT | SETTINGS_EVENT_GENERIC |
                     SETTINGS_EVENT_MISS | SETTINGS_EVENT_STRING);
    expect_on(settings, "notify-keyspace-events", "KEA", "AKE");
    expect_on(settings, "notify-keyspace-events", "g$lshzxetdK", "AK");
    expect_on(settings, "notify-keyspace-events", "An", "A");
    expect_on(settings, "notify-keyspace-events", "", "");
    expect_error("notify-keyspace-events", "KQ",
                 "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    settings_free(settings);
}

Test(settings, dir_becomes_absolute_and_has_to_exist)
{
    struct settings *settings = settings_new_default();

    expect_on(settings, "dir", "/usr/../usr/bin", "/usr/bin");
    expect_on(settings, "dir", "../lib", "/usr/lib");
    expect_on(settings, "dir", "/", "/");
    expect_error("dir", "/no such place", "No such file or directory");
    expect_error("dir", "", "No such file or directory");
    settings_free(settings);
}

Test(settings, a_setting_with_one_value_refuses_two)
{
    struct settings *settings = settings_new_default();
    struct bytes args[] = {{"1", 1}, {"2", 1}};
    char error[SETTINGS_ERROR_MAX];

    cr_assert_eq(settings_set(settings, bytes_of("port"), args, 2, error, sizeof(error)), -1);
    cr_assert_str_eq(error, "wrong number of arguments");
    cr_assert_eq(settings_set(settings, bytes_of("port"), args, 0, error, sizeof(error)), -1);
    cr_assert_eq(settings_set(settings, bytes_of("prot"), args, 1, error, sizeof(error)), -1);
    cr_assert_str_eq(error, "Bad directive or wrong number of arguments");
    settings_free(settings);
}

Test(settings, a_copy_shares_nothing_and_differs_by_what_changed)
{
    struct settings *settings = settings_new_default(), *copy;
    size_t count, differences = 0;
    const struct setting *rows = settings_rows(&count);

    expect_on(settings, "replicaof", "db.example 1", "db.example 1");
    expect_on(settings, "requirepass", "secret", "secret");
    copy = settings_copy(settings);
    for (size_t i = 0; i < count; i++)
        cr_assert_not(settings_differ(settings, copy, &rows[i]), "%s", rows[i].name);
    expect_on(copy, "bind", "10.0.0.1", "10.0.0.1");
    expect_on(copy, "save", "1 1", "1 1");
    expect_on(copy, "port", "1", "1");
    for (size_t i = 0; i < count; i++)
        differences += settings_differ(settings, copy, &rows[i]);
    cr_assert_eq(differences, 3);
    settings_free(settings);
    cr_assert_str_eq(copy->replicaof.host, "db.example");
    cr_assert_str_eq(copy->requirepass.text, "secret");
    settings_free(copy);
}

Test(settings, the_check_looks_at_combinations)
{
    struct settings *settings = settings_new_default();
    char error[SETTINGS_ERROR_MAX];

    expect_on(settings, "hz", "10000", "10000");
    expect_on(settings, "cluster-enabled", "yes", "yes");
    expect_on(settings, "repl-backlog-size", "1", "1");
    cr_assert_eq(settings_check(settings, error, sizeof(error)), 0);
    cr_assert_eq(settings->hz, 500);
    cr_assert_eq(settings->repl_backlog_size, 16384);
    cr_assert_eq(settings->databases, 1);
    expect_on(settings, "replicaof", "db.example 1", "db.example 1");
    cr_assert_eq(settings_check(settings, error, sizeof(error)), -1);
    cr_assert_str_eq(error, "replicaof directive not allowed in cluster mode");
    settings_free(settings);
}

static void collect(void *context, const char *line)
{
    buffer_appendf(context, "%s\n", line);
}

Test(settings, a_value_without_effect_is_noticed_once)
{
    struct settings *settings = settings_new_default(), *later;
    struct buffer lines = {0};

    settings_each_notice(settings, NULL, collect, &lines);
    cr_assert_eq(lines.len, 0);
    expect_on(settings, "io-threads", "4", "4");
    expect_on(settings, "port", "1", "1");
    expect_on(settings, "activerehashing", "no", "no");
    settings_each_notice(settings, NULL, collect, &lines);
    buffer_append_char(&lines, '\0');
    cr_assert_str_eq(lines.data, "'io-threads' is accepted but has no effect in Shoal\n");
    buffer_clear(&lines);
    later = settings_copy(settings);
    settings_each_notice(later, settings, collect, &lines);
    cr_assert_eq(lines.len, 0);
    buffer_deinit(&lines);
    settings_free(settings);
    settings_free(later);
}
