/*
 * Sec-WebSocket-Extensions (RFC 6455 9.1) and what is agreed of permessage-deflate (RFC 7692 7.1). What breaks the
 * grammar has the handshake refused; an offer that breaks the rules of its parameters is passed over, as an unknown one.
 */
#ifndef FR_WS_EXTENSION_H
#define FR_WS_EXTENSION_H
#include "ws/ws.h"

enum { FR_EXTENSION_ANSWER_BYTES = 160 };

/* Whether all headers of that name follow the grammar; none at all is fine. */
bool fr_extensions_are_valid_(const fr_req *req);
/* The first offer that can be taken, under what opts allow. false: none, and terms are cleared. */
bool fr_extensions_agree_(const fr_req *req, const fr_deflate_opts *opts, fr_deflate_terms *terms);
/* The header's value for the terms. */
fr_str fr_extensions_answer_(const fr_deflate_terms *terms, char out[FR_EXTENSION_ANSWER_BYTES]);
#endif
