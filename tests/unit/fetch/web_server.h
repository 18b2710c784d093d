/* A web server of a few lines, one thread a connection: it answers as the path says. */
#ifndef UNIT_FETCH_WEB_SERVER_H
#define UNIT_FETCH_WEB_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int listener;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    char request[4096];      /* the last one that was answered */
    unsigned requests, gone; /* gone: connections that the client has closed while it waited */
} web = {.lock = PTHREAD_MUTEX_INITIALIZER};

__attribute__((format(printf, 2, 3))) static void web_say(int fd, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)!send(fd, text, (size_t)length, MSG_NOSIGNAL);
}

static void web_wait_for_close(int fd)
{
    char byte;

    while (recv(fd, &byte, 1, 0) > 0) {
    }
    pthread_mutex_lock(&web.lock);
    web.gone++;
    pthread_mutex_unlock(&web.lock);
}

static void web_flood(int fd)
{
    static char bytes[65536];

    web_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0) {
    }
}

/* "/302/http://elsewhere" */
static void web_redirect(int fd, const char *path)
{
    web_say(fd, "HTTP/1.1 %.3s Elsewhere\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n", path + 1,
            path + 5);
}

static void web_answer(int fd, const char *path, const char *body)
{
    if (strcmp(path, "/hello") == 0)
        web_say(fd, "HTTP/1.1 100 Continue\r\nX: not this\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nX-Twice: 1\r\nX-Twice: 2\r\n"
                    "Content-Length: 5\r\n\r\nhello");
    else if (strcmp(path, "/nothing") == 0)
        web_say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    else if (strcmp(path, "/missing") == 0)
        web_say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    else if (strcmp(path, "/echo") == 0)
        web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    else if (strcmp(path, "/chunked") == 0)
        web_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "4\r\nfour\r\n3\r\nsix\r\n0\r\n\r\n");
    else if (strcmp(path, "/cut") == 0)
        web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    else if (strcmp(path, "/huge") == 0)
        web_flood(fd);
    else if (strncmp(path, "/3", 2) == 0)
        web_redirect(fd, path);
    else if (strcmp(path, "/slow") == 0)
        web_wait_for_close(fd);
    else
        web_say(fd, "this is no HTTP\r\n\r\n");
}

/* Reads head and body; false: the client has gone. */
static bool web_read(int fd, char *request, size_t room, char **bodyp)
{
    size_t size = 0;
    const char *length;

    do {
        ssize_t count = recv(fd, request + size, room - 1 - size, 0);

        if (count <= 0)
            return false;
        size += (size_t)count;
        request[size] = '\0';
        *bodyp = strstr(request, "\r\n\r\n");
    } while (!*bodyp);
    *bodyp += 4;
    length = strcasestr(request, "Content-Length:");
    while (length && strlen(*bodyp) < strtoul(length + 15, NULL, 10)) {
        ssize_t count = recv(fd, request + size, room - 1 - size, 0);

        if (count <= 0)
            return false;
        size += (size_t)count;
        request[size] = '\0';
    }
    return true;
}

static void *web_connection(void *arg)
{
    int fd = *(int *)arg;
    char request[4096], path[1024] = "", *body;

    free(arg);
    if (web_read(fd, request, sizeof request, &body)) {
        (void)sscanf(request, "%*s %1000s", path);
        pthread_mutex_lock(&web.lock);
        memcpy(web.request, request, sizeof request);
        web.requests++;
        pthread_mutex_unlock(&web.lock);
        web_answer(fd, path, body);
    }
    (void)close(fd);
    return NULL;
}

static void *web_main(void *arg)
{
    int fd;

    (void)arg;
    while ((fd = accept(web.listener, NULL, NULL)) >= 0) {
        int *arg_of_thread = malloc(sizeof fd);
        pthread_t thread;

        *arg_of_thread = fd; // NOLINT(clang-analyzer-core.NullDereference)
        if (pthread_create(&thread, NULL, web_connection, arg_of_thread) == 0)
            (void)pthread_detach(thread);
    }
    return NULL;
}

static int web_begin(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    web.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (web.listener < 0 || bind(web.listener, (struct sockaddr *)&address, size) ||
        listen(web.listener, 256) || getsockname(web.listener, (struct sockaddr *)&address, &size))
        return -1;
    web.port = ntohs(address.sin_port);
    return pthread_create(&web.thread, NULL, web_main, NULL);
}

static int web_end(void **state)
{
    (void)state;
    (void)shutdown(web.listener, SHUT_RDWR);
    (void)pthread_join(web.thread, NULL);
    return close(web.listener);
}

/* What was asked last. */
static const char *web_request(void)
{
    static char request[sizeof web.request];

    pthread_mutex_lock(&web.lock);
    memcpy(request, web.request, sizeof request);
    pthread_mutex_unlock(&web.lock);
    return request;
}

static unsigned web_count(const unsigned *counter)
{
    unsigned count;

    pthread_mutex_lock(&web.lock);
    count = *counter;
    pthread_mutex_unlock(&web.lock);
    return count;
}

#endif
