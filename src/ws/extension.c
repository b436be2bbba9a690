/*
 * Reading offers (RFC 6455 9.1), each parameter by a table (RFC 7692 7.1), and choosing among them.
 *
 *    permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate
 *    |-- extension, its parameters in any order --------------------------|  |-- the next, if the first will not do
 */
#include "ws/extension.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "http/token.h"

enum { OUR_TAKEOVER, THEIR_TAKEOVER, OUR_BITS, THEIR_BITS, PARAM_COUNT };
enum { ABSENT = 0, BARE = 1, BITS_MIN = 8, BITS_MAX = 15 }; /* of a parameter, or its bits */

static const struct {
    const char *name;
    bool may_be_bare, may_have_value;
} params[PARAM_COUNT] = {
    [OUR_TAKEOVER] = {"server_no_context_takeover", true, false},
    [THEIR_TAKEOVER] = {"client_no_context_takeover", true, false},
    [OUR_BITS] = {"server_max_window_bits", false, true},
    [THEIR_BITS] = {"client_max_window_bits", true, true},
};

typedef struct param {
    fr_str name;
    char value[8]; /* what is longer is none that we know, and counts as empty */
    size_t value_n;
    bool has_value;
} param;

typedef struct offer {
    bool is_deflate; /* permessage-deflate, and its parameters are right */
    uint8_t given[PARAM_COUNT];
} offer;

/* ---- grammar ---- */

static void skip_blanks(fr_str *rest)
{
    while (rest->n && (*rest->p == ' ' || *rest->p == '\t'))
        *rest = fr_str_from(*rest, 1);
}

/* Whether that character comes next; it is passed, with the blanks around it. */
static bool take_char(fr_str *rest, char c)
{
    skip_blanks(rest);
    if (!rest->n || *rest->p != c)
        return false;
    *rest = fr_str_from(*rest, 1);
    skip_blanks(rest);
    return true;
}

static bool take_token(fr_str *rest, fr_str *out)
{
    size_t n = 0;
    while (n < rest->n && fr_is_token_byte((uint8_t)rest->p[n]))
        n++;
    *out = fr_str_sub(*rest, 0, n);
    *rest = fr_str_from(*rest, n);
    return n > 0;
}

/* A quoted string must hold a token too (RFC 6455 9.1). */
static bool take_quoted(fr_str *rest, param *p)
{
    size_t count = 0;
    for (*rest = fr_str_from(*rest, 1); rest->n && *rest->p != '"'; *rest = fr_str_from(*rest, 1)) {
        if (*rest->p == '\\')
            *rest = fr_str_from(*rest, 1);
        if (!rest->n || !fr_is_token_byte((uint8_t)*rest->p))
            return false;
        if (count < sizeof p->value)
            p->value[count] = *rest->p;
        count++;
    }
    if (!rest->n || !count)
        return false;
    *rest = fr_str_from(*rest, 1);
    p->value_n = count <= sizeof p->value ? count : 0;
    return true;
}

static bool take_value(fr_str *rest, param *p)
{
    p->has_value = true;
    if (rest->n && *rest->p == '"')
        return take_quoted(rest, p);
    fr_str token;
    if (!take_token(rest, &token))
        return false;
    p->value_n = token.n <= sizeof p->value ? token.n : 0;
    memcpy(p->value, token.p, p->value_n);
    return true;
}

/* ---- permessage-deflate's parameters ---- */

/* 8 to 15 without a leading zero; else ABSENT. */
static uint8_t bits_of(const param *p)
{
    uint8_t bits = ABSENT;
    if (p->value_n == 1 && (p->value[0] == '8' || p->value[0] == '9'))
        bits = (uint8_t)(p->value[0] - '0');
    else if (p->value_n == 2 && p->value[0] == '1' && p->value[1] >= '0' && p->value[1] <= '5')
        bits = (uint8_t)(10 + p->value[1] - '0');
    return bits;
}

/* false: not known, twice, with a value it must not have or without one that it must. */
static bool note(offer *o, const param *p)
{
    for (size_t i = 0; i < PARAM_COUNT; i++) {
        if (!fr_str_eq(p->name, fr_str_c(params[i].name)))
            continue;
        if (o->given[i] || !(p->has_value ? params[i].may_have_value : params[i].may_be_bare))
            return false;
        o->given[i] = p->has_value ? bits_of(p) : BARE;
        return o->given[i] != ABSENT;
    }
    return false;
}

/* One extension with its parameters. false: not the grammar. */
static bool take_offer(fr_str *rest, offer *o)
{
    fr_str name;
    *o = (offer){0};
    if (!take_token(rest, &name))
        return false;
    o->is_deflate = fr_str_eq(name, FR_STR("permessage-deflate"));
    while (take_char(rest, ';')) {
        param p = {0};
        if (!take_token(rest, &p.name) || (take_char(rest, '=') && !take_value(rest, &p)))
            return false;
        o->is_deflate = o->is_deflate && note(o, &p);
    }
    return true;
}

/* The next of a comma-separated list, of which elements may be empty. FR_ENOTFOUND: the end. */
static fr_err next_offer(fr_str *rest, offer *o)
{
    while (take_char(rest, ','))
        ;
    if (!rest->n)
        return FR_ENOTFOUND;
    if (!take_offer(rest, o) || (rest->n && *rest->p != ','))
        return FR_EINVAL;
    return FR_OK;
}

/* ---- all headers ---- */

static bool is_extensions(const fr_pair *header)
{
    return fr_str_eq(header->name, FR_STR("sec-websocket-extensions"));
}

bool fr_extensions_are_valid_(const fr_req *req)
{
    for (size_t i = 0; i < req->header_count; i++) {
        if (!is_extensions(&req->headers[i]))
            continue;
        fr_str rest = req->headers[i].value;
        offer o;
        size_t count = 0;
        fr_err err;
        while ((err = next_offer(&rest, &o)) == FR_OK)
            count++;
        if (err == FR_EINVAL || count == 0)
            return false;
    }
    return true;
}

static uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static fr_deflate_terms answer_to(const offer *o, const fr_deflate_opts *opts)
{
    fr_deflate_terms t = {.our_bits = opts->window_bits, .their_bits = BITS_MAX};
    t.has_our_takeover = opts->has_our_takeover && !o->given[OUR_TAKEOVER];
    t.has_their_takeover = opts->has_their_takeover && !o->given[THEIR_TAKEOVER];
    t.tells_our_bits = o->given[OUR_BITS];
    if (t.tells_our_bits)
        t.our_bits = least(t.our_bits, o->given[OUR_BITS]);
    if (o->given[THEIR_BITS] > BARE)
        t.their_bits = o->given[THEIR_BITS];
    if (o->given[THEIR_BITS] && t.has_their_takeover)
        t.their_bits = least(t.their_bits, opts->window_bits);
    t.tells_their_bits = o->given[THEIR_BITS] && t.their_bits < BITS_MAX;
    return t;
}

bool fr_extensions_agree_(const fr_req *req, const fr_deflate_opts *opts, fr_deflate_terms *terms)
{
    *terms = (fr_deflate_terms){0};
    for (size_t i = 0; i < req->header_count && opts->is_on; i++) {
        fr_str rest = req->headers[i].value;
        offer o;
        while (is_extensions(&req->headers[i]) && next_offer(&rest, &o) == FR_OK) {
            if (!o.is_deflate)
                continue;
            *terms = answer_to(&o, opts);
            return true;
        }
    }
    return false;
}

fr_str fr_extensions_answer_(const fr_deflate_terms *terms, char out[FR_EXTENSION_ANSWER_BYTES])
{
    char ours[32] = "", theirs[32] = "";
    if (terms->tells_our_bits)
        snprintf(ours, sizeof ours, "; server_max_window_bits=%u", terms->our_bits);
    if (terms->tells_their_bits)
        snprintf(theirs, sizeof theirs, "; client_max_window_bits=%u", terms->their_bits);
    int n = snprintf(out, FR_EXTENSION_ANSWER_BYTES, "permessage-deflate%s%s%s%s",
                     terms->has_our_takeover ? "" : "; server_no_context_takeover",
                     terms->has_their_takeover ? "" : "; client_no_context_takeover", ours, theirs);
    return (fr_str){out, (size_t)n};
}
