/* Scan options: see scan_options.h. */
#include "engine/commands/scan_options.h"

#include "engine/commands/op.h"

#define COUNT_DEFAULT 10

static int type_named(struct bytes name)
{
    int type = 0;
    while (type < TYPE_COUNT && !bytes_equal_nocase(name, entry_type_names[type]))
        type++;
    return type;
}

bool scan_options_read(struct op *op, int from, bool with_type, struct scan_options *options)
{
    *options = (struct scan_options){.all = true, .count = COUNT_DEFAULT};
    for (int i = from; i < op->argc; i += 2) {
        bool has_value = i + 1 < op->argc;
        if (has_value && op_arg_is(op, i, "count")) {
            if (!op_int(op, i + 1, &options->count))
                return false;
            if (options->count >= 1)
                continue;
        } else if (has_value && op_arg_is(op, i, "match")) {
            options->pattern = op->argv[i + 1];
            options->all = bytes_equal(options->pattern, bytes_of("*"));
            continue;
        } else if (has_value && with_type && op_arg_is(op, i, "type")) {
            options->typed = true;
            options->type = type_named(op->argv[i + 1]);
            continue;
        }
        op_error_syntax(op);
        return false;
    }
    return true;
}
