/*
 * Configuration files and the command line.
 */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include "shard/admin/settings_args.h"
#include "shard/admin/settings_file.h"
#include "shard/admin/settings_sample.h"
#include "test/unit/shard/scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

/* Loads a text as a file. Gives the settings; the message, if any, goes to `error`. */
static struct settings *load(const char *text, int expected, struct buffer *error)
{
    struct settings *settings = settings_new_default();
    struct settings_file file;

    settings_file_init(&file, settings, error);
    cr_assert_eq(settings_file_load_text(&file, bytes_of(text), "shoal.conf"), expected, "%.*s",
                 (int)error->len, error->data);
    return settings;
}

static void expect_fatal(const char *text, const char *expected)
{
    struct buffer error = {0};
    struct settings *settings = load(text, -1, &error);

    buffer_append_char(&error, '\0');
    cr_assert_str_eq(error.data, expected);
    buffer_deinit(&error);
    settings_free(settings);
}

#define FATAL "\n*** FATAL CONFIG FILE ERROR (Shoal " SHOAL_VERSION ") ***\n"

/* A command line, which ends with NULL, with `input` on standard input. */
static struct settings *start(char *const argv[], const char *input, int expected,
                              struct buffer *error)
{
    struct settings *settings = settings_new_default();
    int argc = 0, ends[2];
    char *path;

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], input, strlen(input)), (ssize_t)strlen(input));
    close(ends[1]);
    while (argv[argc])
        argc++;
    cr_assert_eq(settings_args_load(settings, argc, argv, ends[0], &path, error), expected, "%.*s",
                 (int)error->len, error->data);
    close(ends[0]);
    alloc_free(path);
    return settings;
}

#define START(...) start((char *const[]){"shoal-server", __VA_ARGS__, NULL}, "", 0, &error)

Test(settings_file, lines_are_directives_comments_or_blank)
{
    struct buffer error = {0};
    struct settings *settings = load("# a comment\n\n  PORT 7000\r\n\t\n"
                                     "logfile \"a \\x62\"\nsyslog-ident 'x y'\ntimeout 5",
                                     0, &error);

    cr_assert_eq(settings->port, 7000);
    cr_assert_str_eq(settings->logfile, "a b");
    cr_assert_str_eq(settings->syslog_ident, "x y");
    cr_assert_eq(settings->timeout, 5);
    settings_free(settings);
}

Test(settings_file, a_later_line_wins)
{
    struct buffer error = {0};
    struct settings *settings = load("port 1\nslave-priority 3\nport 2\nreplica-priority 4\n"
                                     "bind 10.0.0.1\nbind 10.0.0.2\n",
                                     0, &error);

    cr_assert_eq(settings->port, 2);
    cr_assert_eq(settings->replica_priority, 4);
    cr_assert_eq(settings->bind.count, 1);
    settings_free(settings);
}

Test(settings_file, save_lines_collect_and_replace_the_defaults)
{
    struct buffer error = {0};
    struct settings *settings = load("save 60 1\nsave 5 6 7 8\n", 0, &error);

    cr_assert_eq(settings->save.count, 3);
    cr_assert_eq(settings->save.items[2].seconds, 7);
    settings_free(settings);
    settings = load("save 60 1\nsave \"\"\n", 0, &error);
    cr_assert_eq(settings->save.count, 0);
    settings_free(settings);
}

Test(settings_file, users_and_renames_collect)
{
    struct buffer error = {0};
    struct settings *settings = load("user a on +@all '>two words'\nuser b off\n"
                                     "rename-command FLUSHALL \"\"\nrename-command GET fetch\n",
                                     0, &error);

    cr_assert_eq(settings->users.count, 2);
    cr_assert_str_eq(settings->users.items[0], "a on +@all \">two words\"");
    cr_assert_eq(settings->renames.count, 4);
    cr_assert_str_eq(settings->renames.items[1], "");
    cr_assert_str_eq(settings->renames.items[3], "fetch");
    settings_free(settings);
    settings = load("user \"a on\"\n", 0, &error);
    cr_assert_str_eq(settings->users.items[0], "\"a on\"");
    settings_free(settings);
    expect_fatal("rename-command \"GET fetch\"\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'rename-command \"GET fetch\"'\n"
                       "Bad directive or wrong number of arguments\n");
}

Test(settings_file, directives_of_earlier_versions_are_ignored)
{
    struct buffer error = {0};

    settings_free(load("list-max-ziplist-entries 512\nlua-replicate-commands yes\n", 0, &error));
    expect_fatal("list-max-ziplist-entries\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'list-max-ziplist-entries'\n"
                       "Bad directive or wrong number of arguments\n");
}

Test(settings_file, an_error_shows_the_line)
{
    expect_fatal("port 1\n\n  prot 2 \n",
                 FATAL "Reading the configuration file, at line 3 of shoal.conf\n>>> 'prot 2'\n"
                       "Bad directive or wrong number of arguments\n");
    expect_fatal("port 1 2\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n>>> 'port 1 2'\n"
                       "wrong number of arguments\n");
    expect_fatal("port 65536\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'port 65536'\nargument must be between 0 and 65535 inclusive\n");
    expect_fatal("logfile \"x\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'logfile \"x'\nUnbalanced quotes in configuration line\n");
    expect_fatal("sentinel monitor x\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'sentinel monitor x'\n"
                       "sentinel directive while not in sentinel mode\n");
}

Test(settings_file, an_error_does_not_show_a_password)
{
    expect_fatal("requirepass secret word\n",
                 FATAL "Reading the configuration file, at line 1 of shoal.conf\n"
                       ">>> 'requirepass (hidden)'\nwrong number of arguments\n");
}

Test(settings_file, include_reads_another_file_in_place, .init = scratch_enter,
     .fini = scratch_leave)
{
    struct buffer error = {0};
    struct settings *settings;

    write_file("a.conf", "port 2\ntimeout 2\n");
    settings = load("port 1\ninclude a.conf\ntimeout 3\n", 0, &error);
    cr_assert_eq(settings->port, 2);
    cr_assert_eq(settings->timeout, 3);
    settings_free(settings);
}

Test(settings_file, include_with_wildcards_may_find_nothing, .init = scratch_enter,
     .fini = scratch_leave)
{
    struct buffer error = {0};
    struct settings *settings;

    write_file("1.conf", "port 1\ntimeout 1\n");
    write_file("2.conf", "port 2\n");
    settings = load("include ?.conf\ninclude none*.conf\n", 0, &error);
    cr_assert_eq(settings->port, 2);
    cr_assert_eq(settings->timeout, 1);
    settings_free(settings);
}

Test(settings_file, an_error_in_an_included_file_names_that_file, .init = scratch_enter,
     .fini = scratch_leave)
{
    char directory[512], expected[1024];

    cr_assert_not_null(getcwd(directory, sizeof(directory)));
    write_file("a.conf", "\nport x\n");
    snprintf(expected, sizeof(expected),
             FATAL "Reading the configuration file, at line 2 of %s/a.conf\n>>> 'port x'\n"
                   "argument couldn't be parsed into an integer\n",
             directory);
    expect_fatal("include a.conf\n", expected);
    snprintf(expected, sizeof(expected),
             "Fatal error, can't open config file '%s/b.conf': No such file or directory\n",
             directory);
    expect_fatal("include b.conf\n", expected);
}

Test(settings_file, files_that_include_themselves_are_an_error, .init = scratch_enter,
     .fini = scratch_leave)
{
    struct buffer error = {0};
    struct settings *settings;

    write_file("a.conf", "include a.conf\n");
    settings = load("include a.conf\n", -1, &error);
    buffer_append_char(&error, '\0');
    cr_assert_not_null(strstr(error.data, "include is nested too deeply"));
    buffer_deinit(&error);
    settings_free(settings);
}

Test(settings_file, a_relative_include_starts_at_dir, .init = scratch_enter, .fini = scratch_leave)
{
    struct buffer error = {0};
    struct settings *settings;

    cr_assert_eq(mkdir("sub", 0700), 0);
    write_file("sub/a.conf", "port 2\n");
    settings = load("dir sub\ninclude a.conf\n", 0, &error);
    cr_assert_eq(settings->port, 2);
    settings_free(settings);
}

Test(settings_file, the_configuration_that_debian_ships_for_redis_loads)
{
    struct buffer error = {0};
    struct settings *settings = settings_new_default();
    struct settings_file file;

    if (access("/etc/redis/redis.conf", R_OK) != 0 || access("/var/lib/redis", X_OK) != 0)
        cr_skip_test("Debian's redis-server is not installed, or not for this user");
    settings_file_init(&file, settings, &error);
    cr_assert_eq(settings_file_load(&file, "/etc/redis/redis.conf"), 0, "%.*s", (int)error.len,
                 error.data);
    cr_assert_eq(settings_file_finish(&file), 0);
    cr_assert(settings->daemonize);
    cr_assert_str_eq(settings->dir, "/var/lib/redis");
    settings_free(settings);
}

Test(settings_file, the_sample_in_the_tree_is_the_one_that_the_table_gives)
{
    struct buffer expected = {0}, text = {0};
    int fd = open(SOURCE_ROOT "/conf/shoal.conf", O_RDONLY);

    cr_assert_geq(fd, 0);
    cr_assert_eq(settings_file_read_fd(fd, &text), 0);
    close(fd);
    settings_sample(&expected);
    cr_assert(bytes_equal(buffer_bytes(&text), buffer_bytes(&expected)),
              "run build/tools/make-conf > conf/shoal.conf");
    buffer_deinit(&expected);
    buffer_deinit(&text);
}

Test(settings_file, the_sample_holds_every_default)
{
    struct settings *defaults = settings_new_default(), *loaded;
    struct buffer sample = {0}, text = {0}, error = {0};
    struct bytes rest, line;
    size_t count, lines = 0;
    const struct setting *rows = settings_rows(&count);

    settings_sample(&sample);
    rest = buffer_bytes(&sample);
    while (settings_file_next_line(&rest, &line)) {
        if (line.len < 2 || line.data[0] != '#' || line.data[1] == ' ' || line.data[1] == '#')
            continue;
        buffer_append_bytes(&text, bytes_make(line.data + 1, line.len - 1));
        buffer_append_char(&text, '\n');
        lines++;
    }
    buffer_append_char(&text, '\0');
    loaded = load(text.data, 0, &error);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].flags & SETTING_FILE_ONLY) continue;
        cr_assert_not(settings_differ(defaults, loaded, &rows[i]), "%s", rows[i].name);
    }
    cr_assert_gt(lines, 180);
    buffer_deinit(&sample);
    buffer_deinit(&text);
    settings_free(defaults);
    settings_free(loaded);
}

Test(settings_args, options_have_any_number_of_values)
{
    struct buffer error = {0};
    struct settings *settings =
        START("--port", "7000", "--save", "60", "1000", "--bind", "127.0.0.1", "::1", "--daemonize",
              "yes", "--logfile", "a b", "--maxmemory 1mb", "--timeout", "5");

    cr_assert_eq(settings->port, 7000);
    cr_assert_eq(settings->save.count, 1);
    cr_assert_eq(settings->save.items[0].changes, 1000);
    cr_assert_eq(settings->bind.count, 2);
    cr_assert(settings->daemonize);
    cr_assert_str_eq(settings->logfile, "a b");
    cr_assert_eq(settings->maxmemory, 1 << 20);
    cr_assert_eq(settings->timeout, 5);
    settings_free(settings);
}

Test(settings_args, save_without_a_value_means_none)
{
    struct buffer error = {0};
    struct settings *settings = START("--save", "--port", "1");

    cr_assert_eq(settings->save.count, 0);
    cr_assert_eq(settings->port, 1);
    settings_free(settings);
    settings = START("--port", "2", "--save");
    cr_assert_eq(settings->save.count, 0);
    settings_free(settings);
    settings = START("--save", "", "--port", "2");
    cr_assert_eq(settings->save.count, 0);
    cr_assert_eq(settings->port, 2);
    settings_free(settings);
    settings = START("--save", "60 1 70 2");
    cr_assert_eq(settings->save.count, 2);
    settings_free(settings);
}

Test(settings_args, values_may_start_with_a_dash)
{
    struct buffer error = {0};
    struct settings *settings =
        START("--slowlog-log-slower-than", "-1", "--requirepass", "--port", "--bind", "-::1");

    cr_assert_eq(settings->slowlog_log_slower_than, -1);
    cr_assert_str_eq(settings->requirepass.text, "--port");
    cr_assert_str_eq(settings->bind.items[0], "-::1");
    settings_free(settings);
}

Test(settings_args, the_command_line_wins_over_input_and_input_over_the_file, .init = scratch_enter,
     .fini = scratch_leave)
{
    char *argv[] = {"shoal-server", "a.conf", "--timeout", "3", "-", NULL};
    struct buffer error = {0};
    struct settings *settings;

    write_file("a.conf", "port 1\ntcp-backlog 1\ntimeout 1\nsave 1 1\n");
    settings = start(argv, "tcp-backlog 2\ntimeout 2\nsave 2 2\n", 0, &error);
    cr_assert_eq(settings->port, 1);
    cr_assert_eq(settings->tcp_backlog, 2);
    cr_assert_eq(settings->timeout, 3);
    cr_assert_eq(settings->save.count, 2);
    settings_free(settings);
}

Test(settings_args, input_alone_will_do)
{
    char *argv[] = {"shoal-server", "-", "--timeout", "3", NULL};
    struct buffer error = {0};
    struct settings *settings = start(argv, "port 9\n", 0, &error);

    cr_assert_eq(settings->port, 9);
    cr_assert_eq(settings->timeout, 3);
    settings_free(settings);
}

Test(settings_args, nothing_at_all_means_defaults)
{
    char *argv[] = {"shoal-server", NULL};
    struct buffer error = {0};
    struct settings *settings = start(argv, "", 0, &error);

    cr_assert_eq(settings->port, 6379);
    cr_assert_eq(settings->save.count, 3);
    settings_free(settings);
}

Test(settings_args, the_path_of_the_file_is_made_absolute, .init = scratch_enter,
     .fini = scratch_leave)
{
    char *argv[] = {"shoal-server", "a.conf", NULL}, *path, expected[512];
    struct settings *settings = NULL;
    struct buffer error = {0};

    write_file("a.conf", "dir /\nport 5\n");
    cr_assert_not_null(getcwd(expected, sizeof(expected) - 8));
    strcat(expected, "/a.conf");
    settings = settings_new_default();
    cr_assert_eq(settings_args_load(settings, 2, argv, -1, &path, &error), 0);
    cr_assert_str_eq(path, expected);
    cr_assert_eq(settings->port, 5);
    alloc_free(path);
    settings_free(settings);
}

Test(settings_args, errors_show_the_option)
{
    char *argv[] = {"shoal-server", "--port", "1", "--timeout", "x", NULL};
    struct buffer error = {0};

    settings_free(start(argv, "", -1, &error));
    buffer_append_char(&error, '\0');
    cr_assert_str_eq(error.data, FATAL "Reading the command line\n>>> 'timeout \"x\"'\n"
                                       "argument couldn't be parsed into an integer\n");
    buffer_deinit(&error);
}

Test(settings_args, combinations_are_checked_at_the_end)
{
    char *argv[] = {
        "shoal-server", "--cluster-enabled", "yes", "--replicaof", "db.example", "6379", NULL};
    struct buffer error = {0};

    settings_free(start(argv, "", -1, &error));
    buffer_append_char(&error, '\0');
    cr_assert_str_eq(error.data, FATAL "replicaof directive not allowed in cluster mode\n");
    buffer_deinit(&error);
}
