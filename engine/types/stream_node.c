/* Stream node: see stream_node.h. */
#include "engine/types/stream_node.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"

#define FLAG_DELETED 1
#define FLAG_SAME    2 /* the fields are the master's */

#define ELEMENT_HEAD 11 /* at most, what an element takes besides its text, or an integer */
#define ROOM_MAX 4096   /* up to here a node grows by halves */

/* The elements of an entry before its values: flags, ms, seq, and the number of fields. */
#define ENTRY_HEAD 3

static int64_t integer_at(const unsigned char *lp, uint32_t at)
{
    return listpack_get(lp, at).integer;
}

static uint32_t skip(const unsigned char *lp, uint32_t at, size_t elements)
{
    while (elements-- > 0)
        at = listpack_next(lp, at);
    return at;
}

size_t stream_node_count(const unsigned char *lp)
{
    return (size_t)integer_at(lp, LISTPACK_HEADER);
}

void stream_node_open(struct stream_node *node, const unsigned char *lp, struct stream_id master)
{
    uint32_t at = LISTPACK_HEADER;
    node->lp = (unsigned char *)lp;
    node->master = master;
    node->count = (size_t)integer_at(lp, at);
    at = listpack_next(lp, at);
    node->deleted = (size_t)integer_at(lp, at);
    at = listpack_next(lp, at);
    node->fields = (size_t)integer_at(lp, at);
    node->fields_at = listpack_next(lp, at);
}

/* Reads the entry whose flags are there. */
static void entry_at(const struct stream_node *node, uint32_t at, struct stream_node_entry *e)
{
    const unsigned char *lp = node->lp;
    int64_t flags = integer_at(lp, at);
    e->at = at;
    e->deleted = (flags & FLAG_DELETED) != 0;
    at = listpack_next(lp, at);
    e->id.ms = node->master.ms + (uint64_t)integer_at(lp, at);
    at = listpack_next(lp, at);
    e->id.seq = node->master.seq + (uint64_t)integer_at(lp, at);
    at = listpack_next(lp, at);
    if (flags & FLAG_SAME) {
        e->fields = node->fields;
        e->field_at = node->fields_at;
    } else {
        e->fields = (size_t)integer_at(lp, at);
        e->field_at = LISTPACK_NONE;
        at = listpack_next(lp, at);
    }
    e->left = e->fields;
    e->next_at = at;
}

/* Reads the entry whose `pieces` are there; false: that is the end of the master. */
static bool entry_before(const struct stream_node *node, uint32_t at, struct stream_node_entry *e)
{
    size_t pieces = (size_t)integer_at(node->lp, at);
    if (pieces == 0)
        return false;
    while (pieces-- > 0)
        at = listpack_prev(node->lp, at);
    entry_at(node, at, e);
    return true;
}

void stream_node_first(const struct stream_node *node, struct stream_node_entry *e)
{
    entry_at(node, skip(node->lp, node->fields_at, node->fields + 1), e);
}

void stream_node_last(const struct stream_node *node, struct stream_node_entry *e)
{
    bool there = entry_before(node, listpack_last(node->lp), e);
    assert(there);
}

bool stream_node_next(const struct stream_node *node, struct stream_node_entry *e)
{
    size_t left = e->field_at == LISTPACK_NONE ? e->left * 2 : e->left;
    uint32_t at = listpack_next(node->lp, skip(node->lp, e->next_at, left));
    if (at == LISTPACK_NONE)
        return false;
    entry_at(node, at, e);
    return true;
}

bool stream_node_prev(const struct stream_node *node, struct stream_node_entry *e)
{
    return entry_before(node, listpack_prev(node->lp, e->at), e);
}

void stream_node_field(const struct stream_node *node, struct stream_node_entry *e,
                       struct bytes *field, struct bytes *value, char *field_scratch,
                       char *value_scratch)
{
    const unsigned char *lp = node->lp;
    assert(e->left > 0);
    e->left--;
    if (e->field_at != LISTPACK_NONE) {
        *field = listpack_text(lp, e->field_at, field_scratch);
        e->field_at = listpack_next(lp, e->field_at);
    } else {
        *field = listpack_text(lp, e->next_at, field_scratch);
        e->next_at = listpack_next(lp, e->next_at);
    }
    *value = listpack_text(lp, e->next_at, value_scratch);
    e->next_at = listpack_next(lp, e->next_at);
}

/* ---- Editing. ---- */

static struct room room_of(unsigned char *lp)
{
    return (struct room){.bytes = lp, .len = listpack_bytes(lp), .cap = alloc_usable(lp),
                         .fit = room_fit_heap};
}

/* Makes room for an entry, so that no edit fails; false: no memory. */
static bool reserve(struct room *room, const struct bytes *pairs, size_t fields)
{
    size_t need = room->len + (size_t)2 * LISTPACK_HEADER + 6 * ELEMENT_HEAD;
    for (size_t i = 0; i < fields * 2; i++)
        need += pairs[i].len + ELEMENT_HEAD;
    if (need <= room->cap)
        return true;
    if (need < ROOM_MAX)
        need = bits_min(need + need / 2, ROOM_MAX);
    unsigned char *bytes = alloc_try_resize(room->bytes, alloc_good_size(need));
    if (bytes == NULL)
        return false;
    room->bytes = bytes;
    room->cap = alloc_usable(bytes);
    return true;
}

static void write_master(struct room *room, const struct bytes *pairs, size_t fields)
{
    listpack_reset(room);
    listpack_append_int(room, 1);
    listpack_append_int(room, 0);
    listpack_append_int(room, (int64_t)fields);
    for (size_t i = 0; i < fields; i++)
        listpack_append(room, pairs[2 * i]);
    listpack_append_int(room, 0);
}

static bool has_fields(const unsigned char *lp, const struct bytes *pairs, size_t fields)
{
    struct stream_node node;
    stream_node_open(&node, lp, stream_id_zero);
    if (node.fields != fields)
        return false;
    uint32_t at = node.fields_at;
    for (size_t i = 0; i < fields; i++, at = listpack_next(lp, at))
        if (!listpack_is(lp, at, pairs[2 * i]))
            return false;
    return true;
}

unsigned char *stream_node_append(unsigned char *lp, struct stream_id master, struct stream_id id,
                                  const struct bytes *pairs, size_t fields)
{
    struct room room = lp == NULL ? room_heap() : room_of(lp);
    if (!reserve(&room, pairs, fields))
        return NULL;
    bool same = true;
    if (lp == NULL) {
        write_master(&room, pairs, fields);
    } else {
        size_t count = stream_node_count(room.bytes);
        listpack_replace_int(&room, LISTPACK_HEADER, (int64_t)count + 1);
        same = has_fields(room.bytes, pairs, fields);
    }
    listpack_append_int(&room, same ? FLAG_SAME : 0);
    listpack_append_int(&room, (int64_t)(id.ms - master.ms));
    listpack_append_int(&room, (int64_t)(id.seq - master.seq));
    if (!same)
        listpack_append_int(&room, (int64_t)fields);
    for (size_t i = 0; i < fields; i++) {
        if (!same)
            listpack_append(&room, pairs[2 * i]);
        listpack_append(&room, pairs[2 * i + 1]);
    }
    listpack_append_int(&room, (int64_t)(ENTRY_HEAD + fields + (same ? 0 : fields + 1)));
    return room.bytes;
}

unsigned char *stream_node_fit(unsigned char *lp)
{
    return alloc_resize(lp, listpack_bytes(lp));
}

void stream_node_flag(struct stream_node *node, const struct stream_node_entry *e)
{
    /* Flags are one byte, whatever they are: nothing moves. */
    struct room room = room_of(node->lp);
    listpack_replace_int(&room, e->at, integer_at(node->lp, e->at) | FLAG_DELETED);
    assert(room.bytes == node->lp);
}

unsigned char *stream_node_recount(unsigned char *lp, size_t deleted)
{
    struct room room = room_of(lp);
    int64_t more = (int64_t)deleted;
    int64_t count = integer_at(lp, LISTPACK_HEADER) - more;
    assert(count > 0);
    listpack_replace_int(&room, LISTPACK_HEADER, count);
    uint32_t at = listpack_next(room.bytes, LISTPACK_HEADER);
    listpack_replace_int(&room, at, integer_at(room.bytes, at) + more);
    return room.bytes;
}

/* ---- Checking. ---- */

/* Reads the integer at a position and steps on; false: there is none. */
static bool take_int(const unsigned char *lp, uint32_t *at, int64_t *value)
{
    if (*at == LISTPACK_NONE)
        return false;
    struct listpack_value element = listpack_get(lp, *at);
    *value = element.integer;
    *at = listpack_next(lp, *at);
    return element.is_int;
}

/* Steps over so many elements; false: there are fewer. */
static bool take(const unsigned char *lp, uint32_t *at, int64_t elements)
{
    if (elements < 0)
        return false;
    for (; elements > 0 && *at != LISTPACK_NONE; elements--)
        *at = listpack_next(lp, *at);
    return elements == 0;
}

static bool entry_valid(const unsigned char *lp, uint32_t *at, int64_t master_fields,
                        bool *deleted)
{
    int64_t flags, ms, seq, fields = master_fields, pieces, expected;
    if (!take_int(lp, at, &flags) || flags < 0 || flags > (FLAG_DELETED | FLAG_SAME) ||
        !take_int(lp, at, &ms) || !take_int(lp, at, &seq))
        return false;
    *deleted = (flags & FLAG_DELETED) != 0;
    expected = ENTRY_HEAD + fields;
    if (!(flags & FLAG_SAME)) {
        if (!take_int(lp, at, &fields) || fields < 0 || fields > (int64_t)UINT32_MAX ||
            !take(lp, at, fields))
            return false;
        expected = ENTRY_HEAD + 1 + 2 * fields;
    }
    return take(lp, at, fields) && take_int(lp, at, &pieces) && pieces == expected;
}

bool stream_node_valid(struct bytes bytes)
{
    const unsigned char *lp = (const unsigned char *)bytes.data;
    int64_t count, deleted, fields, zero;
    if (!listpack_valid(bytes, NULL))
        return false;
    uint32_t at = listpack_first(lp);
    if (!take_int(lp, &at, &count) || !take_int(lp, &at, &deleted) ||
        !take_int(lp, &at, &fields) || count < 0 || deleted < 0 ||
        fields > (int64_t)UINT32_MAX || !take(lp, &at, fields) || !take_int(lp, &at, &zero) ||
        zero != 0)
        return false;
    int64_t seen = 0, seen_deleted = 0;
    while (at != LISTPACK_NONE) {
        bool gone;
        if (!entry_valid(lp, &at, fields, &gone))
            return false;
        seen++;
        seen_deleted += gone;
    }
    return seen_deleted == deleted && seen - seen_deleted == count;
}
