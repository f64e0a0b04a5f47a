/*
 * Sets, combined: intersection, union and difference of the sets of several keys,
 * answered, counted or stored.
 *
 * A key that is missing is the empty set. What is stored is built on its own first, so
 * that the destination may be one of the sources, and begins as an intset.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/commands/op.h"
#include "engine/commands/sets.h"
#include "op_handlers.gen.h"

#define UNION_LOOKUPS 3 /* up to so many sets, members are looked up in those before */

/* The sets, and where what they make together goes. */
struct combination {
    struct op *op;
    struct set_view *views;
    int count;
    int at;                   /* union: the set that is being walked over */
    struct reply *reply;      /* NULL: not answered */
    struct set_edit *store;   /* NULL: not stored */
    struct set_edit *seen;    /* union: members so far; difference: members to leave out */
    size_t members, most;     /* found so far, and how many end it */
};

typedef void (*combine_fn)(struct combination *c);

/* Looks the sets up that argv[first...] names, so many of them. False: one is no set, or
 * there is no memory; an error was replied. */
static bool read_sets(struct op *op, struct combination *c, int first, int count)
{
    *c = (struct combination){.op = op, .count = count, .most = SIZE_MAX};
    c->views = alloc_try((size_t)count * sizeof *c->views);
    if (c->views == NULL) {
        op_error_memory(op);
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct key key = op_key(op, first + i);
        const struct entry *e = keyspace_read(op->ks, op->db, &key).entry;
        if (!op_is_type(op, e, TYPE_SET)) {
            alloc_free(c->views);
            return false;
        }
        c->views[i] = set_view(e);
    }
    return true;
}

/* A member of the outcome; false when there are enough. */
static bool found_member(struct combination *c, struct set_member *member)
{
    if (c->store != NULL)
        c->members += set_edit_add(c->store, member);
    else
        c->members++;
    if (c->reply != NULL)
        sets_reply_member(c->reply, member);
    return c->members < c->most;
}

/* ---- Intersection: the members of the smallest set that all others have. ---- */

static int by_count(const void *a, const void *b)
{
    size_t x = set_count(*(const struct set_view *)a), y = set_count(*(const struct set_view *)b);
    return (x > y) - (x < y);
}

static bool intersect_member(void *ctx, struct set_member *member)
{
    struct combination *c = ctx;
    for (int i = 1; i < c->count; i++)
        if (!set_has(c->views[i], member))
            return true;
    return found_member(c, member);
}

static void intersect(struct combination *c)
{
    qsort(c->views, (size_t)c->count, sizeof *c->views, by_count);
    set_each(c->views[0], intersect_member, c);
}

/* ---- Union: members as they come, unless one was there before. ---- */

static bool unite_member(void *ctx, struct set_member *member)
{
    struct combination *c = ctx;
    if (c->store != NULL)
        return found_member(c, member);
    if (c->seen != NULL)
        return !set_edit_add(c->seen, member) || found_member(c, member);
    for (int i = 0; i < c->at; i++)
        if (set_has(c->views[i], member))
            return true;
    return found_member(c, member);
}

static void unite(struct combination *c)
{
    struct set_edit seen;
    /* A set of those that came before costs memory; the store is one itself. */
    bool many = c->count > UNION_LOOKUPS && c->store == NULL;
    if (many) {
        set_edit_begin(&seen, c->op->ks, sets_limits(c->op));
        c->seen = &seen;
    }
    for (c->at = 0; c->at < c->count; c->at++)
        set_each(c->views[c->at], unite_member, c);
    if (many)
        set_edit_drop(&seen);
}

/* ---- Difference: the members of the first set that no other has. ---- */

static bool subtract_member(void *ctx, struct set_member *member)
{
    struct combination *c = ctx;
    if (c->seen != NULL)
        return set_has(set_edit_view(c->seen), member) || found_member(c, member);
    for (int i = 1; i < c->count; i++)
        if (set_has(c->views[i], member))
            return true;
    return found_member(c, member);
}

static bool leave_out_member(void *ctx, struct set_member *member)
{
    struct combination *c = ctx;
    if (set_has(c->views[0], member))
        set_edit_add(c->seen, member);
    return true;
}

/* Either each member of the first set is looked up in all others, or the members of the
 * others in the first set, and what was found is left out: what takes fewer look-ups. */
static void subtract(struct combination *c)
{
    size_t first = set_count(c->views[0]), others = 0;
    for (int i = 1; i < c->count; i++)
        others += set_count(c->views[i]);
    if (first <= others || c->count <= 2) {
        set_each(c->views[0], subtract_member, c);
        return;
    }
    struct set_edit seen;
    set_edit_begin(&seen, c->op->ks, sets_limits(c->op));
    c->seen = &seen;
    for (int i = 1; i < c->count; i++)
        set_each(c->views[i], leave_out_member, c);
    set_each(c->views[0], subtract_member, c);
    set_edit_drop(&seen);
}

/* ---- The commands. ---- */

/* Combines the sets of argv[1...] and replies with the outcome. */
static void answer(struct op *op, combine_fn combine)
{
    struct combination c;
    if (!read_sets(op, &c, 1, op->argc - 1))
        return;
    c.reply = op->reply;
    struct reply_mark open = reply_open(op->reply);
    combine(&c);
    reply_close_set(op->reply, open, c.members);
    alloc_free(c.views);
}

/* Combines the sets of argv[2...] and puts the outcome under the key argv[1], or deletes
 * that if there is none. */
static void store(struct op *op, combine_fn combine, const char *event)
{
    struct combination c;
    struct set_edit edit;
    if (!read_sets(op, &c, 2, op->argc - 2))
        return;
    c.store = &edit;
    set_edit_begin(&edit, op->ks, sets_limits(op));
    combine(&c);
    alloc_free(c.views);
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (c.members > 0) {
        set_edit_store(&edit, op->db, &op->key, &found);
        op_changed(op, &op->key, 's', event);
    } else {
        set_edit_drop(&edit);
        if (found.entry != NULL) {
            keyspace_remove(op->ks, op->db, &op->key, &found);
            op_deleted(op, &op->key);
        }
    }
    reply_int(op->reply, (int64_t)c.members);
}

/* SINTER key... */
void op_sinter(struct op *op)
{
    answer(op, intersect);
}

/* SUNION key... */
void op_sunion(struct op *op)
{
    answer(op, unite);
}

/* SDIFF key... */
void op_sdiff(struct op *op)
{
    answer(op, subtract);
}

/* SINTERSTORE destination key... */
void op_sinterstore(struct op *op)
{
    store(op, intersect, "sinterstore");
}

/* SUNIONSTORE destination key... */
void op_sunionstore(struct op *op)
{
    store(op, unite, "sunionstore");
}

/* SDIFFSTORE destination key... */
void op_sdiffstore(struct op *op)
{
    store(op, subtract, "sdiffstore");
}

/* Reads [LIMIT limit] from argv[i] on; false: an error was replied. */
static bool limit_parse(struct op *op, int i, int64_t *limit)
{
    static const char negative[] = "ERR LIMIT can't be negative";
    *limit = 0;
    for (; i < op->argc; i += 2) {
        if (!op_arg_is(op, i, "limit") || i + 1 == op->argc) {
            op_error_syntax(op);
            return false;
        }
        if (!op_int_or(op, i + 1, limit, negative))
            return false;
        if (*limit < 0) {
            reply_error(op->reply, negative);
            return false;
        }
    }
    return true;
}

/* SINTERCARD numkeys key... [LIMIT limit] */
void op_sintercard(struct op *op)
{
    static const char no_keys[] = "ERR numkeys should be greater than 0";
    int64_t keys, limit;
    if (!op_int_or(op, 1, &keys, no_keys))
        return;
    if (keys <= 0) {
        reply_error(op->reply, no_keys);
        return;
    }
    if (keys > op->argc - 2) {
        reply_error(op->reply, "ERR Number of keys can't be greater than number of args");
        return;
    }
    struct combination c;
    if (!limit_parse(op, 2 + (int)keys, &limit) || !read_sets(op, &c, 2, (int)keys))
        return;
    if (limit > 0)
        c.most = (size_t)limit;
    intersect(&c);
    alloc_free(c.views);
    reply_int(op->reply, (int64_t)c.members);
}
