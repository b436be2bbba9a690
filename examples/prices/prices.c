/*
 * Prices: state, of which only the latest is of use.
 *
 *   ws /ws/prices/   a text "gold 1923.50" goes to all who are there, under the key "gold"
 *
 * Who reads too slowly for all of them gets the newest of each name; nobody is sent more than 200 times a second.
 */
#include <freshet.h>

static fr_err publish(fr_sock *sock, fr_str text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ')
        n++;
    return fr_group_send_keyed(sock, FR_STR("prices"), ((fr_str){text.p, n}), text);
}

static const fr_consumer prices = {.groups = "prices", .receive = publish};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "prices",
                       .summary = "the newest price of each name",
                       .websocket = FR_ROUTES({"ws/prices/", .consumer = &prices}),
                       .groups = FR_GROUP_RULES({"prices", .flush_ms = 5, .newest_per_key = true}),
                   });
}
