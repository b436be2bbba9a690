/* Which rule of the application a group follows. */
#include "channels/channels_int.h"

#include <stdio.h>

/* A name, or how it begins and a star. */
static bool fits(fr_str names, fr_str name)
{
    if (!names.n || names.p[names.n - 1] != '*')
        return fr_str_eq(names, name);
    return fr_str_starts(name, fr_str_sub(names, 0, names.n - 1));
}

const fr_group_rule *fr_group_rule_(const fr_group_rule *rules, fr_str name)
{
    for (; rules && rules->names; rules++)
        if (fits(fr_str_c(rules->names), name))
            return rules;
    return NULL;
}

static bool names_ok(fr_str names)
{
    if (names.n && names.p[names.n - 1] == '*')
        names.n--;
    return !names.n || fr_group_name_ok(names);
}

bool fr_group_rules_ok(const fr_group_rule *rules, char error[256])
{
    for (; rules && rules->names; rules++) {
        if (!rules->names[0] || !names_ok(fr_str_c(rules->names))) {
            snprintf(
                error, 256,
                "group rule \"%.99s\": the characters of a group's name, and a star at the end "
                "if more may follow",
                rules->names);
            return false;
        }
        if (rules->flush_ms > FR_GROUP_FLUSH_MS_MAX) {
            snprintf(error, 256, "group rule \"%.99s\": .flush_ms is %d at most", rules->names,
                     FR_GROUP_FLUSH_MS_MAX);
            return false;
        }
    }
    return true;
}
