/* Sort options: see sort_options.h. */
#include "engine/commands/sort_options.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"

static struct sort_pattern read_pattern(struct bytes text)
{
    struct sort_pattern pattern = {.kind = SORT_PATTERN_NOTHING};
    if (text.len == 1 && text.data[0] == '#')
        pattern.kind = SORT_PATTERN_SELF;
    const char *star = text.len == 0 ? NULL : memchr(text.data, '*', text.len);
    if (star == NULL)
        return pattern;
    size_t at = (size_t)(star - text.data);
    struct bytes behind = bytes_make(star + 1, text.len - at - 1);
    pattern.kind = SORT_PATTERN_STRING;
    pattern.before = bytes_make(text.data, at);
    pattern.behind = behind;
    const char *arrow = behind.len < 3 ? NULL : memmem(behind.data, behind.len, "->", 2);
    if (arrow == NULL || arrow + 2 == behind.data + behind.len)
        return pattern;
    pattern.kind = SORT_PATTERN_FIELD;
    pattern.behind.len = (size_t)(arrow - behind.data);
    pattern.field = bytes_make(arrow + 2, behind.len - pattern.behind.len - 2);
    return pattern;
}

static void add_get(struct sort_options *options, int argc, struct bytes text)
{
    if (options->gets == NULL)
        options->gets = alloc_get((size_t)argc / 2 * sizeof *options->gets);
    options->gets[options->get_count++] = read_pattern(text);
}

static void set_by(struct sort_options *options, struct bytes text)
{
    bool has_star = text.len > 0 && memchr(text.data, '*', text.len) != NULL;
    options->by = has_star ? read_pattern(text) : (struct sort_pattern){0};
    options->nosort |= !has_star;
}

/* The option at argv[i]; how many arguments it takes, 0 if it is none. */
static int read_option(int argc, const struct bytes *argv, int i, bool may_store,
                       struct sort_options *options)
{
    int more = argc - i - 1;
    if (bytes_equal_nocase(argv[i], "asc") || bytes_equal_nocase(argv[i], "desc")) {
        options->desc = bytes_equal_nocase(argv[i], "desc");
        return 1;
    }
    if (bytes_equal_nocase(argv[i], "alpha")) {
        options->alpha = true;
        return 1;
    }
    if (bytes_equal_nocase(argv[i], "limit") && more >= 2)
        return 3; /* its numbers are the caller's: they may be wrong otherwise */
    if (more < 1)
        return 0;
    if (bytes_equal_nocase(argv[i], "store") && may_store)
        options->store = i + 1;
    else if (bytes_equal_nocase(argv[i], "by"))
        set_by(options, argv[i + 1]);
    else if (bytes_equal_nocase(argv[i], "get"))
        add_get(options, argc, argv[i + 1]);
    else
        return 0;
    return 2;
}

enum sort_fault sort_options_parse(int argc, const struct bytes *argv, bool may_store,
                                   struct sort_options *options)
{
    *options = (struct sort_options){.count = -1};
    for (int i = 2, took; i < argc; i += took) {
        took = read_option(argc, argv, i, may_store, options);
        if (took == 0)
            return SORT_FAULT_SYNTAX;
        if (took == 3 && !(number_parse_i64(argv[i + 1], &options->offset) &&
                           number_parse_i64(argv[i + 2], &options->count)))
            return SORT_FAULT_NOT_INT;
    }
    return SORT_FAULT_NONE;
}

void sort_options_deinit(struct sort_options *options)
{
    alloc_free(options->gets);
    options->gets = NULL;
}

void sort_options_window(const struct sort_options *options, size_t count, size_t *from,
                         size_t *past)
{
    *from = options->offset < 0 ? 0 : bits_min((size_t)options->offset, count);
    *past = options->count < 0 ? count : *from + bits_min((size_t)options->count, count - *from);
}
