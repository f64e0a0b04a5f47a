/*
 * Scan options: what SCAN, SSCAN, HSCAN and ZSCAN take behind the cursor.
 */
#ifndef SHOAL_ENGINE_COMMANDS_SCAN_OPTIONS_H
#define SHOAL_ENGINE_COMMANDS_SCAN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/glob.h"

struct op;

struct scan_options {
    struct bytes pattern; /* MATCH; not looked at with `all` */
    bool all;             /* no pattern, or one that everything matches */
    bool typed;           /* TYPE was given */
    int type;             /* enum value_type, or TYPE_COUNT: a type there is none of */
    int64_t count;        /* COUNT, 1 at least; 10 if it was not given */
};

/* Reads [MATCH pattern] [COUNT count], and [TYPE type] if `with_type`, from argv[from] on.
 * False: an error was replied. */
bool scan_options_read(struct op *op, int from, bool with_type, struct scan_options *options);

/* Whether a member matches the pattern. */
static inline bool scan_options_match(const struct scan_options *options, struct bytes text)
{
    return options->all || glob_match(options->pattern, text, false);
}

#endif
