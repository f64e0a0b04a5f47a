/*
 * The intrusive list.
 */
#include "base/list.h"

#include <criterion/criterion.h>

struct item {
    int value;
    struct list_node node;
};

static struct list_node head;
static struct item items[4];

static void fresh(void)
{
    list_init(&head);
    for (int i = 0; i < 4; i++) {
        items[i].value = i;
        list_init(&items[i].node);
    }
}

TestSuite(list, .init = fresh);

/* The values in order, as one decimal number, read forwards and checked backwards. */
static int content(const struct list_node *list)
{
    int forwards = 0, backwards = 0, scale = 1;

    list_for_each(node, (struct list_node *)list)
    {
        forwards = forwards * 10 + container_of(node, struct item, node)->value + 1;
    }
    for (struct list_node *node = list->prev; node != list; node = node->prev, scale *= 10)
        backwards += (container_of(node, struct item, node)->value + 1) * scale;
    cr_assert_eq(forwards, backwards);
    return forwards;
}

Test(list, a_new_list_is_empty)
{
    cr_assert(list_empty(&head));
    cr_assert_null(list_first(&head));
    cr_assert_null(list_last(&head));
    cr_assert_null(list_pop_front(&head));
}

Test(list, pushing_keeps_the_order_at_both_ends)
{
    list_push_back(&head, &items[1].node);
    list_push_back(&head, &items[2].node);
    list_push_front(&head, &items[0].node);
    list_push_back(&head, &items[3].node);
    cr_assert_eq(content(&head), 1234);
    cr_assert_eq(list_first(&head), &items[0].node);
    cr_assert_eq(list_last(&head), &items[3].node);
}

Test(list, a_removed_node_is_unlinked_and_may_be_removed_again)
{
    for (int i = 0; i < 4; i++)
        list_push_back(&head, &items[i].node);
    list_remove(&items[1].node);
    list_remove(&items[1].node);
    cr_assert_not(list_is_linked(&items[1].node));
    cr_assert(list_is_linked(&items[2].node));
    cr_assert_eq(content(&head), 134);
}

Test(list, the_safe_walk_lets_each_node_leave)
{
    for (int i = 0; i < 4; i++)
        list_push_back(&head, &items[i].node);
    list_for_each_safe(node, &head)
    {
        if (container_of(node, struct item, node)->value % 2 == 0) list_remove(node);
    }
    cr_assert_eq(content(&head), 24);
}

Test(list, popping_takes_the_first_until_none_is_left)
{
    list_push_back(&head, &items[2].node);
    list_push_back(&head, &items[0].node);
    cr_assert_eq(list_pop_front(&head), &items[2].node);
    cr_assert_eq(list_pop_front(&head), &items[0].node);
    cr_assert(list_empty(&head));
}

Test(list, splicing_moves_everything_to_the_back)
{
    struct list_node other;

    list_init(&other);
    list_splice_back(&head, &other);
    cr_assert(list_empty(&head));
    list_push_back(&head, &items[0].node);
    list_push_back(&other, &items[1].node);
    list_push_back(&other, &items[2].node);
    list_splice_back(&head, &other);
    cr_assert_eq(content(&head), 123);
    cr_assert(list_empty(&other));
}
