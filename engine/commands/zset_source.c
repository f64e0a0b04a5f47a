/* Zset source: see zset_source.h. */
#include "engine/commands/zset_source.h"

bool zset_source_open(struct op *op, int i, struct zset_source *source)
{
    struct key key = op_key(op, i);
    const struct entry *e = keyspace_read(op->ks, op->db, &key).entry;
    source->weight = 1;
    source->is_set = e != NULL && e->type == TYPE_SET;
    if (source->is_set) {
        source->set = set_view(e);
        return true;
    }
    if (!op_is_type(op, e, TYPE_ZSET))
        return false;
    zset_read(&source->zset, e);
    return true;
}

size_t zset_source_count(const struct zset_source *source)
{
    return source->is_set ? set_count(source->set) : zset_count(&source->zset);
}

bool zset_source_score(const struct zset_source *source, struct bytes member, double *score)
{
    if (!source->is_set)
        return zset_score(&source->zset, member, score);
    struct set_member wanted;
    set_member_init(&wanted, member);
    *score = 1;
    return set_has(source->set, &wanted);
}

struct set_visit {
    bool (*visit)(void *ctx, struct bytes member, double score);
    void *ctx;
};

static bool visit_member(void *ctx, struct set_member *member)
{
    const struct set_visit *v = ctx;
    return v->visit(v->ctx, set_member_text(member), 1);
}

void zset_source_each(const struct zset_source *source,
                      bool (*visit)(void *ctx, struct bytes member, double score), void *ctx)
{
    if (source->is_set) {
        struct set_visit v = {visit, ctx};
        set_each(source->set, visit_member, &v);
        return;
    }
    struct zset_cursor c = zset_at(&source->zset, 0);
    for (; zset_valid(&c); zset_next(&c)) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        if (!visit(ctx, member, score))
            return;
    }
}
