/* Sort elements: see sort_elements.h. */
#include "engine/commands/sort_elements.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/list_value.h"
#include "engine/types/set.h"
#include "engine/types/zset.h"

#define CHUNK_BYTES (16 * 1024)

struct sort_chunk {
    struct sort_chunk *before;
    size_t used, cap;
    char bytes[];
};

struct bytes sort_arena_keep(struct sort_arena *arena, struct bytes text)
{
    struct sort_chunk *chunk = arena->last;
    if (chunk == NULL || chunk->cap - chunk->used < text.len) {
        size_t cap = bits_max(text.len, CHUNK_BYTES - sizeof *chunk);
        chunk = alloc_get(sizeof *chunk + cap);
        *chunk = (struct sort_chunk){.before = arena->last, .cap = cap};
        arena->last = chunk;
    }
    char *kept = chunk->bytes + chunk->used;
    if (text.len > 0)
        memcpy(kept, text.data, text.len);
    chunk->used += text.len;
    return bytes_make(kept, text.len);
}

void sort_arena_deinit(struct sort_arena *arena)
{
    for (struct sort_chunk *chunk = arena->last, *before; chunk != NULL; chunk = before) {
        before = chunk->before;
        alloc_free(chunk);
    }
    arena->last = NULL;
}

struct sort_element sort_element_of(struct bytes text, const char *scratch)
{
    struct sort_element element = {.data = text.len == 0 ? "" : text.data, .len = text.len};
    int64_t integer;
    if (text.data == scratch && number_parse_i64(text, &integer))
        element = (struct sort_element){.integer = integer};
    return element;
}

bool sort_elements_of_type(const struct entry *e)
{
    return e->type == TYPE_LIST || e->type == TYPE_SET || e->type == TYPE_ZSET;
}

size_t sort_elements_count(const struct entry *e)
{
    struct zset_ref zs;
    if (e == NULL)
        return 0;
    if (e->type == TYPE_LIST)
        return list_value_count(e);
    if (e->type == TYPE_SET)
        return set_count(set_view(e));
    zset_read(&zs, e);
    return zset_count(&zs);
}

bool sort_elements_ordered(const struct entry *e)
{
    return e != NULL && e->type != TYPE_SET;
}

static void add(struct sort_elements *elements, struct sort_element element)
{
    elements->all[elements->count++] = element;
}

static void load_list(struct sort_elements *elements, const struct entry *e, size_t from,
                      size_t past, bool backwards)
{
    int64_t first = backwards ? -1 - (int64_t)from : (int64_t)from;
    struct list_cursor cursor = list_value_seek(e, first);
    for (; from < past; from++, list_step(&cursor, backwards)) {
        struct list_element element = list_get(cursor);
        if (element.is_int)
            add(elements, (struct sort_element){.integer = element.integer});
        else
            add(elements, (struct sort_element){
                .data = element.text.data, .len = element.text.len, .blob = element.blob});
    }
}

struct set_load {
    struct sort_elements *elements;
    size_t skip, left;
};

static bool load_member(void *ctx, struct set_member *member)
{
    struct set_load *load = ctx;
    if (load->skip > 0) {
        load->skip--;
        return true;
    }
    if (member->text.data == NULL)
        add(load->elements, (struct sort_element){.integer = member->integer});
    else
        add(load->elements, (struct sort_element){
            .data = member->text.data, .len = member->text.len});
    return --load->left > 0;
}

static void load_zset(struct sort_elements *elements, const struct entry *e, size_t from,
                      size_t past, bool backwards)
{
    struct zset_ref zs;
    zset_read(&zs, e);
    struct zset_cursor c = zset_at(&zs, backwards ? zset_count(&zs) - 1 - from : from);
    for (; from < past; from++) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        zset_get(&c, &member, NULL, scratch);
        add(elements, sort_element_of(member, scratch));
        if (backwards)
            zset_prev(&c);
        else
            zset_next(&c);
    }
}

bool sort_elements_load(struct sort_elements *elements, const struct entry *e, size_t from,
                        size_t past, bool backwards)
{
    *elements = (struct sort_elements){0};
    if (from >= past)
        return true;
    elements->all = alloc_try((past - from) * sizeof *elements->all);
    if (elements->all == NULL)
        return false;
    struct set_load load = {elements, from, past - from};
    if (e->type == TYPE_SET)
        set_each(set_view(e), load_member, &load);
    else if (e->type == TYPE_LIST)
        load_list(elements, e, from, past, backwards);
    else
        load_zset(elements, e, from, past, backwards);
    return true;
}

void sort_elements_deinit(struct sort_elements *elements)
{
    sort_arena_deinit(&elements->arena);
    alloc_free(elements->all);
    elements->all = NULL;
}
