/*
 * CONFIG GET and CONFIG SET, with the texts that clients of Redis see.
 */
#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include "shard/admin/settings_config.h"

#include <criterion/criterion.h>
#include <string.h>

enum { WORDS_MAX = 8 };

static size_t words_of(const char *const words[], struct bytes *out)
{
    size_t count = 0;

    for (; words[count]; count++)
        out[count] = bytes_of(words[count]);
    return count;
}

/* CONFIG SET by a client that may set protected settings or not. Gives the error's text. */
static void expect_refused(const char *expected, bool may_set_protected, const char *const words[])
{
    struct settings *now = settings_new_default(), *changed = NULL;
    struct settings_config_caller caller = {.may_set_protected = may_set_protected};
    struct bytes args[WORDS_MAX];
    struct buffer error = {0};

    cr_assert_eq(settings_config_set(now, args, words_of(words, args), caller, &changed, &error),
                 SETTINGS_CONFIG_REFUSED, "%s", words[0]);
    buffer_append_char(&error, '\0');
    cr_assert_str_eq(error.data, expected);
    cr_assert_null(changed);
    buffer_deinit(&error);
    settings_free(now);
}

#define EXPECT_REFUSED(expected, ...)                                                              \
    expect_refused("ERR " expected, false, (const char *const[]){__VA_ARGS__, NULL})
#define EXPECT_FAILED(name, problem, ...)                                                          \
    EXPECT_REFUSED("CONFIG SET failed (possibly related to argument '" name "') - " problem,       \
                   __VA_ARGS__)

static struct settings *set(const struct settings *now, const char *const words[])
{
    struct settings_config_caller caller = {0};
    struct settings *changed = NULL;
    struct bytes args[WORDS_MAX];
    struct buffer error = {0};

    cr_assert_eq(settings_config_set(now, args, words_of(words, args), caller, &changed, &error),
                 SETTINGS_CONFIG_OK, "%.*s", (int)error.len, error.data);
    return changed;
}

#define SET(now, ...) set(now, (const char *const[]){__VA_ARGS__, NULL})

static void append_pair(void *context, struct bytes name, struct bytes value)
{
    buffer_appendf(context, "%.*s=%.*s\n", (int)name.len, name.data, (int)value.len, value.data);
}

static void expect_get(const char *expected, const char *const words[])
{
    struct settings *now = settings_new_default();
    struct bytes patterns[WORDS_MAX];
    size_t npatterns = words_of(words, patterns), count, lines = 0;
    struct buffer text = {0};

    count = settings_config_get(now, patterns, npatterns, append_pair, &text);
    cr_assert_eq(settings_config_get(now, patterns, npatterns, NULL, NULL), count);
    buffer_append_char(&text, '\0');
    cr_assert_str_eq(text.data, expected);
    for (const char *p = text.data; *p; p++)
        lines += *p == '\n';
    cr_assert_eq(lines, count);
    buffer_deinit(&text);
    settings_free(now);
}

#define EXPECT_GET(expected, ...) expect_get(expected, (const char *const[]){__VA_ARGS__, NULL})

Test(settings_config, set_changes_a_copy)
{
    struct settings *now = settings_new_default();
    struct settings *changed =
        SET(now, "timeout", "7", "MAXMEMORY", "1gb", "bind", "::1 127.0.0.1");

    cr_assert_eq(now->timeout, 0);
    cr_assert_eq(changed->timeout, 7);
    cr_assert_eq(changed->maxmemory, 1 << 30);
    cr_assert_eq(changed->bind.count, 2);
    settings_free(now);
    settings_free(changed);
}

Test(settings_config, set_replaces_save_points)
{
    struct settings *now = settings_new_default();
    struct settings *changed = SET(now, "save", "60 1"), *none = SET(changed, "save", "");

    cr_assert_eq(changed->save.count, 1);
    cr_assert_eq(none->save.count, 0);
    settings_free(now);
    settings_free(changed);
    settings_free(none);
}

Test(settings_config, one_wrong_value_refuses_all)
{
    EXPECT_FAILED("port", "argument must be between 0 and 65535 inclusive", "timeout", "7", "port",
                  "99999", "maxclients", "x");
    EXPECT_FAILED("slave-priority", "argument couldn't be parsed into an integer", "Slave-Priority",
                  "x");
    EXPECT_FAILED("save", "Invalid save parameters", "save", "60  1");
    EXPECT_FAILED("appendonly", "argument must be 'yes' or 'no'", "appendonly", "maybe");
}

Test(settings_config, names_are_checked_before_values)
{
    EXPECT_REFUSED("Unknown option or number of arguments for CONFIG SET - 'nosuch'", "port", "x",
                   "nosuch", "1", "daemonize", "yes");
    EXPECT_FAILED("Daemonize", "can't set immutable config", "port", "x", "Daemonize", "yes");
    EXPECT_FAILED("hZ", "duplicate parameter", "HZ", "1", "hZ", "2");
    EXPECT_FAILED("dir", "can't set protected config", "dir", "/");
    EXPECT_REFUSED("Unknown option or number of arguments for CONFIG SET - 'user'", "user", "a on");
    EXPECT_REFUSED("syntax error", "timeout", "1", "port");
}

Test(settings_config, a_trusted_client_may_set_protected_settings)
{
    struct settings *now = settings_new_default(), *changed;
    struct bytes args[] = {{"dbfilename", 10}, {"other.rdb", 9}};
    struct settings_config_caller caller = {.may_set_protected = true};
    struct buffer error = {0};

    cr_assert_eq(settings_config_set(now, args, 2, caller, &changed, &error), SETTINGS_CONFIG_OK);
    cr_assert_str_eq(changed->dbfilename, "other.rdb");
    settings_free(changed);
    settings_free(now);
    expect_refused("ERR CONFIG SET failed (possibly related to argument 'dir') - "
                   "No such file or directory",
                   true, (const char *const[]){"dir", "/no such place", NULL});
}

Test(settings_config, an_alias_is_another_name)
{
    struct settings *now = settings_new_default();
    struct settings *changed = SET(now, "slave-priority", "1", "replica-priority", "2");

    cr_assert_eq(changed->replica_priority, 2);
    settings_free(now);
    settings_free(changed);
}

Test(settings_config, some_settings_wait_for_the_end_of_loading)
{
    struct settings *now = settings_new_default(), *changed = NULL;
    struct bytes args[] = {{"appendonly", 10}, {"yes", 3}};
    struct settings_config_caller caller = {.is_loading = true};
    struct buffer error = {0};

    cr_assert_eq(settings_config_set(now, args, 2, caller, &changed, &error),
                 SETTINGS_CONFIG_LOADING);
    cr_assert_null(changed);
    settings_free(now);
}

Test(settings_config, a_value_that_cannot_take_effect_has_its_text)
{
    struct buffer error = {0};

    settings_config_refuse(&error, "port", "Unable to listen on this port. Check server logs.");
    buffer_append_char(&error, '\0');
    cr_assert_str_eq(error.data, "ERR CONFIG SET failed (possibly related to argument 'port') - "
                                 "Unable to listen on this port. Check server logs.");
    buffer_deinit(&error);
}

Test(settings_config, get_gives_a_name_back_as_it_was_written)
{
    EXPECT_GET("PORT=6379\n", "PORT");
    EXPECT_GET("PORT=6379\n", "PORT", "port", "por[t]");
    EXPECT_GET("", "nosuch");
    EXPECT_GET("", "user");
}

Test(settings_config, get_matches_patterns_in_any_case)
{
    EXPECT_GET("MaxMemory=0\nmaxmemory-policy=noeviction\nmaxmemory-samples=5\n"
               "maxmemory-eviction-tenacity=10\nport=6379\n",
               "MaxMemory", "maxmemory-p*", "maxmemory-?a*", "maxmemory-e*", "Por?");
}

Test(settings_config, get_lists_aliases_as_names_of_their_own)
{
    EXPECT_GET("slave-priority=100\nReplica-Priority=100\n", "slave-prior*", "Replica-Priority");
}

Test(settings_config, get_wants_the_whole_name_of_a_hidden_setting)
{
    EXPECT_GET("key-load-delay=0\n", "key-load-delay", "watchdog*");
}

Test(settings_config, get_of_a_star_gives_all_but_hidden_ones)
{
    struct settings *now = settings_new_default();
    struct bytes star = {"*", 1};
    size_t rows, expected = 0;
    const struct setting *row = settings_rows(&rows);

    for (size_t i = 0; i < rows; i++)
        if (!(row[i].flags & (SETTING_HIDDEN | SETTING_FILE_ONLY)))
            expected += row[i].alias ? 2 : 1;
    cr_assert_eq(settings_config_get(now, &star, 1, NULL, NULL), expected);
    settings_free(now);
}
