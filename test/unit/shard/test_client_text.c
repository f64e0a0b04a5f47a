/* What a client says of itself, and how its password is compared. */
#include <criterion/criterion.h>

#include "shard/session/auth.h"
#include "shard/session/client_describe.h"
#include "shard/session/client_name.h"

Test(auth, equal_secrets_are_the_same)
{
    cr_assert(auth_same_secret(bytes_of("secret"), bytes_of("secret")));
    cr_assert(auth_same_secret(bytes_make("a\0b", 3), bytes_make("a\0b", 3)));
    cr_assert(auth_same_secret(bytes_of(""), bytes_of("")));
}

Test(auth, a_secret_differs_from_its_parts_and_repetitions)
{
    static const char *const wrong[] = {"", "s", "secre", "secrets", "secretsecret", "Secret",
                                        "secreu", "tecret"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(auth_same_secret(bytes_of(wrong[i]), bytes_of("secret")), "%s", wrong[i]);
    cr_expect_not(auth_same_secret(bytes_make("secret\0", 7), bytes_of("secret")));
    cr_expect_not(auth_same_secret(bytes_make("\0", 1), bytes_of("")));
}

Test(client_name, visible_ascii_is_valid_and_nothing_else)
{
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'z'};
        cr_expect_eq(client_name_is_valid(bytes_make(text, 3)), c > ' ' && c < 127, "%d", c);
    }
    cr_expect(client_name_is_valid(bytes_of("")));
}

Test(client_name, an_empty_text_takes_the_name_away)
{
    char *name = NULL;
    client_name_set(&name, bytes_of("bob"));
    cr_assert_str_eq(name, "bob");
    client_name_set(&name, bytes_of("alice"));
    cr_assert_str_eq(name, "alice");
    client_name_set(&name, bytes_of(""));
    cr_assert_null(name);
}

Test(client_name, a_bad_name_is_refused_with_a_reason)
{
    struct reply reply;
    reply_init(&reply, 2);
    cr_expect(client_name_check(&reply, bytes_of("good")));
    cr_expect_eq(reply.len, 0);
    cr_expect_not(client_name_check(&reply, bytes_of("not good")));
    cr_expect_eq(reply.errors, 1);
    reply_deinit(&reply);
}

Test(client_describe, types_are_named_in_any_case)
{
    cr_expect_eq(client_describe_type_named(bytes_of("Normal")), CLIENT_TYPE_NORMAL);
    cr_expect_eq(client_describe_type_named(bytes_of("MASTER")), CLIENT_TYPE_MASTER);
    cr_expect_eq(client_describe_type_named(bytes_of("slave")), CLIENT_TYPE_REPLICA);
    cr_expect_eq(client_describe_type_named(bytes_of("replica")), CLIENT_TYPE_REPLICA);
    cr_expect_eq(client_describe_type_named(bytes_of("pubsub")), CLIENT_TYPE_PUBSUB);
    cr_expect_eq(client_describe_type_named(bytes_of("normal ")), CLIENT_TYPE_ANY);
    cr_expect_eq(client_describe_type_named(bytes_of("")), CLIENT_TYPE_ANY);
}
