/*
 * Fuzzer of the RESP parser. The commands and the error found in a stream given at once have to
 * be those found when it comes in pieces, with what a session may do in between: release,
 * restart, move the bytes, take blobs.
 *
 * Input: a byte of options, eight bytes that seed the cuts, the stream. The parser is compiled in
 * here with low thresholds, so that short streams reach all of it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/random.h"
#include "net/resp.h"

#undef RESP_BLOB_BYTES
#undef RESP_INLINE_MAX
#define RESP_BLOB_BYTES 24
#define RESP_INLINE_MAX 200

#include "net/resp.c"

#define ARGV_CAP 16
#define MEMORY_BASE 32768 /* room for a thousand arguments that were announced */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct resp_parser parser;
    struct resp_limits limits;
    struct buffer kept; /* not parsed yet, from the first byte of a command on */
    struct buffer found; /* what was found, in writing */
    size_t argv_cap;
    size_t sent;
    struct rng *rng; /* NULL: nothing is left to chance */
    bool own_bytes;  /* the command has received bytes of its own */
    bool bad;
};

static bool chance(struct run *run, unsigned one_in)
{
    return run->rng != NULL && rng_below(run->rng, one_in) == 0;
}

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void note_command(struct run *run)
{
    struct resp_parser *p = &run->parser;
    check(p->argc > 0, "a command has arguments");
    buffer_appendf(&run->found, "%s of %zu:", p->inline_form ? "line" : "array", p->argc);
    for (size_t i = 0; i < p->argc; i++) {
        buffer_appendf(&run->found, " %zu ", p->argv[i].len);
        buffer_append(&run->found, p->argv[i].data, p->argv[i].len);
    }
    buffer_append_char(&run->found, '\n');
}

/* Bytes in a block of exactly their size, so that reading past them is noticed. */
static char *exact_copy(const struct buffer *from)
{
    char *copy = alloc_get(from->len);
    if (from->len > 0)
        memcpy(copy, from->data, from->len);
    return copy;
}

/* A command was found: notes it, after what may happen to it before it is executed. */
static void take_command(struct run *run, char **data)
{
    struct resp_parser *p = &run->parser;
    if (resp_is_slow(p) && chance(run, 4)) {
        char *moved = exact_copy(&run->kept);
        alloc_free(*data);
        *data = moved;
        resp_rebase(p, moved);
    }
    struct blob *taken = NULL;
    size_t which = run->rng == NULL ? 0 : rng_below(run->rng, p->argc);
    if (p->blob_count > 0 && resp_is_slow(p))
        taken = resp_take_blob(p, which);
    note_command(run);
    check(taken == NULL || taken->len == p->argv[which].len, "a blob is as long as its argument");
    blob_put(taken);
    run->own_bytes = false;
}

/* Parses what is kept until more is needed. */
static void parse_kept(struct run *run)
{
    struct resp_parser *p = &run->parser;
    struct bytes argv[ARGV_CAP];
    while (!run->bad && run->kept.len > 0 && !resp_filling(p)) {
        char *data = exact_copy(&run->kept);
        enum resp_result result =
            resp_parse(p, &run->limits, data, run->kept.len, argv, run->argv_cap);
        if (result == RESP_COMMAND)
            take_command(run, &data);
        if (result == RESP_COMMAND || result == RESP_EMPTY) {
            check(p->used > 0 && p->used <= run->kept.len, "some bytes are used up");
            buffer_consume(&run->kept, p->used);
            if (chance(run, 2))
                resp_release(p);
        }
        if (result == RESP_BAD) {
            buffer_appendf(&run->found, "error: %s\n", p->error);
            run->bad = true;
        }
        if (result == RESP_MORE && !run->own_bytes && chance(run, 3))
            resp_restart(p);
        alloc_free(data);
        if (result == RESP_MORE)
            break;
    }
    /* Bytes the parser was told of are gone: nothing it holds may point there. */
    if (!run->bad)
        resp_release(p);
}

static void feed(struct run *run, const uint8_t *data, size_t size)
{
    struct resp_parser *p = &run->parser;
    while (size > 0 && !run->bad) {
        size_t part = size;
        if (resp_filling(p)) {
            part = bits_min(size, resp_fill_left(p));
            memcpy(resp_fill_at(p), data, part);
            resp_fill_done(p, part);
            run->own_bytes = true;
        } else {
            buffer_append(&run->kept, (const char *)data, part);
        }
        run->sent += part;
        parse_kept(run);
        check(resp_memory(p) <= MEMORY_BASE + 16 * run->sent + run->limits.bulk_max,
              "memory is bounded by what was sent and the longest bulk");
        data += part;
        size -= part;
    }
}

static void run_pieces(struct run *run, const uint8_t *data, size_t size)
{
    while (size > 0 && !run->bad) {
        size_t part = 1 + rng_below(run->rng, chance(run, 2) ? 3 : 64);
        part = bits_min(part, size);
        feed(run, data, part);
        data += part;
        size -= part;
    }
}

static void run_init(struct run *run, uint8_t options, struct rng *rng)
{
    static const uint64_t bulk_max[] = {8, 60, 2000, 1 << 20};
    *run = (struct run){.rng = rng, .argv_cap = options & 8 ? 2 : ARGV_CAP};
    run->limits = (struct resp_limits){.bulk_max = bulk_max[options & 3],
                                       .restricted = (options & 4) != 0};
    resp_init(&run->parser);
    buffer_init(&run->kept);
    buffer_init(&run->found);
    buffer_append_cstr(&run->found, "found:\n");
}

static void run_deinit(struct run *run)
{
    resp_deinit(&run->parser);
    buffer_deinit(&run->kept);
    buffer_deinit(&run->found);
}

/* Where an error begins that says that a line is too long: whether it is noticed depends on
 * whether the end of the line comes along with its beginning. */
static const char *too_long(const struct run *run)
{
    static const char *const texts[] = {
        "error: Protocol error: too big mbulk count string\n",
        "error: Protocol error: too big bulk count string\n",
        "error: Protocol error: too big inline request\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *at = memmem(run->found.data, run->found.len, texts[i], strlen(texts[i]));
        if (run->bad && at != NULL)
            return at;
    }
    return NULL;
}

static void compare(const struct run *whole, const struct run *pieces)
{
    size_t len = pieces->found.len;
    const char *end = too_long(pieces);
    if (end != NULL)
        len = (size_t)(end - pieces->found.data);
    bool same = end != NULL ? len <= whole->found.len : len == whole->found.len;
    if (same && memcmp(whole->found.data, pieces->found.data, len) == 0)
        return;
    fprintf(stderr, "at once:\n%.*s\nin pieces:\n%.*s\n", (int)whole->found.len,
            whole->found.data, (int)pieces->found.len, pieces->found.data);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9)
        return 0;
    uint64_t seed;
    memcpy(&seed, data + 1, sizeof seed);
    struct rng rng;
    rng_init(&rng, seed);
    struct run whole, pieces;
    run_init(&whole, data[0], NULL);
    run_init(&pieces, data[0], &rng);
    feed(&whole, data + 9, size - 9);
    run_pieces(&pieces, data + 9, size - 9);
    compare(&whole, &pieces);
    run_deinit(&whole);
    run_deinit(&pieces);
    return 0;
}
