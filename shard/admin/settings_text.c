/*
 * Settings text: checks of strings. See the header.
 */
#include "shard/admin/settings_text.h"

#include <stdbool.h>
#include <string.h>

/* A variable of a title, and whether something always stands for it. */
static const struct {
    const char *name;
    bool shows;
} title_variables[] = {
    {"title", false},   {"listen-addr", true}, {"server-mode", false}, {"port", true},
    {"tls-port", true}, {"unixsocket", true},  {"config-file", true},
};

static bool find_variable(struct bytes name, bool *shows)
{
    for (size_t i = 0; i < sizeof(title_variables) / sizeof(title_variables[0]); i++) {
        if (!bytes_equal(name, bytes_of(title_variables[i].name))) continue;
        *shows |= title_variables[i].shows;
        return true;
    }
    return false;
}

/* Whether braces are well used, "{{" being a plain one, and something is left to see. */
static bool is_title(struct bytes value)
{
    const char *p = value.data, *end = p + value.len;
    bool shows = false;

    while (p < end) {
        if (*p != '{' || (p + 1 < end && p[1] == '{')) {
            shows |= *p != ' ';
            p += *p == '{' ? 2 : 1;
        } else {
            const char *close = memchr(p, '}', (size_t)(end - p));

            if (!close || !find_variable(bytes_make(p + 1, (size_t)(close - p - 1)), &shows))
                return false;
            p = close + 1;
        }
    }
    return shows;
}

const char *settings_text_check_title(struct bytes value)
{
    return is_title(value) ? NULL : "template format is invalid or contains unknown variables";
}

static bool is_path(struct bytes value)
{
    return value.len > 0 &&
           (memchr(value.data, '/', value.len) || memchr(value.data, '\\', value.len));
}

const char *settings_text_check_dump_name(struct bytes value)
{
    return is_path(value) ? "dbfilename can't be a path, just a filename" : NULL;
}

const char *settings_text_check_append_name(struct bytes value)
{
    if (value.len == 0) return "appendfilename can't be empty";
    return is_path(value) ? "appendfilename can't be a path, just a filename" : NULL;
}

const char *settings_text_check_append_dir(struct bytes value)
{
    if (value.len == 0) return "appenddirname can't be empty";
    return is_path(value) ? "appenddirname can't be a path, just a dirname" : NULL;
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (bytes_lower(c) >= 'a' && bytes_lower(c) <= 'z');
}

const char *settings_text_check_hostname(struct bytes value)
{
    if (value.len >= 256) return "Hostnames must be less than 256 characters";
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];

        if (!is_letter_or_digit(c) && c != '-' && c != '.')
            return "Hostnames may only contain alphanumeric characters, hyphens or dots";
    }
    return NULL;
}

const char *settings_text_check_node_name(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] && strchr("!#$%&()*+:;<>?@[]^{|}~", value.data[i]))
            return "Announced human node name contained invalid character";
    return NULL;
}
