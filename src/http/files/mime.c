/* Text is served as UTF-8. */
#include "http/files/mime.h"

#include "base/str.h"

static const struct {
    const char *ending;
    const char *type;
} TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".htm", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/markdown; charset=utf-8"},
    {".csv", "text/csv; charset=utf-8"},
    {".xml", "text/xml; charset=utf-8"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".ttf", "font/ttf"},
    {".otf", "font/otf"},
    {".wasm", "application/wasm"},
    {".pdf", "application/pdf"},
    {".zip", "application/zip"},
    {".gz", "application/gzip"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".wav", "audio/wav"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
    {".webmanifest", "application/manifest+json"},
};

static size_t last_dot(fr_str name)
{
    size_t i = name.n;
    while (i > 0 && name.p[i - 1] != '.' && name.p[i - 1] != '/')
        i--;
    return i > 0 && name.p[i - 1] == '.' ? i - 1 : name.n;
}

fr_str fr_mime_type(fr_str file_name)
{
    fr_str ending = fr_str_from(file_name, last_dot(file_name));
    for (size_t i = 0; ending.n && i < sizeof TYPES / sizeof *TYPES; i++)
        if (fr_str_eq_nocase(ending, fr_str_c(TYPES[i].ending)))
            return fr_str_c(TYPES[i].type);
    return FR_STR("application/octet-stream");
}
