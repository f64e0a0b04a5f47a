/*
 * List: an intrusive, circular, doubly linked list.
 *
 * The head is a node that belongs to no element. A node that is in no list points to itself once
 * it went through list_init() or list_remove(), so that list_is_linked() and a second
 * list_remove() are safe. Nothing is allocated: the element holds its node and whoever owns the
 * element owns both.
 */
#ifndef SHOAL_BASE_LIST_H
#define SHOAL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *prev;
    struct list_node *next;
};

/* The structure of type `type` whose member `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Makes an empty list of a head, or an unlinked node of an element. */
static inline void list_init(struct list_node *node)
{
    node->prev = node;
    node->next = node;
}

static inline bool list_empty(const struct list_node *head)
{
    return head->next == head;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != node;
}

/* Links `node`, which is in no list, just before `pos`. */
static inline void list_insert_before(struct list_node *pos, struct list_node *node)
{
    node->prev = pos->prev;
    node->next = pos;
    pos->prev->next = node;
    pos->prev = node;
}

static inline void list_push_back(struct list_node *head, struct list_node *node)
{
    list_insert_before(head, node);
}

static inline void list_push_front(struct list_node *head, struct list_node *node)
{
    list_insert_before(head->next, node);
}

static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* First and last node, NULL when the list is empty. */
static inline struct list_node *list_first(const struct list_node *head)
{
    return list_empty(head) ? NULL : head->next;
}

static inline struct list_node *list_last(const struct list_node *head)
{
    return list_empty(head) ? NULL : head->prev;
}

/* Removes and returns the first node, NULL when the list is empty. */
static inline struct list_node *list_pop_front(struct list_node *head)
{
    struct list_node *node = list_first(head);

    if (node) list_remove(node);
    return node;
}

/* Moves all nodes of `from` to the back of `to`, in order; `from` ends up empty. */
static inline void list_splice_back(struct list_node *to, struct list_node *from)
{
    if (list_empty(from)) return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* Walks the nodes. The loop body does not remove `node`. */
#define list_for_each(node, head)                                                                  \
    for (struct list_node *node = (head)->next; node != (head); node = node->next)

/* Walks the nodes. The loop body may remove `node`, and no other. */
#define list_for_each_safe(node, head)                                                             \
    for (struct list_node *node = (head)->next, *node##_next = node->next; node != (head);         \
         node = node##_next, node##_next = node->next)

#endif
