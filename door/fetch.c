/*
 * fetch.c
 *	  Fetches documents of the identity provider, by libcurl.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "log.h"

#define DOCUMENT_LIMIT ((size_t) 256 * 1024)
#define FETCH_SECONDS 5L

typedef struct Document
{
	char	   *text;
	size_t		length;
} Document;

static size_t
receive(char *data, size_t one, size_t count, void *to)
{
	Document   *document = to;
	size_t		size = one * count;
	char	   *text;

	if (document->length + size > DOCUMENT_LIMIT)
		return 0;
	text = realloc(document->text, document->length + size + 1);
	if (text == NULL)
		return 0;
	memcpy(text + document->length, data, size);
	document->text = text;
	document->length += size;
	return size;
}

static void
log_failure(const char *url, const char *message)
{
	LogLine		line;

	log_begin(&line, LOG_ERROR, "fetch");
	log_text(&line, "url", url);
	log_text(&line, "message", message);
	log_end(&line);
}

/*
 * In the clear from this machine alone, as the settings have it.  Redirects
 * are not followed: where keys come from is the provider's own word.
 */
static const char *
protocol_for(const char *url)
{
	bool		here = strncmp(url, "http://127.0.0.1:", 17) == 0 ||
		strncmp(url, "http://[::1]:", 13) == 0;

	return here ? "http" : "https";
}

/* Returns the document at a URL; NULL, having told the operator, if it fails. */
json_t *
fetch_json(const char *url)
{
	Document	document = {0};
	CURL	   *curl = curl_easy_init();
	CURLcode	code;
	json_t	   *json = NULL;
	json_error_t error = {.text = "no document"};

	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocol_for(url));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &document);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	if (code == CURLE_OK && document.text != NULL)
		json = json_loadb(document.text, document.length, 0, &error);
	if (json == NULL)
		log_failure(url, code == CURLE_OK ? error.text : curl_easy_strerror(code));
	free(document.text);
	return json;
}

void
fetch_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void
fetch_stop(void)
{
	curl_global_cleanup();
}
