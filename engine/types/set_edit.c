/* Set edit: see set_edit.h. */
#include "engine/types/set_edit.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/intset.h"
#include "engine/types/listpack.h"

#define INTSET_ENTRIES_MAX (UINT64_C(1) << 30) /* whatever the setting says */

struct set_view set_edit_view(const struct set_edit *edit)
{
    struct set_view view = {.form = edit->form};
    if (edit->form == SET_TABLE)
        view.large = edit->large;
    else
        view.small = edit->room->bytes;
    return view;
}

static bool add_to_table(void *ctx, struct set_member *member)
{
    set_add(ctx, member);
    return true;
}

static void make_table(struct set_edit *edit)
{
    struct set *large = set_new(edit->ks->seed);
    set_each(set_edit_view(edit), add_to_table, large);
    edit->form = SET_TABLE;
    edit->large = large;
    edit->made = true;
}

static bool add_to_listpack(void *ctx, struct set_member *member)
{
    listpack_append_int(ctx, member->integer);
    return true;
}

/* Puts the members of an intset into the same room as a listpack. */
static void make_listpack(struct set_edit *edit)
{
    struct room listpack = room_heap();
    room_fit(&listpack, LISTPACK_EMPTY_BYTES);
    listpack_reset(&listpack);
    set_each(set_edit_view(edit), add_to_listpack, &listpack);
    room_fit(edit->room, listpack.len);
    memcpy(edit->room->bytes, listpack.bytes, listpack.len);
    edit->room->len = listpack.len;
    edit->form = SET_LISTPACK;
    alloc_free(listpack.bytes);
    /* The key's entry says which small form it has. */
    edit->er.flags = 0;
    if (edit->room == &edit->er.room && edit->er.found->entry != NULL)
        edit->er.found->entry->flags &= (uint8_t)~ENTRY_INTSET;
}

static size_t digits(int64_t integer)
{
    char scratch[NUMBER_I64_MAX];
    return number_format_i64(scratch, integer);
}

/* Whether a listpack of so many members, this one the latest, is within the limits. */
static bool fits_listpack(const struct set_edit *edit, size_t count, size_t len)
{
    size_t size = edit->form == SET_LISTPACK ? edit->room->len : 0;
    return count <= edit->limits.listpack_entries && len <= edit->limits.listpack_value &&
           size + len < LISTPACK_MAX;
}

/* Whether the members of an intset are short enough for a listpack. */
static bool intset_fits_listpack(const struct set_edit *edit)
{
    const void *intset = edit->room->bytes;
    size_t count = intset_count(intset);
    if (count == 0)
        return true;
    size_t longest = bits_max(digits(intset_at(intset, 0)), digits(intset_at(intset, count - 1)));
    return longest <= edit->limits.listpack_value;
}

static bool add_to_small_intset(struct set_edit *edit, struct set_member *member)
{
    size_t count = intset_count(edit->room->bytes);
    if (set_member_is_int(member)) {
        if (!intset_add(edit->room, member->integer))
            return false;
        if (count + 1 > bits_min(edit->limits.intset_entries, INTSET_ENTRIES_MAX))
            make_table(edit);
        return true;
    }
    if (fits_listpack(edit, count + 1, member->text.len) && intset_fits_listpack(edit)) {
        make_listpack(edit);
        listpack_append(edit->room, member->text);
        return true;
    }
    make_table(edit);
    return set_add(edit->large, member);
}

static bool add_to_small_listpack(struct set_edit *edit, struct set_member *member)
{
    struct bytes text = set_member_text(member);
    if (set_has(set_edit_view(edit), member))
        return false;
    if (fits_listpack(edit, listpack_count(edit->room->bytes) + 1, text.len)) {
        listpack_append(edit->room, text);
        return true;
    }
    make_table(edit);
    return set_add(edit->large, member);
}

bool set_edit_add(struct set_edit *edit, struct set_member *member)
{
    switch (edit->form) {
    case SET_INTSET:
        return add_to_small_intset(edit, member);
    case SET_LISTPACK:
        return add_to_small_listpack(edit, member);
    default:
        return set_add(edit->large, member);
    }
}

static bool remove_from_listpack(struct set_edit *edit, struct set_member *member)
{
    const void *lp = edit->room->bytes;
    uint32_t at = listpack_find(lp, listpack_first(lp), set_member_text(member), 0);
    if (at == LISTPACK_NONE)
        return false;
    listpack_remove(edit->room, at, 1);
    return true;
}

bool set_edit_remove(struct set_edit *edit, struct set_member *member)
{
    switch (edit->form) {
    case SET_INTSET:
        return set_member_is_int(member) && intset_remove(edit->room, member->integer);
    case SET_LISTPACK:
        return remove_from_listpack(edit, member);
    default:
        return set_remove(edit->large, member);
    }
}

/* Of `left` members the next one is wanted with the chance need / left (selection
 * sampling: Knuth, "The Art of Computer Programming", volume 2, algorithm S). */
static void take_of_intset(struct set_edit *edit, struct rng *rng, size_t need,
                           bool (*visit)(void *, struct set_member *), void *ctx)
{
    struct set_member member;
    for (size_t rank = 0; need > 0; rank++) {
        size_t left = intset_count(edit->room->bytes) - rank;
        if (rng_below(rng, left) >= need)
            continue;
        set_member_init_int(&member, intset_at(edit->room->bytes, rank));
        visit(ctx, &member);
        intset_remove(edit->room, member.integer);
        need--;
        rank--; /* where the next one is now */
    }
}

static void take_of_listpack(struct set_edit *edit, struct rng *rng, size_t need,
                             bool (*visit)(void *, struct set_member *), void *ctx)
{
    struct set_member member;
    size_t left = listpack_count(edit->room->bytes);
    for (uint32_t at = listpack_first(edit->room->bytes); need > 0; left--) {
        if (rng_below(rng, left) >= need) {
            at = listpack_next(edit->room->bytes, at);
            continue;
        }
        set_member_init_at(&member, edit->room->bytes, at);
        visit(ctx, &member);
        at = listpack_remove(edit->room, at, 1);
        need--;
    }
}

void set_edit_take(struct set_edit *edit, struct rng *rng, size_t want,
                   bool (*visit)(void *ctx, struct set_member *member), void *ctx)
{
    assert(want <= set_count(set_edit_view(edit)));
    struct set_member member;
    switch (edit->form) {
    case SET_INTSET:
        take_of_intset(edit, rng, want, visit, ctx);
        return;
    case SET_LISTPACK:
        take_of_listpack(edit, rng, want, visit, ctx);
        return;
    default:
        while (want-- > 0) {
            set_random(set_edit_view(edit), rng, &member);
            visit(ctx, &member);
            set_remove(edit->large, &member);
        }
    }
}

/* The form a set starts in. */
static enum set_form form_for(const struct set_edit *edit, struct set_member *first,
                              size_t members)
{
    if (set_member_is_int(first) && members <= edit->limits.intset_entries)
        return SET_INTSET;
    return members <= edit->limits.listpack_entries ? SET_LISTPACK : SET_TABLE;
}

void set_edit_open(struct set_edit *edit, struct keyspace *ks, struct db *db,
                   const struct key *key, struct found *found, struct set_limits limits,
                   struct set_member *first, size_t members)
{
    edit->limits = limits;
    edit->ks = ks;
    edit->made = false;
    edit->room = &edit->er.room;
    const struct entry *e = found->entry;
    edit->form = e != NULL ? set_view(e).form : form_for(edit, first, members);
    if (e != NULL && edit->form == SET_TABLE) {
        edit->large = entry_object(e);
        return;
    }
    bool intset = edit->form == SET_INTSET;
    entry_room_open(&edit->er, ks, db, key, found, TYPE_SET, intset ? ENTRY_INTSET : 0,
                    intset ? intset_empty() : listpack_empty());
    uint64_t most = intset ? limits.intset_entries : limits.listpack_entries;
    if (edit->form == SET_TABLE) {
        edit->large = set_new(ks->seed);
        edit->made = true;
    } else if (members > most) {
        make_table(edit);
    }
}

static struct value table_value(const struct set_edit *edit)
{
    return (struct value){.type = TYPE_SET, .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)edit->large};
}

size_t set_edit_close(struct set_edit *edit)
{
    size_t count = set_count(set_edit_view(edit));
    struct entry_room *er = &edit->er;
    if (edit->form != SET_TABLE) {
        entry_room_close(er);
    } else if (edit->made) {
        const struct entry *e = er->found->entry;
        keyspace_put(er->ks, er->db, er->key, er->found, table_value(edit),
                     e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e));
    }
    return count;
}

void set_edit_begin(struct set_edit *edit, struct keyspace *ks, struct set_limits limits)
{
    struct bytes empty = intset_empty();
    edit->form = limits.intset_entries > 0 ? SET_INTSET : SET_LISTPACK;
    if (edit->form == SET_LISTPACK)
        empty = listpack_empty();
    edit->limits = limits;
    edit->ks = ks;
    edit->made = false;
    edit->own = room_heap();
    edit->room = &edit->own;
    room_fit(&edit->own, empty.len);
    memcpy(edit->own.bytes, empty.data, empty.len);
    edit->own.len = empty.len;
}

void set_edit_store(struct set_edit *edit, struct db *db, const struct key *key,
                    struct found *found)
{
    struct value value = {.type = TYPE_SET, .flags = edit->form == SET_INTSET ? ENTRY_INTSET : 0};
    struct bytes small = bytes_make(edit->own.bytes, edit->own.len);
    if (edit->form == SET_TABLE) {
        value = table_value(edit);
    } else if (small.len <= ENTRY_EMBED_MAX) {
        value.encoding = ENCODING_EMBEDDED;
        value.embedded = small;
    } else {
        struct blob *blob = blob_try(small.len, small.len);
        if (blob == NULL)
            alloc_fail(small.len);
        memcpy(blob->data, small.data, small.len);
        value.encoding = ENCODING_BLOB;
        value.word = (uint64_t)(uintptr_t)blob;
    }
    keyspace_put(edit->ks, db, key, found, value, ENTRY_NO_EXPIRY);
    alloc_free(edit->own.bytes);
}

void set_edit_drop(struct set_edit *edit)
{
    if (edit->form == SET_TABLE)
        keyspace_free_value(edit->ks, table_value(edit));
    alloc_free(edit->own.bytes);
}
