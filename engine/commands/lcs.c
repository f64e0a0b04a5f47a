/*
 * LCS: the longest common subsequence of two strings.
 *
 * Dynamic programming over all pairs of positions. Only two rows of lengths are
 * kept; to find the way back, one bit a pair says where it leads. The limit that
 * clients know counts four bytes a pair, so that is what is checked.
 */
#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

struct lcs_options {
    bool len, idx, match_len;
    int64_t min_match;
};

static bool parse_options(struct op *op, struct lcs_options *o)
{
    for (int i = 3; i < op->argc; i++) {
        if (op_arg_is(op, i, "idx")) {
            o->idx = true;
        } else if (op_arg_is(op, i, "len")) {
            o->len = true;
        } else if (op_arg_is(op, i, "withmatchlen")) {
            o->match_len = true;
        } else if (op_arg_is(op, i, "minmatchlen") && i + 1 < op->argc) {
            if (!op_int(op, ++i, &o->min_match))
                return false;
        } else {
            op_error_syntax(op);
            return false;
        }
    }
    if (!o->len || !o->idx)
        return true;
    reply_error(op->reply, "ERR If you want both the length and indexes, please just use IDX.");
    return false;
}

/* Whether the strings are short enough. */
static bool sizes_allowed(struct op *op, struct bytes a, struct bytes b)
{
    if (a.len >= UINT32_MAX - 1 || b.len >= UINT32_MAX - 1) {
        reply_error(op->reply, "ERR String too long for LCS");
        return false;
    }
    uint64_t pairs = (uint64_t)(a.len + 1) * (b.len + 1), bytes;
    if (__builtin_mul_overflow(pairs, 4, &bytes)) {
        reply_error(op->reply,
                    "ERR Insufficient memory, failed allocating transient memory for LCS");
        return false;
    }
    if (bytes <= op->limits->bulk_max)
        return true;
    reply_error(op->reply, "ERR Insufficient memory, transient memory for LCS exceeds "
                           "proto-max-bulk-len");
    return false;
}

/* The work space of one comparison. */
struct lcs {
    struct bytes a, b;
    uint32_t *rows;   /* 2 * (b.len + 1): lengths for the row before and the current one */
    uint64_t *up;     /* a bit for each pair: from here the way goes back in a, not in b */
    size_t row_words; /* of `up` */
};

static bool lcs_init(struct lcs *lcs, struct bytes a, struct bytes b, bool with_way)
{
    *lcs = (struct lcs){.a = a, .b = b, .row_words = b.len / 64 + 1};
    lcs->rows = alloc_try_zeroed(2 * (b.len + 1) * sizeof *lcs->rows);
    if (with_way)
        lcs->up = alloc_try_zeroed((a.len + 1) * lcs->row_words * sizeof *lcs->up);
    return lcs->rows != NULL && (lcs->up != NULL || !with_way);
}

static void lcs_deinit(struct lcs *lcs)
{
    alloc_free(lcs->rows);
    alloc_free(lcs->up);
}

/* Fills `up` and returns the length of the longest common subsequence. */
static uint32_t lcs_run(struct lcs *lcs)
{
    uint32_t *before = lcs->rows, *row = lcs->rows + lcs->b.len + 1;
    for (size_t i = 1; i <= lcs->a.len; i++) {
        uint64_t *up = lcs->up == NULL ? NULL : lcs->up + i * lcs->row_words;
        char c = lcs->a.data[i - 1];
        for (size_t j = 1; j <= lcs->b.len; j++) {
            if (lcs->b.data[j - 1] == c) {
                row[j] = before[j - 1] + 1;
            } else if (before[j] > row[j - 1]) {
                row[j] = before[j];
                if (up != NULL)
                    up[j / 64] |= UINT64_C(1) << (j % 64);
            } else {
                row[j] = row[j - 1];
            }
        }
        uint32_t *swap = before;
        before = row;
        row = swap;
    }
    return before[lcs->b.len];
}

/*
 * One run of equal bytes after another, from the end to the beginning. *i and *j hold
 * where to go on (at first the lengths) and become the start of the run in either
 * string. Returns the length of the run, 0 at the end.
 */
static size_t lcs_next_run(const struct lcs *lcs, size_t *i, size_t *j)
{
    size_t run = 0;
    while (*i > 0 && *j > 0) {
        if (lcs->a.data[*i - 1] == lcs->b.data[*j - 1]) {
            --*i;
            --*j;
            run++;
        } else if (run > 0) {
            break;
        } else if (lcs->up[*i * lcs->row_words + *j / 64] >> (*j % 64) & 1) {
            --*i;
        } else {
            --*j;
        }
    }
    return run;
}

static void reply_matches(struct op *op, const struct lcs *lcs, const struct lcs_options *o,
                          uint32_t length)
{
    struct reply *reply = op->reply;
    reply_map(reply, 2);
    reply_bulk_cstr(reply, "matches");
    struct reply_mark open = reply_open(reply);
    size_t count = 0, i = lcs->a.len, j = lcs->b.len, run;
    while ((run = lcs_next_run(lcs, &i, &j)) > 0) {
        if ((int64_t)run < o->min_match)
            continue;
        reply_array(reply, o->match_len ? 3 : 2);
        reply_array(reply, 2);
        reply_int(reply, (int64_t)i);
        reply_int(reply, (int64_t)(i + run - 1));
        reply_array(reply, 2);
        reply_int(reply, (int64_t)j);
        reply_int(reply, (int64_t)(j + run - 1));
        if (o->match_len)
            reply_int(reply, (int64_t)run);
        count++;
    }
    reply_close_array(reply, open, count);
    reply_bulk_cstr(reply, "len");
    reply_int(reply, length);
}

static void reply_subsequence(struct op *op, const struct lcs *lcs, uint32_t length)
{
    char *text = alloc_try(length);
    if (text == NULL) {
        op_error_memory(op);
        return;
    }
    size_t at = length, i = lcs->a.len, j = lcs->b.len, run;
    while ((run = lcs_next_run(lcs, &i, &j)) > 0) {
        at -= run;
        memcpy(text + at, lcs->a.data + i, run);
    }
    reply_bulk(op->reply, bytes_make(text, length));
    alloc_free(text);
}

void op_lcs(struct op *op)
{
    struct bytes strings[2];
    char scratch[2][NUMBER_I64_MAX];
    const struct entry *entries[2];
    for (int i = 0; i < 2; i++) {
        struct key key = op_key(op, 1 + i);
        entries[i] = keyspace_read(op->ks, op->db, &key).entry;
    }
    for (int i = 0; i < 2; i++) {
        const struct entry *e = entries[i];
        if (e != NULL && e->type != TYPE_STRING) {
            reply_error(op->reply, "ERR The specified keys must contain string values");
            return;
        }
        strings[i] = e == NULL ? bytes_of("") : entry_string(e, scratch[i]);
    }
    struct lcs_options o = {0};
    if (!parse_options(op, &o) || !sizes_allowed(op, strings[0], strings[1]))
        return;
    struct lcs lcs;
    if (!lcs_init(&lcs, strings[0], strings[1], o.idx || !o.len)) {
        reply_error(op->reply,
                    "ERR Insufficient memory, failed allocating transient memory for LCS");
    } else {
        uint32_t length = lcs_run(&lcs);
        if (o.idx)
            reply_matches(op, &lcs, &o, length);
        else if (o.len)
            reply_int(op->reply, length);
        else
            reply_subsequence(op, &lcs, length);
    }
    lcs_deinit(&lcs);
}
