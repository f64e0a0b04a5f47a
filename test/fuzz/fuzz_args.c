/*
 * Fuzzer of the splitting of lines: arguments hold what the line's bytes allow, and quoting gives
 * a line that is split into the same arguments again.
 *
 * Input: the line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* The arguments, each in quotes, as a line. */
static void quote_all(struct buffer *line, const struct bytes_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        args_quote(line, list->items[i]);
        buffer_append_char(line, ' ');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = alloc_get(size);
    struct bytes_list list, again;
    struct buffer quoted;
    if (size > 0)
        memcpy(line, data, size);
    buffer_init(&quoted);
    if (args_split(bytes_make(line, size), &list) == 0) {
        size_t total = 0;
        for (size_t i = 0; i < list.count; i++) {
            total += list.items[i].len;
            check(list.items[i].data[list.items[i].len] == 0, "a NUL follows each argument");
        }
        check(total <= size, "arguments are no longer than the line");
        quote_all(&quoted, &list);
        check(args_split(buffer_bytes(&quoted), &again) == 0, "quoted arguments are a line");
        check(again.count == list.count, "there are as many again");
        for (size_t i = 0; i < list.count; i++)
            check(bytes_equal(list.items[i], again.items[i]), "each is the same again");
        args_deinit(&again);
    }
    check(list.count > 0 || list.items == NULL, "an empty list has no items");
    args_deinit(&list);
    buffer_deinit(&quoted);
    alloc_free(line);
    return 0;
}
