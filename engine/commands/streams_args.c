/* Stream arguments: see streams_args.h. */
#include "engine/commands/streams_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_TEXT_MAX 127    /* bytes of an id as an argument */
#define LIMIT_DEFAULT 10000 /* LIMIT where nodes may have any number of entries */
#define LIMIT_MAX 1000000
#define LIMIT_NODES 100    /* LIMIT, unless it is given */

/* A number of an id; as in Redis also what strtoull() takes. */
static bool parse_number(const char *text, uint64_t *value)
{
    int64_t number;
    if (number_parse_i64(bytes_of(text), &number)) {
        *value = (uint64_t)number;
        return number >= 0;
    }
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *text != '\0' && *end == '\0';
}

/* Reads "ms-seq" or "ms" with `missing` for the sequence; also "ms-*" where seq_given is not
 * NULL, which tells. */
static bool parse_id(struct bytes text, struct stream_id *id, uint64_t missing, bool *seq_given)
{
    char copy[ID_TEXT_MAX + 1];
    if (text.len > ID_TEXT_MAX)
        return false;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *dash = strchr(copy, '-');
    if (dash != NULL)
        *dash++ = '\0';
    id->seq = missing;
    if (!parse_number(copy, &id->ms))
        return false;
    if (seq_given != NULL)
        *seq_given = true;
    if (dash == NULL)
        return true;
    if (seq_given != NULL && strcmp(dash, "*") == 0) {
        *seq_given = false;
        id->seq = 0;
        return true;
    }
    return parse_number(dash, &id->seq);
}

bool streams_args_parse_id(struct bytes text, struct stream_id *id)
{
    return parse_id(text, id, 0, NULL);
}

/* The same, and "-" and "+". */
static bool parse_any_id(struct bytes text, struct stream_id *id, uint64_t missing)
{
    bool low = bytes_equal(text, bytes_of("-")), high = bytes_equal(text, bytes_of("+"));
    if (low || high) {
        *id = low ? stream_id_zero : stream_id_max;
        return true;
    }
    return parse_id(text, id, missing, NULL);
}

static bool id_or_error(struct op *op, bool ok)
{
    if (!ok)
        reply_error(op->reply, "ERR Invalid stream ID specified as stream command argument");
    return ok;
}

bool streams_args_id(struct op *op, int i, struct stream_id *id)
{
    return id_or_error(op, parse_id(op->argv[i], id, 0, NULL));
}

bool streams_args_any_id(struct op *op, int i, struct stream_id *id)
{
    return id_or_error(op, parse_any_id(op->argv[i], id, 0));
}

/* Reads an end of a range; *open: it is not in the range itself. */
static bool range_end(struct op *op, int i, struct stream_id *id, uint64_t missing, bool *open)
{
    struct bytes text = op->argv[i];
    *open = text.len > 1 && text.data[0] == '(';
    if (!*open)
        return id_or_error(op, parse_any_id(text, id, missing));
    return id_or_error(op, parse_id(bytes_make(text.data + 1, text.len - 1), id, missing, NULL));
}

bool streams_args_low(struct op *op, int i, struct stream_id *id)
{
    bool open;
    if (!range_end(op, i, id, 0, &open))
        return false;
    if (!open || stream_id_increment(id))
        return true;
    reply_error(op->reply, "ERR invalid start ID for the interval");
    return false;
}

bool streams_args_high(struct op *op, int i, struct stream_id *id)
{
    bool open;
    if (!range_end(op, i, id, UINT64_MAX, &open))
        return false;
    if (!open || stream_id_decrement(id))
        return true;
    reply_error(op->reply, "ERR invalid end ID for the interval");
    return false;
}

bool streams_args_count(struct op *op, int i, int64_t *count)
{
    *count = -1;
    for (; i < op->argc; i += 2) {
        if (!op_arg_is(op, i, "count") || i + 1 == op->argc) {
            op_error_syntax(op);
            return false;
        }
        if (!op_int(op, i + 1, count))
            return false;
        if (*count < 0)
            *count = 0;
    }
    return true;
}

/* Reads MAXLEN|MINID [=|~] threshold from argv[i] on: the index of its last argument, or 0. */
static int read_trim(struct op *op, int i, struct streams_args_add *args)
{
    if (args->trims) {
        reply_error(op->reply, "ERR syntax error, MAXLEN and MINID options at the same time "
                               "are not compatible");
        return 0;
    }
    args->trims = true;
    args->trim.by_id = op_arg_is(op, i, "minid");
    i++;
    if (i + 1 < op->argc && (op_arg_is(op, i, "~") || op_arg_is(op, i, "=")))
        args->trim.whole = op_arg_is(op, i++, "~");
    if (args->trim.by_id)
        return streams_args_id(op, i, &args->trim.min_id) ? i : 0;
    int64_t max;
    if (!op_int(op, i, &max))
        return 0;
    if (max < 0) {
        reply_error(op->reply, "ERR The MAXLEN argument must be >= 0.");
        return 0;
    }
    args->trim.max_length = (uint64_t)max;
    return i;
}

static bool read_limit(struct op *op, int i, struct streams_args_add *args)
{
    int64_t limit;
    if (!op_int(op, i, &limit))
        return false;
    if (limit < 0) {
        reply_error(op->reply, "ERR The LIMIT argument must be >= 0.");
        return false;
    }
    args->trim.limit = (uint64_t)limit;
    return true;
}

/* Looks at all options together and sets the limit that none of them gave. */
static bool check_options(struct op *op, bool add, bool limit_given, struct streams_args_add *args)
{
    const char *error = NULL;
    if (args->trim.limit > 0 && !args->trims)
        error = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
    else if (!add && !args->trims)
        error = "ERR syntax error, XTRIM must be called with a trimming strategy";
    else if (limit_given && !args->trim.whole)
        error = "ERR syntax error, LIMIT cannot be used without the special ~ option";
    if (error != NULL) {
        reply_error(op->reply, error);
        return false;
    }
    if (!limit_given && args->trim.whole) {
        uint64_t entries = op->limits->stream_node_max_entries;
        args->trim.limit = entries == 0                         ? LIMIT_DEFAULT
                           : entries > LIMIT_MAX / LIMIT_NODES ? LIMIT_MAX
                                                                : entries * LIMIT_NODES;
    }
    return true;
}

int streams_args_options(struct op *op, bool add, struct streams_args_add *args)
{
    bool limit_given = false;
    int i = 2;
    *args = (struct streams_args_add){0};
    for (; i < op->argc; i++) {
        bool more = i + 1 < op->argc;
        if (add && op_arg_is(op, i, "*"))
            break;
        if (more && (op_arg_is(op, i, "maxlen") || op_arg_is(op, i, "minid"))) {
            i = read_trim(op, i, args);
            if (i == 0)
                return 0;
        } else if (more && op_arg_is(op, i, "limit")) {
            if (!read_limit(op, ++i, args))
                return 0;
            limit_given = true;
        } else if (add && op_arg_is(op, i, "nomkstream")) {
            args->no_make = true;
        } else if (add) {
            args->id_given = true;
            if (!id_or_error(op, parse_id(op->argv[i], &args->id, 0, &args->seq_given)))
                return 0;
            break;
        } else {
            op_error_syntax(op);
            return 0;
        }
    }
    return check_options(op, add, limit_given, args) ? i : 0;
}
