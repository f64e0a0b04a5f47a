/*
 * The log, written to files in a directory of the test's own.
 */
#include "base/bits.h"
#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

static char dir[] = "/tmp/shoal-log-XXXXXX";
static char path[64], moved[64];
static struct log test_log;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log", dir);
    snprintf(moved, sizeof(moved), "%s/log.1", dir);
    cr_assert_eq(log_init(&test_log, LOG_LEVEL_NOTICE, path, 'M'), 0);
}

static void teardown(void)
{
    log_deinit(&test_log);
    unlink(path);
    unlink(moved);
    rmdir(dir);
}

TestSuite(log, .init = setup, .fini = teardown);

/* The content of a file, "" if there is none, good until the next call. */
static const char *content(const char *name)
{
    static char text[1 << 20];
    FILE *file = fopen(name, "r");
    size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file) fclose(file);
    text[len] = '\0';
    return text;
}

static bool fits(const char *text, const char *expression)
{
    regex_t regex;
    bool result;

    cr_assert_eq(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB), 0);
    result = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return result;
}

Test(log, a_line_has_pid_role_time_mark_and_message)
{
    char prefix[32];

    log_notice(&test_log, "hello %d", 7);
    snprintf(prefix, sizeof(prefix), "%d:M ", (int)getpid());
    cr_assert_eq(strncmp(content(path), prefix, strlen(prefix)), 0);
    cr_assert(fits(content(path), "^[0-9]+:M [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
                                  "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} \\* hello 7\n$"),
              "%s", content(path));
}

Test(log, each_level_has_its_mark)
{
    log_set_level(&test_log, LOG_LEVEL_DEBUG);
    log_debug(&test_log, "one");
    log_verbose(&test_log, "two");
    log_notice(&test_log, "three");
    log_warning(&test_log, "four");
    cr_assert(fits(content(path), " \\. one\n.* - two\n.* \\* three\n.* # four\n$"));
}

Test(log, messages_below_the_level_are_dropped_and_their_arguments_not_evaluated)
{
    int evaluated = 0;

    log_verbose(&test_log, "%d", ++evaluated);
    log_write(&test_log, LOG_LEVEL_DEBUG, "no");
    cr_assert_str_eq(content(path), "");
    cr_assert_eq(evaluated, 0);
    log_set_level(&test_log, LOG_LEVEL_NOTHING);
    log_warning(&test_log, "%d", ++evaluated);
    cr_assert_str_eq(content(path), "");
    cr_assert_eq(evaluated, 0);
}

Test(log, the_role_may_change)
{
    log_set_role(&test_log, 'S');
    log_notice(&test_log, "x");
    cr_assert(fits(content(path), "^[0-9]+:S "));
}

Test(log, a_long_message_is_cut_and_still_ends_its_line)
{
    char text[LOG_MESSAGE_MAX + 100];
    size_t len;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    log_notice(&test_log, "%s", text);
    log_notice(&test_log, "next");
    len = strcspn(content(path), "\n");
    cr_assert_eq(len - strcspn(content(path), "x"), LOG_MESSAGE_MAX);
    cr_assert(fits(content(path), "\n.* next\n$"));
}

Test(log, errno_survives_a_message)
{
    errno = ENOENT;
    log_notice(&test_log, "failed: %m");
    cr_assert_eq(errno, ENOENT);
    cr_assert(fits(content(path), "failed: No such file or directory\n$"));
}

Test(log, opening_appends_to_what_is_there)
{
    struct log second;

    log_notice(&test_log, "first");
    cr_assert_eq(log_init(&second, LOG_LEVEL_NOTICE, path, 'M'), 0);
    log_notice(&second, "second");
    log_notice(&test_log, "third");
    log_deinit(&second);
    cr_assert(fits(content(path), "first\n.*second\n.*third\n$"));
}

Test(log, a_path_that_cannot_be_opened_is_an_error)
{
    struct log bad;

    cr_assert_eq(log_init(&bad, LOG_LEVEL_NOTICE, "/nonexistent/dir/log", 'M'), -1);
    cr_assert_eq(errno, ENOENT);
}

Test(log, after_a_rotation_reopening_starts_a_new_file)
{
    log_notice(&test_log, "old");
    cr_assert_eq(log_reopen(&test_log), 0);
    log_notice(&test_log, "still old");
    cr_assert_eq(rename(path, moved), 0);
    log_notice(&test_log, "late");
    cr_assert_eq(log_reopen(&test_log), 0);
    log_notice(&test_log, "new");
    cr_assert(fits(content(moved), "\\* old\n.*still old\n.*late\n$"));
    cr_assert(fits(content(path), "^[^\n]*new\n$"));
}

enum { WRITERS = 4, LINES = 500 };

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES; i++)
        log_notice(&test_log, "writer %d line %d end", (int)(size_t)arg, i);
    return NULL;
}

Test(log, lines_of_several_threads_do_not_mix_nor_get_lost_in_a_rotation)
{
    pthread_t threads[WRITERS];
    int lines = 0;

    for (size_t i = 0; i < WRITERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, write_lines, (void *)i), 0);
    rename(path, moved);
    cr_assert_eq(log_reopen(&test_log), 0);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    for (int file = 0; file < 2; file++) {
        char *text = strdup(content(file ? moved : path)), *rest = text, *line;

        while ((line = strsep(&rest, "\n")) && *line) {
            cr_assert(fits(line, "^[0-9]+:M [^*]* \\* writer [0-9] line [0-9]+ end$"), "%s", line);
            lines++;
        }
        free(text);
    }
    cr_assert_eq(lines, WRITERS * LINES);
}

Test(log, standard_output_is_used_without_a_path)
{
    struct log out;
    int saved = dup(STDOUT_FILENO), fd = open(moved, O_WRONLY | O_CREAT, 0600);

    cr_assert_eq(log_init(&out, LOG_LEVEL_NOTICE, "", 'X'), 0);
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    log_notice(&out, "printed");
    cr_assert_eq(log_reopen(&out), 0);
    log_deinit(&out);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(fd);
    cr_assert(fits(content(moved), ":X .* \\* printed\n$"));
}

Test(log, levels_and_facilities_have_names)
{
    enum log_level level;
    int facility;

    for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_NOTHING; i++) {
        cr_assert(log_parse_level(bytes_of(log_level_name((enum log_level)i)), &level));
        cr_assert_eq((int)level, i);
    }
    cr_assert(log_parse_level(bytes_of("WARNING"), &level));
    cr_assert_eq(level, LOG_LEVEL_WARNING);
    cr_assert_not(log_parse_level(bytes_of("loud"), &level));
    cr_assert(log_parse_facility(bytes_of("LOCAL3"), &facility));
    cr_assert_eq(facility, LOG_LOCAL3);
    cr_assert_not(log_parse_facility(bytes_of("local8"), &facility));
}
