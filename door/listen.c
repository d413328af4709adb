/*
 * listen.c
 *	  Makes the sockets that the door listens on, or takes the one that
 *	  systemd has made.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "settings.h"

#define BACKLOG 4096

/* Of sd_listen_fds(3). */
#define FIRST_INHERITED 3

typedef union Address
{
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
} Address;

/*
 * Returns the socket that systemd hands over, as sd_listen_fds(3) describes
 * it; -1 with errno 0 if there is none, -1 with another errno if what there is
 * is not one listening socket.
 */
int
listen_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"),
			   *count = getenv("LISTEN_FDS");
	int			listening = 0;
	socklen_t	size = sizeof(listening);

	errno = 0;
	if (pid == NULL || count == NULL || atol(pid) != (long) getpid())
		return -1;
	if (strcmp(count, "1") != 0 ||
		getsockopt(FIRST_INHERITED, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
		!listening)
	{
		errno = ENOTSOCK;
		return -1;
	}
	fcntl(FIRST_INHERITED, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_INHERITED, F_SETFL, fcntl(FIRST_INHERITED, F_GETFL) | O_NONBLOCK);
	return FIRST_INHERITED;
}

/* Returns a port's number in network order, 0 if text is none. */
static in_port_t
port_number(const char *text)
{
	size_t		digits = strspn(text, "0123456789");
	long		number = strtol(text, NULL, 10);

	if (digits == 0 || digits > 5 || text[digits] != '\0' || number > 65535)
		return 0;
	return htons((in_port_t) number);
}

/*
 * Reads "address:port", "[address]:port" or "unix:path".  Returns the size of
 * the address, 0 if text is no such thing.  Names are not looked up: what they
 * stand for may change, and the door listens only where it is told to.
 */
static socklen_t
parse_address(const char *text, Address *address)
{
	const char *colon = strrchr(text, ':');
	char		host[INET6_ADDRSTRLEN + 32];
	struct addrinfo hints = {.ai_family = AF_INET6,.ai_flags = AI_NUMERICHOST};
	struct addrinfo *found;
	size_t		length;
	in_port_t	port;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0)
	{
		length = strlen(text + 5);
		if (length == 0 || length >= sizeof(address->local.sun_path))
			return 0;
		address->local.sun_family = AF_UNIX;
		memcpy(address->local.sun_path, text + 5, length + 1);
		return sizeof(address->local);
	}
	if (colon == NULL || (port = port_number(colon + 1)) == 0)
		return 0;
	length = (size_t) (colon - text);
	if (length < 2 || length >= sizeof(host))
		return 0;
	if (text[0] != '[')
	{
		memcpy(host, text, length);
		host[length] = '\0';
		address->ip4.sin_family = AF_INET;
		address->ip4.sin_port = port;
		return inet_pton(AF_INET, host, &address->ip4.sin_addr) == 1 ?
			sizeof(address->ip4) : 0;
	}
	if (colon[-1] != ']')
		return 0;
	memcpy(host, text + 1, length - 2);
	host[length - 2] = '\0';
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return 0;
	memcpy(&address->ip6, found->ai_addr, sizeof(address->ip6));
	freeaddrinfo(found);
	address->ip6.sin6_port = port;
	return sizeof(address->ip6);
}

/*
 * Removes a socket that a process left behind which did not end in order.
 * Nothing else is removed: no file, and no socket that somebody listens on.
 */
static void
remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int			fd;

	if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
		connect(fd, (const struct sockaddr *) address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED)
		unlink(address->sun_path);
	if (fd >= 0)
		close(fd);
}

/*
 * Returns a socket that listens on an address of the settings, -1 with errno
 * if that cannot be.  A local socket is for the door's own user and group.
 */
int
listen_on(const char *text)
{
	Address		address;
	socklen_t	size = parse_address(text, &address);
	int			fd,
				on = 1;
	bool		local;

	if (size == 0)
	{
		errno = EINVAL;
		return -1;
	}
	local = address.any.sa_family == AF_UNIX;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (local)
		remove_stale(&address.local);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* [::] is IPv6 alone */
	if (address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* nobody can connect before listen(), so the mode is set in time */
	if (bind(fd, &address.any, size) != 0 ||
		(local && chmod(address.local.sun_path, 0660) != 0) ||
		listen(fd, BACKLOG) != 0)
	{
		int			problem = errno;

		close(fd);
		errno = problem;
		return -1;
	}
	return fd;
}

/* Removes what listen_on() has made in the file system. */
void
listen_forget(const char *text)
{
	if (text != NULL && strncmp(text, "unix:", 5) == 0)
		unlink(text + 5);
}
